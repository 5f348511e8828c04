"""What came of random orders, as the one object that ``--json`` prints of them."""

from collections import Counter
from typing import Any

from day.located_yaml import Json
from demo.books import Books


def report(found: Json, books: Books) -> Json:
    """Return the object that ``--json`` prints; ``found`` is what the player found of the day."""
    stages = Counter(order["stage"] for order in books.orders.values())
    outcomes = Counter(o for order in books.orders.values() for o in order["effects"].values())
    labels = books.vendors["easypost"]["labels"]
    kept = ("ok", "seconds", "faults", "checks", "kills", "moves", "sabotage")
    return {
        **{key: found[key] for key in kept if key in found},
        "clock_rate": None,  # the clock stands until all is done
        "orders": {
            "placed": found["end"]["vendors"]["orders"]["on_channels"],
            "received": len(books.orders),
            "shipped": stages["shipped"] + stages["delivered"],
            "held": stages["on_hold"] + stages["awaiting_payment"],
            "cancelled": stages["cancelled"],
            "by_stage": dict(sorted(stages.items())),
        },
        "by_channel": dict(Counter(order["connection"] for order in books.orders.values())),
        "payments": _payments(books),
        "labels": {
            "bought": len(labels),
            "postage_minor": sum(label["price"] for label in labels if not label["refunded"]),
            "currency": labels[0]["currency"] if labels else "USD",
            "voided": sum(1 for label in labels if label["refunded"]),
        },
        "listings": [_shown(row, books) for row in books.listings],
        "effects": {
            "done": outcomes["done"],
            "unknown": outcomes["unknown"] + outcomes["intent"],
            "doubled": found["effects"]["doubled"],
        },
        "vendor_calls": {
            name: kept.get("calls", 0) for name, kept in books.vendors.items() if name != "mail"
        },
    }


def _payments(books: Books) -> Json:
    """Return how the orders were paid."""
    found: Counter[str] = Counter()
    for order in books.orders.values():
        if order["stage"] == "fulfilled_by_channel" or order["paid_via_channel"]:
            found["via_channel"] += order["payment"] == "verified"
        elif order["payment"] == "verified":
            found["verified"] += 1
        elif order["payment"] in ("lapsed", "mismatch", "cancelled"):
            found["declined"] += 1
        elif order["payment"] is not None:
            found["held"] += 1
    return {name: found[name] for name in ("verified", "via_channel", "declined", "held")}


def _shown(row: Json, books: Books) -> dict[str, Any]:
    """Return what a listing should show, and what shoppers see there."""
    levels = books.vendors["shopify" if row["connection"] == "shop" else "amazon"]["levels"]
    name = f"{row['listing']}@{row['location']}" if row["connection"] == "shop" else row["listing"]
    wanted = {key: row[key] for key in ("listing", "location", "wanted")}
    return {"channel": row["connection"], **wanted, "shown": levels.get(name)}
