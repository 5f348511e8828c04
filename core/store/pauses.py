"""Pauses: a connection does nothing of one kind for anybody; one row says so, and one for each that waits for its end.

Those that wait come one after another, the longest untried first, so that one that always fails keeps nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.model.triggers import Subject
from core.store.claims import wake_orders
from core.store.jobs import NewJob, enqueue
from core.store.listening import CONNECTION, listening
from core.store.reads import one_statement
from core.store.revisions import change_settings
from core.store.tables import jobs, pause_waits, pauses
from core.store.writes import insert_new, upsert

ORDER = "order"
"""The kind of a waiter that is an order; a job's is its own."""
LAPSES = timedelta(minutes=10)
"""How long after it could be looked at a pause is over that nobody waits for: nobody would ever end it."""
LOST_AFTER = timedelta(minutes=5)
"""How long a vendor serves nobody until its connection counts as lost, where it may mend itself."""
_APART = timedelta(seconds=5)
"""How long after the first in line the second comes, and so on."""
_LINE = 60
"""How many come one after another; all behind them come with the last."""

KindKey = tuple[str, str]
"""(connection, action)."""
WaiterKey = tuple[str, str]
"""(``order`` or the kind of job, order id or the job's subject)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorPause:
    """What a connection does for nobody, since when and why, when it is next asked, and how many wait."""

    connection: str
    action: str
    since: datetime
    reason: str
    look_at: datetime
    cleared_at: datetime | None = None
    waiting: int = 0
    for_person: bool = False
    """Whether it stands until a person mends it: no credentials are taken, or the account does nothing."""

    @property
    def lost_at(self) -> datetime:
        """When its connection counts as lost: at once where a person has to mend it, else where it lasts."""
        return self.since if self.for_person else self.since + LOST_AFTER

    @property
    def key(self) -> KindKey:
        """What is paused, and where."""
        return (self.connection, self.action)


def save_pause(
    conn: sa.Connection,
    merchant: str,
    kind: KindKey,
    reason: str,
    waiter: WaiterKey,
    *,
    now: datetime,
    interval: Callable[[timedelta], timedelta],
    for_person: bool = False,
) -> bool:
    """Raise a pause, or put off the next look of the one that stands; return whether it is new.

    ``interval`` says, by how long it has stood, when it is looked at again; ``waiter`` tried just now, in vain.
    """
    change_settings(conn, merchant)
    key = {"merchant": merchant, "connection": kind[0], "action": kind[1]}
    # A row that is not there yet is put there cleared, so that of two who raise it at once one is the first.
    row = {**key, "since": now, "reason": reason, "look_at": now, "cleared_at": now}
    insert_new(conn, pauses, [row])
    of = [pauses.c[name] == value for name, value in key.items()]
    last = conn.execute(sa.select(pauses.c.since).where(*of).with_for_update()).scalar_one()
    new = conn.execute(sa.select(sa.literal(1)).where(*of, *_lasting(now))).first() is None
    since = now if new else last
    told = {"since": since, "reason": reason, "look_at": now + interval(now - since), "cleared_at": None}
    conn.execute(sa.update(pauses).where(*of).values(**told, for_person=for_person))
    upsert(conn, pause_waits, [_wait(merchant, kind, waiter, tried_at=now)])
    _tell_rules(conn, merchant, kind[0], now if for_person else since + LOST_AFTER)
    return new


def _tell_rules(conn: sa.Connection, merchant: str, connection: str, look_at: datetime) -> None:
    """Have it looked at whether a connection is lost or back, where any rule is about that."""
    if listening(conn, [merchant], Subject.CONNECTION):
        enqueue(conn, merchant, [NewJob.of_connection(CONNECTION, connection, look_at)])


def list_pauses(conn: sa.Connection, merchant: str, now: datetime) -> tuple[VendorPause, ...]:
    """Return the pauses that stand, by connection and action, without how many wait."""
    found = conn.execute(
        sa.select(pauses)
        .where(pauses.c.merchant == merchant, *_lasting(now))
        .order_by(pauses.c.connection, pauses.c.action)
    )
    return tuple(
        VendorPause(
            connection=row.connection,
            action=row.action,
            since=row.since,
            reason=row.reason,
            look_at=row.look_at,
            for_person=row.for_person,
        )
        for row in found
    )


def lost_connections(conn: sa.Connection, merchant: str, now: datetime) -> frozenset[str]:
    """Return the connections that count as lost."""
    return frozenset(p.connection for p in list_pauses(conn, merchant, now) if p.lost_at <= now)


def looks_of_all(conn: sa.Connection, now: datetime) -> Mapping[tuple[str, KindKey], datetime]:
    """Return, of every merchant's pauses that stand, when somebody may look whether it is over."""
    columns = (pauses.c.merchant, *_PAUSE, pauses.c.look_at)
    found = conn.execute(sa.select(*columns).where(*_lasting(now)))
    return {(merchant, (connection, action)): look_at for merchant, connection, action, look_at in found}


def count_waiting(conn: sa.Connection, merchant: str) -> Mapping[KindKey, int]:
    """Return how many orders and jobs wait for each pause."""
    found = conn.execute(
        sa.select(pause_waits.c.connection, pause_waits.c.action, sa.func.count())
        .where(pause_waits.c.merchant == merchant)
        .group_by(pause_waits.c.connection, pause_waits.c.action)
    )
    return {(connection, action): count for connection, action, count in found}


@one_statement
def waits_of_order(conn: sa.Connection, merchant: str, order_id: str) -> tuple[KindKey, ...]:
    """Return what an order waits for."""
    of = (
        pause_waits.c.merchant == merchant,
        pause_waits.c.kind == ORDER,
        pause_waits.c.subject == order_id,
    )
    return tuple((c, a) for c, a in conn.execute(sa.select(*_KIND).where(*of).order_by(*_KIND)))


def take_turns(
    conn: sa.Connection,
    merchant: str,
    kinds: Sequence[KindKey],
    waiter: WaiterKey,
    *,
    now: datetime,
    until: datetime,
) -> datetime | None:
    """Return None if a waiter may ask now, else when it is to come again.

    It may ask if it is its turn to see whether those of the pauses that still stand are over: until ``until`` it is
    nobody else's. Who is behind others in line has the turn where they do not come.
    """
    stands = conn.execute(
        sa.select(*_PAUSE, pauses.c.look_at)
        .where(pauses.c.merchant == merchant, pauses.c.cleared_at.is_(None), _one_of(pauses, kinds))
        .order_by(*_PAUSE)
        .with_for_update()
    ).all()
    insert_new(conn, pause_waits, [_wait(merchant, (c, a), waiter, tried_at=None) for c, a, _ in stands])
    turn_at: list[datetime] = [
        look_at + _APART * _ahead(conn, merchant, (c, a), waiter) for c, a, look_at in stands
    ]
    if any(at > now for at in turn_at):
        return max(turn_at)
    for c, a, _ in stands:
        conn.execute(sa.update(pauses).where(*_stands(merchant, (c, a))).values(look_at=until))
        upsert(conn, pause_waits, [_wait(merchant, (c, a), waiter, tried_at=now)])
    return None


def give_back(conn: sa.Connection, merchant: str, kinds: Sequence[KindKey], *, look_at: datetime) -> None:
    """Let another have a turn that came to nothing."""
    stand = (pauses.c.merchant == merchant, pauses.c.cleared_at.is_(None), pauses.c.look_at > look_at)
    conn.execute(sa.update(pauses).where(*stand, _one_of(pauses, kinds)).values(look_at=look_at))


def leave_line(conn: sa.Connection, merchant: str, kinds: Sequence[KindKey], waiter: WaiterKey) -> None:
    """Forget that a waiter waits: it has something else to do, or nothing."""
    of = (
        _one_of(pause_waits, kinds),
        pause_waits.c.kind == waiter[0],
        pause_waits.c.subject == waiter[1],
    )
    conn.execute(sa.delete(pause_waits).where(pause_waits.c.merchant == merchant, *of))


def end_pause(conn: sa.Connection, merchant: str, kind: KindKey, *, now: datetime) -> bool:
    """Clear a pause, and have all that waited for it go on at once; return whether it stood."""
    change_settings(conn, merchant)
    changed = conn.execute(sa.update(pauses).where(*_stands(merchant, kind)).values(cleared_at=now))
    if changed.rowcount:
        _wake(conn, merchant, [kind], now)
        of = (pause_waits.c.merchant == merchant, _one_of(pause_waits, [kind]))
        conn.execute(sa.delete(pause_waits).where(*of))
        _tell_rules(conn, merchant, kind[0], now)
    return bool(changed.rowcount)


def ask_now(conn: sa.Connection, merchant: str, connection: str, *, now: datetime) -> int:
    """Have what is paused of a connection tried again at once; return how many kinds of work that is."""
    of = (pauses.c.merchant == merchant, pauses.c.connection == connection, *_lasting(now))
    kinds = [
        (c, a) for c, a in conn.execute(sa.select(*_PAUSE).where(*of).order_by(*_PAUSE).with_for_update())
    ]
    if kinds:
        named = _one_of(pauses, kinds)
        conn.execute(sa.update(pauses).where(pauses.c.merchant == merchant, named).values(look_at=now))
        _wake(conn, merchant, kinds, now)
    return len(kinds)


def _wake(conn: sa.Connection, merchant: str, kinds: Sequence[KindKey], now: datetime) -> None:
    waiting = sa.and_(pause_waits.c.merchant == merchant, _one_of(pause_waits, kinds))
    orders = sa.select(pause_waits.c.subject).where(waiting, pause_waits.c.kind == ORDER)
    wake_orders(conn, merchant, orders, now)
    theirs = sa.exists().where(
        waiting, pause_waits.c.kind == jobs.c.kind, pause_waits.c.subject == jobs.c.subject
    )
    # Asked for once more: one that runs now, and met the pause, is due again when it ends.
    told = {jobs.c.due_at: now, jobs.c.requests: jobs.c.requests + 1}
    conn.execute(
        sa.update(jobs).where(jobs.c.merchant == merchant, jobs.c.parked_at.is_(None), theirs).values(told)
    )


_PAUSE = (pauses.c.connection, pauses.c.action)
_KIND = (pause_waits.c.connection, pause_waits.c.action)


def _wait(
    merchant: str, kind: KindKey, waiter: WaiterKey, *, tried_at: datetime | None
) -> dict[str, str | datetime | None]:
    return {
        "merchant": merchant,
        "connection": kind[0],
        "action": kind[1],
        "kind": waiter[0],
        "subject": waiter[1],
        "tried_at": tried_at,
    }


def _ahead(conn: sa.Connection, merchant: str, kind: KindKey, waiter: WaiterKey) -> int:
    """Return how many are in line before one: who never tried, then who tried longest ago; none is far behind."""
    line = (pause_waits.c.merchant == merchant, *(c == v for c, v in zip(_KIND, kind, strict=True)))
    who = (pause_waits.c.kind, pause_waits.c.subject)
    me = (who[0] == waiter[0], who[1] == waiter[1])
    tried_at = conn.execute(sa.select(pause_waits.c.tried_at).where(*line, *me)).scalar_one()
    sooner = sa.tuple_(*who) < sa.tuple_(*(sa.literal(name) for name in waiter))
    same = pause_waits.c.tried_at.is_(None) if tried_at is None else pause_waits.c.tried_at == tried_at
    before = sa.and_(same, sooner)
    if tried_at is not None:
        before = sa.or_(before, pause_waits.c.tried_at.is_(None), pause_waits.c.tried_at < tried_at)
    found = sa.select(sa.literal(1)).where(*line, before).limit(_LINE).subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(found)).scalar_one())


def _one_of(table: sa.Table, kinds: Sequence[KindKey]) -> sa.ColumnElement[bool]:
    return sa.or_(*(sa.and_(table.c.connection == c, table.c.action == a) for c, a in kinds), sa.false())


def _lasting(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that a pause stands: it was not ended, and somebody waits for that, or it is fresh."""
    same = [pause_waits.c[name] == pauses.c[name] for name in ("merchant", "connection", "action")]
    awaited = sa.exists().where(*same)
    return pauses.c.cleared_at.is_(None), sa.or_(pauses.c.look_at > now - LAPSES, awaited)


def _stands(merchant: str, kind: KindKey) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        pauses.c.merchant == merchant,
        pauses.c.connection == kind[0],
        pauses.c.action == kind[1],
        pauses.c.cleared_at.is_(None),
    )
