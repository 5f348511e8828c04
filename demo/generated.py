"""Random orders as a day: drawn from a house and a seed, whole and exact, and never more than a channel shows."""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from day.day import Day
from day.located_yaml import Json
from demo import orders
from demo.orders import SoldOut

HOUSE: Final = Path(__file__).resolve().parent.parent / "sandbox" / "house.yaml"
START: Final = datetime.fromisoformat("2026-11-30T07:00:00-08:00")
"""Cyber Monday, 07:00 in Reno."""
OPENS: Final = START + timedelta(minutes=30)
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
_BOXES: Final = [
    {"id": "MAILER", "inner_mm": [300, 230, 40], "tare_g": 20, "max_g": 1000},
    {"id": "M", "inner_mm": [420, 320, 80], "tare_g": 250, "max_g": 8000},
    {"id": "CUBE", "inner_mm": [350, 300, 210], "tare_g": 600, "max_g": 15000},
    {"id": "L", "inner_mm": [520, 360, 150], "tare_g": 450, "max_g": 15000},
]
_BUFFERS: Final = {"SOCKS-*": {"shop": 2, "amz": 4}, "default": {"shop": 1, "amz": 2}}
_LOW: Final = {"SOCKS-*": 3, "BOARD-WAL": 6, "default": 3}


def generated_day(count: int, seed: int) -> Day:
    """Return a day of so many random orders; the same seed draws the same day."""
    house = _plenty(yaml.safe_load(HOUSE.read_text(encoding="utf-8")), max(1, count // 20))
    sold = sorted(_shopping(house, count, seed), key=lambda event: datetime.fromisoformat(event["at"]))
    end = (datetime.fromisoformat(sold[-1]["at"]) if sold else OPENS) + RESTS_FOR
    opening = [
        {"at": START.isoformat(), "connect": ["shop", "amz", "pay", "post", "mail"]},
        {"at": (START + timedelta(minutes=10)).isoformat(), "accept": "all"},
    ]
    return Day({
        "format": "day/1",
        "day": f"{count}-random-orders-{seed}",
        "title": f"{count} random orders, seed {seed}",
        "clock": {"start": START.isoformat(), "end": end.isoformat()},
        "config": _config(house),
        "given": {key: house[key] for key in ("products", "kits", "counts", "listings", "zones", "cards")},
        "when": [*opening, *sold],
    })  # fmt: skip


def _plenty(house: Json, times: int) -> Json:
    """Return the house with so many times its goods: most orders can be filled, and some goods run out."""
    counts = {at: {sku: n * times for sku, n in held.items()} for at, held in house["counts"].items()}
    listings = {
        channel: [{**row, "shows": row["shows"] * times} for row in rows]
        for channel, rows in house["listings"].items()
    }
    return {**house, "counts": counts, "listings": listings}


def _config(house: Json) -> Json:
    """Return crossdock.yaml of the house."""
    sells = {"brake": {"least": 100_000}}  # random orders sell the house out on purpose
    return {
        "version": 1,
        "merchant": house["merchant"],
        "connections": {
            "shop": {
                "use": "shopify", "with": {"store": house["shop"]}, "payments": {"stripe": "pay", "*": "channel"},
                "mails": "hub", **sells,
            },
            "amz": {
                "use": "amazon", "with": {"region": "na", "marketplaces": house["marketplaces"]},
                "payments": "channel", "mails": "channel", **sells,
            },
            "pay": {
                "use": "stripe", "with": {"key": "${STRIPE_KEY}", "webhook_secret": "${STRIPE_WEBHOOK_SECRET}"},
            },
            "post": {
                "use": "easypost",
                "with": {"key": "${EASYPOST_KEY}", "webhook_secret": "${EASYPOST_WEBHOOK_SECRET}"},
            },
            "mail": {"use": "email", "with": {"smtp": "${SMTP_URL}", "sender": "orders@kendra.test"}},
        },
        "locations": {
            key: {**at, "labels": "auto", "grace": "15m", "tell": "label"} for key, at in house["locations"].items()
        },
        "boxes": _BOXES,
        "sla": {"promise": {"Standard": 5, "Express": 2, "International": 7}, "hold": "48h"},
        "stock": {
            name: {"buffer": _BUFFERS.get(name, _BUFFERS["default"]), "low": low} for name, low in _LOW.items()
        },
    }  # fmt: skip


class _Shelves:
    """What is still for sale, counted so that no channel ever shows less.

    A sale takes its units from every location, whichever ships them; what a cancelled order gives back stays off sale.
    """

    def __init__(self, house: Json) -> None:
        self.counts: dict[str, dict[str, int]] = {at: dict(held) for at, held in house["counts"].items()}
        rows = house["listings"]
        self.shop: dict[str, Json] = {row["listing"]: row["of"] for row in rows["shop"]}
        self.places = [(row["listing"], row["at"]) for row in rows["shop"]]
        merchants = [row for row in rows["amz"] if row["fulfilled_by"] == "merchant"]
        self.amazon: dict[str, Json] = {row["listing"]: row["of"] for row in merchants}
        self.fba: dict[str, int] = {
            row["listing"]: row["shows"] for row in rows["amz"] if row["fulfilled_by"] == "amazon"
        }
        self.of: dict[str, Json] = {row["listing"]: row["of"] for row in rows["amz"]}

    def at_shop(self) -> dict[str, int]:
        """Return what the shop shows, by `SKU@location`."""
        return {f"{sku}@{at}": self._sets(self.shop[sku], "shop", self.counts[at]) for sku, at in self.places}

    def on_amazon(self) -> dict[str, dict[str, int]]:
        """Return what Amazon shows, by who fulfils it."""
        together: dict[str, int] = {}
        for held in self.counts.values():
            for sku, units in held.items():
                together[sku] = together.get(sku, 0) + units
        shown = {listing: self._sets(of, "amz", together) for listing, of in self.amazon.items()}
        return {"levels": shown, "fba": self.fba}

    def _sets(self, of: Mapping[str, int], channel: str, held: Mapping[str, int]) -> int:
        return max(0, min((held.get(sku, 0) - _buffer(sku, channel)) // units for sku, units in of.items()))

    def sell(self, order: Json) -> None:
        """Take an order's units off."""
        for line in order["lines"]:
            if order.get("fulfilled_by") == "amazon":
                self.fba[line["listing"]] -= line["qty"]
                continue
            of = self.of[line["listing"]] if "listing" in line else self.shop.get(line["sku"], {})
            for held in self.counts.values():
                for sku, units in of.items():
                    held[sku] = held.get(sku, 0) - units * line["qty"]


def _buffer(sku: str, channel: str) -> int:
    """Return the safety stock of a SKU, doubled: each location of a listing keeps its own."""
    return 2 * _BUFFERS["SOCKS-*" if sku.startswith("SOCKS-") else "default"][channel]


def _shopping(house: Json, count: int, seed: int) -> Iterator[Json]:
    """Yield what shoppers do, until everything is sold."""
    shelves = _Shelves(house)
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - what is bought, not a secret
        at = OPENS + EVERY * (number // AT_ONCE)
        try:
            order = _drawn(shelves, chance, number, at)
        except SoldOut:
            return
        shelves.sell(order)
        yield {"at": at.isoformat(), "place": order}
        yield from _afterwards(order, chance, at)


def _drawn(shelves: _Shelves, chance: random.Random, number: int, at: datetime) -> Json:
    """Return an order at one channel or, where that has nothing left, at the other."""
    first = chance.random() < SHOP_SHARE
    try:
        return _order(shelves, chance, number, at=at, shop=first)
    except SoldOut:
        return _order(shelves, chance, number, at=at, shop=not first)


def _order(shelves: _Shelves, chance: random.Random, number: int, *, at: datetime, shop: bool) -> Json:
    if shop:
        return orders.for_shop(chance, shelves.at_shop(), name=f"KK-{2001 + number}")
    name = f"112-{9000000 + number:07d}-{chance.randint(0, 9999999):07d}"
    return orders.for_amazon(chance, shelves.on_amazon(), name=name, now=at, of=shelves.of)


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
