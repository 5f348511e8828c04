"""What holds an order: computed from what is known of it, never remembered by hand.

The hold facts in the timeline are the difference between this answer and the one before. A person may overrule a
judgment (risk, a short payment); nobody can overrule a missing address or units that are not there.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from core.flow.state import (
    OrderState,
    changed_after_label,
    labelled,
    region_of_order,
    shipped_by_others,
)
from core.model.order import ChannelState, FulfilledBy, Order, RiskLevel, residue_of
from core.model.payment import PaymentState
from core.model.stock import Need

OVERRULED = frozenset(
    {
        "before_go_live",
        "risk",
        "payment_short",
        "payment_mismatch",
        "payment_currency",
        "total_mismatch",
        "no_rate",
        "no_box",
        "capture_declined",
    }
)
"""Holds that a person may release although their cause stands."""

Customs = Callable[[str], bool]
"""Whether a SKU's customs data (tariff code, origin) is complete."""


def causes(state: OrderState, *, home_countries: frozenset[str], customs_known: Customs) -> dict[str, str]:
    """Return hold reason -> detail for everything that stands in the way now."""
    order = state.order
    if (
        order is None
        or state.cancelled
        or order.fulfilled_by is FulfilledBy.CHANNEL
        or state.shipped_elsewhere
    ):
        return {}
    found = {
        **_channel_causes(state, order),
        **_unit_causes(state),
        **_payment_causes(state, order),
        **({} if labelled(state) else _address_causes(order, state.needs, home_countries, customs_known)),
        **_label_causes(state),
    }
    return {
        reason: detail
        for reason, detail in found.items()
        if reason not in OVERRULED or reason not in state.overruled
    }


def _channel_causes(state: OrderState, order: Order) -> dict[str, str]:
    found: dict[str, str] = {}
    if state.before_go_live:
        found["before_go_live"] = "placed before the hub was switched on"
    if order.state is ChannelState.PENDING:
        found["awaiting_channel"] = "the channel has not released it yet"
    held = sorted({w.held_by for w in order.work_orders if w.held_by})
    if held:
        found["held_by_other_app"] = ", ".join(held)
    if changed_after_label(state):
        found["changed_after_label"] = "the channel wants other units than were labelled"
    ours = _why_not_ours(state, order)
    if ours:
        found["not_ours"] = ours
    residue = residue_of(order)
    if residue.minor:
        found["total_mismatch"] = (
            f"the channel's total is {residue.text()} {residue.currency} more than its parts"
        )
    return found


def _why_not_ours(state: OrderState, order: Order) -> str:
    if order.programs:
        return ", ".join(order.programs)
    if order.cancel_requested:
        return "the buyer asks to cancel"
    if any(line.customized for line in order.lines):
        return "customized"
    if order.state is ChannelState.OPEN and not labelled(state):
        if shipped_by_others(state):
            return "another hand shipped a part of it"
        if _not_free(order):
            return "the channel does not ask for all of it to be shipped now"
    return ""


def _not_free(order: Order) -> bool:
    """Return whether work orders that nobody holds are closed to us (R84); a channel without them is always free."""
    if not order.work_orders or any(w.held_by for w in order.work_orders):
        return False
    free: Counter[str] = Counter()
    for work in order.work_orders:
        if work.open:
            for _, line, units in work.lines:
                free[line] += units
    return any(line.ships and line.open_quantity > free[line.line_id] for line in order.lines)


def _unit_causes(state: OrderState) -> dict[str, str]:
    found: dict[str, str] = {}
    if state.unlinked and state.order is not None:
        names = {line.line_id: line.sku or line.title for line in state.order.lines}
        found["unlinked_sku"] = ", ".join(sorted(names.get(i, i) for i in state.unlinked))
    if state.backordered:
        found["backordered"] = ", ".join(sorted({f"{n.units} x {n.sku}" for n in state.backordered}))
    return found


def _payment_causes(state: OrderState, order: Order) -> dict[str, str]:
    paid = state.payment
    if paid is None:
        return {}
    found: dict[str, str] = {}
    if paid.state is PaymentState.SHORT and paid.difference is not None:
        found["payment_short"] = f"{(-paid.difference).text()} {paid.difference.currency} short"
    elif (
        paid.state is PaymentState.MISMATCH
        and paid.paid
        and paid.paid.currency != order.total_presentment.currency
    ):
        found["payment_currency"] = (
            f"paid in {paid.paid.currency}, owed in {order.total_presentment.currency}"
        )
    elif paid.state is PaymentState.MISMATCH:
        found["payment_mismatch"] = "the shop and the gateway do not tell the same"
    elif paid.state is PaymentState.LAPSED:
        found["authorization_lapsed"] = "nothing can be captured any more"
    if _declined(state):
        found["capture_declined"] = "the gateway would not take the authorized money"
    if paid.risk is RiskLevel.HIGH:
        found["risk"] = f"risk {paid.risk_score}" if paid.risk_score is not None else "high risk"
    return found


def _declined(state: OrderState) -> bool:
    """Return whether the gateway would not take an authorization that was not taken since."""
    taken = {f"capture:{c.authorization}" for c in state.captured}
    return any(
        outcome == "refused" and (name := key.split("/")[-2]).startswith("capture:") and name not in taken
        for key, outcome in state.settled.items()
    )


def _address_causes(
    order: Order, needs: tuple[Need, ...], home_countries: frozenset[str], customs_known: Customs
) -> dict[str, str]:
    if not any(line.ships and line.quantity for line in order.lines):
        return {}
    region = region_of_order(order)
    if region is None:
        return {"address_withheld": getattr(order.ship_to, "why", "")}
    if not region.complete:
        return {"address_withheld": "incomplete: name, street, city or postcode is missing"}
    if region.country in home_countries:
        return {}
    lacking = sorted({n.sku for n in needs if not customs_known(n.sku)})
    return {"customs_missing": f"{', '.join(lacking)}: tariff code or origin"} if lacking else {}


def _label_causes(state: OrderState) -> dict[str, str]:
    """Return the hold of goods that fit no box (found when packing, so remembered), or that no rate will do for."""
    if "no_box" in state.holds:
        return {"no_box": state.holds["no_box"]}
    for parcel in state.parcels:
        if parcel.label is None and parcel.quote.chosen is None:
            reasons = sorted({f"{r.carrier} {r.service}: {r.reason}" for r in parcel.quote.rates})
            return {"no_rate": "; ".join(reasons) or "no carrier offers a rate"}
    return {}


def customs_of(products: Mapping[str, tuple[str | None, str | None]]) -> Customs:
    """Return the test for complete customs data over a table of SKU -> (tariff code, origin)."""
    return lambda sku: all(products.get(sku, (None, None)))
