"""Do the hub and the vendors tell the same? Each check names what differs, and at which vendor."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
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


Compared = Iterator[str]
"""A difference for each thing that was compared, empty where there is none."""
COMPARED: Final = ("shop", "amz", "orders", "labels", "mails", "books")


def agreed(taken: Taken, found: Json, *, accepted: bool) -> list[Check]:
    """Return every check of a checkpoint: order by order, and every figure that both sides keep."""
    figures = [_check(f"figures of {part}", _figures(found, part)) for part in COMPARED]
    return [*run_checks(taken.books, accepted=accepted), *figures]


def run_checks(books: Books, *, accepted: bool = True) -> list[Check]:
    """Return every check; before the differences are accepted no channel needs to show what is wanted."""
    return [
        _check(name, look(books)) for name, look in CHECKS.items() if accepted or name not in _ONCE_ACCEPTED
    ]


def at_rest(work: Json) -> Check:
    """Return whether the hub has nothing left to do soon."""
    return _check("at rest", (f"{left} {what} still at work" if left else "" for what, left in work.items()))


def _check(name: str, compared: Compared) -> Check:
    found = list(compared)
    return Check(name, tuple(difference for difference in found if difference), len(found))


def _unless(same: object, difference: str) -> str:
    return "" if same else difference


# ---- orders and money


def _orders(books: Books, *, vendor: str, connection: str) -> Compared:
    theirs, ours = books.vendors[vendor]["orders"], _of(books, connection)
    for number in sorted(theirs.keys() | ours.keys()):
        if number not in ours:
            yield f"{number}: {vendor} has it, the hub does not"
        elif number not in theirs:
            yield f"{number}: the hub has it, {vendor} does not"
        else:
            yield _order(vendor, theirs[number], ours[number], number)


def _order(vendor: str, theirs: Json, ours: Json, number: str) -> str:
    if theirs.get("status") == "PENDING":
        return ""  # Amazon tells no total before it releases the order
    gone = bool(theirs.get("cancelled")) or theirs.get("status") == "CANCELLED"
    if gone or ours["stage"] == "cancelled":
        same = gone and ours["stage"] == "cancelled"
        return _unless(same, f"{number}: {vendor} says cancelled is {gone}, the hub {ours['stage']}")
    if ours["total_minor"] is None:
        return ""  # known, and held: it could not be read whole
    total = (theirs["present_total"] if "present_total" in theirs else theirs["total"], theirs["currency"])
    same = total == (ours["total_minor"], ours["currency"])
    return _unless(same, f"{number}: {vendor} says {total}, the hub {ours['total_minor']}")


def _of(books: Books, connection: str) -> dict[str, Json]:
    return {number: o for number, o in books.orders.items() if o["connection"] == connection}


def _money(books: Books) -> Compared:
    """Every order's captured and refunded money: the hub's view of the shop against the shop's own books."""
    for number, theirs in sorted(books.vendors["shopify"]["orders"].items()):
        if number not in books.orders or books.orders[number]["total_minor"] is None:
            continue
        told, kept = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for t in books.orders[number]["transactions"]:
            if t["state"] == "succeeded" and t["kind"] in _MOVES:
                told[t["currency"], _MOVES[t["kind"]]] += t["amount_minor"]
        for paid in theirs["by_gateway"].values():  # in whatever currency it was paid
            for currency, row in paid.items():
                kept.update({(currency, move): row[move] for move in ("captured", "refunded")})
        told, kept = +told, +kept
        yield _unless(told == kept, f"{number}: shopify moved {dict(kept)}, the hub knows {dict(told)}")


_MOVES: Final = {"sale": "captured", "capture": "captured", "refund": "refunded"}


def _captures(books: Books) -> Compared:
    """Every order's money at Stripe: what was taken at checkout, and what the hub had captured, once each."""
    kept: Counter[str] = Counter()
    for payment in books.vendors["stripe"]["payments"].values():
        kept[str(payment["order"])] += sum(capture["amount"] for capture in payment["captures"])
    for number, order in sorted(_of(books, "shop").items()):
        paid = [t for t in order["transactions"] if t["gateway"] == "stripe" and t["state"] == "succeeded"]
        if paid:
            sales = sum(t["amount_minor"] for t in paid if t["kind"] == "sale")
            ours = sum(order["captures"].values()) + sales
            same = kept[number] == ours
            yield _unless(same, f"{number}: stripe captured {kept[number]}, the hub knows {ours}")


# ---- parcels


def _labels(books: Books) -> Compared:
    theirs = Counter(label["shipment"] for label in books.vendors["easypost"]["labels"])
    ours = {p["shipment"]: number for number, p in _bought(books)}
    for shipment in sorted(theirs.keys() | ours.keys()):
        sold, known = theirs[shipment], int(shipment in ours)
        of = ours.get(shipment, "no order")
        same = sold == known == 1
        yield _unless(same, f"{of}: easypost sold {sold} labels of {shipment}, the hub knows {known}")


def _bought(books: Books) -> Iterator[tuple[str, Json]]:
    for number, order in books.orders.items():
        yield from ((number, p) for p in (*order["parcels"], *order["voided"]) if p["tracking"])


def _postage(books: Books) -> Compared:
    prices = {label["shipment"]: label["price"] for label in books.vendors["easypost"]["labels"]}
    for number, parcel in _bought(books):
        theirs, ours = prices.get(parcel["shipment"]), parcel["price_minor"]
        yield _unless(theirs == ours, f"{number}: easypost charged {theirs}, the hub noted {ours}")


def _told(books: Books, *, vendor: str, connection: str, kept: str) -> Compared:
    for number, theirs in sorted(books.vendors[vendor]["orders"].items()):
        ours = books.orders.get(number)
        if ours is None or ours["connection"] != connection or theirs.get("fulfilled_by") == "amazon":
            continue
        told = {p["tracking"] for p in ours["parcels"] if p["told"]}
        known, twice = {s["tracking"] for s in theirs[kept]}, _shipped_twice(theirs, kept)
        # Where it was shipped elsewhere and we told nothing, another tool told the channel.
        same = (told == known and not twice) or (ours["stage"] == "shipped_elsewhere" and not told)
        yield _unless(same, f"{number}: {vendor} knows {sorted(known)}{twice}, the hub told {sorted(told)}")


def _shipped_twice(order: Json, kept: str) -> str:
    """Return what was shipped more often than it was sold; one parcel may stand under several locations."""
    sold, shipped = _units_in([order]), _units_in(order[kept])
    more = {name: units for name, units in shipped.items() if units > sold[name]}
    return f" (shipped more than sold: {more})" if more else ""


def _units_in(several: list[Json]) -> Counter[str]:
    found = Counter[str]()
    for line in (line for each in several for line in each["lines"]):
        found[str(line.get("sku") or line.get("listing"))] += line["qty"]
    return found


# ---- stock


def _levels(books: Books, *, vendor: str, connection: str) -> Compared:
    levels = books.vendors[vendor]["levels"]
    for row in books.listings:
        if row["connection"] == connection and row["wanted"] is not None:
            name = f"{row['listing']}{'@' + row['location'] if row['location'] else ''}"
            there = levels.get(name)
            yield _unless(there == row["wanted"], f"{name}: shoppers see {there}, wanted {row['wanted']}")


def _fba(books: Books) -> Compared:
    for row in books.listings:
        if row["fulfilled_by_channel"]:
            kept = row["listing"] in books.vendors["amazon"]["fba"]
            yield _unless(kept, f"{row['listing']}: amazon no longer fulfills it")


def _stock(books: Books) -> Compared:
    """Nothing is promised twice: what is committed is there."""
    for row in books.stock:
        fine = 0 <= row["committed"] <= row["on_hand"]
        yield _unless(
            fine, f"{row['sku']} at {row['location']}: {row['committed']} of {row['on_hand']} promised"
        )


def _units(books: Books) -> Compared:
    """Committed stock is the sum of what the orders hold."""
    held: Counter[str] = Counter()
    for order in books.orders.values():
        held.update(order["units"])
    for row in books.stock:
        key, committed = f"{row['sku']}@{row['location']}", row["committed"]
        yield _unless(held[key] == committed, f"{key}: {committed} committed, orders hold {held[key]}")


# ---- messages and effects


def _mails(books: Books) -> Compared:
    """Every message that the hub says it sent lies in the mailbox once, and no other does."""
    there = Counter((m["order"], m["kind"]) for m in books.vendors["mail"]["messages"])
    ours, unknown = Counter[tuple[str, str]](), set[tuple[str, str]]()
    for number, order in books.orders.items():
        for about in order["messages"]:
            key = (number, about.partition(":")[0])
            if any(f"/mail:{about}/" in e and o == "unknown" for e, o in order["effects"].items()):
                unknown.add(key)
            else:
                ours[key] += 1
    for number, kind in sorted(there.keys() | ours.keys(), key=str):
        found, sent = there[number, kind], ours[number, kind]
        same = sent <= found <= sent + ((number, kind) in unknown)
        yield _unless(same, f"{number}: {found} {kind} mails in the mailbox, the hub sent {sent}")


def _settled(books: Books) -> Compared:
    """Every effect has its outcome."""
    for number, order in books.orders.items():
        for key, outcome in order["effects"].items():
            yield _unless(outcome != "intent", f"{number}: {key} has no outcome")


def _nothing_parked(books: Books) -> Compared:
    for number, order in books.orders.items():
        yield _unless(not order["parked"], f"{number}: {order['parked']}")


CHECKS: Final[dict[str, Callable[[Books], Compared]]] = {
    "orders of shopify": partial(_orders, vendor="shopify", connection="shop"),
    "orders of amazon": partial(_orders, vendor="amazon", connection="amz"),
    "money at shopify": _money,
    "captures at stripe": _captures,
    "labels at easypost": _labels,
    "postage at easypost": _postage,
    "tracking at shopify": partial(_told, vendor="shopify", connection="shop", kept="fulfillments"),
    "tracking at amazon": partial(_told, vendor="amazon", connection="amz", kept="shipments"),
    "levels at shopify": partial(_levels, vendor="shopify", connection="shop"),
    "levels at amazon": partial(_levels, vendor="amazon", connection="amz"),
    "fba left alone": _fba,
    "mails": _mails,
    "nothing oversold": _stock,
    "units of orders": _units,
    "every effect settled": _settled,
    "nothing parked": _nothing_parked,
}
DOUBLES: Final = frozenset(
    {"captures at stripe", "labels at easypost", "tracking at shopify", "tracking at amazon", "mails"}
)
"""The checks whose differences are effects done twice, or not at all."""
_ONCE_ACCEPTED: Final = frozenset({"levels at shopify", "levels at amazon"})


# ---- figure by figure


def _figures(found: Json, part: str) -> Compared:
    for name, ours, theirs in _pairs(found[part], found["vendors"][part], part):
        yield _unless(ours == theirs, f"{name}: the hub says {ours}, the vendor {theirs}")


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
