"""What must come of the day: where the order stands now, as its facts say."""

from collections import Counter

from core.domain.order_day.history import History, Json
from core.domain.state import ParcelState, Stage
from core.model.facts import Held, UnitsCommitted, UnitsReleased

_OUTCOMES = {
    Stage.SHIPPED: "shipped",
    Stage.DELIVERED: "shipped",
    Stage.SHIPPED_ELSEWHERE: "shipped_elsewhere",
    Stage.FULFILLED_BY_CHANNEL: "fulfilled_by_amazon",
    Stage.CANCELLED: "cancelled",
    Stage.CLOSED: "closed",
    Stage.ON_HOLD: "held",
    Stage.AWAITING_PAYMENT: "held",
}


def expected(history: History) -> Json:
    """Return what must come of the order: every hold, its units, its money, its parcels."""
    state = history.state
    found: Json = {
        "act": "I",
        "holds": list(dict.fromkeys(f.reason.value for f in history.facts if isinstance(f, Held))),
        "units": _units(history),
        "payment": {"state": state.payment.state.value} if state.payment is not None else {},
        "parcels": [_parcel(history, parcel) for parcel in state.parcels if parcel.label is not None],
    }
    if state.payment is None:
        del found["payment"]
    if state.voided:
        del found["parcels"]  # a day tells voided ones among the others, by the instants of their labels
    outcome = _OUTCOMES.get(state.stage)
    return found | ({"outcome": outcome} if outcome is not None else {})


def _units(history: History) -> Json:
    """Return what the order took and did not give back."""
    found: Counter[str] = Counter()
    for fact in history.facts:
        if isinstance(fact, UnitsCommitted | UnitsReleased):
            sign = 1 if isinstance(fact, UnitsCommitted) else -1
            for each in fact.allocations:
                found[f"{history.sku_names[each.sku]}@{each.location}"] += sign * each.units
    return {name: units for name, units in found.items() if units}


def _parcel(history: History, parcel: ParcelState) -> Json:
    packed, chosen = parcel.quote.parcel, parcel.label
    return {
        "from": packed.location,
        "box": history.box_names.get(packed.box, packed.box),
        "gross_g": packed.gross_g,
        "carrier_code": chosen.carrier if chosen is not None else None,
        "voided": False,
    }
