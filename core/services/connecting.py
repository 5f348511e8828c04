"""What follows when a connection is authorized, and when a process starts: its standing jobs are enqueued."""

from collections.abc import Mapping
from datetime import timedelta

from core.engine.hub import Hub
from core.jobs.poll import poll_from
from core.model.holds import Hold
from core.model.part import VERSION
from core.services.actions import fetch_again
from core.services.rules_in_force import put_in_force
from core.store.jobs import NewJob, enqueue
from core.store.orders import orders_held
from core.store.pauses import ask_now
from core.store.switches import go_live, live_since

LOOK_BACK = timedelta(days=7)
"""How far back the first poll looks for what changed; open orders are listed besides, however old."""


async def connected(hub: Hub, merchant: str, connection: str, public_url: str) -> None:
    """Begin to work with a connection that a merchant just authorized: it reads; nothing is written until accepted."""
    now = hub.clock.now()
    await hub.store.write(go_live, merchant, connection, actor="hub", now=now)
    await begin(hub, merchant, connection, public_url)


async def begin_work(hub: Hub, merchant: str, public_url: str) -> None:
    """Put the merchant's rules in force, and enqueue the standing jobs of connections: of each that needs no browser, or was authorized."""
    await put_in_force(hub, merchant)
    for name, ports in hub.connections(merchant).ports.items():
        authorized = await hub.store.read(live_since, merchant, name) is not None
        static = ports.authorizer is None or hub.config(merchant).connections[name].token is not None
        if static and not authorized:
            await hub.store.write(go_live, merchant, name, actor="hub", now=hub.clock.now())
        if static or authorized:
            await begin(hub, merchant, name, public_url)
    await _read_again(hub, merchant)


async def _read_again(hub: Hub, merchant: str) -> None:
    """Have each order that another version of the hub could not read whole fetched once more (R105)."""
    for order_id in await hub.store.read(orders_held, merchant, Hold.UNREADABLE):
        state = await hub.store.load(merchant, order_id)
        order = None if state is None else state.order
        if order is not None and order.unreadable is not None and order.unreadable.version != VERSION:
            await fetch_again(hub, merchant, order_id, order.connection)


async def begin(hub: Hub, merchant: str, connection: str, public_url: str) -> None:
    """Enqueue the standing jobs of a connection; those that stand already keep what they remember (R08).

    What is paused of it is tried again at once: who connects or starts has often just mended it.
    """
    ports, now = hub.connections(merchant).named(connection), hub.clock.now()
    requests: list[NewJob] = []

    def request(kind: str, data: Mapping[str, str] | None = None) -> None:
        requests.append(NewJob.of_connection(kind, connection, now, data))

    if ports.probe is not None:
        request("probe")
    if ports.levels is not None:
        request("listings")
    if ports.channel is not None:
        request("poll", poll_from(now - LOOK_BACK))
    if ports.subscriber is not None:
        request("subscribe", {"callback_url": f"{public_url}/webhooks/{merchant}/{connection}"})
    if ports.notifications is not None:
        request("receive")
    await hub.store.write(enqueue, merchant, requests)
    await hub.store.write(ask_now, merchant, connection, now=now)
