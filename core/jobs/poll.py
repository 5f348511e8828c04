"""What no notification told is found by asking: a channel is polled for what changed."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.errors import HubError, MappingError, RejectedError
from core.failpoints import failpoint
from core.model.part import NEVER
from core.ports import Channel
from core.store.jobs import Job, NewJob, enqueue
from core.store.orders import updates_of
from core.store.parked import parked_of, retry_jobs

LOG = logging.getLogger("crossdock.poll")

POLL_EVERY = timedelta(minutes=5)
FETCHED_AGAIN = 20
"""How many parked fetches are made again at each look: what cannot be mended must not eat the channel's quota."""
OVERLAP = timedelta(minutes=3)
"""How far a poll looks back behind the newest change it has seen: channels do not list in the order of change."""
LISTED_AGAIN = timedelta(hours=1)
"""How long a change stays in the list while the order is not known as new as that: longer than a replica is behind."""
_PLACE = frozenset({"page", "pages", "kept"})
"""Where a poll is in a list: the page to ask for, how many it asked for, and one of these."""


async def poll_orders(hub: Hub, job: Job) -> Reschedule | None:
    """Ask a channel what changed, page by page; whatever we do not know as new as that is fetched.

    The cursor moves only after everything of a page is enqueued, and jobs are rows: nothing can fall between (R70).

    Raises:
        ConnectorError: the channel did not answer, or refused; a place in its list, after that was begun anew.
        MappingError: the list goes round, also after it was begun anew.
    """
    channel = hub.connections(job.merchant).named(job.connection).channel
    if channel is None or "since" not in job.data:
        return None  # nobody began to work with this connection: it has nothing to look back from
    if "opened" not in job.data:
        return await _list_open(hub, job, channel)
    memory = dict(job.data)
    since = datetime.fromisoformat(memory["since"])
    asked_at = memory.setdefault("asked", hub.clock.now().isoformat())
    failpoint("intake.poll.before")
    call = Call(job.connection, "changed_orders")
    try:
        page = await asked(hub, job.merchant, call, channel.changed_orders(since, memory.get("page")))
    except RejectedError as error:
        return _begun_anew(hub, job, memory, error)
    failpoint("intake.poll.after")
    behind = [datetime.fromisoformat(memory["behind"])] if "behind" in memory else []
    behind += await _fetch_unknown(hub, job, page.orders)
    # An instant that has not come yet must not move the cursor past what changes until then.
    changed = (datetime.fromisoformat(memory.get("high", memory["since"])), *(at for _, at in page.orders))
    high = max(min(at, hub.clock.now()) for at in changed)
    if page.next_page is not None:
        if behind:
            memory["behind"] = min(behind).isoformat()
        return _next(hub, job, {**memory, "high": high.isoformat()}, page.next_page)
    now = hub.clock.now()
    failpoint("intake.parked.before")
    await hub.store.write(fetch_parked, job.merchant, job.connection, now=now)
    memory.pop("behind", None)
    memory.pop("asked", None)
    memory.pop("anew", None)
    moved = {
        **_without_place(memory),
        "began": asked_at,
        "since": max(since, min((high - OVERLAP, *_lately(behind, now)))).isoformat(),
        "high": high.isoformat(),
        "last": now.isoformat(),
    }
    return Reschedule(due_at=next_poll(now), data=moved)


def fetch_parked(conn: sa.Connection, merchant: str, connection: str, *, now: datetime) -> None:
    """Have what could not be fetched from a channel fetched again: what it failed at may be mended by now (F1)."""
    retry_jobs(conn, merchant, parked_of(conn, merchant, connection, "fetch", limit=FETCHED_AGAIN), now=now)


def _lately(behind: Sequence[datetime], now: datetime) -> Sequence[datetime]:
    """Return the changes to list once more: what is fetched may be given as it was before, and would not be known."""
    return [at for at in behind if at > now - LISTED_AGAIN]


async def _list_open(hub: Hub, job: Job, channel: Channel) -> Reschedule:
    """Fetch every open order of the channel, however long ago it changed: before anything else, once (R25, R81, R85)."""
    memory, now = dict(job.data), hub.clock.now()
    if "opening" not in memory:
        memory = {**_without_place(memory), "opening": now.isoformat()}
    failpoint("intake.open.before")
    asked_at, call = datetime.fromisoformat(memory["opening"]), Call(job.connection, "open_orders")
    try:
        page = await asked(hub, job.merchant, call, channel.open_orders(asked_at, memory.get("page")))
    except RejectedError as error:
        return _begun_anew(hub, job, memory, error)
    behind = await _fetch_unknown(hub, job, page.orders)
    since = datetime.fromisoformat(memory["since"])
    memory["since"] = min((since, *_lately(behind, now))).isoformat()
    if page.next_page is not None:
        return _next(hub, job, memory, page.next_page)
    memory = _without_place(memory)
    memory.pop("anew", None)
    memory["opened"] = memory.pop("opening")
    memory["from"] = None if page.shown_since is None else page.shown_since.isoformat()
    return Reschedule(due_at=now, data=memory)


def _next(hub: Hub, job: Job, memory: Mapping[str, Any], next_page: str) -> Reschedule:
    """Go on at once with the next page of a list; one that leads back to where it was is begun anew.

    Of the pages asked for, the last and one more are remembered: the first, second, fourth, eighth and so on. A list
    that goes round, however long its round is, comes by one of them (Brent's algorithm).

    Raises:
        MappingError: it goes round, and was begun anew before.
    """
    on = "page" in memory
    if on and next_page in (memory["page"], memory.get("kept")):
        error = MappingError(
            "next_page", "expected a place further on in the list, found one asked for before"
        )
        return _begun_anew(hub, job, memory, error)
    pages = memory.get("pages", 0) + 1 if on else 1
    is_kept = pages & (pages - 1) == 0
    kept = next_page if is_kept else memory.get("kept")
    return Reschedule(
        due_at=hub.clock.now(), data={**memory, "page": next_page, "pages": pages, "kept": kept}
    )


def _begun_anew(hub: Hub, job: Job, memory: Mapping[str, Any], error: HubError) -> Reschedule:
    """Have a list begun anew whose place its channel refuses, or that goes round: at once, then after each wait.

    Amazon's places end after 24 hours (Orders API Migration Guide, read 2026-11), which an outage may last. The cursor
    stays: it moves at the end of a list alone.

    Raises:
        HubError: the ``error``; at the beginning of a list, and where it has just been begun anew for the same.
    """
    if "page" not in memory or ("anew" in memory and not job.attempts):
        raise error
    LOG.info("%s: the list of %s is begun anew: %s", job.merchant, job.connection, error)
    return Reschedule(due_at=hub.clock.now(), data={**_without_place(memory), "anew": True})


def _without_place(memory: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a poll remembers without where it is in a list."""
    return {name: value for name, value in memory.items() if name not in _PLACE}


def next_poll(now: datetime) -> datetime:
    """Return the next full five minutes."""
    passed = timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
    return now - passed + POLL_EVERY


def poll_from(instant: datetime) -> Mapping[str, Any]:
    """Return what a poll remembers at the start: from when on it asks."""
    return {"since": instant.astimezone(UTC).isoformat()}


async def _fetch_unknown(hub: Hub, job: Job, orders: Sequence[tuple[str, datetime]]) -> list[datetime]:
    """Have everything fetched that is not known as new as it is listed; return when each of it changed."""
    now = hub.clock.now()
    requests: list[NewJob] = []
    changes: list[datetime] = []
    order_ids = [f"{job.connection}:{external_id}" for external_id, _ in orders]
    updates = await hub.store.read(updates_of, job.merchant, order_ids)
    for order_id, (_, changed_at) in zip(order_ids, orders, strict=True):
        known = updates.get(order_id)
        if known is None or known < changed_at or changed_at == NEVER:
            requests.append(NewJob(kind="fetch", subject=order_id, connection=job.connection, due_at=now))
            changes += [changed_at] if changed_at != NEVER else []
    if requests:
        failpoint("intake.jobs.before")
        await hub.store.write(enqueue, job.merchant, requests)
    return changes
