"""A played day as a page of text: the orders and why, the stock, the money, what went wrong, and whose books agree."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any, Final

from day.day import Day
from day.located_yaml import Json
from demo.books import Taken
from demo.figures import TAKEN, Told, Words
from demo.incidents import VENDORS
from demo.money import amount
from demo.why import why

_CHANNELS: Final = {"shop": "Shopify", "amz": "Amazon"}
_GATEWAYS: Final = {"stripe": "Stripe", "gift_card": "gift card", "shopify_payments": "Shopify Payments"}
_STATES: Final = {"fulfilled_by_amazon": "Amazon ships", "shipped_elsewhere": "shipped elsewhere"}
_SHORT: Final = {"GroundAdvantage": "GA", "FEDEX_GROUND": "Ground", "FEDEX_2_DAY": "2-Day"}


def opening(day: Day) -> str:
    """Return the first line."""
    uses = {connection["use"] for connection in day.config["connections"].values()}
    named = [VENDORS[use] for use in VENDORS if use in uses and use != "email"]
    vendors = f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else "".join(named)
    return (
        f"{day.title}.  {vendors} stand-ins on 127.0.0.1; real SDKs; a clock that stands until all is done\n"
    )


def day_page(day: Day, found: Json, last: Taken, url: str | None) -> str:
    """Return the page of a day that was played to its end."""
    words = Words(day)
    lines = [
        *_go_live(day, found, words),
        "",
        *_orders(found, last, words),
        "",
        *_stock(found, last, day),
        "",
    ]
    lines += _incidents(found)
    good = sum(check["ok"] for check in found["checks"])
    uses = [VENDORS[c["use"]] for c in day.config["connections"].values() if c["use"] != "email"]
    books = f"hub = {' = '.join(uses)}" if found["ok"] else "they DIFFER, see below"
    effects = found["effects"]
    lines.append(
        f" Books: {books}.  {good} of {len(found['checks'])} checks.  "
        f"{effects['doubled']} effects doubled, {effects['unknown']} unknown.  {found['seconds']} s."
    )
    lines += [f" NO  {check['name']}: {check['detail']}" for check in found["checks"] if not check["ok"]]
    if url:
        placed = sorted(last.told.values(), key=lambda told: str(told.view["placed_at"]))
        first = next((told for told in placed if told.bought), None)
        place = f"/orders/{first.view['number']}" if first else "/"
        lines.append(f" Look around: {url}{place}    kill me and start again: the books will not change.")
    return "\n".join(lines)


def _go_live(day: Day, found: Json, words: Words) -> Iterator[str]:
    shown = found["go_live"]
    if not shown:
        return
    accepted = next(e.at for e in day.events if e.verb == "accept")
    connected = next((e.at for e in day.events if e.verb == "connect"), accepted)
    rows, of = shown["listings"], shown["of_which"]
    orders = len(shown["open_orders"])
    yield (
        f"{words.clock(connected.isoformat())}  Connected, read only.  {sum(rows.values())} listings: {rows['differ']} differ "
        f"({of['by_buffer_only']} by safety stock, {of['by_count']} by count), {rows['unlinked']} not linked, "
        f"{rows['read_only']} FBA.  {orders} open order{'s' * (orders != 1)}.  "
        f"{shown['writes_before_accept'] or 'Nothing'} written."
    )
    yield f"{words.clock(accepted.isoformat())}  You accepted.  {rows['differ']} quantities set and read back."


# ---- orders


def _orders(found: Json, last: Taken, words: Words) -> Iterator[str]:
    rows: list[Row] = [
        ("order", "shopper", "channel", "total", "paid", "parcel", "why not the others", "state")
    ]
    told = sorted(last.told.items(), key=lambda each: each[1].view["placed_at"])
    rows += [_row(number, each, found["orders"][number], words) for number, each in told[:_ROWS]]
    yield from _aligned(rows, numbers={3})
    if len(told) > _ROWS:
        yield f" ... {len(told) - _ROWS} more"


_ROWS: Final = 30
"""So many lines of a kind are enough for a page."""
Row = tuple[str, ...]


def _aligned(rows: Sequence[Row], *, numbers: Collection[int]) -> Iterator[str]:
    """Yield the rows with their cells one below the other; columns of numbers stand to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if n in numbers else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield (" " + "  ".join(cells)).rstrip()


def _row(number: str, told: Told, figures: Json, words: Words) -> Row:
    wish = words.day.orders.get(number) or {}
    name: str | None = (wish.get("customer") or {}).get("name")
    outcome = str(figures["outcome"]) if figures["outcome"] else told.view["stage"].replace("_", " ")
    return (
        _short(number),
        name.split()[0] if name else "-",
        _CHANNELS.get(told.view["connection"], str(told.view["connection"])),
        amount(told.view["total_minor"], told.view["currency"]),
        _paid(told, figures),
        _parcels([p for p in told.view["parcels"] if p["tracking"]]),
        why(told, figures, words),
        _STATES.get(outcome) or outcome,
    )


def _short(number: str) -> str:
    return f"{number[:3]}-..{number[-2:]}" if len(number) > 15 else number  # noqa: PLR2004 - Amazon's are 19


def _paid(told: Told, figures: Json) -> str:
    if told.view["paid_via_channel"] or told.view["connection"] == "amz":
        return "-" if figures["payment"]["state"] == "cancelled" else "via Amazon"
    money = figures["payment"]
    if money["state"] in ("refunded", "lapsed"):
        return str(money["state"])
    moved = [t for t in told.view["transactions"] if t["state"] == "succeeded"]
    amounts: dict[str, list[str]] = {}
    for t in moved:
        if t["kind"] in TAKEN:
            amounts.setdefault(t["gateway"], []).append(amount(t["amount_minor"], t["currency"]))
    if not amounts:
        held = [t["gateway"] for t in moved if t["kind"] == "authorization"]
        return f"{_gateway(held[0])}, authorized" if held else "-"
    late = ", at ship" if any(t["kind"] == "authorization" for t in moved) else ""
    owed = told.order["total_presentment"]["minor"]
    several = any(len(found) > 1 for found in amounts.values()) or figures["payment"]["captured"] != owed
    names = [_gateway(g) + (f" {' + '.join(found)}" if several else "") for g, found in amounts.items()]
    return " + ".join(names) + late


def _gateway(name: str) -> str:
    return _GATEWAYS.get(name, name.replace("_", " "))


def _parcels(bought: list[Json]) -> str:
    """Return the labels: one with the day it arrives, several with where each leaves from."""
    if len(bought) == 1:
        return f"{_label(bought[0])}{_arrives(bought[0])}"
    return " + ".join(f"{_label(p)} {p['location'].title()}" for p in bought) or "-"


def _label(parcel: Json) -> str:
    service = _SHORT.get(parcel["service"], parcel["service"])
    return f"{parcel['carrier']} {service} {amount(parcel['price_minor'], parcel['currency'])}"


def _arrives(parcel: Json) -> str:
    told = next((r["arrives"] for r in parcel["rates"] if r["reason"] == "chosen"), None)
    if told is None:
        return ""
    arrives = date.fromisoformat(told)
    return f"  {arrives:%a} {arrives.day} {arrives:%b}"


# ---- stock and money


def _stock(found: Json, last: Taken, day: Day) -> Iterator[str]:
    beside = _sums(found)
    rows: list[Row] = [("stock", "", "on hand", "committed", "Shopify", "Amazon"), *_stock_rows(last, day)]
    beside += [""] * (len(rows) - len(beside))
    for row, right in zip(_aligned(rows, numbers=range(2, 6)), beside, strict=False):
        yield f"{row}        {right}".rstrip()


def _stock_rows(last: Taken, day: Day) -> Iterator[Row]:
    listings = last.books.listings
    for sku in day.given["products"]:
        rows = [row for row in last.books.stock if row["sku"] == sku]
        alone = [x for x in listings if list(x["of"]) == [sku] and not x["fulfilled_by_channel"]]
        yield (
            sku,
            "low" if any(row["low"] for row in rows) else "",
            "+".join(str(row["on_hand"]) for row in rows) or "-",
            str(sum(row["committed"] for row in rows)),
            *_shown(alone),
        )
    for kit, parts in (day.given.get("kits") or {}).items():
        yield (kit, "", "", "", *_shown([x for x in listings if x["of"] == parts]))


def _shown(listings: list[Json]) -> tuple[str, str]:
    """Return what the shop and Amazon show of a good."""
    shop, amazon = (
        "+".join(str(x["believed"]) for x in listings if x["connection"] == connection) or "-"
        for connection in ("shop", "amz")
    )
    return shop, amazon


def _sums(found: Json) -> list[str]:
    rest = found["end"]
    labels, money, mails = rest["labels"], rest["books"], rest["mails"]
    coin = labels["currency"]
    net = amount(labels["postage"] - labels["postage_voided"], coin)
    shop_mails = sum(v for k, v in mails.items() if k != "to_amazon_buyers")
    saved = amount(labels["saved"], coin)
    lines = [
        f"labels    {labels['bought']} bought, {labels['voided']} voided: {net} net; {saved} less than the next best"
    ]
    for currency, row in money["stripe"].items():
        lines.append(
            f"cards     {currency} {amount(row['captured'], currency)} captured, {amount(row['refunded'], currency)} refunded, "
            f"{rest['effects']['doubled']} twice"
        )
    for currency, row in money["amazon"].items():
        tax = amount(row["tax_collected_by_marketplace"], currency)
        lines.append(f"Amazon    {amount(row['total'], currency)}, of which {tax} is tax Amazon keeps")
    lines.append(f"mails     {shop_mails} to Shopify shoppers, {mails['to_amazon_buyers']} to Amazon buyers")
    return lines


def _incidents(found: Json) -> Iterator[str]:
    rows: list[list[Any]] = found["troubles"]
    if not rows:
        return
    width = max(len(row[0]) for row in rows)
    yield " What went wrong, and what came of it"
    for wrong, came in rows[:_ROWS]:
        yield f"   {wrong.ljust(width)}   {came}"
    if len(rows) > _ROWS:
        yield f"   ... {len(rows) - _ROWS} more"
    yield ""
