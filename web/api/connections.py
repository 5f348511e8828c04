"""Connections and deliveries: how each vendor is, what may be done there, and what it told us."""

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import Field

from core.engine.pauses import resume
from core.errors import NotFoundError
from core.model.actions import Action
from core.services import actions
from core.services.golive.accept import accept as accept_actions
from core.services.health import ConnectionHealth, State, health_of, next_work, probe_now, work_left
from core.store.inbox import list_deliveries, replay_delivery
from core.store.labels import find_label, print_label
from core.store.tombstones import tombstone_of
from web.api.endpoint import Answer, Call, DeliveryCursor, Endpoint, File
from web.api.orders import known_connection
from web.keys import HUB

LABEL_TYPES = {"png": "image/png", "pdf": "application/pdf", "zpl": "text/plain", "epl2": "text/plain"}
"""What a browser is told of a label's file, by its format."""
UNKNOWN_TYPE = "application/octet-stream"


class PausedView(Answer):
    """A kind of work that a connection does for nobody just now; one of those who wait tries again at ``look_at``."""

    action: str
    since: datetime
    reason: str
    look_at: datetime
    waiting: int
    """How many orders and jobs wait for its end; they go on by themselves."""


class ConnectionView(Answer):
    """A connection: its state, what is accepted, and its newest troubles."""

    connection: str
    use: str
    title: str
    mode: Literal["test", "live"] | None
    state: State
    tested_at: datetime | None
    """When the vendor was last asked whether it takes us."""
    said: str
    """What came of that."""
    do: str
    """What to do about it."""
    account: str | None
    expires_at: datetime | None
    accepted: tuple[str, ...]
    last_delivery_at: datetime | None
    last_poll_at: datetime | None
    orders_since: datetime | None
    parked: int
    error: str | None
    brake: str | None
    """What a round of levels would change that waits for an answer."""
    not_sendable: int
    """Messages that the mail server refused for good; each order's timeline shows its own."""
    paused: tuple[PausedView, ...]
    """What it does for nobody just now: it is silent, refuses everybody, or the account lacks something."""


class ConnectionList(Answer):
    """All connections of the merchant; ``in_test`` names those that put the whole merchant in test mode."""

    in_test: tuple[str, ...]
    connections: tuple[ConnectionView, ...]


class SwitchAsk(Answer):
    """Kinds of action to accept or to stop; none named means all of them."""

    actions: tuple[Action, ...] = tuple(Action)


class DeliveriesAsked(Answer):
    """Which deliveries are listed."""

    connection: str | None = Field(None, description="only of this connection")
    state: Literal["pending", "done", "parked"] | None = Field(None, description="only those in this state")
    after: DeliveryCursor | None = Field(None, description="the `after` of the page before")
    limit: int = Field(50, ge=1, le=200, description="deliveries a page")


class DeliveryItem(Answer):
    """Something a vendor told us."""

    connection: str
    event_id: str
    topic: str
    subject: str
    received_at: datetime
    state: str
    error: str | None


class DeliveryList(Answer):
    """A page of deliveries, newest first."""

    deliveries: tuple[DeliveryItem, ...]
    after: str | None


class WorkView(Answer):
    """What is left to do soon: all zero means that the hub rests."""

    orders: int
    intents: int
    errands: int
    levels: int


class NextWorkView(Answer):
    """What runs and what is due now, and when the next thing is; ``moves`` grows whenever something ended."""

    running: int
    due: int
    next_at: datetime | None
    moves: int
    work_at: datetime | None
    looked_at: datetime | None


class Replayed(Answer):
    """A delivery that is replayed."""

    event_id: str


def view_of(health: ConnectionHealth) -> ConnectionView:
    """Return a connection as the API shows it."""
    return ConnectionView(
        connection=health.connection,
        use=health.use,
        title=health.title,
        mode=health.mode,
        state=health.state,
        tested_at=health.tested_at,
        said=health.said,
        do=health.do,
        account=health.account,
        expires_at=health.expires_at,
        accepted=health.accepted,
        last_delivery_at=health.last_delivery_at,
        last_poll_at=health.last_poll_at,
        orders_since=health.orders_since,
        parked=health.parked,
        error=health.error,
        brake=health.push_guard,
        not_sendable=health.not_sendable,
        paused=tuple(
            PausedView(action=a.action, since=a.since, reason=a.reason, look_at=a.look_at, waiting=a.waiting)
            for a in health.paused
        ),
    )


async def list_connections(call: Call) -> ConnectionList:
    """Return all connections."""
    hub = call.request.app[HUB]
    found = await health_of(hub, call.merchant)
    return ConnectionList(
        in_test=hub.connections(call.merchant).in_test, connections=tuple(view_of(h) for h in found)
    )


async def accept(call: Call) -> ConnectionList:
    """Accept kinds of action of a connection."""
    hub = call.request.app[HUB]
    await accept_actions(
        hub,
        call.merchant,
        kinds=call.body.actions,
        connections=[call.path["connection"]],
        actor=call.actor,
    )
    return await list_connections(call)


async def stop(call: Call) -> ConnectionList:
    """Stop kinds of action of a connection."""
    hub = call.request.app[HUB]
    await actions.switch(
        hub, call.merchant, call.path["connection"], call.body.actions, on=False, actor=call.actor
    )
    return await list_connections(call)


async def post_resume(call: Call) -> ConnectionList:
    """Try again now what a connection's vendor did for nobody."""
    await resume(call.request.app[HUB], call.merchant, call.path["connection"])
    return await list_connections(call)


async def post_test(call: Call) -> ConnectionView:
    """Ask a connection's vendor now whether it takes us."""
    return view_of(await probe_now(call.request.app[HUB], call.merchant, call.path["connection"]))


async def work(call: Call) -> WorkView:
    """Return what is left to do soon."""
    hub = call.request.app[HUB]
    left = await work_left(hub, call.merchant)
    return WorkView(orders=left.orders, intents=left.intents, errands=left.jobs, levels=left.levels)


async def work_next(call: Call) -> NextWorkView:
    """Return whether the hub stands still, and until when."""
    found = await next_work(call.request.app[HUB], call.merchant)
    return NextWorkView(running=found.running, moves=found.moves, **asdict(found.next))


async def get_deliveries(call: Call) -> DeliveryList:
    """Return a page of deliveries."""
    hub, asked = call.request.app[HUB], call.query
    page = await hub.store.read(
        list_deliveries,
        call.merchant,
        connection=asked.connection,
        state=asked.state,
        after=asked.after,
        limit=asked.limit,
    )
    known_connection(hub, call.merchant, asked.connection, found=bool(page.items))
    return DeliveryList(
        deliveries=tuple(
            DeliveryItem(
                connection=d.connection,
                event_id=d.event_id,
                topic=d.topic,
                subject=d.subject,
                received_at=d.received_at,
                state=d.state,
                error=d.error,
            )
            for d in page.items
        ),
        after=page.after,
    )


async def replay(call: Call) -> Replayed:
    """Replay a delivery."""
    hub = call.request.app[HUB]
    event_id = call.path["event"]
    await hub.store.write(
        replay_delivery, call.merchant, call.path["connection"], event_id, now=hub.clock.now()
    )
    return Replayed(event_id=event_id)


async def label_file(call: Call) -> File:
    """Return a label's file; it is counted as a print, unless only its head is asked for."""
    hub = call.request.app[HUB]
    order_id = await actions.order_named(hub, call.merchant, call.path["order"])
    which = (hub.store.keys, call.merchant, order_id, call.path["parcel"])
    if call.request.method == "HEAD":
        found = await hub.store.read(find_label, *which)
    else:
        found = await hub.store.write(print_label, *which)
    if found is None:
        gone = await hub.store.read(tombstone_of, call.merchant, order_id)
        raise NotFoundError(
            "no label is stored for this parcel"
            if gone is None
            else f"the label's file is deleted: the order's person was forgotten on {gone.at:%Y-%m-%d}"
        )
    return File(content=found.file, kind=LABEL_TYPES.get(found.format.lower(), UNKNOWN_TYPE))


ENDPOINTS = (
    Endpoint(
        name="listConnections",
        method="GET",
        path="/connections",
        summary="All connections and their health",
        gives=ConnectionList,
        run=list_connections,
    ),
    Endpoint(
        name="acceptActions",
        method="POST",
        path="/connections/{connection}/accept",
        summary="Accept kinds of action",
        gives=ConnectionList,
        run=accept,
        takes=SwitchAsk,
        example={"actions": ["levels"]},
    ),
    Endpoint(
        name="stopActions",
        method="POST",
        path="/connections/{connection}/stop",
        summary="Stop kinds of action",
        gives=ConnectionList,
        run=stop,
        takes=SwitchAsk,
        example={"actions": ["labels"]},
    ),
    Endpoint(
        name="resumeConnection",
        method="POST",
        path="/connections/{connection}/resume",
        summary="Try again now what is paused of it",
        gives=ConnectionList,
        run=post_resume,
    ),
    Endpoint(
        name="testConnection",
        method="POST",
        path="/connections/{connection}/test",
        summary="Ask its vendor now whether it takes us",
        gives=ConnectionView,
        run=post_test,
    ),
    Endpoint(
        name="showWork",
        method="GET",
        path="/work",
        summary="What is left to do soon",
        gives=WorkView,
        run=work,
    ),
    Endpoint(
        name="showNextWork",
        method="GET",
        path="/work/next",
        summary="What runs and is due now, and when the next thing is due",
        gives=NextWorkView,
        run=work_next,
    ),
    Endpoint(
        name="listDeliveries",
        method="GET",
        path="/deliveries",
        summary="What the vendors told us, newest first",
        gives=DeliveryList,
        run=get_deliveries,
        query=DeliveriesAsked,
    ),
    Endpoint(
        name="replayDelivery",
        method="POST",
        path="/deliveries/{connection}/{event}/replay",
        summary="Replay a delivery",
        gives=Replayed,
        run=replay,
    ),
    Endpoint(
        name="getLabelFile",
        method="GET",
        path="/orders/{order}/labels/{parcel}",
        summary="The file of a label; each time it is counted as a print",
        # The first that a client can read is taken for all: a label is bytes, whatever its format.
        gives=(UNKNOWN_TYPE, *sorted(set(LABEL_TYPES.values()))),
        run=label_file,
    ),
)
