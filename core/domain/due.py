"""What is due for an order now, or the instant of the next thing: a table, and pure.

Webhook, poll, released hold, cancellation, crash, retry and changed configuration all end here: the order is looked
at, and what its facts, the configuration and the clock make due is done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from core.config.merchant import Location, MerchantConfig
from core.domain.departures import left_after_void, units_gone
from core.domain.holds import Context, Places, TariffCodes, causes, due_later, places_known
from core.domain.label_choice import labels_of
from core.domain.parcels import holds_other_units, shipped_twice, third_party_shipped_more
from core.domain.payment import RISK_LIMIT, digest_of, to_capture
from core.domain.rule_guards import is_guarded
from core.domain.state import (
    OrderState,
    ParcelState,
    covers_needs,
    is_locked,
    labelled,
    money_is_in_order,
    region_of_order,
)
from core.model.actions import Action
from core.model.gates import Gate
from core.model.holds import Hold
from core.model.money import Money
from core.model.order import ChannelState, FulfilledBy, Order, RiskLevel
from core.model.shipment import VoidState

RATES_KEEP = timedelta(minutes=30)
"""Rates older than this are asked again before a label is bought on them."""


@dataclass(frozen=True, kw_only=True)
class View:
    """All that a decision may look at; what several steps ask of it is found out once."""

    state: OrderState
    now: datetime
    config: MerchantConfig
    accepted: Callable[[str, Action], bool]
    """Whether the merchant accepted an action of a connection."""
    tariff_code: TariffCodes
    can_capture: bool
    """Whether the order's channel keeps its own books of money."""
    email_known: bool
    places: Places
    """The locations of the order's channel."""
    carrier: str | None
    """The connection that sells labels."""
    mailer: str | None
    """The connection that sends mail."""
    in_test: bool = False
    """Whether the merchant is in test mode (R99)."""
    acts: Callable[[str], bool] = lambda _: True
    """Whether anything may be changed at a connection: in test mode only where it is in test mode too."""
    live: bool = True
    """Whether the merchant accepted anything: before, and after a restore, no rule does anything."""
    mails_since: datetime | None
    """When mails were first accepted: who ordered before is mailed nothing (R85)."""

    @property
    def order(self) -> Order:
        """The order; ``next_step`` asks only where it is known."""
        if self.state.order is None:
            raise ValueError("the order is not known yet")
        return self.state.order

    @cached_property
    def wanted_holds(self) -> dict[Hold, str]:
        """What holds the order now."""
        context = Context(
            home_countries=_home_countries(self),
            tariff_code=self.tariff_code,
            places=self.places,
            now=self.now,
            no_label=labels_of(self.config.labels, self.state).no_label,
            in_test=self.in_test,
        )
        return causes(self.state, context)

    @cached_property
    def closed_gate(self) -> Gate | None:
        """The first gate that keeps a label from being bought, whatever the clock says; None where all are open."""
        return _closed_gate(self)


def _home_countries(view: View) -> frozenset[str]:
    """Return the countries that the order's units lie in; of units not set aside yet, those that they may come from."""
    locations = view.config.locations
    aside = frozenset(
        locations[a.location].country for a in view.state.allocations if a.location in locations
    )
    every = frozenset(location.country for location in locations.values())
    region = region_of_order(view.order)
    near = every & {region.country} if region is not None else every
    return aside or near or every


def look_up_at(view: View) -> datetime | None:
    """Return when the first effect without an outcome is looked up."""
    return min((intent.look_up_at for intent in view.state.open), default=None)


def units_to_commit(state: OrderState) -> bool:
    """Return whether the units set aside (or backordered) differ from what the order needs.

    What lies in a labelled parcel is never set free or looked for elsewhere: an edit after the label holds the order.
    """
    if state.ended or state.shipped_elsewhere or any(is_locked(state, p) for p in state.parcels):
        return False
    return state.route_open or holds_other_units(state)


def void_again(view: View) -> datetime | None:
    """Return when the carrier is to be asked again to take back a label that it would not."""
    rejected = [p for p in view.state.voided if p.void is VoidState.REJECTED and p.voided_at is not None]
    return min((p.voided_at + void_pause(p.voids_rejected) for p in rejected if p.voided_at), default=None)


FIRST_VOID = timedelta(seconds=1)
SLOWEST_VOID = timedelta(hours=6)
"""How often a carrier that keeps refusing is asked."""


def void_pause(tried: int) -> timedelta:
    """Return how long to wait after so many refusals: seconds at first, for most are mended at once, then hours."""
    return min(SLOWEST_VOID, FIRST_VOID * (1 << min(tried - 1, 20)))


def units(view: View) -> datetime | None:
    """Return when the units set aside are to be made those that the order needs."""
    shipped = view.order.state is ChannelState.SHIPPED
    return view.now if units_to_commit(view.state) and not shipped else None


def part_shipped(view: View) -> datetime | None:
    """Return when a part that a third party shipped is to be noted."""
    state = view.state
    if state.cancelled or state.shipped_elsewhere or view.order.state is not ChannelState.OPEN:
        return None
    free = not any(is_locked(state, p) for p in state.parcels)
    return view.now if free and third_party_shipped_more(state) else None


def cancellation(view: View) -> datetime | None:
    """Return when what was bought or set aside for an order that ended is to be given back."""
    state = view.state
    bought = [p for p in state.parcels if p.label is not None and not p.departed]
    if state.ended and (bought or state.allocations):  # what left was taken off before
        return view.now
    return None


def void(view: View) -> datetime | None:
    """Return when a label that a person wants taken back is to be voided."""
    asked = any(label_to_void(view.state, p) for p in view.state.parcels)
    return view.now if asked else None


def label_to_void(state: OrderState, parcel: ParcelState) -> bool:
    """Return whether a person wants a parcel's label taken back and it still can be."""
    free = parcel.label is not None and not parcel.departed and not parcel.told
    return free and parcel.parcel_id in state.voids_asked


def rejection(view: View) -> datetime | None:
    """Return when the channel is to cancel an order that a person rejected."""
    due = view.state.rejection is not None and not view.state.cancelled
    return view.now if due and view.acts(view.order.connection) else None


def shipped_elsewhere(view: View) -> datetime | None:
    """Return when it is to be noted that a third party shipped the whole order."""
    state = view.state
    ours = any(p.label is not None for p in state.parcels)
    done = state.shipped_elsewhere or ours or view.order.fulfilled_by is FulfilledBy.CHANNEL
    return view.now if view.order.state is ChannelState.SHIPPED and not done else None


def holds(view: View) -> datetime | None:
    """Return when the holds told are to be made those that stand."""
    if view.wanted_holds != view.state.holds:
        return view.now
    later = due_later(view.order, view.now) if Hold.NOT_OURS in view.state.holds else []
    paid, limit = view.state.payment, view.order.placed_at + RISK_LIMIT
    if paid is not None and paid.risk is RiskLevel.PENDING and view.now < limit:
        later.append(limit)
    return min(later, default=None)


def payment(view: View) -> datetime | None:
    """Return when the payment is to be verified."""
    last = view.state.payment
    gateways_asked = not view.order.paid_via_channel
    if view.state.shipped_elsewhere or (view.state.cancelled and last is None and gateways_asked):
        return None
    if last is None or last.of != digest_of(view.order) or view.state.payment_stale:
        return view.now
    over = view.state.cancelled or any(p.label is not None for p in view.state.parcels)
    return None if over else last.again_at


def confirmation(view: View) -> datetime | None:
    """Return when the confirmation is to be mailed."""
    wanted = not view.state.ended and mails_of(view)
    return view.now if wanted and not view.state.mail_is_over("confirmation") else None


def cancellation_mail(view: View) -> datetime | None:
    """Return when the cancellation is to be mailed."""
    told = "confirmation" in view.state.messages and not view.state.mail_is_over("cancellation")
    return view.now if view.state.cancelled and told and mails_of(view) else None


def _closed_gate(view: View) -> Gate | None:
    """Return the first closed gate.

    The five of the order: units, money, address and customs, the channel, and nobody holds. Then those of the carrier.
    """
    state, order = view.state, view.order
    carrier, acts = view.carrier, view.acts
    closed = {
        Gate.OVER: state.ended or state.shipped_elsewhere,
        Gate.REJECTED: state.rejection is not None,
        Gate.LABELLED: labelled(state),
        Gate.CHANNEL_SHIPS: order.fulfilled_by is not FulfilledBy.MERCHANT,
        Gate.HELD: bool(state.holds or view.wanted_holds or state.backordered),
        Gate.RULES: is_guarded(state, view.config.rules),
        Gate.NOT_ASKED_FOR: order.state is not ChannelState.OPEN,
        Gate.PLACES_UNREAD: not places_known(order, view.places),
        Gate.NOT_PAID: not money_is_in_order(state),
        Gate.NOTHING_SHIPS: not state.needs,
        Gate.NO_CARRIER: carrier is None,
        Gate.NOT_ACCEPTED: carrier is not None and not view.accepted(carrier, Action.LABELS),
        # a test label must never be there to be told to a live channel, nor a live one be wasted on a test
        Gate.TEST_MODE: carrier is not None and not (acts(carrier) and acts(order.connection)),
        Gate.NO_LOCATION: not locations_of(view),
        Gate.ASK: not state.label_asked and any(place.labels == "ask" for place in locations_of(view)),
    }
    return next((gate for gate, is_closed in closed.items() if is_closed), None)


def locations_of(view: View) -> list[Location]:
    """Return the locations that the order's units leave from."""
    places = {a.location for a in view.state.allocations}
    return [location for name, location in view.config.locations.items() if name in places]


def ready_at(view: View) -> datetime | None:
    """Return when labels may be bought: after the grace of every location, or at once where a person asked for it."""
    if view.closed_gate is not None:
        return None
    if view.state.label_asked:
        return view.now
    return max(view.order.placed_at + location.grace for location in locations_of(view))


def quote(view: View) -> datetime | None:
    """Return when rates are to be asked."""
    stale = [p for p in view.state.parcels if p.label is None and _stale(view, p)]
    if covers_needs(view.state) and not stale:
        return None
    return ready_at(view)


def _stale(view: View, parcel: ParcelState) -> bool:
    """Return whether a parcel's rates no longer hold: too old, or it would leave on another day than they say."""
    asked, location = parcel.quote.at, view.config.locations.get(parcel.quote.parcel.location)
    return (
        parcel.quote.chosen is None
        or asked + RATES_KEEP <= view.now
        or (
            location is not None and location.calendar.ship_day(asked) != location.calendar.ship_day(view.now)
        )
    )


def buy(view: View) -> datetime | None:
    """Return when a label is to be bought."""
    return ready_at(view) if any(p.label is None for p in view.state.parcels) else None


def _each(view: View, wanted: Callable[[ParcelState], bool]) -> datetime | None:
    return view.now if any(wanted(p) for p in view.state.parcels) else None


def store_label(view: View) -> datetime | None:
    """Return when a label's file is to be stored."""
    return _each(view, lambda p: p.label is not None and not p.stored)


def capture(view: View) -> datetime | None:
    """Return when authorized money is to be taken."""
    bought = bool(view.state.parcels) and all(p.label is not None for p in view.state.parcels)
    asked = view.state.capture_asked and view.state.payment is not None
    due = (bought or asked) and view.can_capture and not view.state.cancelled and open_captures(view.state)
    may = view.acts(view.order.connection) and view.accepted(view.order.connection, Action.CAPTURES)
    return view.now if due and may else None


def open_captures(state: OrderState) -> tuple[tuple[str, Money], ...]:
    """Return (authorization, amount) to take now: none that we took, or that was declined, already."""
    if state.order is None:
        return ()
    ours = {c.authorization for c in state.captured}
    return tuple(
        (authorization, amount)
        for authorization, amount in to_capture(state.order)
        if authorization not in ours and Hold.CAPTURE_DECLINED not in state.holds
    )


def tell_channel(view: View) -> datetime | None:
    """Return when the channel is to hear of a parcel."""
    return _each(view, lambda p: tells(view, p)) if not view.state.cancelled else None


def tells(view: View, parcel: ParcelState) -> bool:
    """Return whether the channel is to hear of a parcel now."""
    if parcel.label is None or parcel.told or shipped_twice(view.state):
        return False
    if parcel.withdrawn and Hold.WITHDRAWN not in view.state.overruled:
        return False  # the channel's staff took it back: only a person's word tells it again
    if not view.acts(view.order.connection):
        return False
    location = view.config.locations.get(parcel.quote.parcel.location)
    return parcel.departed or location is None or location.tell == "label"


def shipping_mail(view: View) -> datetime | None:
    """Return when a tracking number is to be mailed."""
    if not mails_of(view):
        return None
    return _each(
        view, lambda p: p.told and not p.mailed and not view.state.mail_is_over(f"shipping:{p.parcel_id}")
    )


def leave(view: View) -> datetime | None:
    """Return when units that left are to be taken off on hand."""
    return view.now if units_gone(view.state) or left_after_void(view.state) else None


def mails_of(view: View) -> str | None:
    """Return the connection that mails the order's shopper, if the hub is to and may.

    None for who ordered before mails were accepted, nor while an order from before go-live waits for its release.
    """
    if (
        view.mailer is None
        or view.mails_since is None
        or view.order.placed_at < view.mails_since
        or (view.state.before_go_live and Hold.BEFORE_GO_LIVE not in view.state.overruled)
        or not view.email_known
        or not view.acts(view.order.connection)
        or view.config.connections[view.order.connection].mails != "hub"
    ):
        return None
    return view.mailer if view.accepted(view.mailer, Action.MAILS) else None
