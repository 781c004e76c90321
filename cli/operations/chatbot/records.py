"""What the chatbot says."""

from __future__ import annotations

import msgspec


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and where it comes from."""

    input: str
    reply: str
    """"" where nothing is said."""
    intent: str | None
    """The intent that was understood; None where a function answered before the chatbot was asked."""
    confidence: float | None
    """0 to 1; None for the fallback."""
    language: str
    """The bot's language that it answers in (ISO 639-1)."""
    by: str
    """What said it: a function, as in bot.orders:status, or the name of an intent."""
    sentiment: str | None = None
    """Comprehend's; None where nobody asked for it or it is unknown."""
