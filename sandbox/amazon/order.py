"""One order as Amazon keeps it, made from the shopper's words."""

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from day.format import STATUSES
from day.located_yaml import nearest
from sandbox.amazon.listing import AMAZON, MERCHANT
from sandbox.amazon.times import parsed
from sandbox.amounts import split
from sandbox.values import Json

UNPAID: Final = frozenset({"PENDING_AVAILABILITY", "PENDING"})
"""Payment is not authorized yet: no buyer, no recipient, no money is shown."""
ITEM_PROGRAMS: Final = frozenset({"TRANSPARENCY", "SUBSCRIBE_AND_SAVE"})
"""Programs that the model puts on items, all others on the order."""
SHIP_WITHIN: Final = timedelta(days=2)
DELIVER_WITHIN: Final = timedelta(days=7)


@dataclass
class Line:
    """One item of an order, with its exact share of shipping and tax in minor units."""

    item_id: str
    listing: str
    title: str
    asin: str
    quantity: int
    price: int
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    tax_on_goods: int = 0
    customized: bool = False
    cancel_asked: str | None = None

    def goods(self) -> int:
        """Price of all units less the discount."""
        return self.price * self.quantity - self.discount


@dataclass
class Package:
    """One package of a shipment confirmation."""

    reference: str
    created: datetime
    shipped: datetime
    carrier_code: str
    carrier_name: str | None
    method: str | None
    tracking: str
    items: dict[str, int]
    app: str = "hub"
    """Who reported it: the hub by its token, or another tool."""
    cancelled: bool = False
    """Taken back by the seller before the carrier had it: it stays in the order, and ships nothing."""
    lost: bool = False
    """Answered and shown, yet not in the books (sabotage)."""


@dataclass
class Order:
    """A shopper's order."""

    order_id: str
    placed_at: datetime
    updated_at: datetime
    status: str
    fulfilled_by: str
    service_level: str
    ship_by: datetime | None
    deliver_by: datetime | None
    programs: list[str]
    currency: str
    total: int
    tax_included: bool
    tax_by_marketplace: bool
    buyer: str | None
    ship_to: Json | None
    lines: list[Line]
    packages: dict[str, Package] = field(default_factory=dict)
    cancelled_by: str | None = None
    withheld: bool = False
    """The application has not (yet) been given the role that shows the address."""
    refunded: int = 0
    """What the merchant gave back in Seller Central."""
    hidden: bool = False
    """Never announced, listed or read (sabotage)."""
    before: "Order | None" = None
    """The version before the last change, for stale reads."""

    def changing(self, now: datetime) -> None:
        """Remember the present version and stamp the next; call it before every change."""
        self.before = None
        self.before = copy.deepcopy(self)
        self.updated_at = max(now, self.updated_at + timedelta(milliseconds=1))

    def shipped(self, item_id: str, *, without: str | None = None) -> int:
        """Units of an item in packages, those of one package left out."""
        kept = (p for key, p in self.packages.items() if key != without and not p.cancelled)
        return sum(package.items.get(item_id, 0) for package in kept)

    def sent(self, line: Line) -> int:
        """Units of a line that have left, by whoever ships."""
        if self.fulfilled_by == AMAZON:
            return line.quantity if self.status == "SHIPPED" else 0
        return self.shipped(line.item_id)


def ordered(
    spec: Json, order_id: str, titles: dict[str, tuple[str, str]], *, now: datetime, currency: str = "USD"
) -> Order:
    """Turn a shopper's order of a day file into Amazon's; ValueError where its sums do not agree."""
    lines = [_line(order_id, number, line, titles) for number, line in enumerate(spec["lines"], start=1)]
    _share(lines, shipping=int(spec.get("shipping") or 0), tax=int(spec.get("tax") or 0))
    total = _total(spec, lines)
    placed = parsed(spec["at"]) if spec.get("at") else now
    by = str(spec.get("fulfilled_by") or MERCHANT)
    merchant = by == MERCHANT
    status = str(spec.get("status") or "UNSHIPPED")
    if status not in STATUSES:
        raise ValueError(f"no order status is called {status!r}; there are {', '.join(STATUSES)}")
    return Order(
        order_id=order_id,
        placed_at=placed,
        updated_at=min(placed, now),
        status=status,
        fulfilled_by=by,
        service_level=str(spec.get("service_level") or "STANDARD"),
        ship_by=_deadline(spec.get("ship_by"), placed + SHIP_WITHIN, wanted=merchant),
        deliver_by=_deadline(spec.get("deliver_by"), placed + DELIVER_WITHIN, wanted=merchant),
        programs=[str(program) for program in spec.get("programs") or []],
        currency=str(spec.get("currency") or currency),
        total=total,
        tax_included=bool(spec.get("tax_included")),
        tax_by_marketplace=spec.get("tax_collected_by") == "marketplace",
        buyer=(spec.get("customer") or {}).get("name"),
        ship_to=spec.get("ship_to"),
        lines=lines,
        withheld=bool(spec.get("withheld")) or (merchant and spec.get("ship_to") is None),
    )


def _line(order_id: str, number: int, spec: Json, titles: dict[str, tuple[str, str]]) -> Line:
    listing = str(spec["listing"])
    if listing not in titles:
        raise ValueError(f"no listing is called {listing!r}{nearest(listing, titles)}")
    if int(spec["qty"]) < 1:
        raise ValueError(f"{listing}: qty must be at least 1")
    title, asin = titles[listing]
    digits = "".join(sign for sign in order_id if sign.isdecimal())
    return Line(
        item_id=f"{digits[-13:]:0>13}{number}",
        listing=listing,
        title=title,
        asin=asin,
        quantity=int(spec["qty"]),
        price=int(spec["price"]),
        discount=int(spec.get("discount") or 0),
        customized=bool(spec.get("customized")),
    )


def _share(lines: list[Line], *, shipping: int, tax: int) -> None:
    """Give every line its part of the order's shipping and tax; the parts add up to the minor unit."""
    for line, part in zip(lines, split(shipping, [line.goods() for line in lines]), strict=True):
        line.shipping = part
    for line, part in zip(lines, split(tax, [line.goods() + line.shipping for line in lines]), strict=True):
        line.tax = part
        line.tax_on_goods = split(part, [line.goods(), line.shipping])[0]


def _total(spec: Json, lines: list[Line]) -> int:
    """The order's total; ValueError where it is not what the parts add up to."""
    parts = sum(line.goods() + line.shipping for line in lines)
    if not spec.get("tax_included"):
        parts += sum(line.tax for line in lines)
    total = int(spec.get("total", parts))
    if total != parts:
        raise ValueError(f"the parts of the order add up to {parts}, its total says {total}")
    return total


def _deadline(given: object, usual: datetime, *, wanted: bool) -> datetime | None:
    if given is not None:
        return parsed(given)
    return usual if wanted else None
