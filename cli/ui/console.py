"""Renders the results of all commands: tables for people (Rich), lines of tab-separated values in a pipe, or JSON.

Results go to stdout; progress, prompts and errors go to stderr. Whatever is printed passes this module: anybody may put
control characters into a post, and a text from outside must stay one harmless line (twbot.lambdas.plain_text).
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import msgspec
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Span, Text

from twbot.cli.spelling import pasteable
from twbot.cli.ui.check import MARKS, Check
from twbot.cli.ui.fields import as_line, chosen, selection
from twbot.cli.ui.figures import Cell, count_text, number_text
from twbot.cli.ui.layout import GAP, Column, Fact, fact_lines, fitted, record
from twbot.lambdas.plain_text import NOT_PLAIN, one_line, replacements

MIN_WIDTH, DEFAULT_WIDTH = 40, 80


class Safe(Console):
    """A console on which each text is one harmless line, except for Rich's own control codes.

    Texts are not broken into lines: the terminal does that, and what is copied from it has no line ends inside.
    """

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        if soft_wrap is None:
            soft_wrap = all(isinstance(each, str | Text) for each in objects)
        super().print(*objects, soft_wrap=soft_wrap, **options)

    @property
    def is_screen(self) -> bool:
        """Whether people look at it. FORCE_COLOR colours a pipe, and makes it no terminal."""
        return self.file.isatty()

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
        for each in found.records:
            _write(as_line(each))
    if found.unknown:
        raise found.unknown


def as_json_line(result: object, *, to_stderr: bool = False) -> None:
    """Print one line of a JSON stream and flush it, or the fields of it that --fields chose. Raises CliError."""
    wanted = None if to_stderr else chosen.get()
    if wanted is None:
        _write(escaped(_encoded(result).decode()), sys.stderr if to_stderr else None)
        return
    found = selection(msgspec.json.decode(_encoded(result)), wanted.names, of_stream=True)
    for each in found.records:
        _write(escaped(_encoded(each).decode()) if wanted.as_json else as_line(each))
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


class _Held(io.StringIO):
    """Keeps what is printed, and is the terminal or the pipe that stdout is."""

    def __init__(self, *, is_screen: bool) -> None:
        super().__init__()
        self._is_screen = is_screen

    def isatty(self) -> bool:
        return self._is_screen


def holding() -> contextlib.AbstractContextManager[io.StringIO]:
    """Keep what is printed to stdout inside, as it would be printed there."""
    return contextlib.redirect_stdout(_Held(is_screen=out.is_screen))


def print_held(text: str) -> None:
    """Print what was kept."""
    sys.stdout.write(text)
    sys.stdout.flush()


def print_block(text: str, style: str = "", *, to: Console = out) -> None:
    """Print a text of several lines, marked at each one's beginning: none can pass for a line of ours."""
    for line in text.splitlines():
        to.print(Text.assemble(("  │ ", "dim"), (line, style)))


def _write(text: str, to: TextIO | None = None) -> None:
    stream = to or sys.stdout
    stream.write(text + "\n")
    stream.flush()


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    styles: Sequence[str] = (),
    none: str | None = None,
) -> None:
    """Print a table for people, or its lines in a pipe. Cells are data, never markup.

    A cell is a text, a count (int), a number (float), a Cell of twbot.cli.ui.figures, or None; ids are texts. A Column
    of twbot.cli.ui.layout says which cells give way on a narrow terminal. `styles`: one for each row. `none`: what is
    said where there are no rows.
    """
    headings, found = [_as_column(each) for each in columns], [*rows]
    if title is not None and (found or none is None):
        out.print(Text(title, "italic")) if out.is_screen else say(title)
    if not found and none is not None:
        note(none)
    if not out.is_screen:
        _print_lines(headings, found)
    elif found or none is None:
        _print_table(headings, found, styles or [""] * len(found))


def _as_column(heading: str) -> Column:
    return heading if isinstance(heading, Column) else Column(one_line(heading))


def _print_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    """Print a line for the headings and for each row, the cells whole and separated by tabs."""
    at = [number for number, column in enumerate(columns) if not column.drawn]
    for row in (columns, *rows):
        print_values(*(row[number] for number in at))


def print_values(*cells: Any) -> None:
    """Print cells for programs: one line, separated by tabs, and flushed."""
    _write("\t".join(map(_value, cells)))


def _print_table(columns: Sequence[Column], rows: Sequence[Sequence[Any]], styles: Sequence[str]) -> None:
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = fitted(columns, cells, out.width)
    if widths is None:
        _print_records(columns, cells, styles)
        return
    grid = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for at, wide in widths.items():
        is_number = bool(rows) and all(_is_number(row[at]) for row in rows)
        grid.add_column(Text(columns[at]), justify="right" if is_number else "left", width=wide, no_wrap=True)
    for row, style in zip(cells, styles, strict=True):
        grid.add_row(*(Text(row[at]) for at in widths), style=style)
    out.print(grid)


def _print_records(columns: Sequence[Column], rows: Sequence[Sequence[str]], styles: Sequence[str]) -> None:
    """Print each row as lines of `name: value`, where it is wider than the terminal."""
    for number, (row, style) in enumerate(zip(rows, styles, strict=True)):
        if number:
            out.print()
        for name, value in record(columns, row, out.width):
            out.print(Text.assemble((f"{name}: ", "dim"), (value, style)))


def _text(cell: Any) -> str:
    """Return a cell as people read it."""
    if isinstance(cell, Cell):
        return cell.text
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return _value(cell)
    return count_text(cell) if isinstance(cell, int) else number_text(cell)


def _value(cell: Any) -> str:
    """Return a cell as programs read it, in one line without tabs."""
    value = cell.value if isinstance(cell, Cell) else cell
    return "" if value is None else one_line(str(value))


def _is_number(cell: Any) -> bool:
    value = cell.value if isinstance(cell, Cell) else cell
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def facts(rows: Iterable[Fact]) -> None:
    """Print what is known of one thing: on a terminal its names and values side by side, in a pipe a line for each."""
    found, name = [*rows], ""
    for each in found if not out.is_screen else ():
        name = each.name or name  # a name stands for the lines below it, too
        _write(f"{_value(name)}\t{_value(each.says)}")
    if out.is_screen:
        for line in fact_lines(found, out.width):
            out.print(line)


def show_check(check: Check, *, to: Console = err) -> None:
    """Print a check, and below it its fix unless it passed."""
    mark, style = MARKS[check.state]
    to.print(Text.assemble((f"{mark} ", style), (f"{check.name}: ", "bold"), check.says))
    if check.fix and check.state != "ok":
        to.print(Text(f"    {pasteable(check.fix)}", "cyan"))


def print_error(message: str, hint: str | None) -> None:
    """Print to stderr what failed, and below it what to type next."""
    first, _, more = message.partition("\n")
    err.print(Text(first, "bold red"))
    print_block(more, to=err)
    for line in (hint or "").splitlines():
        err.print(Text(line))


def note(message: str) -> None:
    """Print a message for people below an answer; in a pipe it is none of the answer, and goes to stderr."""
    (out if out.is_screen else err).print(Text(pasteable(message), "dim"))


def say(message: str) -> None:
    """Print a message of ours for people to stderr, with its commands as they can be pasted."""
    err.print(Text(pasteable(message)))
