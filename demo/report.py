"""What the demonstration found, as one object and as a page of text."""

from collections import Counter

from demo.books import Books
from demo.checks import DOUBLES, Check
from demo.house import Json


def report(
    books: Books, checks: list[Check], *, faults: Json, placed: int, seconds: float, rate: float
) -> Json:
    """Return the object that ``--json`` prints."""
    stages = Counter(order["stage"] for order in books.orders.values())
    outcomes = Counter(o for order in books.orders.values() for o in order["effects"].values())
    labels = books.vendors["easypost"]["labels"]
    return {
        "ok": all(check.ok for check in checks),
        "seconds": round(seconds, 1),
        "clock_rate": rate,
        "faults": faults,
        "orders": {
            "placed": placed,
            "received": len(books.orders),
            "shipped": stages["shipped"] + stages["delivered"],
            "held": stages["on_hold"] + stages["awaiting_payment"],
            "cancelled": stages["cancelled"],
            "by_stage": dict(sorted(stages.items())),
        },
        "by_channel": dict(Counter(order["connection"] for order in books.orders.values())),
        "payments": payments(books),
        "labels": {
            "bought": len(labels),
            "postage_minor": sum(label["price"] for label in labels if not label["refunded"]),
            "currency": labels[0]["currency"] if labels else "USD",
            "voided": sum(1 for label in labels if label["refunded"]),
        },
        "listings": shown(books),
        "effects": {
            "done": outcomes["done"],
            "unknown": outcomes["unknown"] + outcomes["intent"],
            "doubled": sum(len(c.differences) for c in checks if c.name in DOUBLES),
        },
        "vendor_calls": {
            name: kept.get("calls", 0) for name, kept in books.vendors.items() if name != "mail"
        },
        "checks": [check.json() for check in checks],
    }


def payments(books: Books) -> Json:
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


def shown(books: Books) -> list[Json]:
    """Return what each listing should show, and what shoppers see there."""
    shop, amazon = books.vendors["shopify"]["levels"], books.vendors["amazon"]["levels"]
    return [
        {
            "channel": row["connection"],
            "listing": row["listing"],
            "location": row["location"],
            "wanted": row["wanted"],
            "shown": shop.get(f"{row['listing']}@{row['location']}")
            if row["connection"] == "shop"
            else amazon.get(row["listing"]),
        }
        for row in books.listings
    ]


def page(found: Json, books: Books, url: str | None) -> str:
    """Return the report as text."""
    lines = [f" {'order':<22}{'channel':<9}{'total':>10}  {'paid':<13}{'parcel':<38}{'state'}"]
    lines += [_order_line(o) for o in sorted(books.orders.values(), key=lambda o: o["placed_at"])[:30]]
    if len(books.orders) > 30:  # noqa: PLR2004 - a page of lines
        lines.append(f" ... {len(books.orders) - 30} more")
    bought, stages = found["labels"], found["orders"]["by_stage"]
    lines += [
        "",
        (
            f" orders   {found['orders']['placed']} placed, {found['orders']['received']} received: "
            + ", ".join(f"{n} {stage.replace('_', ' ')}" for stage, n in stages.items())
        ),
        f" labels   {bought['bought']} bought, {bought['voided']} voided: {bought['postage_minor'] / 100:.2f} {bought['currency']}",
        " faults   " + (", ".join(f"{n} {kind}" for kind, n in found["faults"].items() if n) or "none"),
        "",
    ]
    lines += [f" {'ok ' if c['ok'] else 'NO '} {c['name']:<22} {c['detail']}" for c in found["checks"]]
    good = sum(1 for c in found["checks"] if c["ok"])
    effects = found["effects"]
    lines += [
        "",
        (
            f" Books: {'hub = Shopify = Amazon = Stripe = EasyPost' if found['ok'] else 'they DIFFER, see above'}.  "
            f"{good} of {len(found['checks'])} checks.  {effects['done']} effects, {effects['doubled']} doubled, "
            f"{effects['unknown']} unknown.  {found['seconds']} s."
        ),
    ]
    if url:
        lines.append(f" Look around: {url}/orders")
    return "\n".join(lines)


def _order_line(order: Json) -> str:
    parcels = [
        f"{p['carrier']} {p['service']} {p['price_minor'] / 100:.2f}"
        for p in order["parcels"]
        if p["carrier"]
    ]
    held = ", ".join(order["holds"])
    paid = "via channel" if order["paid_via_channel"] else order["payment"] or "-"
    state = order["stage"].replace("_", " ") + (f": {held}" if held else "")
    total = f"{order['total_minor'] / 100:.2f}"
    return f" {order['number']:<22}{order['connection']:<9}{total:>10}  {paid:<13}{' + '.join(parcels)[:36] or '-':<38}{state}"
