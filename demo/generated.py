"""Random orders as a day: drawn from Kendra's house and a seed, whole and exact, and never more than a channel shows."""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatch
from typing import Any, Final

from day.day import Day, load_day
from day.located_yaml import Json
from demo import KENDRA, orders
from demo.orders import SoldOut

START: Final = datetime.fromisoformat("2026-11-30T07:00:00-08:00")
"""Cyber Monday, 07:00 in Reno."""
OPENS_AFTER: Final = timedelta(minutes=30)
AT_ONCE: Final = 4
"""So many shoppers buy at the same instant."""
EVERY: Final = timedelta(seconds=48)
RESTS_FOR: Final = timedelta(hours=3)
"""From the last order on: the last label is bought, and what failed was tried again."""
SHOP_SHARE: Final = 0.6
CANCELS: Final = 0.06
MIND_S: Final = (1.0, 4.0)
"""A shopper who changes her mind does so within seconds: nobody has bought a label yet."""
PENDING_S: Final = (20.0, 90.0)
"""How long Amazon keeps an order PENDING."""


def generated_day(count: int, seed: int, *, start: datetime = START) -> Day:
    """Return a day of so many random orders; the same seed draws the same day."""
    config, given = house(max(1, count // 20))
    opens = start + OPENS_AFTER
    sold = sorted(_shopping(config, given, count, seed=seed, opens=opens), key=_instant)
    end = (_instant(sold[-1]) if sold else opens) + RESTS_FOR
    opening = [
        {"at": start.isoformat(), "connect": list(config["connections"])},
        {"at": (start + timedelta(minutes=10)).isoformat(), "accept": "all"},
    ]
    return Day({
        "format": "day/1",
        "day": f"{count}-random-orders-{seed}",
        "title": f"{count} random orders, seed {seed}",
        "clock": {"start": start.isoformat(), "end": end.isoformat()},
        "config": config,
        "given": given,
        "when": [*opening, *sold],
    })  # fmt: skip


def _instant(event: Json) -> datetime:
    return datetime.fromisoformat(event["at"])


def house(times: int) -> tuple[Json, Json]:
    """Return Kendra's house with so many times its goods: most orders can be filled, and some goods run out."""
    kendra = load_day(KENDRA)
    given = {
        **{key: kendra.given[key] for key in ("products", "kits", "zones", "cards")},
        "counts": {
            at: {sku: n * times for sku, n in held.items()} for at, held in kendra.given["counts"].items()
        },
        "listings": {
            channel: [{**row, "shows": row["shows"] * times} for row in rows]
            for channel, rows in kendra.given["listings"].items()
        },
    }
    # Random orders sell the house out on purpose.
    sells = {
        name: {**kendra.config["connections"][name], "brake": {"least": 100_000}} for name in ("shop", "amz")
    }
    config = {key: value for key, value in kendra.config.items() if key != "rules"}
    return {**config, "connections": {**config["connections"], **sells}}, given


class _OnSale:
    """What is still for sale, counted so that no channel ever shows less.

    A sale takes its units from every location, whichever ships them; what a cancelled order gives back stays off sale.
    """

    def __init__(self, config: Json, given: Json) -> None:
        self.stock: Mapping[str, Json] = config["stock"]
        self.counts: dict[str, dict[str, int]] = {at: dict(held) for at, held in given["counts"].items()}
        self.rows: Mapping[str, list[Json]] = given["listings"]
        self.of: dict[str, Json] = {
            row["listing"]: row["of"] for rows in self.rows.values() for row in rows if row["of"]
        }
        self.fba: dict[str, int] = {
            row["listing"]: row["shows"] for row in self.rows["amz"] if row["fulfilled_by"] == "amazon"
        }

    def at_shop(self) -> dict[str, int]:
        """Return what the shop shows, by `SKU@location`."""
        return {
            f"{row['listing']}@{row['at']}": self._sets(row["of"], "shop", self.counts[row["at"]])
            for row in self.rows["shop"]
        }

    def on_amazon(self) -> dict[str, dict[str, int]]:
        """Return what Amazon shows, by who fulfils it."""
        together: dict[str, int] = {}
        for held in self.counts.values():
            together.update({sku: together.get(sku, 0) + units for sku, units in held.items()})
        linked = [row for row in self.rows["amz"] if row["of"] and row["listing"] not in self.fba]
        shown = {row["listing"]: self._sets(row["of"], "amz", together) for row in linked}
        return {"levels": shown, "fba": self.fba}

    def _sets(self, of: Mapping[str, int], channel: str, held: Mapping[str, int]) -> int:
        """Return how many of a listing can be made; each location keeps its safety stock."""
        kept = {sku: len(self.counts) * self._buffer(sku, channel) for sku in of}
        return max(0, min((held.get(sku, 0) - kept[sku]) // units for sku, units in of.items()))

    def _buffer(self, sku: str, channel: str) -> int:
        rule = next((self.stock[p] for p in self.stock if fnmatch(sku, p)), self.stock["default"])
        found: int = rule["buffer"][channel]
        return found

    def sell(self, order: Json) -> None:
        """Take an order's units off."""
        for line in order["lines"]:
            if order.get("fulfilled_by") == "amazon":
                self.fba[line["listing"]] -= line["qty"]
                continue
            of = self.of.get(line.get("listing") or line["sku"], {})
            for held in self.counts.values():
                for sku, units in of.items():
                    held[sku] = held.get(sku, 0) - units * line["qty"]


def _shopping(config: Json, given: Json, count: int, *, seed: int, opens: datetime) -> Iterator[Json]:
    """Yield what shoppers do, until everything is sold."""
    on_sale = _OnSale(config, given)
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - what is bought, not a secret
        at = opens + EVERY * (number // AT_ONCE)
        try:
            order = _drawn(on_sale, chance, number, at)
        except SoldOut:
            return
        on_sale.sell(order)
        yield {"at": at.isoformat(), "place": order}
        yield from _afterwards(order, chance, at)


def _drawn(on_sale: _OnSale, chance: random.Random, number: int, at: datetime) -> Json:
    """Return an order at one channel or, where that has nothing left, at the other."""
    first = chance.random() < SHOP_SHARE
    try:
        return _order(on_sale, chance, number, at=at, shop=first)
    except SoldOut:
        return _order(on_sale, chance, number, at=at, shop=not first)


def _order(on_sale: _OnSale, chance: random.Random, number: int, *, at: datetime, shop: bool) -> Json:
    if shop:
        return orders.for_shop(chance, on_sale.at_shop(), name=f"KK-{2001 + number}")
    name = f"112-{9000000 + number:07d}-{chance.randint(0, 9999999):07d}"
    return orders.for_amazon(chance, on_sale.on_amazon(), name=name, now=at, of=on_sale.of)


def _afterwards(order: Json, chance: random.Random, at: datetime) -> Iterator[Json]:
    """Yield what the shopper or the channel does with an order a little later."""
    if order.get("fulfilled_by") == "amazon":
        return
    if chance.random() < CANCELS:
        what: dict[str, Any] = {"order": order["id"], "by": "channel", "refund": True, "restock": True}
        yield {"at": (at + timedelta(seconds=chance.uniform(*MIND_S))).isoformat(), "cancel": what}
    elif order.get("status") == "PENDING":
        released = at + timedelta(seconds=chance.uniform(*PENDING_S))
        yield {"at": released.isoformat(), "amazon_status": {"order": order["id"], "to": "UNSHIPPED"}}
