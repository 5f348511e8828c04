"""Amazon's order of Orders 2026-01-01 as the canonical order, read through mappings/amazon/order.yaml."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.amazon.amounts import ItemMoney, item_money, lines_of, tax_mode, units_of
from connectors.amazon.marketplaces import MARKETPLACES, Marketplace
from core.errors import MappingError
from core.mapping import load_mapping
from core.model.address import Absence, Absent, Address, Region, region_of
from core.model.money import Money, Side
from core.model.order import ChannelState, FetchedOrder, FulfilledBy, Order, OrderLine, Personal, Shipped
from core.model.part import part_of_order

_MAPPING = "amazon/order"
_SHIPPED_AS_ANY = frozenset({"AMAZON_BUSINESS", "INVOICE_BY_AMAZON", "PREMIUM", "SUBSCRIBE_AND_SAVE"})
"""Programs whose orders the seller ships like any other."""


def order_of(payload: Mapping[str, Any], *, connection: str, main: str) -> FetchedOrder:
    """Return the order of Amazon's payload; ``main`` is the marketplace whose currency stands in for a missing one.

    Raises:
        MappingError: the payload does not fit.
    """
    values = load_mapping(_MAPPING)(payload)
    try:
        order = _order(values, payload, connection=connection, main=main)
    except ValueError as error:
        # Unlike currencies within one order, or a count the model refuses.
        raise MappingError("order", f"does not add up ({type(error).__name__})") from error
    return FetchedOrder(order=order, personal=_personal(values))


def part_of(
    payload: object, *, connection: str, order_id: str, now: datetime, error: Exception
) -> FetchedOrder:
    """Return what was sold of an order that cannot be read whole; ``error`` says what reading it failed at."""
    values = load_mapping("amazon/part")(payload)
    cancelled = values["state"] == ChannelState.CANCELLED
    lines = []
    for item in values["items"]:
        wanted, still_open = units_of(item, cancelled=cancelled)
        lines.append(
            {**item, "sku": item["listing"], "quantity": wanted, "open_quantity": still_open, "ships": True}
        )
    return part_of_order(
        {**values, "lines": lines}, connection=connection, order_id=order_id, now=now, error=error
    )


def _order(values: Mapping[str, Any], payload: Mapping[str, Any], *, connection: str, main: str) -> Order:
    zero = _zero(values, main)
    money = [item_money(item, zero) for item in values["items"]]
    state = ChannelState(values["status"])
    cancelled = state is ChannelState.CANCELLED
    lines = [
        line
        for item, of_item in zip(values["items"], money, strict=True)
        for line in lines_of(item, of_item, cancelled=cancelled)
    ]
    fulfilled_by = FulfilledBy(values["fulfilled_by"])
    return Order(
        connection=connection,
        order_id=values["order_id"],
        number=values["order_id"],
        placed_at=values["placed_at"],
        updated_at=values["updated_at"],
        state=state,
        fulfilled_by=fulfilled_by,
        lines=tuple(lines),
        method=values["method"],
        ship_by=values["ship_by"],
        deliver_by=values["deliver_by"],
        zone=_place(values, main).zone,
        ship_to=_ship_to(values, payload, state, fulfilled_by),
        paid_via_channel=True,
        shipped=tuple(_shipped(p) for p in values["packages"] if p["counts"]),
        withdrawn=_withdrawn(values["packages"]),
        programs=_programs(values),
        cancel_requested=any(
            item["cancel_asked_by"] and not item["cancelled_by"] for item in values["items"]
        ),
        **_amounts(values, lines, money, zero),
    )


def _amounts(
    values: Mapping[str, Any], lines: Sequence[OrderLine], money: Sequence[ItemMoney], zero: Money
) -> dict[str, Any]:
    """Return every amount of the order but its lines'."""
    shipping, shipping_discount, shipping_tax, collected = zero, zero, zero, zero
    for item in money:
        shipping = shipping + item.shipping
        shipping_discount = shipping_discount + item.shipping_discount
        shipping_tax = shipping_tax + item.shipping_tax
        collected = collected + item.collected
    tips = zero
    for part in values["proceeds"]:
        if part["kind"] == "DELIVERY_TIP" and part["status"] == "FINALIZED":
            tips = tips + part["amount"]
    before_tax, tax = shipping - shipping_discount + tips, shipping_tax
    for line in lines:
        before_tax = before_tax + line.unit_price * line.quantity - line.discount
        tax = tax + line.tax
    # Amazon shows no total before it has the payment: what is known adds up to what is owed then.
    total = values["total"] if values["total"] is not None else before_tax + tax
    return {
        "tax_mode": tax_mode(before_tax, tax, total),
        "shipping": shipping,
        "shipping_discount": shipping_discount,
        "shipping_tax": shipping_tax,
        "duties": zero,
        "tips": tips,
        "rounding": zero,
        "total": total,
        "total_presentment": total.model_copy(update={"side": Side.PRESENTMENT}),
        "marketplace_tax": collected,
    }


def _zero(values: Mapping[str, Any], main: str) -> Money:
    """Return nothing in the order's currency: the total's, else the first price's, else the marketplace's."""
    known = [values["total"], *(item["price"] for item in values["items"])]
    for amount in known:
        if amount is not None:
            return Money(minor=0, currency=amount.currency)
    return Money(minor=0, currency=_place(values, main).currency)


def _place(values: Mapping[str, Any], main: str) -> Marketplace:
    """Return the order's marketplace; one that is new to us is taken for the main one."""
    return MARKETPLACES.get(values["marketplace"] or main, MARKETPLACES[main])


def _ship_to(
    values: Mapping[str, Any], payload: Mapping[str, Any], state: ChannelState, fulfilled_by: FulfilledBy
) -> Region | Absent:
    if fulfilled_by is FulfilledBy.CHANNEL:
        return Absent(why=Absence.WITHHELD)
    address = _address(values)
    if address is not None:
        return region_of(address)
    if state is ChannelState.PENDING:
        return Absent(why=Absence.PENDING)
    # Asked for and not even an empty recipient: the app has not the role. Later on Amazon takes addresses back.
    denied = state is ChannelState.OPEN and "recipient" not in payload
    return Absent(why=Absence.DENIED if denied else Absence.WITHHELD)


def _address(values: Mapping[str, Any]) -> Address | None:
    """Return the address; None where there is no country, for then nothing can be done with the rest."""
    if values["country"] is None:
        return None
    at = values["address"]
    streets = [text for text in (at["line1"], at["line2"], at["line3"]) if text]
    return Address(
        name=at["name"],
        company=at["company"],
        street1=streets[0] if streets else "",
        street2=", ".join(streets[1:]),
        city=at["city"],
        state=at["state"],
        zip=at["zip"],
        country=values["country"],
        phone=at["phone"],
    )


def _personal(values: Mapping[str, Any]) -> Personal:
    return Personal(ship_to=_address(values), email=values["buyer_email"], customer_name=values["buyer_name"])


def _shipped(package: Mapping[str, Any]) -> Shipped:
    return Shipped(
        tracking=package["tracking"],
        carrier=package["carrier"],
        lines=tuple((item["line_id"], item["units"]) for item in package["items"]),
    )


def _withdrawn(packages: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the tracking numbers of packages that were cancelled and are there in no other."""
    live = {p["tracking"] for p in packages if p["counts"]}
    gone = [p["tracking"] for p in packages if not p["counts"] and p["tracking"] is not None]
    return tuple(number for number in dict.fromkeys(gone) if number not in live)


def _programs(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the programs of the order and its items that change who may ship and how, each once, as they are told.

    One that is new to us is among them: it may be Amazon's to ship.
    """
    every = [*values["programs"], *(name for item in values["items"] for name in item["programs"])]
    return tuple(dict.fromkeys(name for name in every if name not in _SHIPPED_AS_ANY))
