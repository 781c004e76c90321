"""A stage whose X is whatever a test says."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.support.kept_keys import Kept


class FakeStage(NamedTuple):
    """A stage whose X is on this machine."""

    name: str
    x_url: str
    url: str = "https://here.example.com/twitter"
    simulated: bool = False
    account_id: str | None = None

    @property
    def option(self) -> str:
        return f" --stage {self.name}"

    def secrets(self) -> Any:
        return Kept()

    def own_secrets(self) -> Any:
        raise NotImplementedError

    def webhook_url(self) -> str:
        return self.url
