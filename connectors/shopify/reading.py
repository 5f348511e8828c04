"""Builds the canonical order from what ``mappings/shopify/order.yaml`` reads.

The mapping reads; here stands only what takes several values together: what of a line is left after edits and
refunds, which work is free to ship, why an address is absent.
"""

import json
from collections.abc import Mapping
from typing import Any

from core.model.address import Absence, Absent, Address, Region, region_of
from core.model.money import Money
from core.model.order import (
    ChannelState,
    FetchedOrder,
    Order,
    OrderLine,
    Personal,
    RiskLevel,
    Shipped,
    TaxMode,
    Transaction,
    WorkOrder,
    residue_of,
)

Values = Mapping[str, Any]

_RISKS = (RiskLevel.NONE, RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.PENDING, RiskLevel.HIGH)
NO_MONEY = "no_money"
"""A transaction that moves none."""
_SHIPPED_BY_MAIL = frozenset({None, "SHIPPING", "NONE"})


def fetched_of(values: Values, order: Values, *, connection: str, denied: frozenset[str]) -> FetchedOrder:
    """Return the order; ``values`` are its mapping's, ``order`` is the vendor's, ``denied`` what we may not read."""
    address = Address(**values["address"]) if order.get("shippingAddress") is not None else None
    personal = Personal(ship_to=address, email=values["email"], customer_name=values["customer_name"])
    receipts = {str(one["id"]).rsplit("/", 1)[-1]: one.get("receiptJson") for one in order["transactions"]}
    transactions = tuple(
        Transaction(**one, reference=_reference(receipts[one["transaction_id"]]))
        for one in values["transactions"]
        if one["kind"] != NO_MONEY
    )
    ship_to = _ship_to(values, address, denied=denied)
    return FetchedOrder(
        order=_order(values, transactions, connection=connection, ship_to=ship_to), personal=personal
    )


def _order(
    values: Values, transactions: tuple[Transaction, ...], *, connection: str, ship_to: Region | Absent
) -> Order:
    lines = tuple(_line(line, values["returned"]) for line in values["lines"])
    orders, discount = values["customer_orders"], values["shipping_original"] - values["shipping_sold"]
    order = Order(
        connection=connection,
        order_id=values["order_id"],
        number=values["number"],
        placed_at=values["placed_at"],
        updated_at=values["updated_at"],
        state=ChannelState.CANCELLED if values["cancelled_at"] else ChannelState(values["state"]),
        test=values["test"],
        tax_mode=TaxMode.INCLUDED if values["tax_included"] else TaxMode.EXCLUDED,
        lines=lines,
        # What was taken off when it was sold is the discount; what was given back since is no longer in the price.
        shipping=values["shipping_now"] + discount,
        shipping_discount=discount,
        shipping_tax=_other_tax(values["tax"], lines),
        duties=values["duties"],
        tips=_tips(values),
        rounding=values["rounding"].zero(),
        total=values["total"],
        total_presentment=values["total_presentment"],
        marketplace_tax=values["marketplace_tax"],
        method=values["method"],
        ship_to=ship_to,
        transactions=transactions,
        risk=_risk(values["risks"]),
        # The vendor counts this order too, and those placed since.
        customer_orders_before=None if orders is None else max(0, orders - 1),
        work_orders=tuple(_work(one) for one in values["work_orders"]),
        shipped=tuple(parcel for one in values["shipped"] if one["counts"] for parcel in _parcels(one)),
        withdrawn=_withdrawn(values["shipped"]),
        programs=_programs(values["work_orders"]),
    )
    return _rounded(order, values["rounding"])


def _line(line: Values, refunds: list[Values]) -> OrderLine:
    """Return the line as it stands now; the vendor's discount and tax still hold refunded and removed units."""
    back = [one for refund in refunds for one in refund["lines"] if one["line_id"] == line["line_id"]]
    left, discount, tax = line["ordered"], line["discount"], line["tax"]
    for one in back:
        left -= one["quantity"]
        discount = discount.with_each(((line["unit_price"], -one["quantity"]), (one["subtotal"], 1)))
        tax = tax - one["tax"]
    kept = line["quantity"]
    return OrderLine(
        line_id=line["line_id"],
        listing=line["listing"],
        sku=line["sku"],
        title=line["title"],
        quantity=kept,
        open_quantity=line["open_quantity"] if line["ships"] else 0,
        unit_price=line["unit_price"],
        discount=_share(discount, kept, left),
        tax=_share(tax, kept, left),
        ships=line["ships"],
    )


def _share(whole: Money, units: int, of: int) -> Money:
    """Return the share of ``units``; an edit takes units away without saying how much discount and tax went along."""
    if units == of:
        return whole
    if of <= 0:
        return whole.zero()
    return whole.model_copy(update={"minor": (2 * whole.minor * units + of) // (2 * of)})


def _other_tax(tax: Money, lines: tuple[OrderLine, ...]) -> Money:
    """Return the tax that stands on no line: on shipping, duties and tips."""
    return tax.with_each((line.tax, -1) for line in lines)


def _tips(values: Values) -> Money:
    """Return the tips that are no line of their own: the vendor also lists a tip as a line without a product."""
    tips: Money = values["tips"]
    for line in values["lines"]:
        if line["product"] is None and not line["ships"] and line["title"] == "Tip":
            tips = tips - line["unit_price"] * line["quantity"]
    return tips if tips.minor > 0 else tips.zero()


def _rounded(order: Order, rounding: Money) -> Order:
    """Return the order with its cash rounding, where the channel's total holds it; the vendor does not say whether."""
    if rounding.minor and residue_of(order) == rounding:
        return order.model_copy(update={"rounding": rounding})
    return order


def _risk(levels: list[str]) -> RiskLevel:
    """Return the worst assessment; one that is pending is waited for, unless another is as bad as can be already."""
    return max((RiskLevel(level) for level in levels), key=_RISKS.index, default=RiskLevel.NONE)


def _work(work: Values) -> WorkOrder:
    return WorkOrder(
        work_id=work["work_id"],
        location=work["location"],
        open=work["free"] and not work["holders"],
        due_at=work["fulfill_at"],
        held_by=next(iter(work["holders"]), None),
        lines=tuple((one["work_line_id"], one["line_id"], one["quantity"]) for one in work["lines"]),
    )


def _programs(work_orders: list[Values]) -> tuple[str, ...]:
    """Return the ways of delivery that are not a parcel: pick-up, local delivery."""
    return tuple(sorted({one["way"] for one in work_orders} - _SHIPPED_BY_MAIL))


def _parcels(fulfillment: Values) -> list[Shipped]:
    """Return one parcel per tracking number; the vendor does not say which number carries which units."""
    lines = tuple((one["line_id"], one["quantity"]) for one in fulfillment["lines"])
    numbers = [(one["number"], one["company"]) for one in fulfillment["tracking"]] or [(None, None)]
    return [
        Shipped(tracking=number, carrier=company, lines=lines if position == 0 else ())
        for position, (number, company) in enumerate(numbers)
    ]


def _withdrawn(fulfillments: list[Values]) -> tuple[str, ...]:
    """Return the tracking numbers of fulfillments that were cancelled and not made anew."""
    gone, live = (
        [
            t["number"]
            for one in fulfillments
            if one["counts"] is counts
            for t in one["tracking"]
            if t["number"]
        ]
        for counts in (False, True)
    )
    return tuple(number for number in dict.fromkeys(gone) if number not in live)


def _ship_to(values: Values, address: Address | None, *, denied: frozenset[str]) -> Region | Absent:
    if address is not None:
        return region_of(address)
    if "order.shippingAddress" in denied:
        return Absent(why=Absence.DENIED)
    if not values["needs_shipping"]:
        return Absent(why=Absence.NOT_NEEDED)
    # A draft order or one made by hand: the merchant fills it in at the shop.
    return Absent(why=Absence.PENDING)


def _reference(receipt: object) -> str | None:
    """Return the gateway's own id of the payment.

    The receipt is the gateway's and has no fixed form; Stripe's holds the PaymentIntent or the Charge.
    """
    if isinstance(receipt, str):
        try:
            receipt = json.loads(receipt, parse_float=str)
        except ValueError:
            return None
    if not isinstance(receipt, Mapping):
        return None
    intent = receipt.get("payment_intent")
    found = intent.get("id") if isinstance(intent, Mapping) else intent or receipt.get("id")
    return found if isinstance(found, str) and found else None
