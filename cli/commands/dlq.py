"""`twbot dlq`: the dead letters, which are what targets did not take, however often it was tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.dead_letters.port import DeadLetters, dead_letters_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import complete_rules
from twbot.cli.ui.console import as_json, out, print_line, say, table
from twbot.cli.ui.options import AsJson, DryRun, Limit, Yes, targeted
from twbot.cli.ui.prompts import confirm
from twbot.cli.ui.times import Utc, shown

if TYPE_CHECKING:
    from twbot.cli.operations.dead_letters.records import DeadLetter, DeadLetterBatch

app = typer.Typer(help="Dead letters: what was tried in vain, again and again.", no_args_is_help=True)
SHORT_ID_LENGTH = 8  # characters of a message id that tell it from others


Rule = Annotated[str | None, typer.Option("--rule", help="Only this rule's.", autocompletion=complete_rules)]
Reason = Annotated[str | None, typer.Option("--reason", help="Only those with this text in their error.")]
Ids = Annotated[list[str] | None, typer.Argument(help="The dead letters' ids.", metavar="[ID]...")]
All = Annotated[bool, typer.Option("--all", help="Every one.")]


@app.command("list")
@targeted
def list_letters(
    target: Target,
    rule: Rule = None,
    reason: Reason = None,
    each: Annotated[bool, typer.Option("--each", help="One line a dead letter, not one a reason.")] = False,
    limit: Limit = None,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """The dead letters, grouped by rule and reason. Looking consumes none.

    Example: twbot dlq list

    Example: twbot dlq list --rule send-tweets --each

    Example: twbot dlq list --stage prod
    """
    from twbot.cli.operations.dead_letters.records import grouped

    letters = _found(dead_letters_of(target), rule)
    found = _chosen(letters, None, reason, target)[:limit]
    if json:
        as_json({"count": len(found), "hidden": letters.hidden, "groups": grouped(found), "letters": found})
        return
    if not found:
        print_line("No dead letters.")
    elif each:
        rows = [
            (one.id[:SHORT_ID_LENGTH], one.rule, one.detail_type, one.tweet_id, _ended(one, utc), one.error)
            for one in found
        ]
        table(["id", "rule", "event", "post", "gave up", "error"], rows)
    else:
        lines = [(g.rule, g.reason, g.count, shown(g.newest, utc=utc), _few(g.ids)) for g in grouped(found)]
        table(["rule", "reason", "count", "newest", "ids"], lines)
        again = f"twbot dlq redrive --rule RULE{target.option}"
        say(f"See one: twbot dlq show ID{target.option}; deliver them again: {again}")
    if letters.hidden:
        say(f"There are about {letters.hidden} more, which somebody else is looking at, or which did not fit.")


@app.command("show")
@targeted
def show(
    target: Target,
    letter_id: Annotated[str, typer.Argument(help="The dead letter's id.", metavar="ID")],
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """One dead letter: its event, the attempts, and the error.

    Example: twbot dlq show 12
    """
    source = dead_letters_of(target)
    (letter,) = _chosen(source.read(), [letter_id], None, target)
    event = source.event(letter)
    if json:
        as_json({"letter": letter, "event": event})
        return
    print_line(f"{letter.detail_type or 'something'} at {letter.rule}, post {letter.tweet_id or '-'}")
    attempts = "" if letter.attempts is None else f"{letter.attempts} attempts, "
    begun = f"{shown(letter.first_try, utc=utc)} to " if letter.first_try else ""
    print_line(f"{attempts}{begun}{_ended(letter, utc)}\n{letter.error}")
    if letter.redriven:
        print_line(f"It was delivered again {letter.redriven} times before.")
    if letter.obstacle:
        print_line(f"It can't be delivered again: {letter.obstacle}.")
    if event is not None:
        print_line("")
        as_json(event)


@app.command("redrive")
@targeted
def redrive(
    target: Target,
    ids: Ids = None,
    every: All = False,
    rule: Rule = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Deliver dead letters again, each to the rule that failed only. Where no bot runs they wait for its start.

    Each leaves the dead letters once it was taken: whoever stops this delivers one of them twice at most, and nothing
    is answered twice.

    Example: twbot dlq redrive --rule send-tweets --dry-run

    Example: twbot dlq redrive --all
    """
    source, letters, found = _named(target, ids, every, rule, reason)
    able = [each for each in found if each.obstacle is None]
    for each in found:
        if each.obstacle:
            say(f"{each.id} can't be delivered again: {each.obstacle}. See: twbot dlq show {each.id}{target.option}")
    done = 0 if dry_run else _worked("delivered again", source.redrive, able)
    _tell("redriven", "would be delivered again", "delivered again", able, done, dry_run=dry_run, json=json)
    _more(letters, every)


@app.command("purge")
@targeted
def purge(
    target: Target,
    ids: Ids = None,
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
    source, letters, found = _named(target, ids, every, rule, reason)
    everything = every and not (ids or rule or reason)
    count = _many(len(found) + letters.hidden if everything else len(found))
    if (found or letters.hidden) and not dry_run:
        extent = ": that is all, and what comes until then" if everything else ""
        confirm(f"{count} of the stage {target.stage} will be forgotten for good{extent}.", yes=yes)
    if dry_run or not (found or letters.hidden):
        done = 0
    else:
        done = source.purge_all() if everything else _worked("forgotten", source.purge, found)
    _tell("purged", "would be forgotten", "forgotten", found, done, dry_run=dry_run, json=json)
    _more(letters, every and not everything)
    if everything and done and not target.is_local:
        say("SQS takes up to a minute for it.")


def _named(
    target: Target, ids: list[str] | None, every: bool, rule: str | None, reason: str | None
) -> tuple[DeadLetters, DeadLetterBatch, list[DeadLetter]]:
    """What is meant has to be said: by id, by filter, or --all."""
    if not (ids or every or rule or reason):
        hint = "Name them by id, --rule or --reason, or take --all"
        raise CliError("Which dead letters?", hint=hint, code=Exit.USAGE)
    source = dead_letters_of(target)
    letters = _found(source, rule)
    return source, letters, _chosen(letters, ids, reason, target)


def _found(source: DeadLetters, rule: str | None) -> DeadLetterBatch:
    if rule is not None and rule not in (there := complete_rules("")):
        raise CliError(f"There is no rule {rule!r}.", hint=f"There are: {', '.join(there)}", code=Exit.USAGE)
    return source.read(rule=rule)


def _chosen(
    letters: DeadLetterBatch, ids: Sequence[str] | None, reason: str | None, target: Target
) -> list[DeadLetter]:
    chosen = [_letter(letters, each, target) for each in dict.fromkeys(ids or ())] if ids else letters.seen
    return [each for each in chosen if reason is None or reason.lower() in (each.error or "").lower()]


def _letter(letters: DeadLetterBatch, wanted: str, target: Target) -> DeadLetter:
    """By its id, or by what it begins with where that is long enough."""
    for each in letters.seen:
        if wanted == each.id:
            return each
    meant = [each for each in letters.seen if len(wanted) >= SHORT_ID_LENGTH and each.id.startswith(wanted)]
    if len(meant) == 1:
        return meant[0]
    hint = f"See: twbot dlq list --each{target.option}"
    raise CliError(f"There is no dead letter {wanted}.", hint=hint, code=Exit.NOT_FOUND)


def _worked(what: str, work: Callable[[Sequence[str]], Iterator[int]], found: list[DeadLetter]) -> int:
    """How many. Whoever interrupts it, or what goes wrong, is told how far it came."""
    done = 0
    try:
        for number in work([each.id for each in found]) if found else ():
            done = number
    except BaseException:
        say(f"{done} of {_many(len(found))} {what}; the others are where they were.")
        raise
    if done < len(found):
        say(f"{len(found) - done} were not there any more: somebody else has them.")
    return done


def _tell(key: str, would: str, did: str, found: list[DeadLetter], done: int, *, dry_run: bool, json: bool) -> None:
    ids = [each.id for each in found]
    if json:
        as_json({key: done, "dry_run": dry_run, "ids": ids})
    elif not found and not done:
        print_line("No dead letter is meant by that: nothing was changed.")
    elif dry_run:
        out.print(f"{_many(len(found))} {would}: {_few(ids)}")
    else:
        print_line(f"{_many(done)} {did}.")


def _more(letters: DeadLetterBatch, every: bool) -> None:
    if every and letters.hidden:
        say(f"There are about {letters.hidden} more, which were not seen: type it again.")


def _many(count: int) -> str:
    return "1 dead letter" if count == 1 else f"{count} dead letters"


def _few(ids: list[str]) -> str:
    more = f" and {len(ids) - 8} more" if len(ids) > 8 else ""
    return ", ".join(each[:SHORT_ID_LENGTH] for each in ids[:8]) + more


def _ended(letter: Any, utc: bool) -> str:
    return shown(letter.ended, utc=utc)
