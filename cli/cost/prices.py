"""The price table, prices.json: public list prices before free tiers, and how sure each is."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

REGION, EVERYWHERE = "us-east-1", "everywhere"
FILE = Path(__file__).with_name("prices.json")


class Tier(NamedTuple):
    """The price of what lies below `up_to` (None: without end). C was read in a published source, M is from memory."""

    up_to: float | None
    usd: float
    source: Literal["C", "M"]


class Cost(NamedTuple):
    usd: float
    confirmed: bool


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """USD for each `per` of `unit`, by region; what is used in a month fills the tiers from the first on."""

    service: str
    what: str
    unit: str
    per: float
    tiers: dict[str, list[Tier]]
    doubt: str | None = None

    def tiers_of(self, region: str) -> list[Tier]:
        """Where there are none of a region: the first region's, unconfirmed."""
        found = self.tiers.get(region) or self.tiers.get(EVERYWHERE)
        return found or [tier._replace(source="M") for tier in self.tiers[REGION]]

    def cost(self, quantity: float, region: str = REGION) -> Cost:
        """Confirmed where every price that it took is."""
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
    date: str
    currency: str
    note: str
    prices: dict[str, Price]

    @property
    def regions(self) -> list[str]:
        return sorted({region for price in self.prices.values() for region in price.tiers} - {EVERYWHERE})


@functools.cache
def price_table() -> PriceTable:
    return msgspec.json.decode(FILE.read_bytes(), type=PriceTable)
