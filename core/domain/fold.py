"""Facts added up: ``fold`` adds one, ``summarize`` adds them all; both are pure."""

from collections import Counter
from collections.abc import Iterable
from functools import reduce
from typing import Any

from core.domain.fold_parcels import parcel_changes, ruled_anew, seen_at_channel, update_label, update_parcel
from core.domain.fold_rules import rule_changes
from core.domain.state import OpenIntent, OrderState, ParcelState, is_locked, third_party_shipped
from core.model import facts as f
from core.model.annotations import Annotation, Assigned, NoteAdded, Tagged, Untagged
from core.model.effects import Outcome
from core.model.facts import GatewayNotified
from core.model.holds import Hold
from core.model.order import ChannelState
from core.model.people import by_person
from core.model.rule_facts import OfRule
from core.model.stock import Allocation


def summarize(facts: Iterable[f.Fact]) -> OrderState:
    """Return where an order stands after these facts, in the order they were told."""
    return reduce(fold, facts, OrderState())


def fold(state: OrderState, fact: f.Fact) -> OrderState:
    """Return where the order stands after one more fact."""
    return state.model_copy(update={**_changes(state, fact), "version": state.version + 1})


def _changes(state: OrderState, fact: f.Fact) -> dict[str, Any]:  # noqa: C901, PLR0912 - a table of every fact
    match fact:
        case f.Received():
            return {
                "order": fact.order,
                "needs": fact.needs,
                "unlinked": fact.unlinked,
                Hold.BEFORE_GO_LIVE: fact.before_go_live,
                "made_of": _made_of(state, fact),
                "third_party_units": third_party_shipped(state.model_copy(update={"order": fact.order})),
            }
        case f.Changed():
            return _changed(state, fact)
        case f.UnitsCommitted():
            changes = {"allocations": state.allocations + fact.allocations, "backordered": fact.backordered}
            return {**changes, "route_open": False, **_packed_anew(state)}
        case f.UnitsShipped(label_id=str(label)):
            return {"parcels": update_label(state.parcels, label, {"set_free": False})}
        case f.UnitsReleased() | f.UnitsShipped():
            return {"allocations": _without(state.allocations, fact.allocations)}
        case f.PaymentChecked():
            return {"payment": fact, "payment_stale": False, **_judged_anew(state, fact)}
        case GatewayNotified():
            return {"payment_stale": True}
        case f.Held():
            return {"holds": {**state.holds, fact.reason: fact.detail}, **ruled_anew(state, fact.reason)}
        case f.Released():
            return _released(state, fact)
        case f.Intended():
            intent = OpenIntent(
                key=fact.key,
                operation=fact.operation,
                connection=fact.connection,
                look_up_at=fact.look_up_at,
                data=fact.data,
            )
            return {"open": (*state.open, intent)}
        case f.Settled():
            declined = fact.operation == "capture" and fact.outcome is Outcome.REFUSED
            return {
                **({"parcels": _still_wanted(state, fact.key)} if fact.outcome is not Outcome.DONE else {}),
                "open": tuple(i for i in state.open if i.key != fact.key),
                "settled": {**state.settled, fact.key: fact.outcome},
                **(ruled_anew(state, Hold.CAPTURE_DECLINED) if declined else {}),
            }
        case f.Captured():
            known = {(c.authorization, c.reference) for c in state.captured}
            again = (fact.authorization, fact.reference) in known  # settled twice, taken once
            return {} if again else {"captured": (*state.captured, fact)}
        case f.ShopperTold():
            return _mailed(state, fact)
        case f.NotSendable():
            return {"not_sendable": (*state.not_sendable, fact.about)}
        case f.RejectionAsked():
            return {"rejection": fact.why, "parked": None}
        case f.CancelledAtChannel():
            return {"cancelled_at_channel": True}
        case f.LabelAsked() | f.HoldAsked() | f.VoidAsked() | f.VoidRefused():
            return _asked_by_a_person(state, fact)
        case f.ShippedElsewhere():
            return {"shipped_elsewhere": True}
        case f.PartShippedElsewhere():
            # Told late, it takes nothing back.
            most = Counter(state.third_party_units) | Counter(dict(fact.lines))
            return {"third_party_units": dict(most)}
        case f.Parked():
            return {"parked": fact}
        case f.Retried():
            return {"parked": None}
        case f.Forgotten():
            return {"forgotten_at": state.forgotten_at or fact.at}
        case f.Noted():
            return {}
        case NoteAdded() | Tagged() | Untagged() | Assigned():
            return _annotated(state, fact)
        case OfRule():
            return rule_changes(state, fact)
        case _:
            return parcel_changes(state, fact)


def _changed(state: OrderState, fact: f.Changed) -> dict[str, Any]:
    changes: dict[str, Any] = {"order": fact.order, "needs": fact.needs, "unlinked": fact.unlinked}
    changes |= {"parked": None, "label_given_up": None, "made_of": _made_of(state, fact)}
    if fact.before_go_live is not None:
        changes["before_go_live"] = fact.before_go_live
    return {**changes, **_packed_anew(state), **_seen_at_channel(state, fact)}


def _annotated(state: OrderState, fact: Annotation) -> dict[str, Any]:
    match fact:
        case NoteAdded():
            return {}
        case Tagged():
            return {"tags": tuple(sorted({*state.tags, fact.tag}))}
        case Untagged():
            return {"tags": tuple(tag for tag in state.tags if tag != fact.tag)}
        case Assigned():
            return {"assignee": fact.to}


def _asked_by_a_person(
    state: OrderState, fact: f.LabelAsked | f.HoldAsked | f.VoidAsked | f.VoidRefused
) -> dict[str, Any]:
    match fact:
        case f.LabelAsked():
            return {"label_asked": True}
        case f.HoldAsked():
            return {"held_by_person": fact.note}
        case f.VoidAsked():
            asked = (*state.voids_asked, fact.parcel_id)
            return {"held_by_person": fact.note, "voids_asked": asked, "label_asked": False}
        case f.VoidRefused():
            return {"voids_asked": tuple(p for p in state.voids_asked if p != fact.parcel_id)}


def _released(state: OrderState, fact: f.Released) -> dict[str, Any]:
    """Return what a release changes; a person's overrules the cause, and what no rate would do for is packed anew."""
    changes: dict[str, Any] = {"holds": {k: v for k, v in state.holds.items() if k != fact.reason}}
    if fact.reason == Hold.BY_PERSON:
        return {**changes, "held_by_person": None}
    if fact.reason == Hold.BY_RULE:
        return {**changes, "held_by_rules": {}}
    if not by_person(fact.actor):
        return changes
    if fact.reason not in state.overruled:
        changes["overruled"] = (*state.overruled, fact.reason)
    if fact.reason == Hold.NO_RATE:
        changes |= {"parcels": _bought(state), "label_given_up": None}
    return changes


def _seen_at_channel(state: OrderState, fact: f.Changed) -> dict[str, Any]:
    """Return what the channel's word changes of parcels and of what a person let go: he let go what he saw.

    Another address is another parcel. A parcel that we told of is withdrawn once the channel shows its fulfillment as
    cancelled, and told again once it shows its number anew.
    """
    parcels = tuple(seen_at_channel(p, fact.order) for p in _bought(state))
    anew = {p.parcel_id for p in parcels if p.withdrawn} - {p.parcel_id for p in state.parcels if p.withdrawn}
    changes: dict[str, Any] = {"parcels": parcels}
    gone = {Hold.WITHDRAWN} if anew else set()
    if fact.address is not None and fact.address != state.address:
        changes["address"] = fact.address
        gone.add(Hold.ADDRESS_CHANGED_AFTER_LABEL)
    return {**changes, "overruled": tuple(r for r in state.overruled if r not in gone)}


def _made_of(state: OrderState, fact: f.Received | f.Changed) -> dict[str, dict[str, int]]:
    """Return what one unit of each line is made of; of a line that is wanted no more, as it was known last."""
    free = fact.order.state is ChannelState.OPEN and not any(is_locked(state, p) for p in state.parcels)
    gone = third_party_shipped(state.model_copy(update={"order": fact.order})) if free else {}
    wanted = {line.line_id: line.quantity - gone.get(line.line_id, 0) for line in fact.order.lines}
    found: dict[str, dict[str, int]] = {}
    for need in fact.needs:
        of_line = found.setdefault(need.line_id, {})
        of_line[need.sku] = of_line.get(need.sku, 0) + need.units // max(1, wanted[need.line_id])
    return {**state.made_of, **found}


def _packed_anew(state: OrderState) -> dict[str, Any]:
    """Forget every parcel without a label, and that something fitted no box: other goods, another address."""
    return {
        "parcels": _bought(state),
        "holds": {k: v for k, v in state.holds.items() if k != Hold.NO_BOX},
    }


def _bought(state: OrderState) -> tuple[ParcelState, ...]:
    """Return the parcels whose label is bought, or is being bought and may be sold any moment."""
    return tuple(
        p if p.label is not None else p.model_copy(update={"outdated": True})
        for p in state.parcels
        if is_locked(state, p)
    )


def _still_wanted(state: OrderState, key: str) -> tuple[ParcelState, ...]:
    """Return the parcels without the one whose label was not sold after all, if the order changed meanwhile."""
    asked = {i.data.get("parcel") for i in state.open if i.key == key and i.operation == "buy"}
    return tuple(p for p in state.parcels if p.label or not p.outdated or p.parcel_id not in asked)


def _judged_anew(state: OrderState, found: f.PaymentChecked) -> dict[str, Any]:
    """Let what a person overruled hold again where a check found other money, or another risk, than he saw."""
    last, gone = state.payment, set()
    if last is None:
        return {}
    if (last.state, last.paid, last.difference) != (found.state, found.paid, found.difference):
        gone |= {Hold.PAYMENT_SHORT, Hold.PAYMENT_MISMATCH, Hold.PAYMENT_CURRENCY}
    if (last.risk, last.risk_score, last.disputed) != (found.risk, found.risk_score, found.disputed):
        gone.add(Hold.RISK)
    return {"overruled": tuple(r for r in state.overruled if r not in gone)}


def _mailed(state: OrderState, fact: f.ShopperTold) -> dict[str, Any]:
    changes: dict[str, Any] = {"messages": (*state.messages, fact.about)}
    kind, _, parcel_id = fact.about.partition(":")
    if kind == "shipping":
        changes["parcels"] = update_parcel(state.parcels, parcel_id, {"mailed": True})
    return changes


def _without(held: tuple[Allocation, ...], gone: tuple[Allocation, ...]) -> tuple[Allocation, ...]:
    """Return what stays set aside after some of it went, line by line."""
    left = {(a.line_id, a.sku, a.location): 0 for a in held}
    for a in held:
        left[a.line_id, a.sku, a.location] += a.units
    for a in gone:
        left[a.line_id, a.sku, a.location] = left.get((a.line_id, a.sku, a.location), 0) - a.units
    return tuple(
        Allocation(line_id=line, sku=sku, location=location, units=units)
        for (line, sku, location), units in left.items()
        if units > 0
    )
