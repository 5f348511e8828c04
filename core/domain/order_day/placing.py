"""The order as its shopper placed it: amounts and goods as its channel told them first, everything personal made."""

from core.domain.order_day import made
from core.domain.order_day.history import History, Json
from core.model.address import Absence, Region
from core.model.facts import PaymentChecked
from core.model.money import Money
from core.model.order import (
    ChannelState,
    FulfilledBy,
    Order,
    OrderLine,
    RiskLevel,
    TaxMode,
    Transaction,
    TransactionKind,
    TransactionState,
)

TAKEN = (TransactionKind.SALE, TransactionKind.AUTHORIZATION)
_RISKS = {RiskLevel.LOW: "normal", RiskLevel.MEDIUM: "elevated", RiskLevel.HIGH: "highest"}
_UNREADABLE_CURRENCY = "ANG"
"""Withdrawn in 2025: an order paid in it is one that cannot be read whole."""
_GUESSED = 1000
"""Minor units of one, where nobody could read what it costs."""


def placed(history: History) -> Json:
    """Return the order as the day places it."""
    order = history.told
    common: Json = {
        "channel": history.channel,
        "id": history.number,
        "customer": _customer(history),
        "ship_to": _ship_to(history),
        "shipping": _shipping(order),
        "tax": _tax(order),
        "tax_included": order.tax_mode is TaxMode.INCLUDED,
        "total": minor(order.total),
        "currency": order.total.currency if order.total.known else "USD",
    }
    if _is_withheld(history):
        common["withheld"] = True
    if history.channel == "amz":
        return common | _on_amazon(history, order)
    found = common | _at_shop(history, order)
    return found if order.unreadable is None else _unreadable(found)


def line(history: History, order: Order, told: OrderLine) -> Json:
    """Return a line's goods and price."""
    found = {"qty": max(told.quantity, 1), "price": minor(told.unit_price), "discount": minor(told.discount)}
    if history.channel == "amz":
        return {**name_of(history, order, told), **found, "customized": told.customized}
    return {**name_of(history, order, told), **found, "ships": told.ships}


def name_of(history: History, order: Order, told: OrderLine) -> Json:
    """Return what a day calls a line: on Amazon its listing; at the shop that too, else a made title."""
    if history.channel == "amz":
        return {"listing": history.listing_names.get(told.listing or "", "LISTING-0")}
    number = [one.line_id for one in order.lines].index(told.line_id) + 1
    if told.listing is not None and told.listing in history.links:
        return {"sku": history.listing_names[told.listing]}
    return {"sku": f"ITEM-{number}" if told.ships else None, "title": made.item(number)}


def payment(history: History, told: Transaction) -> Json:
    """Return a payment of the shopper."""
    found: Json = {
        "gateway": "stripe" if _authority(history, told) == "pay" else gateway_name(told.gateway),
        "amount": max(minor(told.amount), 1),
        "currency": told.amount.currency,
        "capture": "later" if told.kind is TransactionKind.AUTHORIZATION else "now",
    }
    if told.expires_at is not None:
        found["capture_before"] = told.expires_at.isoformat()
    return found


def gateway_name(gateway: str) -> str:
    """Return what a day calls a gateway that nobody is asked about."""
    return gateway if made.is_code(gateway) else "other"


def minor(amount: Money) -> int:
    """Return an amount in minor units; 0 where it could not be read."""
    return amount.minor if amount.known else 0


def _authority(history: History, told: Transaction) -> str:
    who = history.authorities.get(told.gateway, history.authorities.get("*", "channel"))
    return history.connections.get(who, who)


def _customer(history: History) -> Json:
    order, region = history.told, next(iter(history.regions), None)
    if history.channel == "amz":
        return {"name": made.shopper(region) if region is not None else None, "email": None}
    mail = made.MAIL if history.has_mail else None
    return {"name": made.shopper(region), "email": mail, "orders_before": order.customer_orders_before or 0}


def _ship_to(history: History) -> Json | None:
    return made.address(history.regions[0], 1) if history.regions else None


def _is_withheld(history: History) -> bool:
    where = history.received.order.ship_to
    return not isinstance(where, Region) and where.why in (Absence.WITHHELD, Absence.DENIED)


def _shipping(order: Order) -> int:
    """Return everything but goods and their tax: a day has one amount for it."""
    parts = (order.shipping, order.duties, order.tips, order.rounding)
    return max(0, sum(map(minor, parts)) - minor(order.shipping_discount))


def _tax(order: Order) -> int:
    return minor(order.shipping_tax) + sum(minor(one.tax) for one in order.lines)


def _at_shop(history: History, order: Order) -> Json:
    found: Json = {
        "method": method_name(history, order),
        "lines": [line(history, order, one) for one in order.lines],
    }
    shown = order.total_presentment
    if shown.known and order.total.known and shown.currency != order.total.currency:
        found["presentment"] = {"currency": shown.currency, "total": shown.minor}
    paid = [payment(history, t) for t in order.transactions if _was_paid_first(t)]
    risk = _risk(history)
    return found | {
        "pay": [one | ({"risk": risk} if risk and one["gateway"] == "stripe" else {}) for one in paid]
    }


def method_name(history: History, order: Order) -> str:
    """Return the shipping method: by its name where crossdock.yaml knows it."""
    known = {*_keys(history, "promise"), *_keys(history, "services")}
    return order.method if order.method in known and order.method is not None else "Other"


def _keys(history: History, part: str) -> set[str]:
    said = (history.file.get("sla") or {}).get(part)
    return set(said) if isinstance(said, dict) else set()


def _was_paid_first(told: Transaction) -> bool:
    return told.kind in TAKEN and told.state is not TransactionState.FAILED


def _risk(history: History) -> Json:
    checks = [fact for fact in history.facts if isinstance(fact, PaymentChecked)]
    if not checks:
        return {}
    first = next((one for one in checks if one.risk in _RISKS), checks[0])
    score = {} if first.risk_score is None else {"score": first.risk_score}
    return {"level": _RISKS.get(first.risk, "not_assessed"), **score}


def _unreadable(found: Json) -> Json:
    """Return an order that is paid in a currency which nobody can read."""
    lines = [one | {"price": _GUESSED, "discount": 0} for one in found["lines"]]
    total = sum(one["price"] * one["qty"] for one in lines)
    paid = {
        "gateway": "shopify_payments",
        "amount": total,
        "currency": _UNREADABLE_CURRENCY,
        "capture": "now",
    }
    shown = {
        "currency": _UNREADABLE_CURRENCY,
        "total": total,
        "prices": [_GUESSED] * len(lines),
        "shipping": 0,
        "tax": 0,
    }
    amounts = {"shipping": 0, "tax": 0, "total": total, "presentment": shown}
    return found | amounts | {"lines": lines, "pay": [paid]}


def _on_amazon(history: History, order: Order) -> Json:
    ships = order.fulfilled_by is FulfilledBy.MERCHANT
    found: Json = {
        "status": status_of(history.received.order),
        "fulfilled_by": "merchant" if ships else "amazon",
        "service_level": _service_level(order),
        "lines": [line(history, order, one) for one in order.lines],
    }
    if order.marketplace_tax.known and order.marketplace_tax.minor:
        found["tax_collected_by"] = "marketplace"
    for key, at in (("ship_by", order.ship_by), ("deliver_by", order.deliver_by)):
        if at is not None and ships:
            found[key] = at.isoformat()
    if order.programs:
        found["programs"] = [program for program in order.programs if made.is_code(program)]
    return found | _adding_up(found, history, order)


def _service_level(order: Order) -> str:
    """Return Amazon's word for how fast it is to come."""
    return order.method if order.method is not None and made.is_code(order.method) else "STANDARD"


def status_of(order: Order) -> str:
    """Return Amazon's word for where an order stands."""
    words = {
        ChannelState.PENDING: "PENDING",
        ChannelState.SHIPPED: "SHIPPED",
        ChannelState.CANCELLED: "CANCELLED",
    }
    return words.get(order.state, "UNSHIPPED")


def _adding_up(found: Json, history: History, order: Order) -> Json:
    """Return the total that the parts add up to: Amazon takes no other."""
    goods = sum(one["price"] * one["qty"] - one["discount"] for one in found["lines"])
    tax = 0 if order.tax_mode is TaxMode.INCLUDED else _tax(order)
    total = goods + _shipping(order) + tax
    if total != minor(order.total):
        history.miss("the parts of the order do not add up to its total; in the day they do")
    return {"total": total}
