"""The status: the port, and what stands behind it on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Place

if TYPE_CHECKING:
    from twbot.cli.operations.status.records import Vitals


class Condition(Protocol):
    """How the bot does. `every`: how often it is worth looking, in seconds."""

    @property
    def every(self) -> float: ...

    def look(self) -> Vitals: ...


def condition(place: Place) -> Condition:
    if place.is_local:
        from twbot.cli.operations.status.local import LocalCondition
        from twbot.local.home import data_folder

        return LocalCondition(data_folder(place.data))
    from twbot.cli.operations.status.aws import AwsCondition

    return AwsCondition(place.aws())
