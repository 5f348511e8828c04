"""What follows when a connection is authorized, and when a process starts: its standing errands are rung."""

from datetime import timedelta

from core.hub import Hub
from core.intake import poll_from
from core.store.errands import Errand, Ring
from core.work import Next

LOOK_BACK = timedelta(days=7)
"""How far back the first poll looks for open orders (R25: shown on the connections page)."""


async def connected(hub: Hub, merchant: str, connection: str, public_url: str) -> None:
    """Begin to work with a connection that a merchant just authorized: it reads; nothing is written until accepted."""
    now = hub.clock.now()
    await hub.store.go_live(merchant, connection, actor="hub", now=now)
    await begin(hub, merchant, connection, public_url)


async def begin_work(hub: Hub, merchant: str, public_url: str) -> None:
    """Ring the standing errands of every connection that needs no browser, or was authorized before."""
    for name, ports in hub.desk(merchant).ports.items():
        authorized = await hub.store.live_since(merchant, name) is not None
        static = ports.authorizer is None or hub.desk(merchant).house.connections[name].token is not None
        if static and not authorized:
            await hub.store.go_live(merchant, name, actor="hub", now=hub.clock.now())
        if static or authorized:
            await begin(hub, merchant, name, public_url)


async def begin(hub: Hub, merchant: str, connection: str, public_url: str) -> None:
    """Ring the standing errands of a connection; those that stand already keep what they remember (R08)."""
    ports, now = hub.desk(merchant).named(connection), hub.clock.now()
    rings: list[Ring] = []

    def ring(kind: str, data: dict[str, str] | None = None) -> None:
        rings.append(Ring(kind=kind, subject=connection, connection=connection, due_at=now, data=data or {}))

    if ports.levels is not None:
        ring("listings")
    if ports.channel is not None:
        since = poll_from(now - LOOK_BACK)
        ring("poll", {**since, "from": since["since"]})
    if ports.subscriber is not None:
        ring("subscribe", {"callback_url": f"{public_url}/webhooks/{merchant}/{connection}"})
    if ports.notifications is not None:
        ring("receive")
    await hub.store.ring_all(merchant, rings)


async def listings(hub: Hub, errand: Errand) -> Next:
    """Read what the channel offers and where; its locations are matched to ours by name."""
    levels = hub.desk(errand.merchant).named(errand.connection).levels
    if levels is None:
        return Next()
    ours = {
        location.name.casefold(): key for key, location in hub.desk(errand.merchant).house.locations.items()
    }
    known = await hub.store.channel_locations(errand.merchant, errand.connection)
    places = await levels.list_locations()
    now = hub.clock.now()
    await hub.store.save_channel_locations(
        errand.merchant,
        errand.connection,
        places,
        ours={i: ours[name.casefold()] for i, name in places if name.casefold() in ours},
    )
    if known != await hub.store.channel_locations(errand.merchant, errand.connection):
        await hub.store.wake_open_orders(
            errand.merchant, now
        )  # which work is ours may be told differently now
    await hub.store.save_listings(errand.merchant, errand.connection, await levels.list_listings(), now=now)
    return Next(due_at=now + timedelta(hours=6))
