"""Does the hub tell the same as every vendor? Each check names what differs, and at which vendor."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from day.located_yaml import Json
from demo.books import Books, Taken


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison and what it found; no difference means that it holds."""

    name: str
    differences: tuple[str, ...]
    compared: int

    @property
    def ok(self) -> bool:
        """Whether both sides tell the same."""
        return not self.differences

    def json(self) -> Json:
        """Return the check as the report shows it."""
        detail = "; ".join(self.differences[:5]) if self.differences else f"{self.compared} compared"
        return {"name": self.name, "ok": self.ok, "detail": detail}


def run_checks(books: Books, *, accepted: bool = True) -> list[Check]:
    """Return every check; before the differences are accepted no channel needs to show what is wanted."""
    return [_check(name, look, books) for name, look in CHECKS if accepted or name not in _ONCE_ACCEPTED]


DOUBLES = frozenset(
    {"captures at stripe", "labels at easypost", "tracking at shopify", "tracking at amazon", "mails"}
)
"""The checks whose differences are effects done twice, or not at all."""
_ONCE_ACCEPTED = frozenset({"levels at shopify", "levels at amazon"})


def _check(name: str, look: Callable[[Books], Iterator[str | None]], books: Books) -> Check:
    found = list(look(books))
    return Check(name, tuple(d for d in found if d), len(found))


def _of(books: Books, connection: str) -> dict[str, Json]:
    return {number: o for number, o in books.orders.items() if o["connection"] == connection}


def _orders(books: Books, vendor: str, connection: str) -> Iterator[str | None]:
    theirs, ours = books.vendors[vendor]["orders"], _of(books, connection)
    for number in sorted(theirs.keys() | ours.keys()):
        if number not in ours:
            yield f"{number}: {vendor} has it, the hub does not"
        elif number not in theirs:
            yield f"{number}: the hub has it, {vendor} does not"
        elif theirs[number].get("status") == "PENDING":
            yield None  # Amazon tells no total before it releases the order
        elif (gone := _cancelled(theirs[number])) or ours[number]["stage"] == "cancelled":
            same = gone and ours[number]["stage"] == "cancelled"
            yield (
                None
                if same
                else f"{number}: {vendor} says cancelled is {gone}, the hub {ours[number]['stage']}"
            )
        elif _total(theirs[number]) != (ours[number]["total_minor"], ours[number]["currency"]):
            yield f"{number}: {vendor} says {_total(theirs[number])}, the hub {ours[number]['total_minor']}"
        else:
            yield None


def _cancelled(order: Json) -> bool:
    return bool(order.get("cancelled")) or order.get("status") == "CANCELLED"


def _total(order: Json) -> tuple[int, str]:
    total: int = order["present_total"] if "present_total" in order else order["total"]
    return (total, order["currency"])


def _shop_orders(books: Books) -> Iterator[str | None]:
    yield from _orders(books, "shopify", "shop")


def _amazon_orders(books: Books) -> Iterator[str | None]:
    yield from _orders(books, "amazon", "amz")


def _money(books: Books) -> Iterator[str | None]:
    """Every order's captured and refunded money: the hub's view of the shop against the shop's own books."""
    for number, theirs in sorted(books.vendors["shopify"]["orders"].items()):
        ours = books.orders.get(number)
        if ours is None:
            continue
        told, kept = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for t in ours["transactions"]:
            if t["state"] == "succeeded" and t["kind"] in _MOVES:
                told[t["currency"], _MOVES[t["kind"]]] += t["amount_minor"]
        for paid in theirs["by_gateway"].values():  # in whatever currency it was paid
            for currency, row in paid.items():
                kept.update({(currency, move): row[move] for move in ("captured", "refunded")})
        told, kept = +told, +kept
        yield None if told == kept else f"{number}: shopify moved {dict(kept)}, the hub knows {dict(told)}"


_MOVES = {"sale": "captured", "capture": "captured", "refund": "refunded"}


def _captures(books: Books) -> Iterator[str | None]:
    """Every order's money at Stripe: what was taken at checkout, and what the hub had captured, once each."""
    kept: Counter[str] = Counter()
    for payment in books.vendors["stripe"]["payments"].values():
        kept[str(payment["order"])] += sum(capture["amount"] for capture in payment["captures"])
    for number, order in sorted(_of(books, "shop").items()):
        paid = [t for t in order["transactions"] if t["gateway"] == "stripe" and t["state"] == "succeeded"]
        if not paid:
            continue
        ours = sum(order["captures"].values()) + sum(t["amount_minor"] for t in paid if t["kind"] == "sale")
        yield (
            None
            if kept[number] == ours
            else f"{number}: stripe captured {kept[number]}, the hub knows {ours}"
        )


def _labels(books: Books) -> Iterator[str | None]:
    theirs = Counter(label["shipment"] for label in books.vendors["easypost"]["labels"])
    ours = {p["shipment"]: number for number, p in _bought(books)}
    for shipment in sorted(theirs.keys() | ours.keys()):
        count = theirs[shipment]
        if count == 1 and shipment in ours:
            yield None
        else:
            yield f"{ours.get(shipment, 'no order')}: easypost sold {count} labels of {shipment}, the hub knows {int(shipment in ours)}"


def _bought(books: Books) -> Iterator[tuple[str, Json]]:
    for number, order in books.orders.items():
        for parcel in (*order["parcels"], *order["voided"]):
            if parcel["tracking"]:
                yield number, parcel


def _postage(books: Books) -> Iterator[str | None]:
    prices = {label["shipment"]: label["price"] for label in books.vendors["easypost"]["labels"]}
    for number, parcel in _bought(books):
        theirs = prices.get(parcel["shipment"])
        same = theirs == parcel["price_minor"]
        yield None if same else f"{number}: easypost charged {theirs}, the hub noted {parcel['price_minor']}"


def _told(books: Books, vendor: str, connection: str, kept: str) -> Iterator[str | None]:
    for number, theirs in sorted(books.vendors[vendor]["orders"].items()):
        ours = books.orders.get(number)
        if ours is None or ours["connection"] != connection or theirs.get("fulfilled_by") == "amazon":
            continue
        told = {p["tracking"] for p in ours["parcels"] if p["told"]}
        if ours["stage"] == "shipped_elsewhere" and not told:
            yield None  # another tool told the channel
            continue
        known = {s["tracking"] for s in theirs[kept]}
        twice = _shipped_twice(theirs, kept)
        if told == known and not twice:
            yield None
        else:
            yield f"{number}: {vendor} knows {sorted(known)}{twice}, the hub told {sorted(told)}"


def _shipped_twice(order: Json, kept: str) -> str:
    """Return what was shipped more often than it was sold; one parcel may stand under several locations."""
    sold, shipped = Counter[str](), Counter[str]()
    for line in order["lines"]:
        sold[str(line.get("sku") or line.get("listing"))] += line["qty"]
    for shipment in order[kept]:
        for line in shipment["lines"]:
            shipped[str(line.get("sku") or line.get("listing"))] += line["qty"]
    more = {name: units for name, units in shipped.items() if units > sold[name]}
    return f" (shipped more than sold: {more})" if more else ""


def _shop_told(books: Books) -> Iterator[str | None]:
    yield from _told(books, "shopify", "shop", "fulfillments")


def _amazon_told(books: Books) -> Iterator[str | None]:
    yield from _told(books, "amazon", "amz", "shipments")


def _levels(books: Books, connection: str, shown: Callable[[Json], int | None]) -> Iterator[str | None]:
    for row in books.listings:
        if row["connection"] != connection or row["wanted"] is None:
            continue
        there = shown(row)
        name = f"{row['listing']}{'@' + row['location'] if row['location'] else ''}"
        yield None if there == row["wanted"] else f"{name}: shoppers see {there}, wanted {row['wanted']}"


def _shop_levels(books: Books) -> Iterator[str | None]:
    levels = books.vendors["shopify"]["levels"]
    yield from _levels(books, "shop", lambda row: levels.get(f"{row['listing']}@{row['location']}"))


def _amazon_levels(books: Books) -> Iterator[str | None]:
    levels = books.vendors["amazon"]["levels"]
    yield from _levels(books, "amz", lambda row: levels.get(row["listing"]))


def _fba(books: Books) -> Iterator[str | None]:
    for row in books.listings:
        if row["fulfilled_by_channel"]:
            kept = row["listing"] in books.vendors["amazon"]["fba"]
            yield None if kept else f"{row['listing']}: amazon no longer fulfills it"


def _mails(books: Books) -> Iterator[str | None]:
    """Every message that the hub says it sent lies in the mailbox once, and no other does."""
    there = Counter((m["order"], m["kind"]) for m in books.vendors["mail"]["messages"])
    ours = Counter(
        (number, about.partition(":")[0])
        for number, order in books.orders.items()
        for about in order["messages"]
        if not _unknown(order, about)
    )
    unknown = {
        (number, about.partition(":")[0])
        for number, order in books.orders.items()
        for about in order["messages"]
        if _unknown(order, about)
    }
    for key in sorted(there.keys() | ours.keys(), key=str):
        slack = 1 if key in unknown else 0
        same = ours[key] <= there[key] <= ours[key] + slack
        yield (
            None
            if same
            else f"{key[0]}: {there[key]} {key[1]} mails in the mailbox, the hub sent {ours[key]}"
        )


def _unknown(order: Json, about: str) -> bool:
    return any(f"/mail:{about}/" in key and outcome == "unknown" for key, outcome in order["effects"].items())


def _stock(books: Books) -> Iterator[str | None]:
    """Nothing is promised twice: what is committed is there."""
    for row in books.stock:
        fine = 0 <= row["committed"] <= row["on_hand"]
        yield (
            None
            if fine
            else f"{row['sku']} at {row['location']}: {row['committed']} of {row['on_hand']} promised"
        )


def _units(books: Books) -> Iterator[str | None]:
    """Committed stock is the sum of what the orders hold."""
    held: Counter[str] = Counter()
    for order in books.orders.values():
        held.update(order["units"])
    for row in books.stock:
        key = f"{row['sku']}@{row['location']}"
        yield (
            None
            if held[key] == row["committed"]
            else f"{key}: {row['committed']} committed, orders hold {held[key]}"
        )


def _settled(books: Books) -> Iterator[str | None]:
    """Every effect has its outcome."""
    for number, order in books.orders.items():
        for key, outcome in order["effects"].items():
            yield f"{number}: {key} has no outcome" if outcome == "intent" else None


def _nothing_parked(books: Books) -> Iterator[str | None]:
    for number, order in books.orders.items():
        yield f"{number}: {order['parked']}" if order["parked"] else None


CHECKS: tuple[tuple[str, Callable[[Books], Iterator[str | None]]], ...] = (
    ("orders of shopify", _shop_orders),
    ("orders of amazon", _amazon_orders),
    ("money at shopify", _money),
    ("captures at stripe", _captures),
    ("labels at easypost", _labels),
    ("postage at easypost", _postage),
    ("tracking at shopify", _shop_told),
    ("tracking at amazon", _amazon_told),
    ("levels at shopify", _shop_levels),
    ("levels at amazon", _amazon_levels),
    ("fba left alone", _fba),
    ("mails", _mails),
    ("nothing oversold", _stock),
    ("units of orders", _units),
    ("every effect settled", _settled),
    ("nothing parked", _nothing_parked),
)


# ---- figure by figure

COMPARED: Final = ("shop", "amz", "orders", "labels", "mails", "books")


def agreed(taken: Taken, found: Json, *, accepted: bool) -> list[Check]:
    """Return every check of a checkpoint: order by order, and every figure that both sides keep."""
    figures = [Check(f"figures of {part}", *_figures(found, part)) for part in COMPARED]
    return [*run_checks(taken.books, accepted=accepted), *figures]


def at_rest(work: Json) -> Check:
    """Return whether the hub has nothing left to do soon."""
    left = tuple(f"{count} {what} still at work" for what, count in work.items() if count)
    return Check("at rest", left, len(work))


def _figures(found: Json, part: str) -> tuple[tuple[str, ...], int]:
    pairs = list(_pairs(found[part], found["vendors"][part], part))
    return tuple(
        f"{name}: the hub says {ours}, the vendor {theirs}" for name, ours, theirs in pairs if ours != theirs
    ), len(pairs)


def _pairs(ours: Any, theirs: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield every figure that the vendor keeps, beside the hub's; what the hub never read it does not claim."""
    if not isinstance(theirs, dict):
        yield path, ours, theirs
        return
    for key, value in theirs.items():
        mine = ours.get(key) if isinstance(ours, dict) else None
        if mine is None and path in ("shop", "amz"):
            continue
        yield from _pairs(0 if mine is None and value == 0 else mine, value, f"{path}.{key}")
