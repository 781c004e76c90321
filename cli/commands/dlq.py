"""`twbot dlq`: the dead letters, which are what handlers gave up on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.asking import confirm
from cli.errors import CliError, Exit
from cli.operations import DeadLetters, dead_letters
from cli.options import AsJson, DryRun, Limit, Yes, placed
from cli.render import as_json, out, print_line, say, table
from cli.stage import Place
from cli.times import Utc, shown

if TYPE_CHECKING:
    from local.history import DeliveryRecord

app = typer.Typer(help="Dead letters: what was tried in vain, again and again.", no_args_is_help=True)


def complete_rules(incomplete: str) -> list[str]:
    from stacks.wiring import RULES

    return [rule.name for rule in RULES if rule.name.startswith(incomplete)]


Rule = Annotated[str | None, typer.Option("--rule", help="Only this rule's.", autocompletion=complete_rules)]
Reason = Annotated[str | None, typer.Option("--reason", help="Only those with this text in their error.")]
Numbers = Annotated[list[int] | None, typer.Argument(help="The dead letters' numbers.", metavar="[NUMBER]...")]
All = Annotated[bool, typer.Option("--all", help="Every one.")]


@app.command("list")
@placed
def list_letters(
    place: Place,
    rule: Rule = None,
    reason: Reason = None,
    each: Annotated[bool, typer.Option("--each", help="One line a dead letter, not one a reason.")] = False,
    limit: Limit = None,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """The dead letters, grouped by rule and reason.

    Example: twbot dlq list

    Example: twbot dlq list --rule send-tweets --each
    """
    found = _chosen(dead_letters(place), None, rule, reason)[:limit]
    if json:
        as_json({"count": len(found), "groups": _groups(found), "letters": found})
    elif not found:
        print_line("No dead letters.")
    elif each:
        rows = [(one.id, one.rule, one.detail_type, one.tweet_id, _time(one, utc), one.error) for one in found]
        table(["number", "rule", "event", "post", "gave up", "error"], rows)
    else:
        groups = _groups(found)
        lines = [(g["rule"], g["reason"], g["count"], _time(g["newest"], utc), _few(g["numbers"])) for g in groups]
        table(["rule", "reason", "count", "newest", "numbers"], lines)
        say("See one: twbot dlq show NUMBER; deliver them again: twbot dlq redrive --rule RULE")


@app.command("show")
@placed
def show(
    place: Place,
    number: Annotated[int, typer.Argument(help="The dead letter's number.")],
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """One dead letter: its event, the attempts, and the error.

    Example: twbot dlq show 12
    """
    letters = dead_letters(place)
    (letter,) = _chosen(letters, [number], None, None)
    event = letters.event(letter)
    if json:
        as_json({"letter": letter, "event": event})
        return
    times = f"{shown(letter.first_try, utc=utc)} to {_time(letter, utc)}"
    print_line(f"{letter.detail_type} at {letter.rule}, post {letter.tweet_id or '-'}")
    print_line(f"{letter.attempts} attempts, {times}\n{letter.error}\n")
    if event is not None:
        as_json(event)


@app.command("redrive")
@placed
def redrive(
    place: Place,
    numbers: Numbers = None,
    every: All = False,
    rule: Rule = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Deliver dead letters again, as if they had never been tried. Where no bot runs they wait for its start.

    Example: twbot dlq redrive --rule send-tweets --dry-run

    Example: twbot dlq redrive --all
    """
    letters, found = _named(place, numbers, every, rule, reason)
    done = 0 if dry_run else letters.redrive([each.id for each in found])
    _tell("redriven", "would be delivered again", "are delivered again", found, done, dry_run=dry_run, json=json)


@app.command("purge")
@placed
def purge(
    place: Place,
    numbers: Numbers = None,
    every: All = False,
    rule: Rule = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Forget dead letters for good. Their events stay in the archive.

    Example: twbot dlq purge --rule send-tweets --reason Duplicate --dry-run

    Example: twbot dlq purge 12 13 --yes
    """
    letters, found = _named(place, numbers, every, rule, reason)
    if found and not dry_run:
        confirm(f"{len(found)} dead letters of the stage local will be forgotten for good.", yes=yes)
    done = 0 if dry_run else letters.purge([each.id for each in found])
    _tell("purged", "would be forgotten", "are forgotten", found, done, dry_run=dry_run, json=json)


def _named(
    place: Place, numbers: list[int] | None, every: bool, rule: str | None, reason: str | None
) -> tuple[DeadLetters, list[DeliveryRecord]]:
    """What is meant has to be said: by number, by filter, or --all."""
    if not (numbers or every or rule or reason):
        hint = "Name them by number, --rule or --reason, or take --all"
        raise CliError("Which dead letters?", hint=hint, code=Exit.USAGE)
    letters = dead_letters(place)
    return letters, _chosen(letters, numbers, rule, reason)


def _chosen(
    letters: DeadLetters, numbers: Sequence[int] | None, rule: str | None, reason: str | None
) -> list[DeliveryRecord]:
    found = letters.letters(rule=rule)
    if numbers and (unknown := set(numbers) - {each.id for each in found}):
        said = ", ".join(map(str, sorted(unknown)))
        raise CliError(f"There is no dead letter {said}.", hint="See: twbot dlq list --each", code=Exit.NOT_FOUND)
    return [
        each
        for each in found
        if (not numbers or each.id in numbers) and (reason is None or reason.lower() in (each.error or "").lower())
    ]


def _groups(found: list[DeliveryRecord]) -> list[dict[str, Any]]:
    """By rule and the error's class, the largest first."""
    groups: dict[tuple[str, str], list[DeliveryRecord]] = {}
    for each in found:
        groups.setdefault((each.rule, (each.error or "unknown").partition(":")[0]), []).append(each)
    made = [
        {
            "rule": rule,
            "reason": reason,
            "count": len(letters),
            "newest": max(each.ended or 0 for each in letters),
            "error": letters[-1].error,
            "numbers": [each.id for each in letters],
        }
        for (rule, reason), letters in groups.items()
    ]
    return sorted(made, key=lambda group: -len(group["numbers"]))


def _tell(key: str, would: str, did: str, found: list[DeliveryRecord], done: int, *, dry_run: bool, json: bool) -> None:
    numbers = [each.id for each in found]
    if json:
        as_json({key: done, "dry_run": dry_run, "numbers": numbers})
    elif not found:
        print_line("No dead letter is meant by that: nothing was changed.")
    elif dry_run:
        out.print(f"{len(found)} dead letters {would}: {_few(numbers)}")
    else:
        print_line(f"{done} dead letters {did}.")


def _few(numbers: list[int]) -> str:
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return ", ".join(map(str, numbers[:8])) + more


def _time(letter: Any, utc: bool) -> str:
    return shown(letter if isinstance(letter, float | int) else letter.ended, utc=utc)
