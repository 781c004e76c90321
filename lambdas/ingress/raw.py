"""Raw events: what X sent, kept whatever it is. An event that no bus could carry is kept in parts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from twbot.lambdas.contracts import TWITTER, Entry

OTHER = "TWITTER_OTHER"
# EventBridge takes 1 MB, Firehose 1,000 KiB, with the envelope: https://docs.aws.amazon.com/firehose/latest/dev/limits.html
MAX_DETAIL = 1_000_000
# Characters of a part. JSON needs up to six bytes for one of them: \u0000.
_PART = 150_000


def raw_entries(detail_type: str, detail: dict[str, Any]) -> Iterator[Entry]:
    """Yield the raw event of this detail; a too large one as its JSON in parts."""
    content = msgspec.json.encode(detail, order="deterministic")
    if len(content) > MAX_DETAIL:
        yield from kept_entries(content, f"The event is larger than {MAX_DETAIL:,} bytes.")
    else:
        yield _entry(detail_type, detail, content)


def kept_entries(body: bytes, problem: str) -> Iterator[Entry]:
    """Yield raw events of a body that was not understood: {"Body", "Problem"}.

    `Body` is text; where the body is no UTF-8 it is base64, and `Encoding` says so. A long one comes in parts, numbered
    from 1 to `Parts`, with the SHA-256 of the whole in `Digest`.
    """
    text, encoding = _as_text(body)
    pieces = [text[start : start + _PART] for start in range(0, len(text), _PART)] or [""]
    of_parts = {"Digest": hashlib.sha256(body).hexdigest(), "Parts": len(pieces)} if len(pieces) > 1 else {}
    for number, piece in enumerate(pieces, start=1):
        part = {"Part": number} if of_parts else {}
        detail = {"Body": piece, **encoding, "Problem": problem, **part, **of_parts}
        yield _entry(OTHER, detail, msgspec.json.encode(detail, order="deterministic"))


def _as_text(body: bytes) -> tuple[str, dict[str, str]]:
    try:
        return body.decode(), {}
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), {"Encoding": "base64"}


def _entry(detail_type: str, detail: dict[str, Any], content: bytes) -> Entry:
    # The key is of the content: X delivers the same event again after a slow answer, perhaps with its keys in another
    # order. docs/decisions/0003-an-entry-carries-its-once-key.md
    key = f"raw:{hashlib.sha256(content).hexdigest()}"
    return Entry(source=TWITTER, detail_type=detail_type, detail=detail, dedup_key=key)
