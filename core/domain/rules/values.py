"""An order as the conditions and texts of rules see it: plain values, by the names of ``OrderValues``."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.domain.state import OrderState, ParcelState, labelled, region_of_order
from core.model.holds import Hold
from core.model.money import Money
from core.model.order import Order, OrderLine, RiskLevel
from core.model.products import Product

RISK_OF_LEVEL: Mapping[RiskLevel, int] = {
    RiskLevel.NONE: 0,
    RiskLevel.LOW: 10,
    RiskLevel.MEDIUM: 65,
    RiskLevel.HIGH: 75,
    RiskLevel.PENDING: 0,
}
"""The score that a level without one stands for: where Stripe's Radar begins to call a payment elevated, and highest."""
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


def order_values(
    state: OrderState, order: Order, products: Mapping[str, Product], now: datetime
) -> dict[str, Any]:
    """Return what rules may look at of an order."""
    offered, held = state.offered, _held(state)
    stage = held.stage.value
    since = offered.since if offered is not None and offered.stage == stage else None
    return {
        "id": f"{order.connection}:{order.order_id}",
        "number": order.number,
        "channel": order.connection,
        "placed_at": order.placed_at,
        "stage": stage,
        "minutes": (now - since) // _MINUTE if since is not None else 0,
        "hours": max(0, (now - order.placed_at) // _HOUR),
        "state": order.state.value,
        "test": order.test,
        **_amounts(order),
        "method": order.method or "",
        "ship_by": order.ship_by,
        "deliver_by": order.deliver_by,
        **checked_values(state, order),
        "customer": {"orders": order.customer_orders_before},
        "ship_to": _ship_to(order),
        "lines": [_line(line) for line in order.lines],
        **_units(state, order, products),
        "parcels": [_parcel(parcel) for parcel in state.parcels],
        "holds": [hold.value for hold in held.holds],
        "tags": list(state.tags),
        "assignee": state.assignee,
        "programs": list(order.programs),
        "cancel_requested": order.cancel_requested,
        "before_go_live": state.before_go_live,
        "attributes": dict(order.attributes),
    }


def checked_values(state: OrderState, order: Order) -> dict[str, Any]:
    """Return what a check of its payment tells of an order."""
    return {**_risk(state, order), "payment": _payment(state, order)}


def _held(state: OrderState) -> OrderState:
    """Return an order with the hold that a step has just told, so that the next step sees it."""
    over = state.ended or state.shipped_elsewhere or labelled(state)
    if over or not state.held_by_rules or Hold.BY_RULE in state.holds:
        return state
    return state.model_copy(update={"holds": {**state.holds, Hold.BY_RULE: ""}})


def major(amount: Money | None) -> Decimal | None:
    """Return an amount in major units, exactly; None where it is not known."""
    return Decimal(amount.text()) if amount is not None and amount.known else None


def _amounts(order: Order) -> dict[str, Any]:
    discount = order.total.zero().with_each(
        ((order.shipping_discount, 1), *((line.discount, 1) for line in order.lines))
    )
    return {
        "total": major(order.total) or Decimal(0),
        "currency": order.total.currency,
        "shipping": major(order.shipping) or Decimal(0),
        "discount": major(discount) or Decimal(0),
        "paid_currency": order.total_presentment.currency,
    }


def _risk(state: OrderState, order: Order) -> dict[str, Any]:
    paid = state.payment
    level = paid.risk if paid is not None else order.risk
    score = paid.risk_score if paid is not None else None
    return {"risk": RISK_OF_LEVEL[level] if score is None else score, "risk_level": level.value}


def _ship_to(order: Order) -> dict[str, Any]:
    region = region_of_order(order)
    if region is None:
        return {
            "known": False,
            "country": "",
            "state": "",
            "po_box": False,
            "military": False,
            "complete": False,
        }
    return {
        "known": True,
        "country": region.country,
        "state": region.state,
        "po_box": region.po_box,
        "military": region.military,
        "complete": region.complete,
    }


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "title": line.title,
        "qty": line.quantity,
        "price": major(line.unit_price) or Decimal(0),
        "discount": major(line.discount) or Decimal(0),
        "ships": line.ships,
        "customized": line.customized,
    }


def _units(state: OrderState, order: Order, products: Mapping[str, Product]) -> dict[str, Any]:
    aside = [(a.sku, a.units, a.location) for a in state.allocations]
    lacking = [(n.sku, n.units, "") for n in state.backordered]
    items = [_item(*one, products.get(one[0])) for one in (*aside, *lacking)]
    weights = [n.units * _weight(products.get(n.sku)) for n in state.needs]
    known = all(p is not None and p.weight_g is not None for p in (products.get(n.sku) for n in state.needs))
    return {
        "units": sum(line.quantity for line in order.lines),
        "weight_g": sum(weights) if known else None,
        "items": items,
        "skus": sorted({n.sku for n in state.needs}),
        "lacking": sorted({n.sku for n in state.backordered}),
        "locations": list(dict.fromkeys(a.location for a in state.allocations)),
    }


def _weight(product: Product | None) -> int:
    return product.weight_g or 0 if product is not None else 0


def _item(sku: str, units: int, location: str, product: Product | None) -> dict[str, Any]:
    return {
        "sku": sku,
        "units": units,
        "location": location,
        "weight_g": product.weight_g if product is not None else None,
        "origin": product.origin if product is not None else None,
    }


def _payment(state: OrderState, order: Order) -> dict[str, Any]:
    paid = state.payment
    return {
        "state": paid.state.value if paid is not None else "unknown",
        "paid": major(paid.paid) if paid is not None else None,
        "gateways": sorted({t.gateway for t in order.transactions}),
        "disputed": paid is not None and paid.disputed,
        "captured": bool(state.captured),
    }


def _parcel(parcel: ParcelState) -> dict[str, Any]:
    quoted, label = parcel.quote, parcel.label
    price = label.price if label is not None else quoted.price
    return {
        "id": parcel.parcel_id,
        "location": quoted.parcel.location,
        "box": quoted.parcel.box,
        "weight_g": quoted.parcel.gross_g,
        "carrier": label.carrier if label is not None else "",
        "service": label.service if label is not None else "",
        "price": major(price),
        "labelled": label is not None,
        "told": parcel.told,
        "departed": parcel.departed,
        "tracking": parcel.tracking.value if parcel.tracking is not None else "",
    }
