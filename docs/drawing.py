"""Draws what a terminal showed as SVG: a picture, or a film that browsers play without a script."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from PIL import Image
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from docs.terminal import COLUMNS, LINES, Printed

CELL, ROW, MARGIN, BAR = 8.4, 19, 16, 30  # pixels
PROMPT = "$ "
BEGIN = 0.3  # seconds before the first key
TYPING = 0.035  # seconds a key
MAX_WAIT = 1.2  # seconds: longer waits of the session are shortened to it
READING = 1.6  # seconds after a command has ended
LOOKING = 3.0  # seconds that a picture is shown
END = 4.0  # seconds before the film begins again
BACKGROUND, FOREGROUND = "#161b22", "#d7dce2"
_DARK = "5a626e f07178 7ec878 e6be64 6eaafa c88cf0 5ac8d2 d7dce2"
_BRIGHT = "828c96 ff8c91 96dc8c f5d282 8cbeff dcaaff 78dce6 f0f4f8"


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


THEME = TerminalTheme(_rgb(BACKGROUND), _rgb(FOREGROUND), [*map(_rgb, _DARK.split())], [*map(_rgb, _BRIGHT.split())])
FONT = "ui-monospace, 'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, monospace"


class Scene(NamedTuple):
    printed: Printed
    picture: Path | None = None
    """A JPEG that is shown when the command has ended."""


class _Row(NamedTuple):
    at: float
    """Seconds from the film's start."""
    text: Text
    typed: int = 0
    """Number of characters that are typed one after the other, from the prompt on."""


def picture(printed: Sequence[Printed], title: str) -> str:
    """Return an SVG of commands and what they printed."""
    rows = [row for each in printed for row in _rows(each, 0.0)[0]]
    body = "".join(_row(row, at) for at, row in enumerate(rows))
    return _window(title, len(rows), "", body)


def film(scenes: Sequence[Scene], title: str) -> str:
    """Return an SVG that plays scenes again and again; whoever wants less motion sees the end."""
    rows, pictures, now = list[_Row](), list[tuple[float, Path]](), BEGIN
    for scene in scenes:
        fresh, now = _rows(scene.printed, now)
        rows += fresh
        if scene.picture:
            pictures.append((now - READING + 0.6, scene.picture))
            now += LOOKING
    seconds = now + END
    names = [f"r{at}" for at in range(len(rows))]
    styles = [
        f"*{{animation-duration:{seconds:.1f}s;animation-iteration-count:infinite;animation-timing-function:step-end}}"
    ]
    styles += [_appears(name, row.at / seconds) for name, row in zip(names, rows, strict=True)]
    styles.append(_scrolls(rows, seconds))
    body = [f'<g class="all">{"".join(_row(row, at, names[at]) for at, row in enumerate(rows))}']
    for at, row in enumerate(rows):
        if row.typed:
            styles.append(_typing(f"t{at}", row, seconds))
            body.append(_cover(f"t{at}", row, at))
    body.append("</g>")
    for number, (start, path) in enumerate(pictures):
        styles.append(_shown(f"p{number}", start / seconds, (start + LOOKING) / seconds))
        body.append(_image(path, f"p{number}"))
    styles.append("@media (prefers-reduced-motion:reduce){*{animation:none!important}}")
    return _window(title, LINES, "".join(styles), "".join(body))


def _rows(printed: Printed, start: float) -> tuple[list[_Row], float]:
    """Return the rows of a command from a time on, and when the next one may be typed."""
    rows = [_Row(start, Text.assemble((PROMPT, "bold green"), printed.typed), len(printed.typed))]
    now, before = start + len(printed.typed) * TYPING + 0.3, 0.0
    for line in printed.lines:
        now += min(line.after - before, MAX_WAIT)
        before = line.after
        rows += [_Row(now, part) for part in _wrapped(line.text)]
    return [*rows, _Row(now, Text())], now + READING


def _wrapped(text: Text) -> list[Text]:
    """Return a line as a terminal of 80 columns shows it."""
    cuts = range(COLUMNS, len(text.plain.rstrip()), COLUMNS)
    return list(text.divide(cuts)) if cuts else [text]


def _appears(name: str, share: float) -> str:
    steps = f"0%{{visibility:hidden}}{_percent(share)}{{visibility:visible}}"
    return f".{name}{{animation-name:{name}}}@keyframes {name}{{{steps}}}"


def _shown(name: str, begin: float, end: float) -> str:
    steps = f"0%{{visibility:hidden}}{_percent(begin)}{{visibility:visible}}{_percent(end)}{{visibility:hidden}}"
    return f".{name}{{visibility:hidden;animation-name:{name}}}@keyframes {name}{{{steps}}}"


def _scrolls(rows: Sequence[_Row], seconds: float) -> str:
    """Return the style that moves all rows up as the window is full."""
    steps = "".join(
        f"{_percent(row.at / seconds)}{{transform:translateY({-(at - LINES + 1) * ROW}px)}}"
        for at, row in enumerate(rows)
        if at >= LINES and (at + 1 == len(rows) or rows[at + 1].at > row.at)
    )
    last = max(len(rows) - LINES, 0) * ROW
    return (
        f".all{{transform:translateY({-last}px);animation-name:all}}"
        f"@keyframes all{{0%{{transform:translateY(0)}}{steps}}}"
    )


def _typing(name: str, row: _Row, seconds: float) -> str:
    """Return the style of the cover over a command line that moves right with each key, and goes."""
    width = row.typed * CELL
    begin, end = row.at / seconds, (row.at + row.typed * TYPING) / seconds
    return (
        f".{name}{{visibility:hidden;animation-name:{name}}}@keyframes {name}{{0%{{visibility:hidden;transform:none}}"
        f"{_percent(begin)}{{visibility:visible;transform:none;animation-timing-function:steps({row.typed})}}"
        f"{_percent(end)}{{visibility:visible;transform:translateX({width:.1f}px)}}"
        f"{_percent(end + 0.3 / seconds)}{{visibility:hidden}}}}"
    )


def _cover(name: str, row: _Row, at: int) -> str:
    x, y, width = len(PROMPT) * CELL, at * ROW, (row.typed + 1) * CELL
    return (
        f'<g class="{name}"><rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW}" fill="{BACKGROUND}"/>'
        f'<rect x="{x:.1f}" y="{y + 2}" width="{CELL}" height="{ROW - 4}" fill="{FOREGROUND}"/></g>'
    )


def _row(row: _Row, at: int, name: str = "") -> str:
    """Return a row's text: a piece for each style, each at its column."""
    cells, column = list[str](), 0
    for piece, style in _pieces(row.text):
        if piece.strip():
            place = f'x="{column * CELL:.1f}" y="{at * ROW + 14}" textLength="{len(piece) * CELL:.1f}"'
            cells.append(f"<text {place}{_style(style)}>{escape(piece)}</text>")
        column += len(piece)
    return f'<g class="{name}">{"".join(cells)}</g>' if name else "".join(cells)


def _pieces(text: Text) -> list[tuple[str, Style]]:
    """Return the stretches of a text with one style, without blanks at the end."""
    found = list[tuple[str, Style]]()
    styles = [Style.null()] * len(text.plain)
    for span in text.spans:
        style = Style.parse(span.style) if isinstance(span.style, str) else span.style
        styles[span.start : span.end] = [each + style for each in styles[span.start : span.end]]
    for sign, style in zip(text.plain.rstrip(), styles, strict=False):
        if found and found[-1][1] == style:
            found[-1] = (found[-1][0] + sign, style)
        else:
            found.append((sign, style))
    return found


def _style(style: Style) -> str:
    red, green, blue = style.color.get_truecolor(THEME) if style.color else THEME.foreground_color
    colour = "" if style.color is None else f' fill="#{red:02x}{green:02x}{blue:02x}"'
    return colour + (' font-weight="bold"' if style.bold else "") + (' opacity="0.65"' if style.dim else "")


def _image(path: Path, name: str) -> str:
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        height = 11 * ROW
        width = image.width * height // image.height
    x, y = COLUMNS * CELL - width - 8, (LINES - 1) * ROW - height
    return (
        f'<g class="{name}"><rect x="{x - 5:.0f}" y="{y - 5}" width="{width + 10}" height="{height + 10}" rx="5"/>'
        f'<image x="{x:.0f}" y="{y}" width="{width}" height="{height}" '
        f'href="data:image/jpeg;base64,{base64.b64encode(content).decode()}"/></g>'
    )


def _window(title: str, rows: int, styles: str, body: str) -> str:
    width, height = COLUMNS * CELL + 2 * MARGIN, rows * ROW + BAR + MARGIN
    dots = "".join(f'<circle cx="{20 + 18 * at}" cy="15" r="5" fill="#3b4350"/>' for at in range(3))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" role="img" aria-label={quoteattr(title)}>'
        f"<title>{escape(title)}</title><style>"
        f"text{{font-family:{FONT};font-size:14px;white-space:pre}}{styles}</style>"
        f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1}" rx="8" fill="{BACKGROUND}" '
        f'stroke="#3b4350"/>{dots}'
        f'<clipPath id="w"><rect width="{COLUMNS * CELL:.0f}" height="{rows * ROW}"/></clipPath>'
        f'<g transform="translate({MARGIN} {BAR})" clip-path="url(#w)" fill="{FOREGROUND}">{body}</g></svg>\n'
    )


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"
