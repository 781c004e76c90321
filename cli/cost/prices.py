"""The price table, prices.json: public list prices before free tiers, each with its source."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

REGION, EVERYWHERE = "us-east-1", "everywhere"
FILE = Path(__file__).with_name("prices.json")


class Tier(NamedTuple):
    """The price of the part of a month's quantity that lies in a tier."""

    up_to: float | None
    """Where the tier ends; None for the last one."""
    usd: float
    """USD for Price.per units."""
    source: Literal["C", "M"]
    """C: confirmed in a published source. M: from memory."""


class Cost(NamedTuple):
    """The cost of a quantity."""

    usd: float
    confirmed: bool
    """Whether the price of every tier that the quantity reaches is confirmed."""


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price with its tiers. The quantity of a month fills the tiers from the first on."""

    service: str
    what: str
    unit: str
    per: float
    """The number of units that a tier's price is for."""
    tiers: dict[str, list[Tier]]
    """By region, or `everywhere`."""
    doubt: str | None = None
    """What is uncertain about the price."""

    def tiers_of(self, region: str) -> list[Tier]:
        """Return the region's tiers; if the table has none, those of us-east-1, marked as unconfirmed."""
        found = self.tiers.get(region) or self.tiers.get(EVERYWHERE)
        return found or [tier._replace(source="M") for tier in self.tiers[REGION]]

    def cost(self, quantity: float, region: str = REGION) -> Cost:
        """Return the cost of a month's quantity."""
        usd, below, confirmed = 0.0, 0.0, True
        for tier in self.tiers_of(region):
            within = (quantity if tier.up_to is None else min(quantity, tier.up_to)) - below
            usd += within / self.per * tier.usd
            confirmed = confirmed and tier.source == "C"
            if tier.up_to is None or quantity <= tier.up_to:
                break
            below = tier.up_to
        return Cost(usd, confirmed)


class PriceTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of prices.json."""

    date: str
    """The day on which the prices were collected."""
    currency: str
    note: str
    prices: dict[str, Price]
    """By name, such as lambda.requests."""

    @property
    def regions(self) -> list[str]:
        """Return the regions that have prices of their own."""
        return sorted({region for price in self.prices.values() for region in price.tiers} - {EVERYWHERE})


@functools.cache
def price_table() -> PriceTable:
    """Read prices.json."""
    return msgspec.json.decode(FILE.read_bytes(), type=PriceTable)
