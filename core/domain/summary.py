"""The hub's facts and states in words for people."""

from collections.abc import Mapping

from core.domain.rule_summary import rule_summary
from core.model import facts as f
from core.model.annotations import Annotation, Assigned, NoteAdded, Tagged, Untagged
from core.model.effects import Outcome
from core.model.money import Money
from core.model.people import called
from core.model.rule_facts import OfRule


def amount_text(amount: Money | None) -> str:
    """Return an amount with its currency, as in ``19.99 USD``."""
    if amount is None:
        return "nothing"
    return f"{amount.text()} {amount.currency}" if amount.known else "amount unknown"


_ASKED = {"hold_asked": "Held by a person", "label_asked": "Label asked for", "retried": "Sent on again"}


def _annotated(fact: Annotation, notes: Mapping[str, str] | None, names: Mapping[str, str]) -> str:
    match fact:
        case NoteAdded():
            return "Note" if notes is None else _note(notes.get(fact.note_id))
        case Tagged():
            return f"Tagged {fact.tag}"
        case Untagged():
            return f"Tag {fact.tag} taken off"
        case Assigned():
            return f"Assigned to {called(fact.to, names) if fact.to else 'nobody'}"


def _note(text: str | None) -> str:
    return "Note (forgotten)" if text is None else f"Note: {' '.join(text.split())}"


def _chosen(fact: f.Quoted) -> str:
    chosen = next((r for r in fact.rates if r.reason == "chosen"), None)
    return f"{chosen.carrier} {chosen.service} {amount_text(chosen.price)}" if chosen else "none will do"


def _noted(note: str) -> str:
    return f". {note}" if note else ""


NO_NAMES: Mapping[str, str] = {}


def summary(fact: f.Fact, notes: Mapping[str, str] | None = None, names: Mapping[str, str] = NO_NAMES) -> str:  # noqa: C901, PLR0912 - a table of every fact
    """Return what a fact says, in one line; empty where it only matters to the machine.

    ``notes`` are the texts by id that were not forgotten (None: not to be told); ``names`` are what users are called.
    """
    match fact:
        case f.Received():
            return f"Received: {amount_text(fact.order.total)}, {sum(n.units for n in fact.needs)} units"
        case f.Changed():
            return f"Changed at the channel ({fact.order.state})"
        case f.UnitsCommitted():
            parts = [f"{a.units} x {a.sku} at {a.location}" for a in fact.allocations]
            parts += [f"{n.units} x {n.sku} backordered" for n in fact.backordered]
            return f"Units committed: {', '.join(parts)}" if parts else ""
        case f.UnitsReleased():
            return f"Units set free: {', '.join(f'{a.units} x {a.sku}' for a in fact.allocations)}"
        case f.UnitsShipped():
            left = ", ".join(f"{a.units} x {a.sku} from {a.location}" for a in fact.allocations)
            return f"Units left: {left}"
        case f.PaymentChecked():
            asked = ", ".join(sorted({v.authority for v in fact.verdicts})) or "the channel"
            return f"Payment {fact.state}: {amount_text(fact.paid)}, asked {asked}"
        case f.Held():
            return f"Held: {fact.reason.words}. {fact.detail}"
        case f.Released():
            return f"Released: {fact.reason.words}{_noted(fact.note)}"
        case f.Quoted():
            box = f"{fact.parcel.box}{' (packing cut short)' if fact.parcel.ended_early else ''}"
            return f"{len(fact.rates)} rates for parcel {fact.parcel.parcel_id} in box {box}: {_chosen(fact)}"
        case f.RateRefused():
            return f"Label refused: {fact.carrier} {fact.service}: {fact.message}; the next best is taken"
        case f.LabelBought():
            return f"Label bought: {fact.carrier} {fact.service} {amount_text(fact.price)}, {fact.tracking}"
        case f.LabelVoided():
            asked = " (the carrier has not answered yet)" if fact.pending else ""
            return f"Label of parcel {fact.parcel_id} voided: {fact.why}{asked}"
        case f.VoidAnswered():
            answer = "took the label back" if fact.taken else "rejected the void; it is asked again"
            return f"Parcel {fact.parcel_id}: the carrier {answer}"
        case f.LeftAfterVoid():
            return f"Parcel {fact.parcel_id} is on its way although its label was voided: {fact.state.replace('_', ' ')}"
        case f.ChannelTold():
            return f"Channel told of parcel {fact.parcel_id}"
        case f.ShopperTold():
            return f"Shopper mailed: {fact.about.replace(':', ' of parcel ')}"
        case f.NotSendable():
            why = f"the mail server refused it ({fact.code})" if fact.code else "no mail server takes it"
            return f"Not sendable: {fact.about.replace(':', ' of parcel ')}, {why}"
        case f.Captured():
            return f"Captured {amount_text(fact.amount)}"
        case f.CancelledAtChannel():
            return "Cancelled at the channel, money given back"
        case f.RejectionAsked():
            return f"Rejected: {fact.why}"
        case f.LabelAsked() | f.HoldAsked() | f.Retried():
            return f"{_ASKED[fact.kind]}{_noted(fact.note)}"
        case f.VoidAsked():
            return f"Label of parcel {fact.parcel_id} to be taken back{_noted(fact.note)}"
        case f.VoidRefused():
            return f"The carrier does not take back the label of parcel {fact.parcel_id}"
        case f.ShippedElsewhere():
            return f"Shipped elsewhere: {', '.join(fact.tracking) or 'no tracking number'}"
        case f.PartShippedElsewhere():
            return f"A third party shipped {sum(units for _, units in fact.lines)} units of it"
        case f.Tracked():
            return f"Parcel {fact.parcel_id}: {fact.state.replace('_', ' ')}"
        case f.Settled(operation="send", outcome=Outcome.REFUSED):
            return ""  # its own line stands beside it
        case f.Settled() if fact.outcome != "done":
            return f"{fact.operation}: {fact.outcome}{f' ({fact.code})' if fact.code else ''}"
        case f.Parked():
            return f"Needs attention at {fact.step}: {fact.message}"
        case f.Forgotten():
            return f"Personal data forgotten: {fact.why.words}"
        case f.Noted():
            return fact.text
        case OfRule():
            return rule_summary(fact)
        case NoteAdded() | Tagged() | Untagged() | Assigned():
            return _annotated(fact, notes, names)
        case _:
            return ""
