"""How each connection is: authorized or dead, what is accepted, when it last spoke, what is stuck."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from core.engine.answers import KINDS
from core.engine.hub import Connections, Hub
from core.errors import RefusedError
from core.jobs import JOBS
from core.jobs.probe import ProbeResult, Said, ask
from core.jobs.push_guard import describe
from core.model.actions import Action
from core.ports import Mode
from core.store.backlog import NextDue, intents_open, next_due, orders_due_before, refused_mails
from core.store.connection_jobs import (
    count_due,
    count_jobs_before,
    first_errors,
    parked_by_connection,
    standing_jobs,
)
from core.store.inbox import list_deliveries
from core.store.jobs import Job
from core.store.listing_pages import count_levels_left
from core.store.pauses import VendorPause, count_waiting, list_pauses
from core.store.probes import save_probe
from core.store.push_guard import list_stopped_pushes
from core.store.switches import accepted_actions
from core.store.tokens import TokenState, account_of, token_states

State = Literal["not connected", "untested", "works", "failing", "refused", "silent", "reconnect"]
"""How a connection is (R114); ``works``: its vendor answered a call that only who is signed in may make.

``not connected``: to be authorized in a browser. ``untested``: not asked yet. ``failing``: the vendor takes us, and
something that we asked of it failed. ``refused``: it does not take us. ``silent``: it does not answer.
``reconnect``: the authorization was taken back, or ended.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionHealth:
    """One connection as people see it."""

    connection: str
    use: str
    title: str
    mode: Mode | None
    """Test or live, where the connection tells."""
    state: State
    tested_at: datetime | None
    """When the vendor was last asked whether it takes us."""
    said: str
    """What came of that, in a sentence."""
    do: str
    """What to do about it; empty where nothing is."""
    needs_browser: bool
    can_be_tested: bool
    """Whether its vendor can be asked anything that changes nothing."""
    account: str | None
    expires_at: datetime | None
    actions: tuple[str, ...]
    last_delivery_at: datetime | None
    last_poll_at: datetime | None
    orders_since: datetime | None
    """The channel shows us no order placed before this; None where it shows every one, or was not asked yet (R25)."""
    parked: int
    error: str | None
    accepted: tuple[str, ...] = ()
    push_guard: str | None = None
    """What a round of levels would change that waits for a person; None where none waits."""
    not_sendable: int = 0
    """Messages that the mail server refused for good."""
    paused: tuple[VendorPause, ...] = ()
    """What it does for nobody just now, and why."""


async def health_of(hub: Hub, merchant: str) -> tuple[ConnectionHealth, ...]:
    """Return every connection of a merchant, in the order of crossdock.yaml."""
    tokens = await hub.store.read(token_states, merchant)
    switches = await hub.store.read(accepted_actions, merchant)
    names, now = list(hub.connections(merchant).ports), hub.clock.now()
    jobs = await hub.store.read(standing_jobs, merchant, ("probe", "poll"))
    parked = await hub.store.read(parked_by_connection, merchant)
    errors = await hub.store.read(first_errors, merchant, names)
    stopped = await hub.store.read(list_stopped_pushes, merchant)
    waiting = await hub.store.read(count_waiting, merchant)
    paused = [
        replace(pause, waiting=waiting.get(pause.key, 0) + await _kept_back(hub, merchant, pause))
        for pause in await hub.store.read(list_pauses, merchant, now)
    ]
    refused = await hub.store.read(refused_mails, merchant)
    found: list[ConnectionHealth] = []
    for name in names:
        of_it = tuple(pause for pause in paused if pause.connection == name)
        ours = [job for job in jobs if job.connection == name]
        health = await _health(
            hub, merchant, name, tokens.get(name), jobs=ours, error=errors.get(name), paused=of_it
        )
        found.append(
            replace(
                health,
                parked=parked.get(name, 0),
                accepted=tuple(action for action in health.actions if (name, action) in switches),
                push_guard=describe(stopped[name]) if name in stopped else None,
                not_sendable=refused.get(name, 0),
            )
        )
    return tuple(found)


async def _kept_back(hub: Hub, merchant: str, pause: VendorPause) -> int:
    """Return how many jobs are due and not claimed because what they ask for is paused."""
    asking = {
        kind.kind for kind in JOBS.values() if pause.action in {KINDS[operation] for operation in kind.asks}
    }
    return await hub.store.read(count_due, merchant, pause.connection, asking, hub.clock.now())


async def probe_now(hub: Hub, merchant: str, connection: str) -> ConnectionHealth:
    """Ask a connection's vendor now whether it takes us; return how the connection is after that.

    Raises:
        NotFoundError: no such connection.
        RefusedError: it is not authorized yet, or its vendor cannot be asked.
        RateLimitError: the vendor asks to wait; what it said before stands.
    """
    hub.connections(merchant).named(connection)
    [before] = [health for health in await health_of(hub, merchant) if health.connection == connection]
    if before.state == "not connected":
        raise RefusedError(f"{connection} is not connected yet; {before.do}")
    if not before.can_be_tested:
        raise RefusedError(f"{connection} cannot be tested: {before.do}")
    tested = await ask(hub, merchant, connection)
    if tested is None:
        raise RefusedError(f"{before.title} cannot be asked whether it takes us")
    await hub.store.write(save_probe, merchant, connection, data=tested.data, due_at=tested.next_at)
    [after] = [health for health in await health_of(hub, merchant) if health.connection == connection]
    return after


async def _health(
    hub: Hub,
    merchant: str,
    name: str,
    token: TokenState | None,
    *,
    jobs: list[Job],
    error: str | None,
    paused: tuple[VendorPause, ...],
) -> ConnectionHealth:
    """Return how one connection is, by its token, its jobs, its pauses and what it told last."""
    connections = hub.connections(merchant)
    browser = needs_browser(connections, name)
    testable = can_be_tested(connections, name)
    tested = next((ProbeResult.of(job.data) for job in jobs if testable and job.kind == "probe"), None)
    last = (await hub.store.read(list_deliveries, merchant, connection=name, limit=1)).items
    state = _state(
        browser=browser, token=token.state if token else None, tested=tested, fails=bool(error or paused)
    )
    return ConnectionHealth(
        connection=name,
        use=connections.connectors[name].key,
        title=connections.connectors[name].title,
        mode=connections.ports[name].mode,
        state=state,
        tested_at=tested.at if tested else None,
        said=tested.words if tested else "",
        do=_to_do(connections, name, state),
        needs_browser=browser,
        can_be_tested=testable,
        account=await hub.store.read(account_of, hub.store.keys, merchant, name),
        expires_at=token.expires_at if token else None,
        actions=actions_of(hub, merchant, name),
        last_delivery_at=last[0].received_at if last else None,
        last_poll_at=_of_poll(jobs, "last"),
        orders_since=_of_poll(jobs, "from"),
        parked=0,
        error=error,
        paused=paused,
    )


SOON = timedelta(hours=6)
"""An order due later than this waits for the calendar (an authorization that will lapse), not for the hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLeft:
    """How much is still to be done soon."""

    orders: int
    intents: int
    jobs: int
    levels: int


async def work_left(hub: Hub, merchant: str) -> WorkLeft:
    """Return how much a merchant's hub still has to do soon; standing jobs that only look do not count."""
    now = hub.clock.now()
    standing = {"listings", *(kind.kind for kind in JOBS.values() if kind.standing)}
    accepted = {
        name
        for name, action in await hub.store.read(accepted_actions, merchant)
        if action == Action.LEVELS.value
    }
    return WorkLeft(
        orders=await hub.store.read(orders_due_before, merchant, now + SOON),
        intents=await hub.store.read(intents_open, merchant),
        jobs=await hub.store.read(count_jobs_before, merchant, now + SOON, without=standing),
        levels=await hub.store.read(count_levels_left, merchant, accepted),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NextWork:
    """Whether a merchant's hub stands still, and until when: for whoever moves the clock."""

    running: int
    """Orders and jobs that this process is at."""
    moves: int
    """How many this process has ended: the same number twice means that nothing happened in between."""
    next: NextDue


async def next_work(hub: Hub, merchant: str) -> NextWork:
    """Return what a merchant's hub is at and when it next has something to do; listening to a queue does not count."""
    listening = [kind.kind for kind in JOBS.values() if kind.listens]
    looks = [kind.kind for kind in JOBS.values() if kind.looks]
    found = await hub.store.read(next_due, merchant, hub.clock.now(), without=listening, looks=looks)
    running, ended = hub.activity.running[merchant], hub.activity.ended[merchant]
    return NextWork(running=running, moves=ended, next=found)


def actions_of(hub: Hub, merchant: str, connection: str) -> tuple[str, ...]:
    """Return the kinds of action that a connection can be accepted for."""
    ports = hub.connections(merchant).named(connection)
    able = {
        Action.LABELS: ports.carrier is not None,
        Action.LEVELS: ports.levels is not None,
        Action.MAILS: ports.notifier is not None,
        Action.CAPTURES: ports.channel_payments is not None,
    }
    return tuple(action.value for action, can in able.items() if can)


def needs_browser(connections: Connections, name: str) -> bool:
    """Return whether a merchant authorizes a connection in a browser; with a token in crossdock.yaml he does not."""
    return (
        connections.ports[name].authorizer is not None and connections.config.connections[name].token is None
    )


def can_be_tested(connections: Connections, name: str) -> bool:
    """Return whether crossdock.yaml says what a test asks, where the connector wants to be told."""
    key, own = connections.connectors[name].tested_by, connections.config.connections[name].with_
    return key is None or own is None or getattr(own, key) is not None


def _state(*, browser: bool, token: str | None, tested: ProbeResult | None, fails: bool) -> State:
    if browser and token is None:
        return "not connected"
    if token == "dead":  # noqa: S105 - a state, no secret
        return "reconnect"
    if tested is None:
        return "untested"
    if tested.said is not Said.WORKS:
        return "refused" if tested.said is Said.REFUSED else "silent"
    return "failing" if fails else "works"


def _to_do(connections: Connections, name: str, state: State) -> str:
    """Return what a person does about a state."""
    keys = connections.connectors[name].signs_in_with
    named = f" ({', '.join(keys)} of {name})" if keys else ""
    if state in ("not connected", "reconnect"):
        return f"authorize {name}: on the page of connections, or as crossdock connect says"
    if state == "untested" and not can_be_tested(connections, name):
        key = connections.connectors[name].tested_by
        return f"say what may be asked of it that changes nothing ({key} of {name} in crossdock.yaml), or leave it untested"
    if state == "untested":
        return f"test it: on the page of connections, or crossdock connections test {name}"
    if state == "refused" and needs_browser(connections, name):
        return (
            f"authorize {name} again, on the page of connections or as crossdock connect says; then test it"
        )
    if state == "refused":
        return f"correct the credentials in crossdock.yaml{named} and what they take from the environment, then start again"
    if state == "silent":
        return (
            f"it is asked again every few minutes; if it is not down, see whether its address is right{named}"
        )
    return "see what is paused, or the last trouble" if state == "failing" else ""


def _of_poll(jobs: list[Job], what: str) -> datetime | None:
    told = next((e.data.get(what) for e in jobs if e.kind == "poll"), None)
    return datetime.fromisoformat(told) if told else None
