"""One short day that passes every failpoint: run in a child process, killed there, and run again."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from connectors.bogus.carrier import scan
from connectors.bogus.client import Effect, Outage, World
from connectors.bogus.notifications import BogusNotifications
from core.clock import SteppedClock
from core.engine.hub import Hub
from core.engine.pauses import resume
from core.engine.worker import Worker
from core.jobs import JOBS
from core.model.notification import Notification, NotificationKind
from core.model.order import ChannelState
from core.model.shipment import TrackingState
from core.model.stock import ListingKey
from core.services import actions, notices
from core.steps import STEPS
from core.store.inbox import list_deliveries, replay_delivery
from core.store.jobs import NewJob, claim_jobs, enqueue
from core.store.links import link_all
from core.store.pauses import list_pauses
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.tables import deliveries
from core.store.tables import notices as notices_table
from core.store.tables import pauses as pause_rows
from simulation.books import differences
from simulation.due import next_at
from simulation.shoppers import Cart, Pay, cancel, place
from tests.builders import (
    MARKET_LINKS,
    MERCHANT,
    SHOP_LINKS,
    Bench,
    config,
    connections,
    home,
    open_hub_of,
    world,
)
from tests.core.flow.play import settle
from tests.core.flow.ruled import use
from tests.crash.world import again, keep

START = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
UNLISTED = "Overnight"
"""A shipping method that crossdock.yaml does not name."""
ORDERS: tuple[tuple[str, str, Pay, str], ...] = (
    ("KK-1", "SET-KNIFE-BOARD", "later", "Standard"),
    ("KK-2", "SKILLET-12", "now", "Standard"),
    ("KK-3", "BOARD-WAL", "now", "Standard"),
    ("KK-4", "SOCKS-CHEF", "now", UNLISTED),
)
LINKS = {"shop": SHOP_LINKS, "amz": MARKET_LINKS}
SECOND_LIFE = START + timedelta(minutes=50)
"""When the second process starts: every claim of the first has run out."""
RULES = """
- id: tell
  when: order.received
  then:
    - http: {via: crm, path: "/orders/{{order.number}}", idempotent: true}
    - wait: 10m
    - tag: told
- id: mail
  when: order.labelled
  if: order.channel == 'amz'
  then:
    - notify: {to: ops@example.test, text: "{{order.number}}"}
      else: [{tag: not-mailed}]
    - tag: mailed
"""
Settle = Callable[[Bench], Awaitable[None]]
"""Has everything done that is due at an instant, by whoever works on that day."""


def bench_of(store: Store, made: World, clock: SteppedClock, owner: str) -> Bench:
    kept = config(tell="scan")
    hub = Hub(store=store, clock=clock, owner=owner, merchants={MERCHANT: connections(made, kept)})
    b = Bench(hub, made, clock, Worker(steps=STEPS, hub=hub, jobs=JOBS))
    use(b, RULES)
    return b


async def prepare(url: str, keys: str, books: Path) -> None:
    """An open hub, an empty wallet at the carrier's, and five orders that nobody told the hub of yet."""
    store = await Store.open(url, keys=keys_of(keys))
    await store.create_tables()
    clock = SteppedClock(START)
    made = world(clock)
    b = bench_of(store, made, clock, "first")
    await open_hub_of(b)
    await store.write(link_all, MERCHANT, {("shop", "SOCKS-CHEF"): {}}, now=START)
    for number, listing, pay, method in ORDERS:
        lines = ((listing, 1, 5000),)
        cart = Cart(
            number=number, lines=lines, ship_to=home(), email="k@example.test", pay=pay, method=method
        )
        place(made, "shop", cart)
    place(made, "amz", Cart(number="AZ-1", lines=(("KK-CHEF8", 1, 7000),), ship_to=home(), pay="marketplace"))
    await store.write(
        enqueue, MERCHANT, [NewJob(kind="receive", subject="amz", connection="amz", due_at=START)]
    )
    await store.write(
        enqueue,
        MERCHANT,
        [
            NewJob(
                kind="poll",
                subject="shop",
                connection="shop",
                due_at=START,
                data={"since": START.isoformat()},
            )
        ],
    )
    made.notifications = [
        (name, _torn(one) if one.subject == "kk-4" else one) for name, one in made.notifications
    ]
    made.paused = {"buy"}
    twenty = START + timedelta(minutes=20)
    made.outages = (
        Outage(connection="shop", operations=frozenset({"set_levels"}), since=START, until=twenty),
    )
    made.voids_to_reject = 1
    keep(made, books)
    await store.close()


def _torn(one: Notification) -> Notification:
    """A notification that is signed and cannot be read: the poll finds its order."""
    return one.model_copy(
        update={"kind": NotificationKind.UNREADABLE, "topic": "unreadable", "subject": "torn"}
    )


async def take_from_queue(b: Bench) -> None:
    """Take what waits in the marketplace's queue, then leave the queue alone: it would be asked five times a second."""
    plain = b.hub.merchants[MERCHANT]
    with_queue = replace(plain.ports["amz"], notifications=BogusNotifications("amz", b.world))
    b.hub.merchants[MERCHANT] = replace(plain, ports={**plain.ports, "amz": with_queue})
    await run_from_queue(b.worker)
    b.hub.merchants[MERCHANT] = plain


async def run_from_queue(worker: Worker) -> None:
    """Run the job that takes from the queue, once."""
    hub, now = worker.hub, worker.hub.clock.now()
    for job in await hub.store.write(
        claim_jobs, owner=hub.owner, now=now, until=now + timedelta(seconds=90), limit=1, kinds=["receive"]
    ):
        await worker.run_job(job)


async def live(url: str, keys: str, books: Path, start: datetime) -> list[str]:
    """Live from an instant to the end of the day; return how the books differ then."""
    store = await Store.open(url, keys=keys_of(keys))
    clock = SteppedClock(start)
    b = bench_of(store, again(books, clock), clock, f"worker at {start.isoformat()}")
    await take_from_queue(b)
    found = await whole_day(b, start)
    await store.close()
    return found


async def whole_day(b: Bench, start: datetime, settle: Settle = settle) -> list[str]:
    """Let the day go by, and return how the books differ at its end."""
    for minutes in range(0, 45, 5):
        await _what_people_do(b, minutes, settle)
        await _until(b, start + timedelta(minutes=minutes + 5), settle)
    found = await differences(b.hub, MERCHANT, b.world, LINKS)
    return found + await _left_to_people(b) + await _left_by_rules(b)


async def _left_by_rules(b: Bench) -> list[str]:
    """What rules did not do by the end of the day, or did twice."""
    found: list[str] = []
    for order_id in b.world.orders():
        state = await b.store.load(MERCHANT, order_id)
        if state is None or state.order is None:
            continue
        asked = b.world.effects[Effect.HOOK, f"POST /orders/{state.order.number}"]
        if asked != 1 or "told" not in state.tags or state.rule_runs:
            found.append(
                f"rules of {order_id}: asked {asked} times, tags {state.tags}, left {state.rule_runs}"
            )
    return found


async def _left_to_people(b: Bench) -> list[str]:
    """What people were not told by the end of the day, or what they dealt with and is not over."""
    found = await b.store.read(_told_to_people)
    return [f"told to people, and whether it is over: {found}"] if found != ALL_DEALT_WITH else []


ALL_DEALT_WITH = {
    "pauses": [("post labels", True)],
    "notices": [(UNLISTED, True)],
    "torn": [("shop", True)],
}


def _told_to_people(conn: sa.Connection) -> dict[str, list[tuple[str, bool]]]:
    raised = sorted(
        (f"{r.connection} {r.action}", r.cleared_at is not None)
        for r in conn.execute(sa.select(pause_rows))
        # Who died before the levels fell silent lives again after that, and never meets it.
        if r.action != "levels" or r.cleared_at is None
    )
    told = [(r.subject, r.seen_at is not None) for r in conn.execute(sa.select(notices_table))]
    torn = sa.select(deliveries).where(deliveries.c.kind == "unreadable")
    parked = [(r.connection, r.state == "done") for r in conn.execute(torn)]
    return {"pauses": raised, "notices": told, "torn": parked}


async def _until(b: Bench, end: datetime, settle: Settle) -> None:
    await settle(b)
    while b.clock.now() < end:
        following = await b.store.read(next_at)
        b.clock.move_to(max(b.clock.now(), min(end, following or end)))
        await settle(b)


async def _what_people_do(b: Bench, minutes: int, settle: Settle) -> None:
    """Type a wrong level, reject KK-2, link the socks, cancel KK-3 once its label is bought, scan what is labelled."""
    if b.clock.now() == START:
        await _until(b, b.clock.now() + timedelta(seconds=20), settle)
        b.world.shops["amz"].levels[ListingKey(listing="KK-SET-KB")] -= 1
    if minutes == 10:
        await actions.link(b.hub, MERCHANT, "shop", "SOCKS-CHEF", {"SOCKS-CHEF": 1})
        state = await b.store.load(MERCHANT, "shop:kk-2")
        if state is not None and not state.cancelled and state.rejection is None and not state.parcels:
            await actions.reject(b.hub, MERCHANT, "shop:kk-2", "fraud", "person:kendra")
        b.world.notify("amz", NotificationKind.LEVEL, "KK-CHEF8")
        b.world.notify("shop", NotificationKind.ORDER, "kk-unheard-of")
    await _what_a_person_mends(b, minutes)
    if minutes == 30 and b.world.shops["shop"].orders["kk-3"].order.state is ChannelState.OPEN:
        cancel(b.world, "shop", "kk-3")
    if minutes >= 30:
        for shipment in b.world.shipments.values():
            theirs = shipment.reference.startswith("KK-3")
            if shipment.label is not None and not shipment.scans and not theirs:
                scan(b.world, "post", shipment.shipment_id, TrackingState.IN_TRANSIT)


async def _what_a_person_mends(b: Bench, minutes: int) -> None:
    """Replay what could not be read, fill the wallet and say so while the pause stands, see what one is told.

    The first label after that is bought and its answer is lost: the pause stands on, and is answered once more.
    """
    if minutes >= 5:
        for delivery in (await b.store.read(list_deliveries, MERCHANT, state="parked")).items:
            if delivery.kind == "unreadable":
                await b.store.write(
                    replay_delivery, MERCHANT, delivery.connection, delivery.event_id, now=b.clock.now()
                )
    if minutes >= 20:
        b.world.paused = set()
        b.world.changed()
        for connection in {
            pause.connection for pause in await b.store.read(list_pauses, MERCHANT, b.clock.now())
        }:
            await resume(b.hub, MERCHANT, connection)
    if minutes >= 30:
        for notice in await notices.open_notices(b.hub, MERCHANT):
            if notice.kind != notices.PARKED:
                await notices.see(b.hub, MERCHANT, notice.kind, notice.subject)


def keys_of(text: str) -> Keyring:
    return Keyring.from_environ({"CROSSDOCK_SECRET_KEYS": text})


def first_life(url: str, keys: str, books: str, failpoint: str) -> None:
    """In a child process: live, and die at the failpoint if it is passed."""
    logging.disable(logging.CRITICAL)
    os.environ["CROSSDOCK_FAILPOINT"] = failpoint
    asyncio.run(live(url, keys, Path(books), START))


def second_life(url: str, keys: str, books: str, result: str) -> None:
    """In a child process: live again from the rows and the books, and write down how they differ."""
    logging.disable(logging.CRITICAL)
    found = asyncio.run(live(url, keys, Path(books), SECOND_LIFE))
    Path(result).write_text("\n".join(found))
