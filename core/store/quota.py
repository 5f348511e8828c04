"""Shared counters of what a vendor allows, per merchant, app and operation (GCRA: one number per counter).

An operation is written ``counter`` or ``counter:use``. Uses of one counter share what the vendor allows; a less
urgent use leaves a part of the burst to the more urgent ones (``RESERVES``). An operation nobody knows a limit of is
free until the vendor names one. Seconds are the machine's: a vendor counts real time. Only where the clock is moved by
hand, vendors count the instants of that clock.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from core.clock import Clock, SystemClock
from core.errors import RateLimitError
from core.ports import Quota
from core.store.engine import Database, Postgres
from core.store.tables import quota
from core.store.writes import insert_new, upsert

RESERVES: Mapping[str, float] = {"ship": 0.0, "stock": 0.2, "catalogue": 0.5}
"""The part of a burst that a use leaves to others; a use not named here leaves none."""

_SHORTEST_WAIT_S = 0.001
# What the rounding of seconds since 1970 may hide: such a wait is none.
_HAIR_S = 1e-6


@dataclass(frozen=True, slots=True)
class Limit:
    """What a vendor allows: ``rate_per_s`` in the long run, ``burst`` at once."""

    rate_per_s: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request for ``cost`` grants of a counter, leaving a ``reserve`` share of its burst to others."""

    counter: str
    cost: int
    reserve: float


def ask_of(operation: str, cost: int) -> Ask:
    """Return what an operation asks for, as in ``graphql:stock``."""
    counter, _, use = operation.partition(":")
    return Ask(counter=counter, cost=cost, reserve=RESERVES.get(use, 0.0))


def wait_s(ask: Ask, limit: Limit, tat: float, now: float) -> float:
    """Return the seconds until a wish can be granted; 0 where it can be now.

    ``tat`` is the instant at which the counter is full again. A wish larger than it may ever get waits for the
    whole of that part, and is then charged in full.
    """
    within = limit.burst * (1 - ask.reserve)
    needed = min(ask.cost, within)
    wait = max(tat, now) - now - (within - needed) / limit.rate_per_s
    return wait if wait > _HAIR_S else 0.0


def quota_of(
    database: Database,
    *,
    merchant: str,
    app: str,
    connection: str,
    limits: Mapping[str, Limit],
    clock: Clock | None = None,
) -> Quota:
    """Return a connection's counters: rows that processes share on PostgreSQL, in memory on SQLite (one process)."""
    clock = clock or SystemClock()
    if isinstance(database, Postgres):
        page = clock.seconds if clock.by_hand else None
        return QuotaRows(
            database, merchant=merchant, app=app, connection=connection, limits=limits, seconds=page
        )
    return QuotaMemory(connection=connection, limits=limits, seconds=clock.seconds)


class QuotaMemory:
    """Counters of one process."""

    def __init__(
        self, *, connection: str, limits: Mapping[str, Limit], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._limits = dict(limits)
        self._seconds = seconds
        self._tats: dict[str, float] = {}

    async def take(self, operation: str, *, cost: int = 1) -> None:
        """Take a grant, or raise RateLimitError with the pause after which to ask again."""
        ask = ask_of(operation, cost)
        limit = self._limits.get(ask.counter)
        if limit is None:
            return
        now = self._seconds()
        tat = self._tats.get(ask.counter, now)
        wait = wait_s(ask, limit, tat, now)
        if wait > 0:
            raise _none_left(operation, self._connection, wait)
        self._tats[ask.counter] = max(tat, now) + ask.cost / limit.rate_per_s

    async def learn(
        self, operation: str, *, rate_per_s: float, burst: float, left: float | None = None, back: float = 0.0
    ) -> None:
        """Take over what the vendor just said; what is on its way stays counted."""
        counter, now = ask_of(operation, 0).counter, self._seconds()
        before, limit = self._limits.get(counter), _limit(rate_per_s, burst)
        self._limits[counter] = limit
        ours = self._tats.get(counter)
        if ours is not None and before is not None:
            ours = _moved(ours, before.rate_per_s, limit, now)
        full_at = _full_at(ours, limit, left, back, now)
        if full_at is not None:
            self._tats[counter] = full_at


class QuotaRows:
    """Counters that all processes share: one guarded UPDATE per grant, by the database's clock unless one is given."""

    def __init__(
        self,
        database: Database,
        *,
        merchant: str,
        app: str,
        connection: str,
        limits: Mapping[str, Limit],
        seconds: Callable[[], float] | None = None,
    ) -> None:
        self._database = database
        self._seconds = seconds
        self._key = {"merchant": merchant, "app": app}
        self._connection = connection
        self._limits = dict(limits)

    async def take(self, operation: str, *, cost: int = 1) -> None:
        """Take a grant, or raise RateLimitError with the pause after which to ask again."""
        wait = await self._database.write(self._grant, ask_of(operation, cost))
        if wait > 0:
            raise _none_left(operation, self._connection, wait)

    async def learn(
        self, operation: str, *, rate_per_s: float, burst: float, left: float | None = None, back: float = 0.0
    ) -> None:
        """Take over what the vendor just said; what is on its way stays counted."""
        counter, limit = ask_of(operation, 0).counter, _limit(rate_per_s, burst)
        await self._database.write(self._take_over, counter, limit=limit, left=left, back=back)

    # What follows runs inside one transaction.

    def _grant(self, conn: sa.Connection, ask: Ask) -> float:
        """Take a grant and return 0, or return the seconds to wait."""
        _forgo_flush(conn)
        if self._take(conn, ask):
            return 0.0
        row = self._read(conn, ask)
        if row is None:
            limit = self._limits.get(ask.counter)
            if limit is None:
                return 0.0
            insert_new(conn, quota, [{**self._row(ask.counter), **_columns(limit), "tat": 0.0}])
            if self._take(conn, ask):
                return 0.0
            row = self._read(conn, ask)
        if row is None:
            return _SHORTEST_WAIT_S
        limit = Limit(rate_per_s=row.rate_per_s, burst=row.burst)
        # It may have become free since the UPDATE looked: then the next ask gets it.
        return max(_SHORTEST_WAIT_S, wait_s(ask, limit, row.tat, row.now))

    def _take(self, conn: sa.Connection, ask: Ask) -> bool:
        now = self._now()
        within = quota.c.burst * (1 - ask.reserve)
        needed = sa.func.least(float(ask.cost), within)
        free_from = sa.func.greatest(quota.c.tat, now)
        guard = free_from <= now + (within - needed) / quota.c.rate_per_s + _HAIR_S
        taken = sa.update(quota).where(self._is(ask.counter), guard)
        return bool(conn.execute(taken.values(tat=free_from + ask.cost / quota.c.rate_per_s)).rowcount)

    def _read(self, conn: sa.Connection, ask: Ask) -> sa.Row[tuple[float, float, int, float]] | None:
        columns = (quota.c.tat, quota.c.rate_per_s, quota.c.burst, self._now().label("now"))
        return conn.execute(sa.select(*columns).where(self._is(ask.counter))).one_or_none()

    def _take_over(
        self, conn: sa.Connection, counter: str, *, limit: Limit, left: float | None, back: float
    ) -> None:
        _forgo_flush(conn)
        row = {**self._row(counter), **_columns(limit)}
        known = conn.execute(
            sa.select(quota.c.tat, quota.c.rate_per_s).where(self._is(counter)).with_for_update()
        ).one_or_none()
        now = conn.execute(sa.select(self._now())).scalar_one()
        ours = None if known is None else _moved(known.tat, known.rate_per_s, limit, now)
        full_at = _full_at(ours, limit, left, back, now)
        if full_at is not None:
            row["tat"] = full_at
        upsert(conn, quota, [row])

    def _now(self) -> sa.ColumnElement[float]:
        return _database_now() if self._seconds is None else sa.literal(self._seconds(), sa.Double)

    def _row(self, counter: str) -> dict[str, str]:
        return {**self._key, "operation": counter}

    def _is(self, counter: str) -> sa.ColumnElement[bool]:
        return sa.and_(*(quota.c[column] == value for column, value in self._row(counter).items()))


def _database_now() -> sa.ColumnElement[float]:
    """Return the database's own time in seconds, running on within a transaction."""
    return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)


def _forgo_flush(conn: sa.Connection) -> None:
    # A grant lost in a power cut is a second's worth of quota: not worth a wait for the disk.
    conn.exec_driver_sql("SET LOCAL synchronous_commit TO off")


def _limit(rate_per_s: float, burst: float) -> Limit:
    return Limit(rate_per_s=rate_per_s, burst=max(1, int(burst)))


def _columns(limit: Limit) -> dict[str, float]:
    return {"rate_per_s": limit.rate_per_s, "burst": limit.burst}


def _moved(tat: float, rate_per_s: float, limit: Limit, now: float) -> float:
    """Return when a counter is full again at another rate: what was taken at the old one stays taken, no more."""
    taken = max(0.0, tat - now) * rate_per_s
    return now + taken / limit.rate_per_s


def _full_at(ours: float | None, limit: Limit, left: float | None, back: float, now: float) -> float | None:
    """Return when a counter is full again, by the vendor's word and by our own count: the later one.

    The vendor has not seen yet what was granted and is on its way; what it charged less than was taken is free again.
    Were its word alone believed, a fifth of the calls of many at once would be throttled.
    """
    kept = None if ours is None else ours - back / limit.rate_per_s
    if left is None:
        return kept
    told = now + max(0.0, limit.burst - left) / limit.rate_per_s
    return told if kept is None else max(told, kept)


def _none_left(operation: str, connection: str, wait: float) -> RateLimitError:
    return RateLimitError(
        f"{operation}: the vendor's allowance is used up", connection=connection, retry_after_s=wait
    )
