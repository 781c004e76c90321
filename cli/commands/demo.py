"""`twbot demo`: runs the whole bot on this machine for half a minute, and shows what it did."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.screens.result import result_table
from twbot.cli.spelling import pasteable
from twbot.cli.ui.console import as_json, err, out, print_line, table
from twbot.cli.ui.options import AsJson

if TYPE_CHECKING:
    from twbot.local.demo.run import DemoPost, DemoResult

FACES = {"POSITIVE": "green", "NEGATIVE": "red", "NEUTRAL": "dim", "MIXED": "yellow"}


def demo(
    json: AsJson = False,
    pictures: Annotated[Path | None, typer.Option(help="Where the pictures go.", show_default="a new folder")] = None,
) -> None:
    """Watch the whole bot work: people post on a simulated X, the bot understands and replies.

    Needs no account and no network; keeps nothing but the pictures.

    Example: twbot demo
    """
    from twbot.local.demo.run import run_demo

    folder = pictures or Path(tempfile.mkdtemp(prefix="twbot-demo-"))
    with tempfile.TemporaryDirectory(prefix="twbot-") as data, err.status("Starting …", spinner="dots") as status:
        result = run_demo(Path(data), pictures=folder, on_progress=lambda step: status.update(escape(step)))
    if json:
        as_json(result)
    else:
        _show(result, folder)
    if not result.ok:
        raise CliError("The demo did not go as it should:\n" + "\n".join(result.problems), code=Exit.CHECK_FAILED)


def _show(result: DemoResult, folder: Path) -> None:
    for post in result.posts:
        _show_post(post)
    if out.is_screen:
        out.print(Rule(style="dim"))
    out.print("Events on the bus", style="bold")
    table(["event", "times"], result.events.items())
    for name, answer in result.queries.items():
        if not answer.rows:
            continue
        out.print()
        out.print(pasteable(f"twbot query {name}"), style="bold", markup=False)
        result_table(answer.columns, answer.rows[:5])
        if len(answer.rows) > 5:
            out.print(f"… and {len(answer.rows) - 5} more rows", style="dim")
    out.print()
    if result.ok:
        out.print("Everything that should have happened did, and nothing else.", style="green")
    print_line(f"The pictures are in {folder}")
    print_line(pasteable('Next: twbot up, and in another terminal: twbot send "tell me a joke" --as alice'))


def _show_post(post: DemoPost) -> None:
    style = FACES.get(post.sentiment or "", "dim")
    out.print(f"[bold]@{escape(post.author)}[/]  {escape(post.text)}")
    for note in _notes(post, style):
        _print(4, note)
    if post.reply:
        duration = f"  [dim]{post.seconds:.1f} s[/]" if post.seconds is not None else ""
        _print(2, f"[cyan]↳ @twbot[/]  {escape(post.reply.text)}{duration}")
        for path in post.reply.images:
            out.print(Text(f"      {path}", "dim"))
    else:
        _print(2, f"[dim]↳ {escape(post.why or '')}[/]")
    out.print()


def _print(indent: int, markup: str) -> None:
    """Print a paragraph, broken into lines between its words on a terminal."""
    out.print(Padding(markup, (0, 0, 0, indent)) if out.is_screen else " " * indent + markup)


def _notes(post: DemoPost, style: str) -> list[str]:
    understood = [f"[{style}]{post.sentiment.lower()}[/]"] if post.sentiment else []
    understood += [f"in {post.language}"] if post.language not in (None, "en") else []
    understood += [f"{escape(each.text)} [dim]({each.type.lower()})[/]" for each in post.entities[:4]]
    notes = [" · ".join(understood)] if understood else []
    for name, found in (("famous", post.celebrities), ("sees", post.labels[:5]), ("reads", post.detected_text[:4])):
        if found:
            notes.append(f"[dim]{name}[/] {escape(', '.join(found))}")
    if post.alerted:
        notes.append("[red]alert sent[/]")
    if post.delivered > 1:
        notes.append(f"[dim]delivered {post.delivered} times, answered once[/]")
    return notes
