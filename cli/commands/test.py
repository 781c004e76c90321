"""`twbot test`: holds the conversations of a bot's folder with the bot."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import as_json, err, out, print_block, say
from twbot.cli.ui.options import AsJson
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import SHIPPED, project

if TYPE_CHECKING:
    from twbot.local.conversations.records import Conversation, Difference
    from twbot.local.conversations.run import Outcome

HINT = "See all of it: twbot test NAME; try it by hand: twbot chat"


def _names(incomplete: str) -> list[str]:
    from twbot.local.conversations.records import read_conversations

    try:
        parsed = read_conversations(project())
    except TwbotError:  # a shell has no place for it
        return []
    titles = [each.title for each in parsed.value.conversations] if parsed.value else []
    return [each for each in titles if each.lower().startswith(incomplete.lower())]


def test(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names or texts of conversations; none: all.", autocompletion=_names, metavar="[NAME]..."),
    ] = None,
    keyword: Annotated[
        str | None, typer.Option("-k", "--keyword", help="Only those whose name or text has this.", metavar="WORDS")
    ] = None,
    json: AsJson = False,
) -> None:
    """Hold the conversations of tests/conversations.toml with the bot, and compare. Exit code 5 when one differs.

    The bot is the real one, with its models and functions, beside a simulated X, on a data folder of its own that is
    gone afterwards. Rules with `to` send nothing, and functions get the secrets of the file's table secrets only. For
    pytest there is a fixture: def test_hours(bot): assert "9 to 6" in bot.says("When do you open?").reply

    Example: twbot test

    Example: twbot test -k order --json
    """
    from twbot.local.conversations.records import FILE, read_conversations

    folder = project()
    if folder == SHIPPED:
        hint = "Make a bot: twbot new coffee-bot, or name its folder: --project FOLDER"
        raise CliError("There is no twbot.toml and no bot/ here.", hint=hint, code=Exit.NOT_FOUND)
    started = time.monotonic()
    parsed = read_conversations(folder)
    assert parsed.value is not None
    chosen = _chosen(parsed.value.conversations, names or [], keyword)
    outcomes, failures = _run(chosen, parsed.value.secrets, (folder / FILE).parent)
    seconds = time.monotonic() - started
    lines = {id(each): parsed.line("conversations", at) for at, each in enumerate(parsed.value.conversations)}
    failed = [each for each in outcomes if not each.ok]
    if json:
        shown = [_as_dict(each, lines[id(each.conversation)]) for each in outcomes]
        ok = not failed and not failures
        as_json({"ok": ok, "seconds": round(seconds, 1), "conversations": shown, "failures": failures})
    else:
        for each in outcomes:
            _show(each, f"{FILE}:{lines[id(each.conversation)]}", whole=bool(names))
        for failure in failures:
            print_block(failure, "red")
    summary = f"{len(outcomes) - len(failed)} of {len(outcomes)} as expected, in {seconds:.1f} s"
    if failures:
        summary += f", and {len(failures)} failed with events about no post"
    if failed or failures:
        raise CliError(f"{summary}.", hint=HINT, code=Exit.CHECK_FAILED)
    if not json:
        say(f"{summary}.")


def _chosen(known: list[Conversation], names: list[str], keyword: str | None) -> list[Conversation]:
    if unknown := [each for each in names if each not in {one.title for one in known}]:
        hint = "List them with: twbot test --json"
        raise CliError(f"There is no conversation {unknown[0]!r}.", hint=hint, code=Exit.NOT_FOUND)
    found = [each for each in known if not names or each.title in names]
    words = (keyword or "").casefold()
    found = [each for each in found if words in f"{each.name or ''}\n{each.text}".casefold()]
    if not found:
        raise CliError("No conversation is chosen.", hint="All of them: twbot test", code=Exit.NOT_FOUND)
    return found


def _run(conversations: list[Conversation], secrets: dict[str, str], tests: Path) -> tuple[list[Outcome], list[str]]:
    """Return the outcomes, and why functions failed that were called with events about no post."""
    from twbot.local.conversations.run import run_conversations
    from twbot.local.conversations.stage import running_stage

    for each in conversations:
        if each.image and not (tests / each.image).is_file():
            raise CliError(f"{each.title}: there is no picture {tests / each.image}.", code=Exit.USAGE)
    with err.status("starting the bot") as status, running_stage(secrets, on_progress=status.update) as stage:
        status.update(f"talking to the bot: {len(conversations)} conversations")
        return run_conversations(stage, conversations, tests), stage.other_failures()


def _show(outcome: Outcome, place: str, *, whole: bool) -> None:
    said, mark = outcome.said, ("✓ ", "green") if outcome.ok else ("✗ ", "bold red")
    parts = (said.intent, said.by, "alert" if said.alert else None, *said.own_events)
    about = ", ".join(dict.fromkeys(each for each in parts if each))
    title = Text.assemble(mark, (outcome.conversation.author, "bold"), f": {outcome.conversation.title}")
    out.print(title if outcome.ok else title.append(f"  {place}", "dim"))
    out.print(
        Text.assemble("    ", said.reply or "(no reply)", (f"  ({about})" if about else "", "dim")), soft_wrap=True
    )
    for each in outcome.differences:
        out.print(Text.assemble("    ", (each.what, "bold"), f" expected  {_said(each.expected)}"))
        out.print(Text.assemble("    ", " " * len(each.what), " got       ", (_said(each.got), "red")))
    for problem in [*said.failures, *said.problems] if whole or not outcome.ok else []:
        print_block(problem, "red")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "none"
    return "nothing" if value is None or value == [] else ", ".join(value) if isinstance(value, list) else str(value)


def _as_dict(outcome: Outcome, line: int) -> dict[str, Any]:
    talk, said = outcome.conversation, outcome.said
    differences: list[Difference] = outcome.differences
    return {
        "name": talk.title,
        "ok": outcome.ok,
        "line": line,
        "as": talk.author,
        "text": talk.text,
        "reply": said.reply,
        "images": said.images,
        "intent": said.intent,
        "by": said.by,
        "alert": said.alert,
        "events": said.events,
        "differences": differences,
        "failures": said.failures,
        "problems": said.problems,
    }
