"""What of an order's stored facts would not have come, had other rules held it, cancelled it or bought no label."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.domain.due import View, locations_of
from core.domain.rules.recorded import OF_LABELS
from core.model import facts as f
from core.model.holds import Hold
from core.model.order import ChannelState, Order

_OF_PARCEL = (
    f.RateRefused
    | f.LabelBought
    | f.LabelStored
    | f.LabelVoided
    | f.VoidAnswered
    | f.LeftAfterVoid
    | f.ChannelTold
    | f.Tracked
    | f.VoidAsked
    | f.VoidRefused
)


@dataclass(slots=True)
class Gone:
    """The stored facts that were left out because they would not have come, and what hangs on them."""

    parcels: set[str] = field(default_factory=set)
    """Parcels that would not have been packed, or whose label would not have been bought."""
    tracking: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    """Effects that nobody would have asked for."""
    cancelled: bool = False
    """The hub's cancellation at the channel would not have come."""
    echoed: bool = False
    """What the channel told of any of it was left out as well."""
    told_more: bool = False
    """And told something else with it, of which nobody knows how it would have come."""
    last: Order | None = None
    """The order as it was told last."""

    def takes(self, view: Callable[[], View], fact: f.Fact) -> bool:
        """Return whether a stored fact would not have come; it is remembered then. Few facts need the view."""
        taken = self._would_not_come(view, fact)
        match fact:
            case f.Quoted() if taken:
                self.parcels.add(fact.parcel.parcel_id)
            case f.Quoted():
                self.parcels.discard(fact.parcel.parcel_id)
            case f.Intended() if taken:
                self.keys.add(fact.key)
                self.parcels |= {str(fact.data["parcel"])} if fact.operation == "buy" else set()
            case f.LabelBought() if taken:
                self.tracking.add(fact.tracking)
            case f.CancelledAtChannel() if taken:
                self.cancelled = True
            case f.Changed() if taken:
                self.echoed = True
                self.told_more |= self.last is None or not _is_only_echo(self.last, fact.order)
        if isinstance(fact, f.Received | f.Changed):
            self.last = fact.order
        return taken

    def _would_not_come(self, view: Callable[[], View], fact: f.Fact) -> bool:
        match fact:
            case f.Quoted():
                return keeps(view())
            case f.Intended():
                return self._not_asked(view(), fact)
            case f.Settled():
                return fact.key in self.keys
            case f.Captured():
                return self._no_capture(view())
            case f.ShopperTold() | f.NotSendable():
                return fact.about.partition(":")[2] in self.parcels
            case f.UnitsShipped():
                return bool(self.parcels)
            case f.CancelledAtChannel():
                return view().state.rejection is None
            case f.Changed():
                return self._is_echo(fact)
            case f.Held() | f.Released():
                return _needs_no_word(view(), fact)
            case _:
                return isinstance(fact, _OF_PARCEL) and fact.parcel_id in self.parcels

    def _not_asked(self, view: View, fact: f.Intended) -> bool:
        if fact.operation == "buy":
            return keeps(view)
        if fact.operation == "capture":
            return self._no_capture(view)
        if fact.operation == "cancel_order":
            return view.state.rejection is None
        about = str(fact.data.get("about", "")).partition(":")[2]
        return bool({str(fact.data.get("parcel")), about} & self.parcels)

    def _no_capture(self, view: View) -> bool:
        return bool(self.parcels) and not view.state.capture_asked

    def _is_echo(self, fact: f.Changed) -> bool:
        """Return whether a channel tells of what would not have been done."""
        ours = any(shipped.tracking in self.tracking for shipped in fact.order.shipped)
        ended = self.cancelled and fact.order.state is ChannelState.CANCELLED
        return ours or ended or self.echoed


def _is_only_echo(before: Order, after: Order) -> bool:
    """Return whether a channel tells nothing but what became of labels, money and its own cancellation by us."""
    return _of_shopper(before) == _of_shopper(after)


def _of_shopper(order: Order) -> tuple[object, ...]:
    """Return what only shopper or channel change of an order."""
    wanted = tuple((line.line_id, line.sku, line.quantity) for line in order.lines)
    return (wanted, order.total, order.ship_to, order.method, order.cancel_requested, order.programs)


def held_by_rules(view: View) -> frozenset[Hold]:
    """Return what rules hold an order by: a word of their own, or the labels that they want."""
    state = view.state
    unsold = any(p.label is None and p.quote.chosen is None for p in state.parcels)
    if not (state.held_by_rules or unsold or state.label_given_up is not None):
        return frozenset()  # what else there is to hold it need not be found out
    return OF_LABELS & view.wanted_holds.keys()


def keeps(view: View) -> bool:
    """Return whether what rules say keeps an order's labels from being bought."""
    state = view.state
    asks = any(place.labels == "ask" for place in locations_of(view))
    return bool(held_by_rules(view)) or state.rejection is not None or (asks and not state.label_asked)


def _needs_no_word(view: View, fact: f.Held | f.Released) -> bool:
    """Return whether a hold was let go of by rules before, or a person let go of one that would not be there."""
    if isinstance(fact, f.Held):
        return fact.reason in view.state.overruled and fact.reason not in view.wanted_holds
    return fact.reason not in view.state.holds and fact.reason not in view.wanted_holds
