"""Which events somebody wants to see."""

from __future__ import annotations

import msgspec

from twbot.lambdas.contracts import Event


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Events of these types, of this author, that hold this text. What is empty leaves out nothing."""

    types: frozenset[str] = frozenset()
    author: str = ""
    """Compared with the field Author, which only our own events have; with or without @."""
    text: str = ""
    """Searched in the whole detail, where raw events hold their author, too."""

    def matches(self, event: Event) -> bool:
        if self.types and event.detail_type not in self.types:
            return False
        username = self.author.removeprefix("@").lower()
        if username and str(event.detail.get("Author", "")).lower() != username:
            return False
        return not self.text or self.text.lower() in msgspec.json.encode(event.detail).decode().lower()


EVERYTHING = EventFilter()
