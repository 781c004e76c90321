"""Keys that never change."""

from __future__ import annotations

from twbot.lambdas.ports import Keys


class Kept:
    """Keys that never change."""

    def keys(self) -> Keys:
        return Keys(api_key="k", api_secret="s", access_token="7-a", access_token_secret="t", bearer_token="b")

    refresh = keys
