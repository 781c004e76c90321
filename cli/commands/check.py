"""`twbot check`: all that can be wrong with a bot's folder, without running the bot."""

from __future__ import annotations

from rich.text import Text

from twbot.cli.check.findings import Finding
from twbot.cli.errors import CliError, Exit
from twbot.cli.spelling import pasteable
from twbot.cli.ui.console import as_json, out, say
from twbot.cli.ui.options import AsJson
from twbot.lambdas.folder.folder import SHIPPED, project

STYLES = {"wrong": "bold red", "warning": "yellow"}


def check(json: AsJson = False) -> None:
    """Check the bot's folder: all that can be known without running it, with file and line. Exit code 5 when it fails.

    Tables and their keys, patterns, functions (which are imported), intents, queries, photos, packages, secrets. What
    is wrong has to be put right; a warning may be meant so.

    Example: twbot check

    Example: twbot check --project coffee-bot --json
    """
    from twbot.cli.check.run import check as find

    folder = project()
    if folder == SHIPPED:
        raise CliError(
            "There is no twbot.toml and no bot/ here.",
            hint="Make a bot: twbot new coffee-bot, or name its folder: --project FOLDER",
            code=Exit.NOT_FOUND,
        )
    found = find(folder)
    wrong = sum(each.level == "wrong" for each in found)
    if json:
        as_json({"ok": not wrong, "folder": str(folder), "findings": found})
    else:
        for each in found:
            _show(each)
    warnings = _count(len(found) - wrong, "warning", "warnings")
    summary = f"{_count(wrong, 'thing is wrong', 'things are wrong')}, {warnings}" if wrong else f"Fine, {warnings}"
    if wrong:
        raise CliError(f"{summary}.", hint="Put it right, then again: twbot check", code=Exit.CHECK_FAILED)
    if not json:
        say(f"{summary}. Next: twbot test")


def _show(found: Finding) -> None:
    out.print(Text.assemble(f"{found.place}: ", (f"{found.level}: ", STYLES[found.level]), found.says))
    if found.hint:
        out.print(Text(f"    {pasteable(found.hint)}", "cyan"))


def _count(number: int, one: str, many: str) -> str:
    return f"{number or 'no'} {one if number == 1 else many}"
