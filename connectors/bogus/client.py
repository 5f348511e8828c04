"""A world of vendors in memory: a shop, a marketplace, a gateway, carriers and a mail server, with books of their own.

Every call goes through ``World.call`` (may change something) or ``World.look`` (only reads): there the faults happen
that real vendors have. The books say what really came to pass, whatever the hub was told.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from core.clock import Clock
from core.errors import (
    AuthError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.model.hooks import HookRequest
from core.model.message import Message
from core.model.notification import Notification, NotificationKind
from core.model.order import FetchedOrder
from core.model.payment import GatewayPayment
from core.model.shipment import Label, Rate, TrackingEvent
from core.model.stock import Listing, ListingKey

T = TypeVar("T")

PAUSE_S = 2.0
"""The pause a vendor asks for when it is called too often."""
DELAY = timedelta(seconds=3)
"""How much later a delayed effect shows: within every operation's settle time."""


class Fault(StrEnum):
    """What may go wrong with one call."""

    BEFORE = "before"  # an error, and nothing was done
    THROTTLED = "throttled"  # asked to wait, and nothing was done
    LOST = "lost"  # no answer, and nothing was done: who called cannot tell it from the next
    REPLY_LOST = "reply_lost"  # done, and the answer is lost
    DELAYED = "delayed"  # the answer is lost, and it is done a little later
    STALE = "stale"  # a read that gives what was true before the last change
    REFUSED = "refused"  # nobody's credentials are taken, and nothing was done


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """From ``since`` until ``until`` a connection, or some of its operations, answer nobody."""

    connection: str
    since: datetime
    until: datetime
    operations: frozenset[str] = frozenset()
    """Those that fail; none: all of them."""
    how: Fault = Fault.BEFORE

    def strikes(self, connection: str, operation: str, now: datetime) -> bool:
        """Return whether a call made now fails."""
        named = not self.operations or operation in self.operations
        return connection == self.connection and named and self.since <= now < self.until


class Effect(StrEnum):
    """What a vendor did: each of these may come to pass once per subject."""

    LABEL = "label"
    VOID = "void"
    CAPTURE = "capture"
    REFUND = "refund"
    CANCEL = "cancel"
    TOLD = "told"
    MAIL = "mail"
    HOOK = "hook"


@dataclass(slots=True, kw_only=True)
class Shop:
    """A channel's own books: its orders, what it offers, and what its shoppers can buy."""

    locations: dict[str, str] = field(default_factory=dict)
    """The channel's own location id -> its name."""
    orders: dict[str, FetchedOrder] = field(default_factory=dict)
    shows_since: datetime | None = None
    """No order placed before this is shown."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Order id -> the field at which reading the order whole fails."""
    before: dict[str, FetchedOrder] = field(default_factory=dict)
    """Each order as it was before its last change: what a stale read gives."""
    listings: dict[str, Listing] = field(default_factory=dict)
    levels: dict[ListingKey, int] = field(default_factory=dict)
    writes: list[tuple[datetime, ListingKey, int]] = field(default_factory=list)
    """Every level that was set by the hub."""


@dataclass(slots=True, kw_only=True)
class Shipment:
    """A rated parcel, and its label once bought."""

    shipment_id: str
    reference: str
    rates: tuple[Rate, ...]
    made_at: datetime
    label: Label | None = None
    voided: bool = False
    void_asked_at: datetime | None = None
    scans: list[TrackingEvent] = field(default_factory=list)


def no_fault(operation: str) -> Fault | None:
    """Let every call pass."""
    del operation
    return None


async def nothing() -> None:
    """Let nothing happen in the middle of a call."""


class Way(Protocol):
    """How a call gets to its vendor and the answer back: it may take a while, and the caller may be gone by then."""

    async def __call__(self, connection: str, operation: str, act: Callable[[], T]) -> T:
        """Have the vendor act, and return what it answers."""
        ...


async def at_once(connection: str, operation: str, act: Callable[[], T]) -> T:
    """Have the vendor act at once."""
    del connection, operation
    return act()


@dataclass(slots=True, kw_only=True)
class World:
    """All vendors of one merchant."""

    clock: Clock
    faults: Callable[[str], Fault | None] = no_fault
    """Asked at each call, by operation, what goes wrong with it."""
    outages: tuple[Outage, ...] = ()
    """When whom nobody is answered."""
    paused: set[str] = field(default_factory=set)
    """Operations that the vendors do for nobody just now: the wallet is empty, the account is off."""
    locked_out: set[str] = field(default_factory=set)
    """Connections whose credentials are not accepted."""
    refusing: set[str] = field(default_factory=set)
    """``<carrier> <service>`` whose labels are offered and then not sold."""
    voids_to_reject: int = 0
    """How many voids the carriers turn down, a minute after they were asked for."""
    meanwhile: Callable[[], Awaitable[None]] = nothing
    """What else happens while a call is under way."""
    way: Way = at_once
    changed: Callable[[], None] = lambda: None
    """Told after every change, so that books can outlive the process."""
    shops: dict[str, Shop] = field(default_factory=dict)
    gateway: str | None = None
    """The connection that plays the gateway: it tells of money that moves."""
    payments: dict[str, GatewayPayment] = field(default_factory=dict)
    shipments: dict[str, Shipment] = field(default_factory=dict)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """By path: what the merchant's tool answers."""
    asked: dict[str, HookRequest] = field(default_factory=dict)
    """By key: what it was asked."""
    mails: list[Message] = field(default_factory=list)
    no_mailbox: set[str] = field(default_factory=set)
    """Addresses for which the mail server takes nothing."""
    effects: Counter[tuple[Effect, str]] = field(default_factory=Counter)
    """How often each effect really came to pass."""
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each (connection, operation) was called."""
    notifications: list[tuple[str, Notification]] = field(default_factory=list)
    """(connection, notification) that nobody carried to the hub yet."""
    notified: int = 0
    later: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    """What is done a little later, and when."""
    keyed: dict[str, object] = field(default_factory=dict)
    """The answer that each key was given first."""

    def shop(self, connection: str) -> Shop:
        """Return a channel's books."""
        return self.shops.setdefault(connection, Shop())

    def orders(self) -> dict[str, str]:
        """Return the channels' own state of each order, by the hub's order id."""
        return {
            f"{name}:{order_id}": found.order.state.value
            for name, shop in self.shops.items()
            for order_id, found in shop.orders.items()
        }

    def levels(self) -> dict[tuple[str, ListingKey], int]:
        """Return what each channel shows."""
        return {(name, key): units for name, shop in self.shops.items() for key, units in shop.levels.items()}

    def did(self, effect: Effect, subject: str) -> None:
        """Write into the books what came to pass."""
        self.effects[effect, subject] += 1

    def notify(self, connection: str, kind: NotificationKind, subject: str) -> None:
        """Say that something of a connection changed."""
        self.notified += 1
        notification = Notification(
            event_id=f"{connection}-{self.notified}", kind=kind, topic=kind.value, subject=subject
        )
        self.notifications.append((connection, notification))

    async def call(self, connection: str, operation: str, act: Callable[[], T]) -> T:
        """Make a call that may change something, with whatever goes wrong with it.

        Raises:
            UnavailableError, RateLimitError, VendorPausedError: nothing was done.
            OutcomeUnknownError: it was done, or will be in a moment, or never.
        """
        fault = await self._begin(connection, operation)
        if fault is Fault.LOST:
            raise OutcomeUnknownError("no answer", connection=connection)
        if fault is Fault.DELAYED:
            self.later.append((self.clock.now() + DELAY, act))
            raise OutcomeUnknownError("the answer is late", connection=connection)

        def acted() -> T:
            done = act()
            self.changed()
            return done

        answer = await self.way(connection, operation, acted)
        await self.meanwhile()
        if fault is Fault.REPLY_LOST:
            raise OutcomeUnknownError("the answer was lost", connection=connection)
        return answer

    async def look(self, connection: str, operation: str, read: Callable[[bool], T]) -> T:
        """Make a call that only reads; ``read`` is told whether it gives what was true before."""
        fault = await self._begin(connection, operation)
        if fault in (Fault.LOST, Fault.REPLY_LOST, Fault.DELAYED):
            raise UnavailableError("no answer", connection=connection)
        answer = await self.way(connection, operation, lambda: read(fault is Fault.STALE))
        await self.meanwhile()
        return answer

    async def _begin(self, connection: str, operation: str) -> Fault | None:
        await asyncio.sleep(0)
        await self.meanwhile()
        self.catch_up()
        self.calls[connection, operation] += 1
        if operation in self.paused:
            raise VendorPausedError(
                f"{operation}: the account is empty", connection=connection, code="no_funds"
            )
        now = self.clock.now()
        outage = next((o.how for o in self.outages if o.strikes(connection, operation, now)), None)
        fault = outage or self.faults(operation)
        if fault is Fault.REFUSED:
            raise AuthError("takes nobody's credentials", connection=connection)
        if fault is Fault.BEFORE:
            raise UnavailableError("does not answer", connection=connection)
        if fault is Fault.THROTTLED:
            raise RateLimitError("too many calls", connection=connection, retry_after_s=PAUSE_S)
        return fault

    def catch_up(self) -> None:
        """Do what was delayed and whose time has come."""
        now = self.clock.now()
        ripe = [act for at, act in self.later if at <= now]
        self.later = [(at, act) for at, act in self.later if at > now]
        for act in ripe:
            try:
                act()
            except RejectedError:
                continue  # it was done by another call meanwhile: refused, and nobody is there to hear it
        if ripe:
            self.changed()

    def once(self, key: str, act: Callable[[], T]) -> Callable[[], T]:
        """Return an act that is done once per key, however often called."""

        def guarded() -> T:
            if key not in self.keyed:
                self.keyed[key] = act()
            return self.keyed[key]  # type: ignore[return-value]

        return guarded


_WORLDS: dict[str, World] = {}


def world_named(name: str, clock: Clock) -> World:
    """Return the world of a name; all connections of this process that name it share it."""
    return _WORLDS.setdefault(name, World(clock=clock))
