"""The house that the demonstration sells from, as crossdock.yaml and as the stand-ins want it."""

from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
_HOUSE = Path(__file__).resolve().parent.parent / "sandbox" / "house.yaml"
_BOXES = [
    {"id": "MAILER", "inner_mm": [300, 230, 40], "tare_g": 20, "max_g": 1000},
    {"id": "M", "inner_mm": [420, 320, 80], "tare_g": 250, "max_g": 8000},
    {"id": "CUBE", "inner_mm": [350, 300, 210], "tare_g": 600, "max_g": 15000},
    {"id": "L", "inner_mm": [520, 360, 150], "tare_g": 450, "max_g": 15000},
]
_STOCK = {
    "default": {"buffer": {"shop": 1, "amz": 2}, "low": 3},
    "SOCKS-*": {"buffer": {"shop": 2, "amz": 4}, "low": 3},
    "BOARD-WAL": {"buffer": {"shop": 1, "amz": 2}, "low": 6},
}


def house() -> Json:
    """Return the house as the stand-ins load it."""
    loaded: Json = yaml.safe_load(_HOUSE.read_text(encoding="utf-8"))
    return loaded


def plenty(house: Json, orders: int) -> Json:
    """Return the house with enough on its shelves for so many orders that most can be filled, and some run out."""
    factor = max(1, orders // 20)
    counts = {
        at: {sku: units * factor for sku, units in held.items()} for at, held in house["counts"].items()
    }
    listings = {
        channel: [{**row, "shows": row["shows"] * factor} for row in rows]
        for channel, rows in house["listings"].items()
    }
    return {**house, "counts": counts, "listings": listings}


def config(house: Json, vendors: Json) -> str:
    """Return crossdock.yaml for the house, its connections pointed at the stand-ins."""
    locations = {
        key: {**at, "labels": "auto", "grace": "15m", "tell": "label"}
        for key, at in house["locations"].items()
    }
    return yaml.safe_dump(
        {
            "version": 1,
            "merchant": house["merchant"],
            "connections": _connections(house, vendors),
            "locations": locations,
            "boxes": _BOXES,
            "sla": {"promise": {"Standard": 5, "Express": 2, "International": 7}, "hold": "48h"},
            "stock": _STOCK,
        },
        sort_keys=False,
    )


def _connections(house: Json, vendors: Json) -> Json:
    shopify, amazon = vendors["shopify"], vendors["amazon"]
    return {
        "shop": {
            "use": "shopify",
            "with": {"store": house["shop"], "endpoints": {"admin": shopify["url"]}},
            "payments": {"stripe": "pay", "*": "channel"},
            "mails": "hub",
            "brake": {"least": 100_000},  # random orders sell the house out on purpose
        },
        "amz": {
            "use": "amazon",
            "with": {
                "region": "na",
                "marketplaces": house["marketplaces"],
                "endpoints": {"api": amazon["endpoint"]} | {k: amazon[k] for k in ("lwa", "consent", "sqs")},
            },
            "payments": "channel",
            "mails": "channel",
            "brake": {"least": 100_000},
        },
        "pay": {
            "use": "stripe",
            "with": {
                "key": "${STRIPE_KEY}",
                "webhook_secret": "${STRIPE_WEBHOOK_SECRET}",
                "endpoints": {"api": vendors["stripe"]["url"]},
            },
        },
        "post": {
            "use": "easypost",
            "with": {
                "key": "${EASYPOST_KEY}",
                "webhook_secret": "${EASYPOST_WEBHOOK_SECRET}",
                "endpoints": {"api": vendors["easypost"]["url"]},
            },
        },
        "mail": {"use": "email", "with": {"smtp": "${SMTP_URL}", "sender": "orders@kendra.test"}},
    }
