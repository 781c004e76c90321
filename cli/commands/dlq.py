"""`twbot dlq`: lists, redrives and purges dead letters: events that a target refused at every attempt."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.dead_letters.port import DeadLetters, dead_letters_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import complete_dead_letters, complete_rules
from twbot.cli.ui.console import as_json, note, print_block, print_line, say, table
from twbot.cli.ui.figures import Cell, count_text
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson, DryRun, Limit, Yes, targeted
from twbot.cli.ui.pager import paged
from twbot.cli.ui.prompts import confirm
from twbot.cli.ui.times import Utc, format_time, time_cell
from twbot.cli.ui.watching import Watch, go_on, interval_of

if TYPE_CHECKING:
    from twbot.cli.operations.dead_letters.records import DeadLetter, DeadLetterBatch

app = typer.Typer(help="Dead letters: what was tried in vain, again and again.", no_args_is_help=True)
# SQS's message ids are UUIDs: their first eight characters differ, and are enough to type.
SHORT_ID_LENGTH = 8
FEW = 3  # ids that a line names


Rule = Annotated[str | None, typer.Option("--rule", help="Only this rule's.", autocompletion=complete_rules)]
Reason = Annotated[str | None, typer.Option("--reason", help="Only those with this text in their error.")]
Ids = Annotated[
    list[str] | None,
    typer.Argument(help="The dead letters' ids.", metavar="[ID]...", autocompletion=complete_dead_letters),
]
All = Annotated[bool, typer.Option("--all", help="Every one.")]


@app.command("list")
@targeted
def list_letters(
    target: Target,
    rule: Rule = None,
    reason: Reason = None,
    each: Annotated[bool, typer.Option("--each", help="One line a dead letter, not one a reason.")] = False,
    limit: Limit = None,
    watch: Watch = False,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """The dead letters, grouped by rule and reason. Looking consumes none.

    Example: twbot dlq list

    Example: twbot dlq list --rule send-tweets --each

    Example: twbot dlq list --watch

    Example: twbot dlq list --stage prod
    """
    from twbot.cli.operations.dead_letters.records import grouped

    source = dead_letters_of(target)

    def look() -> DeadLetterBatch:
        batch = _read(source, rule)
        return msgspec.structs.replace(batch, seen=_chosen(batch, None, reason, target)[:limit])

    def show(batch: DeadLetterBatch) -> None:
        (_show_each if each else _show_groups)(batch.seen, utc, target.option)
        if batch.hidden:
            more = count_text(batch.hidden)
            note(f"There are about {more} more, which somebody else is looking at, or which did not fit.")

    def document(batch: DeadLetterBatch) -> object:
        groups = grouped(batch.seen)
        return {"count": len(batch.seen), "hidden": batch.hidden, "groups": groups, "letters": batch.seen}

    if watch:
        go_on(look, show, document, every=interval_of(target), json=json)
    elif json:
        as_json(document(look()))
    else:
        found = look()
        with paged():
            show(found)


def _show_each(found: list[DeadLetter], utc: bool, _: str) -> None:
    columns = ["id", "rule", "event", "post", "gave up", Column("error", gives_way=True)]
    rows = [
        (one.id, one.rule, one.detail_type, one.tweet_id, time_cell(one.ended, utc=utc), one.error) for one in found
    ]
    table(columns, rows, none="No dead letters.")


def _show_groups(found: list[DeadLetter], utc: bool, option: str) -> None:
    from twbot.cli.operations.dead_letters.records import grouped

    rows = [
        (each.rule, each.reason, each.count, time_cell(each.newest, utc=utc), Cell(", ".join(each.ids), _few(each.ids)))
        for each in grouped(found)
    ]
    table(["rule", "reason", "count", "newest", Column("ids", spare=True)], rows, none="No dead letters.")
    if found:
        note(f"See each: twbot dlq list --each{option}")
    for rule in sorted({each.rule for each in found}):
        note(f"Deliver them again: twbot dlq redrive --rule {shlex.quote(rule)}{option}")


@app.command("show")
@targeted
def show(
    target: Target,
    letter_id: Annotated[
        str, typer.Argument(help="The dead letter's id.", metavar="ID", autocompletion=complete_dead_letters)
    ],
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
    with paged():
        _show(letter, event, utc)


def _show(letter: DeadLetter, event: Any, utc: bool) -> None:
    print_line(f"{letter.detail_type or 'something'} at {letter.rule}, post {letter.tweet_id or '-'}")
    attempts = "" if letter.attempts is None else f"{letter.attempts} attempts, "
    begun = f"{format_time(letter.first_try, utc=utc)} to " if letter.first_try else ""
    print_line(f"{attempts}{begun}{_ended(letter, utc)}")
    print_block(letter.error or "")
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
    source, batch, found = _selected(target, ids, every, rule, reason)
    able = [each for each in found if each.obstacle is None]
    for each in found:
        if each.obstacle:
            say(f"{each.id} can't be delivered again: {each.obstacle}. See: twbot dlq show {each.id}{target.option}")
    done = 0 if dry_run else _work("delivered again", source.redrive, able)
    _report("redriven", "would be delivered again", "delivered again", able, done, dry_run=dry_run, json=json)
    _mention_more(batch, every)


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
    """Remove dead letters for good. Their events stay in the archive.

    Example: twbot dlq purge --rule send-tweets --reason Duplicate --dry-run

    Example: twbot dlq purge 12 13 --yes
    """
    source, batch, found = _selected(target, ids, every, rule, reason)
    everything = every and not (ids or rule or reason)
    count = _count(len(found) + batch.hidden if everything else len(found))
    if (found or batch.hidden) and not dry_run:
        extent = ": that is all, and what comes until then" if everything else ""
        confirm(f"{count} of the stage {target.stage} will be forgotten for good{extent}.", yes=yes)
    if dry_run or not (found or batch.hidden):
        done = 0
    else:
        done = source.purge_all() if everything else _work("forgotten", source.purge, found)
    _report("purged", "would be forgotten", "forgotten", found, done, dry_run=dry_run, json=json)
    _mention_more(batch, every and not everything)
    if everything and done and not target.is_local:
        say("SQS takes up to a minute for it.")


def _selected(
    target: Target, ids: list[str] | None, every: bool, rule: str | None, reason: str | None
) -> tuple[DeadLetters, DeadLetterBatch, list[DeadLetter]]:
    """Return the port, the dead letters read, and those selected by id, by filter or by --all. Raises CliError."""
    if not (ids or every or rule or reason):
        hint = "Name them by id, --rule or --reason, or take --all"
        raise CliError("Which dead letters?", hint=hint, code=Exit.USAGE)
    source = dead_letters_of(target)
    batch = _read(source, rule)
    return source, batch, _chosen(batch, ids, reason, target)


def _read(source: DeadLetters, rule: str | None) -> DeadLetterBatch:
    if rule is None or rule in (rules := complete_rules("")):
        return source.read(rule=rule)
    # A rule that was taken away may have left dead letters.
    batch = source.read()
    if not (left := [each for each in batch.seen if each.rule == rule]):
        raise CliError(f"There is no rule {rule!r}.", hint=f"There are: {', '.join(rules)}", code=Exit.USAGE)
    return msgspec.structs.replace(batch, seen=left)


def _chosen(batch: DeadLetterBatch, ids: Sequence[str] | None, reason: str | None, target: Target) -> list[DeadLetter]:
    chosen = [_letter(batch, each, target) for each in dict.fromkeys(ids or ())] if ids else batch.seen
    return [each for each in chosen if reason is None or reason.lower() in (each.error or "").lower()]


def _letter(batch: DeadLetterBatch, letter_id: str, target: Target) -> DeadLetter:
    """Return the dead letter with this id, or the only one whose id begins like this. Raises CliError."""
    for each in batch.seen:
        if letter_id == each.id:
            return each
    # Shorter beginnings could mean another one by mistake: on this machine 12 is an id, and so is 123.
    matching = [each for each in batch.seen if len(letter_id) >= SHORT_ID_LENGTH and each.id.startswith(letter_id)]
    if len(matching) == 1:
        return matching[0]
    hint = f"See: twbot dlq list --each{target.option}"
    raise CliError(f"There is no dead letter {letter_id}.", hint=hint, code=Exit.NOT_FOUND)


def _work(done_to_them: str, work: Callable[[Sequence[str]], Iterator[int]], found: list[DeadLetter]) -> int:
    """Return how many dead letters were worked on. If it fails or is interrupted, print how many were before."""
    done = 0
    try:
        for number in work([each.id for each in found]) if found else ():
            done = number
    except BaseException:
        say(f"{done} of {_count(len(found))} {done_to_them}; the others are where they were.")
        raise
    if done < len(found):
        say(f"{len(found) - done} were not there any more: somebody else has them.")
    return done


def _report(key: str, would: str, did: str, found: list[DeadLetter], done: int, *, dry_run: bool, json: bool) -> None:
    ids = [each.id for each in found]
    if json:
        as_json({key: done, "dry_run": dry_run, "ids": ids})
    elif not found and not done:
        print_line("No dead letter is meant by that: nothing was changed.")
    elif dry_run:
        print_line(f"{_count(len(found))} {would}: {_few(ids)}")
    else:
        print_line(f"{_count(done)} {did}.")


def _mention_more(batch: DeadLetterBatch, every: bool) -> None:
    if every and batch.hidden:
        say(f"There are about {batch.hidden} more, which were not seen: type it again.")


def _count(count: int) -> str:
    return "1 dead letter" if count == 1 else f"{count} dead letters"


def _few(ids: list[str]) -> str:
    more = f" and {count_text(len(ids) - FEW)} more" if len(ids) > FEW else ""
    return ", ".join(ids[:FEW]) + more


def _ended(letter: Any, utc: bool) -> str:
    return format_time(letter.ended, utc=utc)
