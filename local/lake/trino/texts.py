"""Regular expressions in Java's syntax, and format(): literals are read here and written anew for DuckDB (RE2)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from twbot.lambdas.analytics.results import BadSql
from twbot.local.lake.trino.casts import as_text
from twbot.local.lake.trino.scope import Typed
from twbot.local.lake.trino.types import INTEGERS, MAX_DIGITS

# Java has these, RE2 has not. https://github.com/google/re2/wiki/Syntax
_FOREIGN = re.compile(r"\(\?(=|!|<=|<!|>|[a-z]*[dux])|\\[1-9kGRXhHZQE]|[*+?}]\+|\[[^\]]*&&")
_PART = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P?<[A-Za-z]\w*>|\(\?[a-zA-Z-]*[:)]|[()|]|[*?]|\{0,?\d*\}|.", re.DOTALL
)
_DIRECTIVE = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


def quoted(text: str) -> str:
    """Return the text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def pattern(value: Typed) -> str:
    """Return a literal pattern for RE2. Raises BadSql where it is no literal, or has what RE2 lacks."""
    if value.text is None:
        raise BadSql("A regular expression is translated on this machine only where it is a plain text.")
    if found := _FOREIGN.search(re.sub(r"\\\\", "", value.text)):
        raise BadSql(f"{found[0]!r} in a regular expression is not translated on this machine; Athena may know it.")
    # Java's \s has the vertical tab, too; RE2 spells a named group with P.
    spaced = re.sub(r"(\\\\)|\\s", lambda found: found[1] or r"[:space:]", value.text)
    spaced = _outside_classes(spaced)
    return re.sub(r"\(\?<([A-Za-z]\w*)>", r"(?P<\1>", spaced)


def _outside_classes(text: str) -> str:
    """Put [:space:] into brackets where it is not in a class already."""
    parts = re.findall(r"\[:space:\]|\\.|\[\^?\]?(?:\[:space:\]|\\.|[^\]\\])*\]|.", text, re.DOTALL)
    return "".join("[[:space:]]" if part == "[:space:]" else part for part in parts)


def groups(source: str) -> list[str]:
    """Return the names of a pattern's groups in order; "" for one without a name."""
    found = [part for part in _PART.findall(source) if part == "(" or re.match(r"\(\?P?<[A-Za-z]", part)]
    return [part.partition("<")[2].rstrip(">") if "<" in part else "" for part in found]


def replacement(value: Typed, source: str) -> str:
    """Return Java's replacement for RE2: $1 and ${name} become \\1, a backslash takes the next sign as it is."""
    if value.text is None:
        raise BadSql("regexp_replace() is translated on this machine only where its replacement is a plain text.")
    names, written, at = groups(source), "", 0
    for found in re.finditer(r"\\(.)|\$(?:\{(\w+)\}|(\d))|[\\$]", value.text, re.DOTALL):
        written += value.text[at : found.start()].replace("\\", "\\\\")
        at = found.end()
        if found[1] is not None:
            written += found[1].replace("\\", "\\\\")
        else:
            written += f"\\{_group(found, names)}"
    return written + value.text[at:]


def _group(found: re.Match[str], names: Sequence[str]) -> int:
    number = names.index(found[2]) + 1 if found[2] in names else int(found[3]) if found[3] else -1
    if not 0 <= number <= min(len(names), 9):
        raise BadSql(f"The replacement's {found[0]!r} is no group of the regular expression.")
    return number


def absent_group(source: str, group: int) -> bool:
    """Whether a group may take no part in a match, which Trino answers with NULL and DuckDB with ''.

    Raises BadSql where it may be empty as well: then DuckDB can't tell the two apart.
    """
    if group == 0:
        return False
    spans, optional = _spans(source)
    if group > len(spans):
        raise BadSql(f"Pattern has {len(spans)} groups. Cannot access group {group}.")
    start, end = spans[group - 1]
    if not any(first <= start and end <= last for first, last in optional):
        return False
    try:
        empty = re.fullmatch(source[start:end], "") is not None
    except re.error:
        empty = True
    if empty:
        raise BadSql(f"Group {group} of the regular expression may be absent or empty: DuckDB can't tell them apart.")
    return True


def _spans(source: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the span of each capturing group, and the spans that a match may leave out."""
    spans: list[tuple[int, int]] = []
    optional: list[tuple[int, int]] = []
    open_: list[tuple[int, int]] = []
    last, at = (0, 0), 0
    for part in _PART.findall(source):
        if part.startswith("(") and not part.endswith(")"):
            captures = part == "(" or "<" in part
            open_.append((at, len(spans) if captures else -1))
            if captures:
                spans.append((at, at))
        elif part == ")" and open_:
            start, number = open_.pop()
            last = (start, at + 1)
            if number >= 0:
                spans[number] = last
        elif part == "|":
            optional.append((open_[-1][0] + 1 if open_ else 0, _end(source, at)))
        elif part in ("*", "?") or part.startswith("{0"):
            optional.append(last)
        at += len(part)
    return spans, optional


def _end(source: str, at: int) -> int:
    depth, position = 0, at
    for part in _PART.findall(source[at:]):
        depth += part.startswith("(") and not part.endswith(")")
        depth -= part == ")"
        if depth < 0:
            return position
        position += len(part)
    return position


def format_text(template: Typed, values: Sequence[Typed]) -> str:
    """Return format() as a concatenation. Raises BadSql for a directive that is not translated."""
    if template.text is None:
        raise BadSql("format() is translated on this machine only where its format is a plain text.")
    parts, at, following = [], 0, 0
    for found in _DIRECTIVE.finditer(template.text):
        parts.append(quoted(template.text[at : found.start()]))
        at = found.end()
        if found[5] == "%":
            parts.append("'%'")
            continue
        number = int(found[1]) - 1 if found[1] else following
        following += not found[1]
        if number >= len(values):
            raise BadSql(f"format() has no value for {found[0]!r}.")
        parts.append(_directive(found, values[number]))
    if "%" in _DIRECTIVE.sub("", template.text):
        raise BadSql("format() has a % that begins no directive: write %% for the sign.")
    return "(" + " || ".join([*parts, quoted(template.text[at:])]) + ")"


def _directive(found: re.Match[str], value: Typed) -> str:
    flags, width, digits, letter = found[2], found[3], found[4], found[5]
    kind = value.type.name
    if letter == "s" and kind not in ("double", "real") and not set(flags) - {"-"} and digits is None:
        text = as_text(value)
    elif letter == "d" and kind in INTEGERS and not set(flags) - set("-0,"):
        text = f"format('{{:,}}', {value.sql})" if "," in flags else f"CAST({value.sql} AS VARCHAR)"
    elif letter == "f" and kind in ("double", "real", "decimal") and not set(flags) - set("-0,"):
        text = _fixed(value, int(digits or 6), "," in flags)
    else:
        raise BadSql(f"{found[0]!r} of format() with a {kind} is not translated on this machine; Athena may know it.")
    if not width:
        return text
    pad, size = ("'0'" if "0" in flags else "' '"), f"greatest(length({text}), {width})"
    if "0" in flags:
        sign = f"(CASE WHEN {text} LIKE '-%' THEN '-' ELSE '' END)"
        return f"({sign} || lpad(ltrim({text}, '-'), CAST({size} - length({sign}) AS INTEGER), '0'))"
    return f"{'rpad' if '-' in flags else 'lpad'}({text}, CAST({size} AS INTEGER), {pad})"


def _fixed(value: Typed, digits: int, grouped: bool) -> str:
    # Java rounds the decimal digits half up; C's printf the binary value.
    text = f"CAST(CAST(CAST({value.sql} AS VARCHAR) AS DECIMAL({MAX_DIGITS}, {digits})) AS VARCHAR)"
    if not grouped:
        return text
    whole = f"format('{{:,}}', CAST(split_part({text}, '.', 1) AS BIGINT))"
    return f"({whole} || CASE WHEN contains({text}, '.') THEN '.' || split_part({text}, '.', 2) ELSE '' END)"
