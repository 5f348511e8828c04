"""What holds an order: computed from what is known of it, never remembered by hand.

The hold facts in the timeline are the difference between this answer and the one before. A person may overrule a
judgment (risk, a short payment); nobody can overrule a missing address or units that are not there.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.config.rules import MESSAGE
from core.domain.parcels import changed_after_label, parcels_elsewhere, shipped_twice
from core.domain.payment import HOLD, RISK_LIMIT
from core.domain.shipping.destinations import needs_form, needs_no_form
from core.domain.shipping.exports import lacking_itn
from core.domain.state import OrderState, ParcelState, labelled, region_of_order, third_party_shipped
from core.model.address import Absence, Region
from core.model.effects import Outcome
from core.model.facts import PaymentChecked
from core.model.holds import Hold
from core.model.order import ChannelState, FulfilledBy, Order, RiskLevel, Unreadable, residue_of
from core.model.payment import PaymentState
from core.model.stock import Need

TariffCodes = Callable[[str], str | None]
"""A SKU's tariff code; None where its customs data (tariff code, origin) is not complete."""


Places = Mapping[str, tuple[str, str | None]]
"""A channel's location id -> its name there, and which of ours it is; empty while nobody read them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known besides the order itself."""

    home_countries: frozenset[str]
    """Countries that its parcels leave from."""
    tariff_code: TariffCodes
    places: Places
    now: datetime
    no_label: str
    """What people read where no rate will do."""
    in_test: bool = False
    """Whether the merchant is in test mode."""


def causes(state: OrderState, context: Context) -> dict[Hold, str]:
    """Return hold reason -> detail for everything that stands in the way now."""
    order = state.order
    if (
        order is None
        or state.ended
        or (order.fulfilled_by is FulfilledBy.CHANNEL and order.unreadable is None)
        or state.shipped_elsewhere
    ):
        return {}
    by_person = _asked_causes(state)
    if order.unreadable is not None:
        return {**by_person, **_part_causes(state, order.unreadable)}
    found = {
        **by_person,
        **_channel_causes(state, order, context),
        **_unit_causes(state),
        **_payment_causes(state, order),
        **_risk_causes(state, order, context.now),
        **({} if labelled(state) else _address_causes(state, order, context)),
        **_label_causes(state, context.no_label),
    }
    return {
        reason: detail
        for reason, detail in found.items()
        if not (reason.overrulable and reason in state.overruled)
    }


def _asked_causes(state: OrderState) -> dict[Hold, str]:
    """Return the holds that a person or a rule wants."""
    found = {} if state.held_by_person is None else {Hold.BY_PERSON: state.held_by_person}
    if state.held_by_rules:
        found[Hold.BY_RULE] = "; ".join(state.held_by_rules[rule] for rule in sorted(state.held_by_rules))
    return found


def _part_causes(state: OrderState, unreadable: Unreadable) -> dict[Hold, str]:
    """Return what holds an order of which only what was sold is known: that, and what its units lack."""
    return {Hold.UNREADABLE: f"{unreadable.field}: {unreadable.reason}", **_unit_causes(state)}


def _channel_causes(state: OrderState, order: Order, context: Context) -> dict[Hold, str]:
    found: dict[Hold, str] = {}
    if state.before_go_live:
        found[Hold.BEFORE_GO_LIVE] = "placed before the hub was switched on"
    if order.state is ChannelState.PENDING:
        found[Hold.AWAITING_CHANNEL] = "the channel has not released it yet"
    held = sorted({w.held_by for w in order.work_orders if w.held_by})
    if held:
        found[Hold.HELD_BY_OTHER_APP] = ", ".join(held)
    if changed_after_label(state):
        found[Hold.CHANGED_AFTER_LABEL] = "the channel wants other units than were labelled"
    moved = parcels_elsewhere(state)
    if moved:
        found[Hold.ADDRESS_CHANGED_AFTER_LABEL] = (
            f"parcel {', '.join(moved)} goes to the address that the order had before"
        )
    withdrawn = "; ".join(_withdrawn(p) for p in state.parcels if p.withdrawn)
    if withdrawn and not shipped_twice(state):
        found[Hold.WITHDRAWN] = withdrawn
    theirs = _why_not_ours(state, order, context)
    if theirs:
        found[Hold.NOT_OURS] = theirs
    residue = residue_of(order)
    if residue.minor:
        found[Hold.TOTAL_MISMATCH] = (
            f"the channel's total is {residue.text()} {residue.currency} more than its parts"
        )
    return found


def _why_not_ours(state: OrderState, order: Order, context: Context) -> str:
    if not context.in_test and (order.test or any(t.test for t in order.transactions)):
        return "test order"
    if order.programs:
        return ", ".join(order.programs)
    if order.cancel_requested:
        return "the buyer asks to cancel"
    if any(line.customized for line in order.lines):
        return "customized"
    if shipped_twice(state):
        return _shipped_twice(state, order)
    if order.state is ChannelState.OPEN and not labelled(state):
        foreign = sorted(foreign_places(order, context.places))
        if foreign:
            return f"the channel has it shipped from {', '.join(foreign)}, which crossdock.yaml does not name"
        if third_party_shipped(state):
            return "a third party shipped a part of it"
        return _why_not_free(order, context.now)
    return ""


def _withdrawn(parcel: ParcelState) -> str:
    number = parcel.label.tracking if parcel.label is not None else "-"
    where = "it has left already" if parcel.departed else "its label is bought still"
    return (
        f"the channel cancelled the fulfillment of parcel {parcel.parcel_id} ({number}), and {where}: "
        "release to tell it again, or cancel the order there"
    )


def _shipped_twice(state: OrderState, order: Order) -> str:
    ours = [p.label.tracking for p in state.parcels if p.label is not None and not p.told]
    known = {p.label.tracking for p in (*state.parcels, *state.voided) if p.label is not None}
    theirs = [s.tracking for s in order.shipped if s.tracking is not None and s.tracking not in known]
    by = f": {', '.join(theirs)}" if theirs else ""
    return f"a third party shipped it too{by}; our label {', '.join(ours)} is not used"


def foreign_places(order: Order, places: Places) -> frozenset[str]:
    """Return the names of the locations that open work is assigned to and that are none of ours (R97).

    While nobody read the channel's locations yet, none is known to be foreign: see ``places_known``.
    """
    wanted = {w.location or "" for w in order.work_orders if w.lines and (w.open or w.held_by)}
    if not places:
        return frozenset()
    unknown = {
        at: (f"a location {at!r} unknown here" if at else "no location of its own", None) for at in wanted
    }
    named = {at: places.get(at, unknown[at]) for at in wanted}
    return frozenset(
        f"'{name}'" if at in places else name for at, (name, ours) in named.items() if ours is None
    )


def places_known(order: Order, places: Places) -> bool:
    """Return whether it can be told which location is to ship the order's work."""
    return bool(places) or not order.work_orders


def _why_not_free(order: Order, now: datetime) -> str:
    """Return why work that nobody holds is closed to us (R84); a channel without work orders is always free."""
    if not order.work_orders or any(w.held_by for w in order.work_orders):
        return ""
    free: Counter[str] = Counter()
    for work in order.work_orders:
        if work.open and (work.due_at is None or work.due_at <= now):
            for _, line, units in work.lines:
                free[line] += units
    if all(line.open_quantity <= free[line.line_id] for line in order.lines if line.ships):
        return ""
    later = due_later(order, now)
    if later:
        return f"the channel wants it shipped from {min(later):%Y-%m-%d %H:%M} UTC on"
    return "the channel does not ask for all of it to be shipped now"


def due_later(order: Order, now: datetime) -> list[datetime]:
    """Return the instants at which work of the order becomes due that is not yet."""
    return [w.due_at for w in order.work_orders if w.due_at is not None and w.due_at > now and w.lines]


def _unit_causes(state: OrderState) -> dict[Hold, str]:
    found: dict[Hold, str] = {}
    if state.unlinked and state.order is not None:
        names = {line.line_id: line.sku or line.title for line in state.order.lines}
        found[Hold.UNLINKED_SKU] = ", ".join(sorted(names.get(i, i) for i in state.unlinked))
    if state.backordered:
        found[Hold.BACKORDERED] = ", ".join(sorted({f"{n.units} x {n.sku}" for n in state.backordered}))
    return found


def _payment_causes(state: OrderState, order: Order) -> dict[Hold, str]:
    paid = state.payment
    if paid is None:
        return {}
    found: dict[Hold, str] = {}
    short = _why_short(paid, order, gone=labelled(state))
    if short:
        found[Hold.PAYMENT_SHORT] = short
    elif (
        paid.state is PaymentState.MISMATCH
        and paid.paid
        and paid.paid.currency != order.total_presentment.currency
    ):
        found[Hold.PAYMENT_CURRENCY] = (
            f"paid in {paid.paid.currency}, owed in {order.total_presentment.currency}"
        )
    elif paid.state is PaymentState.MISMATCH:
        found[Hold.PAYMENT_MISMATCH] = "the shop and the gateway do not tell the same"
    elif paid.state is PaymentState.LAPSED:
        found[Hold.AUTHORIZATION_LAPSED] = "nothing can be captured any more"
    if _declined(state):
        found[Hold.CAPTURE_DECLINED] = "the gateway would not take the authorized money"
    return found


def _why_short(paid: PaymentChecked, order: Order, *, gone: bool) -> str:
    """Return what is owed, or that all was given back of what is not labelled yet.

    Empty where it is neither, or the channel itself still waits for it. A part that the channel gave back of its own
    accord is recorded and owed by nobody (rule M5).
    """
    lacks = -paid.difference if paid.difference is not None else None
    back = paid.given_back
    if paid.state is PaymentState.PENDING and order.state is not ChannelState.PENDING:
        ruled = sorted({v.gateway for v in paid.verdicts if v.authority == HOLD})
        owed = f"{lacks.text()} {lacks.currency}" if lacks is not None else "the payment"
        return (
            f"{owed} through {', '.join(ruled)} waits for a person's word"
            if ruled
            else f"{owed} is not paid yet"
        )
    if paid.state is PaymentState.REFUNDED and back is not None and not gone:
        return f"{back.text()} {back.currency} was given back"
    if paid.state is PaymentState.SHORT and lacks is not None:
        return f"{lacks.text()} {lacks.currency} short"
    return ""


_TOO_RISKY = frozenset({RiskLevel.MEDIUM, RiskLevel.HIGH})


def _risk_causes(state: OrderState, order: Order, now: datetime) -> dict[Hold, str]:
    paid = state.payment
    if paid is None:
        return {}
    if paid.disputed:
        return {Hold.RISK: "the payment is disputed"}
    if paid.risk in _TOO_RISKY:
        word = "high" if paid.risk is RiskLevel.HIGH else "elevated"
        return {Hold.RISK: f"risk {paid.risk_score}" if paid.risk_score is not None else f"{word} risk"}
    if paid.risk is not RiskLevel.PENDING:
        return {}
    if now < order.placed_at + RISK_LIMIT:
        return {Hold.RISK: "the assessment is pending"}
    hours = RISK_LIMIT // timedelta(hours=1)
    return {Hold.RISK: f"no assessment came within {hours} hours; a person must decide"}


def _declined(state: OrderState) -> bool:
    """Return whether the gateway would not take an authorization that was not taken since."""
    taken = {f"capture:{c.authorization}" for c in state.captured}
    return any(
        outcome == Outcome.REFUSED
        and (name := key.split("/")[-2]).startswith("capture:")
        and name not in taken
        for key, outcome in state.settled.items()
    )


def _address_causes(state: OrderState, order: Order, context: Context) -> dict[Hold, str]:
    if order.state is ChannelState.PENDING or not any(line.ships and line.quantity for line in order.lines):
        return {}  # the channel shows no address before it releases the order, and that is all there is to wait for
    if state.forgotten_at is not None:
        return {Hold.ADDRESS_WITHHELD: Absence.FORGOTTEN.value}
    region = region_of_order(order)
    if region is None:
        return {Hold.ADDRESS_WITHHELD: getattr(order.ship_to, "why", "")}
    if not region.complete:
        return {Hold.ADDRESS_WITHHELD: f"incomplete: {', '.join(region.lacks) or 'a part'} missing"}
    return _customs_causes(order, state.needs, context, region)


def _customs_causes(
    order: Order, needs: tuple[Need, ...], context: Context, region: Region
) -> dict[Hold, str]:
    """Return the hold of goods that cannot be declared as they must, from some country they leave from."""
    homes = [home for home in context.home_countries if needs_form(region, home)]
    codes = {n.sku: context.tariff_code(n.sku) for n in needs}
    lacking = sorted(sku for sku, code in codes.items() if code is None)
    if lacking and any(not needs_no_form(region, home) for home in homes):
        return {Hold.CUSTOMS_MISSING: f"{', '.join(lacking)}: tariff code or origin"}
    known = {sku: code for sku, code in codes.items() if code is not None}
    over = {told for home in homes for told in lacking_itn(order, needs, region, home, codes=known)}
    if not over:
        return {}
    return {Hold.CUSTOMS_MISSING: f"ITN: tariff code {', '.join(sorted(over))}; declare it in AES"}


def _label_causes(state: OrderState, no_label: str) -> dict[Hold, str]:
    """Return the hold of goods that fit no box (found when packing, so remembered), or that no rate will do for."""
    if Hold.NO_BOX in state.holds:
        return {Hold.NO_BOX: state.holds[Hold.NO_BOX]}
    if state.label_given_up is not None and not labelled(state):
        return {Hold.NO_RATE: no_label.replace(MESSAGE, state.label_given_up)}
    for parcel in state.parcels:
        if parcel.label is None and parcel.quote.chosen is None:
            reasons = sorted({f"{r.carrier} {r.service}: {r.reason}" for r in parcel.quote.rates})
            return {Hold.NO_RATE: no_label.replace(MESSAGE, "; ".join(reasons) or "no carrier offers a rate")}
    return {}


def tariff_codes_of(products: Mapping[str, tuple[str | None, str | None]]) -> TariffCodes:
    """Return the look-up in a table of SKU -> (tariff code, origin)."""
    whole = {sku: hs for sku, (hs, origin) in products.items() if hs and origin}
    return whole.get
