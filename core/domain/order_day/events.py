"""What happens in the day, in its order: the merchant's opening, what came from outside, what people said. The rest the hub does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.domain.order_day import made
from core.domain.order_day.changes import changes, edited
from core.domain.order_day.history import History, Json
from core.domain.order_day.placing import placed
from core.domain.order_day.stocked import lacking_customs
from core.model import facts as f
from core.model.actions import Action
from core.model.address import Region
from core.model.fact_base import FactBase
from core.model.holds import Hold
from core.model.order import Order
from core.model.stock import Allocation

OPENS_BEFORE = timedelta(hours=1)
ACCEPTS_AFTER = timedelta(minutes=30)
_MOMENT = timedelta(seconds=1)
_OF_CHANNEL = (f.Received, f.Changed, f.ChannelTold, f.Captured, f.CancelledAtChannel)
_SERVED: Mapping[str, tuple[type[FactBase], ...]] = {
    "shop": _OF_CHANNEL,
    "amz": _OF_CHANNEL,
    "pay": (f.PaymentChecked,),
    "post": (f.Quoted, f.LabelBought, f.LabelVoided, f.VoidAnswered),
    "mail": (f.ShopperTold,),
}
"""The facts that each connection of a day has a part in."""
_ITSELF = ("hub", "channel", "gateway", "carrier", "rule:")
"""Who tells facts and is no person."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at an instant: a verb of day/1, and what it is about."""

    at: datetime
    verb: str
    what: object

    def json(self) -> Json:
        """Return it as a day writes it."""
        return {"at": self.at.isoformat(), self.verb: self.what}


def starts_at(history: History) -> datetime:
    """Return when the day begins: of an order from before go-live, when the hub came to know it."""
    first = history.received
    if first.before_go_live:
        return first.at
    return min(first.order.placed_at, first.at) - OPENS_BEFORE


def events(history: History) -> list[Event]:
    """Return everything that happens, the first one first."""
    found = [*_opening(history), *_Telling(history).told(), *_cut_off(history)]
    return sorted(found, key=lambda event: event.at)


def _opening(history: History) -> Iterator[Event]:
    start, names = starts_at(history), history.connections
    yield Event(start, "connect", list(names.values()))
    some: dict[tuple[str, ...], list[str]] = {}
    for connection, name in names.items():
        actions = tuple(a.value for a in Action if (connection, a.value) in history.accepted)
        if actions:
            some.setdefault(actions, []).append(name)
    for actions, where in some.items():
        yield Event(start + ACCEPTS_AFTER, "accept", {"actions": list(actions), "connections": where})


def _cut_off(history: History) -> Iterator[Event]:
    """Yield the end of the hub's access to a connection: just after it served the order last, else before it could."""
    first = history.received
    for connection in history.lost:
        name = history.connections.get(connection)
        if name is None:
            continue
        served = [fact.at for fact in history.facts if isinstance(fact, _SERVED[name])]
        placed_at = min(first.order.placed_at, first.at)
        at = max(served) + _MOMENT if served else placed_at - _MOMENT
        yield Event(max(at, starts_at(history) + ACCEPTS_AFTER + _MOMENT), "disconnect", [name])


@dataclass(slots=True)
class _Telling:
    """Goes through the facts of an order and tells what made each of them come."""

    history: History
    order: Order | None = None
    address: str | None = None
    """Digest of the address, as far as one was told."""
    moves: int = 1
    """How many addresses it had."""
    ours: set[str] = field(default_factory=set)
    by_us: bool = False
    """The hub itself cancels it."""
    disputed: bool = False
    lacking: bool = False
    """It is backordered."""

    def told(self) -> Iterator[Event]:
        for fact in self.history.facts:
            yield from self._caused(fact)
            self._remember(fact)

    def _caused(self, fact: f.Fact) -> Iterator[Event]:
        match fact:
            case f.Received():
                yield from self._placed(fact)
            case f.Changed() if self.order is not None:
                yield from self._changed(self.order, fact)
            case f.UnitsCommitted() if self.lacking:
                yield from self._received(fact.at, fact.allocations)
            case f.PaymentChecked(disputed=True) if not self.disputed:
                yield Event(fact.at, "dispute", {"order": self.history.number})
            case f.Released(reason=Hold.UNLINKED_SKU):
                yield from self._linked(fact.at)
            case f.Released(reason=Hold.CUSTOMS_MISSING):
                yield from self._declared(fact.at)
            case _:
                yield from self._said(fact)

    def _placed(self, fact: f.Received) -> Iterator[Event]:
        if not fact.before_go_live:
            yield Event(min(fact.order.placed_at, fact.at), "place", placed(self.history))

    def _changed(self, old: Order, fact: f.Changed) -> Iterator[Event]:
        if self.by_us:
            return
        if set(fact.unlinked) < self._unlinked:
            yield from self._linked(fact.at)
        for verb, what in changes(self.history, old, fact.order, self.ours):
            yield Event(fact.at, verb, what)
        for verb, what in edited(self.history, old, fact.order, self._moved(old, fact)):
            yield Event(fact.at, verb, what)

    @property
    def _unlinked(self) -> set[str]:
        return set(self.history.received.unlinked)

    def _moved(self, old: Order, fact: f.Changed) -> Json | None:
        """Return the new address, where there is another one than before."""
        where = fact.order.ship_to
        if not isinstance(where, Region) or not isinstance(old.ship_to, Region):
            return None
        another = self.address is not None and fact.address not in (None, self.address)
        if where == old.ship_to and not another:
            return None
        self.moves += 1
        return made.address(where, self.moves)

    def _received(self, at: datetime, allocations: tuple[Allocation, ...]) -> Iterator[Event]:
        for each in allocations:
            units = self.history.units({each.sku: each.units})
            yield Event(at, "receive", {"at": each.location, "units": units})

    def _linked(self, at: datetime) -> Iterator[Event]:
        lines = {line.line_id: line.listing for line in self.history.told.lines}
        for listing in dict.fromkeys(lines.get(line_id) for line_id in self.history.received.unlinked):
            of = self.history.links.get(listing or "")
            if listing is not None and of:
                name = self.history.listing_names[listing]
                what = {"channel": self.history.channel, "listing": name, "of": self.history.units(of)}
                yield Event(at, "link", what)

    def _declared(self, at: datetime) -> Iterator[Event]:
        for sku in lacking_customs(self.history):
            product = self.history.products[sku]
            name = self.history.sku_names[sku]
            yield Event(at, "product", {"sku": name, "hs": product.hs, "origin": product.origin})

    def _said(self, fact: f.Fact) -> Iterator[Event]:
        this = {"order": self.history.number}
        if fact.actor.startswith(_ITSELF):
            return
        match fact:
            case f.HoldAsked():
                yield Event(fact.at, "hold", this)
            case f.Released():
                yield Event(fact.at, "release", this | {"hold": fact.reason.value})
            case f.RejectionAsked():
                yield Event(fact.at, "reject", this)
            case f.LabelAsked():
                yield Event(fact.at, "release", this)
            case f.VoidAsked():
                yield Event(fact.at, "void", this | {"parcel": fact.parcel_id})
            case f.Retried():
                yield Event(fact.at, "retry", this)

    def _remember(self, fact: f.Fact) -> None:
        match fact:
            case f.Received() | f.Changed():
                self.order = fact.order
                if isinstance(fact, f.Changed) and fact.address is not None:
                    self.address = fact.address
            case f.Quoted() if fact.address is not None:
                self.address = fact.address
            case f.LabelBought():
                self.ours.add(fact.tracking)
            case f.RejectionAsked():
                self.by_us = True
            case f.Intended(operation="cancel_order"):
                self.by_us = True
            case f.PaymentChecked():
                self.disputed = fact.disputed
            case f.UnitsCommitted():
                self.lacking = bool(fact.backordered)
