"""The books at one instant, twice: as the hub tells them, and as the vendors' own books do."""

from collections import Counter
from typing import Any, Final

from day.day import Day
from day.located_yaml import Json
from demo.books import Taken
from demo.figures import MAILS, TAKEN, Told, Words, mails

HUB: Final = "hub"
"""How the stand-ins call whoever acts with the hub's token."""
NO_MAILS: Final = {"order_confirmation": 0, "shipping_confirmation": 0, "cancellation": 0}


def checkpoint(taken: Taken, words: Words) -> Json:
    """Return the hub's figures; what was done twice only the comparison with the vendors tells."""
    stock, told = taken.books.stock, taken.told
    return {
        "id": taken.name,
        "at": words.instant(taken.at.isoformat()),
        "act": words.day.act_of(taken.at),
        "writes_to_channels": taken.books.writes,
        **{kind: _per_place(stock, kind) for kind in ("available", "on_hand", "damaged")},
        "committed": _per_place(stock, "committed") | {"*": sum(row["committed"] for row in stock)},
        "shop": _shown(taken.books.listings, "shop"),
        "amz": _shown(taken.books.listings, "amz"),
        "low_stock": _low(stock, words.day),
        "orders": _orders(taken),
        "held": {number: _holds(each) for number, each in told.items() if each.outcome == "held"},
        "labels": _labels(told),
        "mails": _mails(told),
        "effects": {"doubled": 0, "unknown": _unknown(told)},
        "oversold": _oversold(stock, told),
        "books": _money(told),
        "vendors": vendors(taken, words.day),
    }


def _per_place(stock: list[Json], kind: str) -> dict[str, int]:
    found = {f"{row['sku']}@{row['location']}": row.get(kind, 0) for row in stock}
    # Damaged units are the exception: only where there are any.
    return {name: units for name, units in found.items() if units} if kind == "damaged" else found


def _shown(listings: list[Json], connection: str) -> dict[str, int | None]:
    return {
        f"{row['listing']}@{row['location']}" if row["location"] else row["listing"]: row["believed"]
        for row in listings
        if row["connection"] == connection
    }


def _low(stock: list[Json], day: Day) -> list[str]:
    low = {row["sku"] for row in stock if row["low"]}
    return [sku for sku in day.given["products"] if sku in low]


def _orders(taken: Taken) -> dict[str, int]:
    outcomes = Counter(each.outcome for each in taken.told.values())
    return {
        "on_channels": sum(len(taken.books.vendors[v]["orders"]) for v in ("shopify", "amazon")),
        "received": len(taken.told),
        **{
            word: outcomes[word]
            for word in ("shipped", "shipped_elsewhere", "fulfilled_by_amazon", "held", "cancelled")
        },
    }


def _holds(told: Told) -> Any:
    """Return why an order is held: a word, or several."""
    found = list(told.view["holds"]) or [told.view["payment"] or "awaiting_channel"]
    return found[0] if len(found) == 1 else found


def _labels(told: dict[str, Told]) -> Json:
    kept = [p for each in told.values() for p in each.view["parcels"] if p["tracking"]]
    voided = [p for each in told.values() for p in each.view["voided"] if p["tracking"]]
    currencies = {p["currency"] for p in (*kept, *voided)}
    return {
        "bought": len(kept) + len(voided),
        "voided": len(voided),
        "postage": sum(p["price_minor"] for p in (*kept, *voided)),
        "postage_voided": sum(p["price_minor"] for p in voided),
        "saved": sum(p["saved_minor"] or 0 for p in kept),
        "currency": "+".join(sorted(currencies)) or None,
    }


def _mails(told: dict[str, Told]) -> dict[str, int]:
    found: Counter[str] = Counter(NO_MAILS)
    amazon = 0
    for each in told.values():
        sent = mails(each.view["messages"])
        found.update(sent)
        amazon += sum(sent.values()) if each.view["connection"] == "amz" else 0
    return {**found, "to_amazon_buyers": amazon}


def _unknown(told: dict[str, Told]) -> int:
    return sum(o in ("unknown", "intent") for each in told.values() for o in each.view["effects"].values())


def _oversold(stock: list[Json], told: dict[str, Told]) -> int:
    """Return the units that were sold and that nobody holds."""
    short: int = sum(max(0, row["committed"] - row["on_hand"]) for row in stock)
    waiting: int = sum(sum(each.view["backordered"].values()) for each in told.values())
    return short + waiting


def _money(told: dict[str, Told]) -> Json:
    """Return the money by who moved it, in the currency it moved in."""
    card: dict[str, Counter[str]] = {}
    other: Counter[str] = Counter()
    shop: Counter[str] = Counter()
    amazon: dict[str, Counter[str]] = {}
    for each in told.values():
        view = each.view
        if not each.amounts_known:
            continue
        if view["connection"] == "amz":
            row = amazon.setdefault(
                view["currency"], Counter(orders=0, total=0, tax_collected_by_marketplace=0)
            )
            row.update(orders=1)
            if view["payment"] != "cancelled":
                kept_tax = each.order["marketplace_tax"]["minor"]
                row.update(total=each.total or 0, tax_collected_by_marketplace=kept_tax)
            continue
        shop[view["currency"]] += each.total or 0
        for t in view["transactions"]:
            if t["state"] == "succeeded":
                _moved(t, card, other)
    return {
        "stripe": {c: _net(row) for c, row in card.items()},
        "captures_by_hub": sum(len(list(each.of("captured"))) for each in told.values()),
        "refunds_by_hub": sum(each.refunds_by_hub for each in told.values()),
        "shop_other_gateways": dict(other),
        "amazon": {c: dict(row) for c, row in amazon.items()},
        "shop_orders_total": dict(shop),
    }


def _moved(t: Json, card: dict[str, Counter[str]], other: Counter[str]) -> None:
    sign = "captured" if t["kind"] in TAKEN else "refunded" if t["kind"] == "refund" else None
    if sign is None:
        return
    if t["gateway"] == "stripe":
        card.setdefault(t["currency"], Counter())[sign] += t["amount_minor"]
    else:
        other[t["gateway"]] += t["amount_minor"] if sign == "captured" else -t["amount_minor"]


def _net(row: Counter[str]) -> Json:
    return {
        "captured": row["captured"],
        "refunded": row["refunded"],
        "net": row["captured"] - row["refunded"],
    }


# ---- the vendors' side


def vendors(taken: Taken, day: Day) -> Json:
    """Return the same figures as the vendors' own books give them."""
    kept = taken.books.vendors
    amazon = kept["amazon"]
    return {
        "writes_to_channels": kept["shopify"]["writes"] + amazon["writes"],
        "shop": dict(kept["shopify"]["levels"]),
        "amz": {**amazon["levels"], **amazon["fba"]},
        "orders": _kept_orders(kept),
        "labels": _sold_labels(kept["easypost"]["labels"]),
        "mails": _mailbox(kept, day),
        "books": _kept_money(_readable(kept, taken.told)),
    }


def _kept_orders(kept: Json) -> dict[str, int]:
    sold = {label["tracking"] for label in kept["easypost"]["labels"]}
    found: Counter[str] = Counter(shipped=0, shipped_elsewhere=0, fulfilled_by_amazon=0, cancelled=0)
    every = [(o, "fulfillments") for o in kept["shopify"]["orders"].values()]
    every += [(o, "shipments") for o in kept["amazon"]["orders"].values()]
    for order, parcels in every:
        if order.get("cancelled") or order.get("status") == "CANCELLED":
            found["cancelled"] += 1
        elif order.get("fulfilled_by") == "amazon":
            found["fulfilled_by_amazon"] += 1
        elif order[parcels]:
            ours = all(parcel["tracking"] in sold for parcel in order[parcels])
            found["shipped" if ours else "shipped_elsewhere"] += 1
    return {"on_channels": len(every), **found}


def _sold_labels(labels: list[Json]) -> Json:
    gone = [label for label in labels if label["refunded"]]
    return {
        "bought": len(labels),
        "voided": len(gone),
        "postage": sum(label["price"] for label in labels),
        "postage_voided": sum(label["price"] for label in gone),
        "currency": "+".join(sorted({label["currency"] for label in labels})) or None,
    }


def _mailbox(kept: Json, day: Day) -> dict[str, int]:
    found: Counter[str] = Counter(NO_MAILS)
    amazon = 0
    for message in kept["mail"]["messages"]:
        found[MAILS.get(message["kind"], str(message["kind"]))] += 1
        order = day.orders.get(str(message["order"]))
        amazon += order is not None and order["channel"] == "amz"
    return {**found, "to_amazon_buyers": amazon}


def _readable(kept: Json, told: dict[str, Told]) -> Json:
    """Return the vendors' books without the orders of which the hub knows no amount: it claims nothing of them."""
    unread = {number for number, each in told.items() if not each.amounts_known}
    payments = kept["stripe"]["payments"].items()
    found: Json = {"stripe": {"payments": {i: p for i, p in payments if p["order"] not in unread}}}
    for vendor in ("shopify", "amazon"):
        orders = kept[vendor]["orders"].items()
        found[vendor] = {"orders": {number: order for number, order in orders if number not in unread}}
    return found


def _kept_money(kept: Json) -> Json:
    card: dict[str, Counter[str]] = {}
    for payment in kept["stripe"]["payments"].values():
        row = card.setdefault(payment["currency"], Counter())
        row["captured"] += sum(capture["amount"] for capture in payment["captures"])
        row["refunded"] += payment["refunded"]
    shop: Counter[str] = Counter()
    other: Counter[str] = Counter()
    moves: Counter[str] = Counter()
    for order in kept["shopify"]["orders"].values():
        shop[order["currency"]] += order["present_total"]
        for gateway, sums in order["by_gateway"].items():
            if gateway != "stripe":
                other[gateway] += sum(row["captured"] - row["refunded"] for row in sums.values())
        moves["captures"] += sum(move["by"] == HUB for move in order["captures"])
        moves["refunds"] += sum(move["by"] == HUB for move in order["refunds"])
    amazon: dict[str, Counter[str]] = {}
    for order in kept["amazon"]["orders"].values():
        row = amazon.setdefault(order["currency"], Counter())
        row.update(orders=1, total=0, tax_collected_by_marketplace=0)
        # Amazon tells no money before it releases the order, and takes none for one that was cancelled.
        if order["status"] not in ("PENDING", "CANCELLED"):
            kept_tax = order["tax_collected_by_marketplace"]
            row.update(total=order["total"], tax_collected_by_marketplace=kept_tax)
    return {
        "stripe": {c: _net(row) for c, row in card.items()},
        "captures_by_hub": moves["captures"],
        "refunds_by_hub": moves["refunds"],
        "shop_other_gateways": {gateway: net for gateway, net in other.items() if net},
        "amazon": {c: dict(row) for c, row in amazon.items()},
        "shop_orders_total": dict(shop),
    }
