"""Renders the results of all commands: tables for people (Rich), or JSON for programs.

Results go to stdout; progress, prompts and errors go to stderr. Whatever is printed passes this module: anybody may put
control characters into a post, and a text from outside must stay one harmless line (twbot.lambdas.plain_text).
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import msgspec
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Span, Text

from twbot.cli.spelling import pasteable
from twbot.cli.ui.check import MARKS, Check
from twbot.cli.ui.fields import as_line, chosen, selection
from twbot.lambdas.plain_text import NOT_PLAIN, one_line, replacements

MIN_WIDTH, DEFAULT_WIDTH = 40, 80


class Safe(Console):
    """A console on which each text is one harmless line, except for Rich's own control codes."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        safe = harmless_text(renderable) if isinstance(renderable, Text) else renderable
        for segment in super().render(safe, options):
            yield segment if segment.control else segment._replace(text=_harmless_lines(segment.text))

    @property
    def size(self) -> ConsoleDimensions:
        width, height = super().size
        # COLUMNS=0 is no width, and in less than MIN_WIDTH tables have no room for anything.
        return ConsoleDimensions(max(width, MIN_WIDTH) if width > 0 else DEFAULT_WIDTH, height)

    @size.setter
    def size(self, new: tuple[int, int]) -> None:
        self._width, self._height = new

    def on_broken_pipe(self) -> None:
        # Rich would exit here. `main()` decides how a command ends.
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def render_str(self, *arguments: Any, **more: Any) -> Text:
        return harmless_text(super().render_str(*arguments, **more))


def harmless_text(text: Text) -> Text:
    """Return a styled text as one harmless line, its styles where they were."""
    changes = list(replacements(text.plain))
    if not changes:
        return text
    fresh, end, places = "", 0, []
    for start, after, replacement in changes:
        fresh += text.plain[end:start] + replacement
        places.append((after, len(fresh)))
        end = after
    fresh += text.plain[end:]
    copy = text.blank_copy(fresh)
    copy.spans = [Span(_moved(places, a), _moved(places, b), style) for a, b, style in text.spans]
    return copy


def _moved(places: list[tuple[int, int]], at: int) -> int:
    """Return where a position is after the replacements. `places`: where each one ended, before and after them all."""
    before = after = 0
    for old, new in places:
        if old > at:
            break
        before, after = old, new
    return after + at - before


def _harmless_lines(text: str) -> str:
    # Rich ends its own lines; those of a text were replaced before it was laid out.
    return "\n".join(map(one_line, text.split("\n")))


out = Safe(highlight=False)
err = Safe(stderr=True, highlight=False)


def as_json(result: object) -> None:
    """Print one JSON document, or the fields of it that --fields chose. Raises CliError for an unknown one."""
    if (wanted := chosen.get()) is None:
        _write(_indented(result))
        return
    found = selection(msgspec.json.decode(_encoded(result)), wanted.names)
    if wanted.as_json and found.records:
        _write(_indented(found.records if found.is_list else found.records[0]))
    elif wanted.as_json and not found.unknown:
        _write("[]")
    else:
        for record in found.records:
            _write(as_line(record))
    if found.unknown:
        raise found.unknown


def as_json_line(result: object, *, to_stderr: bool = False) -> None:
    """Print one line of a JSON stream and flush it, or the fields of it that --fields chose. Raises CliError."""
    wanted = None if to_stderr else chosen.get()
    if wanted is None:
        _write(escaped(_encoded(result).decode()), sys.stderr if to_stderr else None)
        return
    found = selection(msgspec.json.decode(_encoded(result)), wanted.names, of_stream=True)
    for record in found.records:
        _write(escaped(_encoded(record).decode()) if wanted.as_json else as_line(record))
    if found.unknown:
        raise found.unknown


def _indented(result: object) -> str:
    return escaped(msgspec.json.format(_encoded(result), indent=2).decode())


def _encoded(result: object) -> bytes:
    try:
        return msgspec.json.encode(result)
    except UnicodeEncodeError:
        # A path may hold bytes that are no text: https://docs.python.org/3/library/os.html#file-names
        return msgspec.json.encode(_printable(msgspec.to_builtins(result)))


def _printable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_printable(name): _printable(each) for name, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list | tuple) else value


def escaped(json: str) -> str:
    """Return the same JSON with all characters escaped that a terminal may obey, or that are invisible."""
    # JSON requires the escape below U+0020 only: https://www.rfc-editor.org/rfc/rfc8259#section-7
    return NOT_PLAIN.sub(lambda found: found[0] if found[0] == "\n" else _escape(found[0]), json)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def print_line(text: str) -> None:
    """Print one harmless line, without Rich, and flush it: whoever reads a pipe gets it at once."""
    _write(one_line(text))


def print_block(text: str, style: str = "", *, to: Console = out) -> None:
    """Print a text of several lines, marked at each one's beginning: none can pass for a line of ours."""
    for line in text.splitlines():
        to.print(Text.assemble(("  │ ", "dim"), (line, style)), soft_wrap=True)


def _write(text: str, to: TextIO | None = None) -> None:
    stream = to or sys.stdout
    stream.write(text + "\n")
    stream.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Print a table for people. Cells are data, never markup; long ones fold onto several lines."""
    grid = Table(
        *(Column(Text(one_line(name)), overflow="fold") for name in columns),
        title=title,
        title_justify="left",
        header_style="bold",
    )
    # Before Rich measures the width of a cell.
    for row in rows:
        grid.add_row(*(Text("" if cell is None else one_line(str(cell))) for cell in row))
    out.print(grid)


def show_check(check: Check, *, to: Console = err) -> None:
    """Print a check, and below it its fix unless it passed."""
    mark, style = MARKS[check.state]
    to.print(Text.assemble((f"{mark} ", style), (f"{check.name}: ", "bold"), check.says), soft_wrap=True)
    if check.fix and check.state != "ok":
        to.print(Text(f"    {pasteable(check.fix)}", "cyan"), soft_wrap=True)


def print_error(message: str, hint: str | None) -> None:
    """Print to stderr what failed, and below it what to type next."""
    first, _, more = message.partition("\n")
    err.print(Text(first, "bold red"), soft_wrap=True)
    print_block(more, to=err)
    for line in (hint or "").splitlines():
        err.print(Text(line), soft_wrap=True)


def say(message: str) -> None:
    """Print a message of ours for people to stderr, with its commands as they can be pasted."""
    err.print(Text(pasteable(message)), soft_wrap=True)
