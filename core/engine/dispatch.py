"""What is due, as candidates for a place: which shares each would take, and what has to wait whatever is free.

Orders take two kinds of share: one of all and one of their merchant's for a whole run, one of a connection and of its
vendor for each step that asks one.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa

from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.job import JobKind
from core.engine.places import ALL, Candidate, Share
from core.store.claims import DueOrder
from core.store.jobs import DueJob, JobKey, first_jobs
from core.store.pauses import KindKey, looks_of_all

Pauses = Mapping[tuple[str, KindKey], datetime]
"""(merchant, kind of work) that is paused -> when somebody may look whether that is over."""


def vendor_of(hub: Hub, merchant: str, connection: str) -> str:
    """Return the vendor of a connection; of one that no configuration names any more, the connection itself."""
    connections = hub.merchants.get(merchant)
    connector = connections.connectors.get(connection) if connections is not None else None
    return connection if connector is None else connector.key


def connection_shares(hub: Hub, merchant: str, connections: Iterable[str]) -> tuple[Share, ...]:
    """Return what asking these connections takes a place of."""
    found: list[Share] = []
    for connection in connections:
        found += [("connection", merchant, connection), ("vendor", vendor_of(hub, merchant, connection))]
    return tuple(dict.fromkeys(found))


def order_shares(merchant: str) -> tuple[Share, ...]:
    """Return what a run over an order takes a place of."""
    return (ALL, ("merchant", merchant))


def order_candidates(hub: Hub, due: Iterable[DueOrder]) -> Iterator[Candidate[DueOrder]]:
    """Yield the orders that this process can do; one that waits for a connection needs a place there as well."""
    for order in due:
        if order.merchant not in hub.merchants:
            continue
        there = connection_shares(hub, order.merchant, [order.waits_for] if order.waits_for else [])
        yield Candidate(
            item=order,
            merchant=order.merchant,
            lane=order.waits_for,
            shares=(*order_shares(order.merchant), *there),
            due_at=order.due_at,
        )


def job_shares(hub: Hub, kind: JobKind, merchant: str, connection: str) -> tuple[Share, ...]:
    """Return what a job takes a place of; one that only listens takes nobody's."""
    if kind.listens:
        return ()
    return (
        ALL,
        ("merchant", merchant),
        *connection_shares(hub, merchant, [connection]),
        ("kind", merchant, connection, kind.kind),
        ("background",) if kind.background else ("orders",),
    )


def job_candidates(
    hub: Hub, kinds: Mapping[JobKey, JobKind], due: Iterable[DueJob], pauses: Pauses, now: datetime
) -> Iterator[Candidate[DueJob]]:
    """Yield the jobs that may run; while what one asks for is paused, one of its lane may look, when it is time to."""
    for job in due:
        kind = kinds[job.key]
        shares = job_shares(hub, kind, job.merchant, job.connection)
        asks = (Call(job.connection, operation).kind for operation in kind.asks)
        looks = [pauses[job.merchant, asked] for asked in asks if (job.merchant, asked) in pauses]
        if any(at > now for at in looks):
            continue
        if looks:
            shares = (*shares, ("paused", job.merchant, job.connection, kind.kind))
        yield Candidate(
            item=job,
            merchant=job.merchant,
            lane=f"{job.connection}/{kind.kind}",
            shares=shares,
            due_at=job.due_at,
            background=kind.background,
        )


async def due_jobs(hub: Hub, now: datetime, *, depth: int, paused: bool) -> tuple[list[DueJob], Pauses]:
    """Return the first due jobs of each lane, and of every merchant's pauses, where any are known, when somebody may look."""
    if paused:
        return await hub.store.read(_due_jobs_and_pauses, now, depth=depth)
    return await hub.store.read(first_jobs, now, depth=depth), {}


def _due_jobs_and_pauses(conn: sa.Connection, now: datetime, *, depth: int) -> tuple[list[DueJob], Pauses]:
    return first_jobs(conn, now, depth=depth), looks_of_all(conn, now)
