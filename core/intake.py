"""How news reaches the hub: doorbells are stored and answered, objects are fetched, polls find what was missed."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

from core.errors import RejectedError
from core.failpoints import failpoint
from core.flow.state import OrderState, ParcelState, fold
from core.hub import Hub
from core.model.facts import Fact, GatewayRang, Noted, Tracked
from core.model.shipment import TrackingEvent, TrackingState
from core.ports import Doorbell, DoorbellKind
from core.stages.capture import capture
from core.store.errands import Errand, Ring
from core.store.inbox import Delivery
from core.store.unit import Unit
from core.work import Next

LOG = logging.getLogger("crossdock.intake")

POLL_EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=3)
"""How far a poll looks back behind the newest change it has seen: channels do not list in the order of change."""
SUBSCRIBE_EVERY = timedelta(hours=1)
LOOK_EVERY = timedelta(hours=12)
"""How often a carrier is asked for the scans of a parcel that is under way, whatever it rings."""
LOOK_FOR = timedelta(days=30)
"""How long after the label: then people are told, and it is asked no more (R14)."""
_ENDED = frozenset({TrackingState.DELIVERED, TrackingState.RETURN_TO_SENDER})
RECEIVE_EVERY_S = 0.2
"""The pause before a queue that does not wait for news itself is asked again (machine seconds)."""

_ERRAND_OF = {
    DoorbellKind.ORDER: "fetch",
    DoorbellKind.PAYMENT: "payment",
    DoorbellKind.TRACKING: "tracking",
    DoorbellKind.LEVEL: "level",
    DoorbellKind.UNREADABLE: "unreadable",
    DoorbellKind.REVOKED: "revoked",
    DoorbellKind.PERSON_REDACT: "person_redact",
    DoorbellKind.PERSON_EXPORT: "person_export",
    DoorbellKind.SHOP_REDACT: "shop_redact",
}


def delivery_of(connection: str, doorbell: Doorbell, body: bytes, now: datetime) -> Delivery:
    """Return what is stored of a doorbell, and which errand it rings."""
    kind = _ERRAND_OF.get(doorbell.kind)
    ring = None
    if kind is not None:
        data = {"orders": list(doorbell.orders)} if doorbell.orders else {}
        subject = f"{connection}:{doorbell.subject}"
        ring = Ring(kind=kind, subject=subject, connection=connection, due_at=now, data=data)
    return Delivery(event_id=doorbell.event_id, topic=doorbell.topic, body=body, ring=ring)


async def fetch(hub: Hub, errand: Errand) -> Next:
    """Fetch the order that rang."""
    await capture(
        hub, errand.merchant, errand.connection, errand.subject.removeprefix(f"{errand.connection}:")
    )
    return Next()


async def payment(hub: Hub, errand: Errand) -> Next:
    """Have the orders that a payment belongs to ask their gateway again."""
    reference = errand.subject.removeprefix(f"{errand.connection}:")
    for order_id in await hub.store.find(errand.merchant, "payment", reference):
        fact = GatewayRang(at=hub.clock.now(), actor="gateway", reference=reference)
        await _tell(hub, errand.merchant, order_id, [fact])
    return Next()


async def tracking(hub: Hub, errand: Errand) -> Next:
    """Fetch a parcel's scans, and tell those not told yet; again later, as long as the parcel is under way.

    The carrier rings; the looks find what it did not ring for. They end with the parcel's way or after LOOK_FOR.
    """
    tracker = errand.subject.removeprefix(f"{errand.connection}:")
    files = hub.desk(errand.merchant).named(errand.connection).label_files
    if files is None:
        return Next()
    under_way = False
    for order_id in await hub.store.find(errand.merchant, "tracker", tracker):
        failpoint("intake.tracking.before")
        events = await files.fetch_tracking(tracker)
        state = await hub.store.load(errand.merchant, order_id)
        if state is None:
            continue
        news = scans_of(state, tracker, events)
        parcel = _of_tracker(reduce(fold, news, state), tracker)
        if parcel is not None and parcel.tracking not in _ENDED:
            given_up = given_up_on(parcel, hub.clock.now())
            news += given_up
            under_way = under_way or not given_up
        await _tell(hub, errand.merchant, order_id, news)
    return Next(due_at=hub.clock.now() + LOOK_EVERY) if under_way else Next()


def _of_tracker(state: OrderState, tracker: str) -> ParcelState | None:
    """Return the parcel of a tracker; None where its label was taken back."""
    return next((p for p in state.parcels if p.label is not None and p.label.tracker_id == tracker), None)


def given_up_on(parcel: ParcelState, now: datetime) -> list[Fact]:
    """Return the word that a parcel is asked after no more; nothing while it is young enough."""
    if parcel.label is None or now < parcel.label.at + LOOK_FOR:
        return []
    seen = parcel.tracking.value if parcel.tracking is not None else "no scan"
    text = f"{parcel.label.carrier} tells of {seen} only, {LOOK_FOR.days} days after the label; it is asked no more"
    return [Noted(at=now, text=f"parcel {parcel.parcel_id}: {text}")]


def scans_of(state: OrderState, tracker: str, events: Sequence[TrackingEvent]) -> list[Fact]:
    """Return the scans of a parcel that are news, oldest first."""
    found: list[Fact] = []
    for parcel in state.parcels:
        if parcel.label is None or parcel.label.tracker_id != tracker:
            continue
        found += [
            Tracked(
                at=e.at,
                actor="carrier",
                parcel_id=parcel.parcel_id,
                state=e.state,
                estimated_delivery=e.estimated_delivery,
            )
            for e in sorted(events, key=lambda e: e.at)
            if parcel.tracked_at is None or e.at > parcel.tracked_at
        ]
    return found


async def _tell(hub: Hub, merchant: str, order_id: str, facts: Sequence[Fact]) -> None:
    if facts:
        failpoint("intake.tell.before")
        await hub.store.commit(
            Unit(merchant=merchant, order_id=order_id, at=hub.clock.now(), happened=tuple(facts))
        )


async def poll(hub: Hub, errand: Errand) -> Next:
    """Ask a channel what changed, page by page; whatever we do not know as new as that is fetched.

    The cursor moves only after everything of a page is rung, and rings are rows: nothing can fall between (R70).
    """
    channel = hub.desk(errand.merchant).named(errand.connection).channel
    if channel is None or "since" not in errand.data:
        return Next()  # nobody began to work with this connection: it has nothing to look back from
    memory = dict(errand.data)
    since = datetime.fromisoformat(memory["since"])
    failpoint("intake.poll.before")
    page = await channel.changed_orders(since, memory.get("page"))
    failpoint("intake.poll.after")
    await _ring_unknown(hub, errand, page.orders)
    high = max([datetime.fromisoformat(memory.get("high", memory["since"])), *(at for _, at in page.orders)])
    if page.next_page is not None:
        return Next(
            due_at=hub.clock.now(),
            data={**memory, "page": page.next_page, "high": high.isoformat()},
        )
    now = hub.clock.now()
    memory.pop("page", None)
    moved = {
        **memory,
        "since": max(since, high - OVERLAP).isoformat(),
        "high": high.isoformat(),
        "last": now.isoformat(),
    }
    return Next(due_at=next_poll(now), data=moved)


def next_poll(now: datetime) -> datetime:
    """Return the next full five minutes."""
    passed = timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
    return now - passed + POLL_EVERY


async def _ring_unknown(hub: Hub, errand: Errand, orders: Sequence[tuple[str, datetime]]) -> None:
    now = hub.clock.now()
    rings: list[Ring] = []
    for external_id, changed_at in orders:
        order_id = f"{errand.connection}:{external_id}"
        state = await hub.store.load(errand.merchant, order_id)
        known = state.order.updated_at if state is not None and state.order is not None else None
        if known is None or known < changed_at:
            rings.append(Ring(kind="fetch", subject=order_id, connection=errand.connection, due_at=now))
    if rings:
        failpoint("intake.rings.before")
        await hub.store.ring_all(errand.merchant, rings)


async def receive(hub: Hub, errand: Errand) -> Next:
    """Take notifications off a queue: stored first, acknowledged after; then listen again at once."""
    source = hub.desk(errand.merchant).named(errand.connection).notifications
    if source is None:
        return Next()
    failpoint("intake.receive.before")
    receipts = await source.receive()
    failpoint("intake.receive.after")
    now = hub.clock.now()
    if receipts:
        stored = [
            delivery_of(errand.connection, r.doorbell, r.doorbell.model_dump_json().encode(), now)
            for r in receipts
        ]
        await hub.store.deliver(errand.merchant, errand.connection, stored, now=now)
        failpoint("intake.receive.stored")
        await source.acknowledge(receipts)
    pause_s = 0.0 if source.waits else RECEIVE_EVERY_S
    return Next(due_at=hub.clock.now() + hub.clock.span(pause_s))


async def subscribe(hub: Hub, errand: Errand) -> Next:
    """See to it that the vendor tells us of changes; what was missing is mended and a poll fills the gap (R05)."""
    subscriber = hub.desk(errand.merchant).named(errand.connection).subscriber
    if subscriber is None:
        return Next()
    failpoint("intake.subscribe.before")
    mended = await subscriber.subscribe(str(errand.data["callback_url"]))
    now = hub.clock.now()
    memory: dict[str, Any] = {**errand.data, "checked": now.isoformat()}
    if mended:
        memory = {**memory, "mended": list(mended), "mended_at": now.isoformat()}
        failpoint("intake.subscribe.mended")
        await hub.store.ring(
            errand.merchant,
            "poll",
            errand.connection,
            connection=errand.connection,
            due_at=now,
            data=poll_from(now),
        )
    return Next(due_at=now + SUBSCRIBE_EVERY, data=memory)


def poll_from(instant: datetime) -> Mapping[str, Any]:
    """Return what a poll remembers at the start: from when on it asks."""
    return {"since": instant.astimezone(UTC).isoformat()}


async def unreadable(hub: Hub, errand: Errand) -> Next:
    """Park what a vendor signed and we cannot read, for people to see (R04); the connection is polled in its stead.

    Whatever changed is found by the poll. A person who replays the delivery has it polled once more, and it is done.

    Raises:
        RejectedError: nobody has seen it yet.
    """
    failpoint("intake.unreadable.before")
    await hub.store.ring(
        errand.merchant, "poll", errand.connection, connection=errand.connection, due_at=hub.clock.now()
    )
    if not errand.attempts:
        raise RejectedError("signed, and cannot be read; see its body", connection=errand.connection)
    return Next()


async def level(hub: Hub, errand: Errand) -> Next:
    """A channel says that a listing's level changed: it is read again before it is next written."""
    listing = errand.subject.removeprefix(f"{errand.connection}:")
    failpoint("intake.level.before")
    await hub.store.forget_level(errand.merchant, errand.connection, listing, now=hub.clock.now())
    return Next()
