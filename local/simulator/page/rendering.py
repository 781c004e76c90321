"""Templates and what they need. Everything that they show is escaped: it comes from posts."""

from __future__ import annotations

import datetime
import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import jinja2

HERE = Path(__file__).parent
# Invisible characters that change the order in which others are shown: https://www.unicode.org/reports/tr9/
ORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MAX_SHOWN = 1_000  # characters of a post in a list


def render(template: str, **values: Any) -> str:
    return _templates().get_template(template).render(**values)


@functools.cache
def _templates() -> jinja2.Environment:
    # Imported late: the simulated X starts without it.
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"when": when, "short": short, "size": size, "ms": milliseconds, "number": "{:,}".format}
    return made


def when(ms: int) -> str:
    """Format epoch milliseconds in this machine's time: 2026-07-24 21:23:23."""
    return datetime.datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def size(count: int) -> str:
    return f"{count} bytes" if count < 1_000 else f"{count / 1_000:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def milliseconds(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.0f} s"


def pretty(value: Any) -> str:
    """Return JSON for people, with visible escapes for characters that would reorder it."""
    shown = json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False)
    return ORDERING.sub(lambda found: f"\\u{ord(found[0]):04x}", shown)


def pretty_bytes(body: bytes) -> str:
    return pretty(msgspec.json.decode(body))
