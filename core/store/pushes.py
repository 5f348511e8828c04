"""Level pushes: their journal (one row of effects per call, written before it), the push guard, what a person said of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from core.model.stock import LevelChange
from core.store.columns import among, compact
from core.store.jobs import NewJob, enqueue
from core.store.listings import PUSH, Place, raised_bulk
from core.store.pages import behind
from core.store.switches import set_switch
from core.store.tables import effects, listings, open_pushes, stopped_pushes
from core.store.writes import insert_new, upsert


def journal_push(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    key: str,
    *,
    changes: Sequence[LevelChange],
    owner: str,
    now: datetime,
) -> None:
    """Write down which levels a call is about to set.

    An earlier call of the connection that nobody settled (its worker died, its answer was lost) is over: what it set
    is read again before anything is written, and this call says the newest.
    """
    this = {"merchant": merchant, "connection": connection}
    before = sa.select(open_pushes.c.key).where(
        open_pushes.c.merchant == merchant, open_pushes.c.connection == connection
    )
    last = conn.execute(before.with_for_update()).scalar_one_or_none()
    if last is not None:
        unsettled = (effects.c.merchant == merchant, effects.c.key == last, effects.c.state == "intent")
        conn.execute(sa.update(effects).where(*unsettled).values(state="unknown", settled_at=now))
    upsert(conn, open_pushes, [{**this, "key": key}])
    row = {
        "merchant": merchant,
        "key": key,
        "order_id": None,
        "operation": "set_levels",
        "connection": connection,
        "fence": "absolute",
        "owner": owner,
        "state": "intent",
        "intended_at": now,
        "request": compact([change.model_dump(mode="json") for change in changes]),
        "result": "{}",
    }
    insert_new(conn, effects, [row])


def settle_push(
    conn: sa.Connection, merchant: str, key: str, *, results: Mapping[str, str], now: datetime
) -> None:
    """Write down how each listing of a call ended."""
    conn.execute(
        sa.update(effects)
        .where(effects.c.merchant == merchant, effects.c.key == key, effects.c.state == "intent")
        .values(state="done", result=compact(dict(results)), settled_at=now)
    )


def forget_agreed(conn: sa.Connection, merchant: str, connection: str, after: Place) -> Place | None:
    """Forget, of the next listings behind one, which numbers a person agreed to; return the last, None at the end."""
    places = _next(conn, merchant, connection, after)
    if places:
        this = (*_of(merchant, connection), _at(conn, places), listings.c.agreed)
        conn.execute(sa.update(listings).where(*this).values(agreed=False))
    return places[-1] if len(places) == AT_ONCE else None


def note_agreed(conn: sa.Connection, merchant: str, connection: str, agreed: Mapping[Place, int]) -> None:
    """Note which number a person agreed to for each of these listings: the push guard lets it pass, and no other."""
    this = (
        *_of(merchant, connection),
        listings.c.listing == sa.bindparam("at_listing"),
        listings.c.location == sa.bindparam("at_location"),
    )
    if agreed:
        conn.execute(
            sa.update(listings).where(*this).values(wanted_last=sa.bindparam("units"), agreed=True),
            [
                {"at_listing": listing, "at_location": location, "units": units}
                for (listing, location), units in sorted(agreed.items())
            ],
        )


def turn_levels_on(conn: sa.Connection, merchant: str, connection: str, *, actor: str, now: datetime) -> None:
    """Accept the levels of a connection; what was stopped of it waits for nobody any more."""
    set_switch(conn, merchant, connection, "levels", on=True, actor=actor, now=now)
    stopped = (stopped_pushes.c.merchant == merchant, stopped_pushes.c.connection == connection)
    conn.execute(sa.delete(stopped_pushes).where(*stopped))


def read_afresh(
    conn: sa.Connection, merchant: str, connection: str, after: Place, *, now: datetime
) -> Place | None:
    """Have the next listings behind one read afresh and brought true; return the last, None at the end.

    What they showed when they were last read stays known: where one shows less now, something was sold meanwhile.
    """
    places = _next(conn, merchant, connection, after)
    if places:
        _touch(conn, merchant, connection, now, places, check_at=now, restore_to=None, stopped=False)
    return places[-1] if len(places) == AT_ONCE else None


def restore_levels(
    conn: sa.Connection, merchant: str, connection: str, levels: Mapping[Place, int], *, now: datetime
) -> None:
    """Have listings set to the numbers they showed once, whether or not levels are accepted now."""
    if not levels:
        return
    _touch(conn, merchant, connection, now, sorted(levels), last_read=None, wanted_last=None, agreed=False)
    this = (
        *_of(merchant, connection),
        listings.c.listing == sa.bindparam("at_listing"),
        listings.c.location == sa.bindparam("at_location"),
    )
    conn.execute(
        sa.update(listings).where(*this).values(restore_to=sa.bindparam("units")),
        [
            {"at_listing": listing, "at_location": location, "units": units}
            for (listing, location), units in sorted(levels.items())
        ],
    )


AT_ONCE = 500
"""So many listings are changed in one transaction where all of a connection are: others write in between."""
_PLACE = (listings.c.listing, listings.c.location)


def _of(merchant: str, connection: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the condition that listings of a connection are ours to write."""
    return (
        listings.c.merchant == merchant,
        listings.c.connection == connection,
        listings.c.fulfilled_by_channel.is_(sa.false()),
        listings.c.computed_by_channel.is_(sa.false()),
    )


def _next(conn: sa.Connection, merchant: str, connection: str, after: Place) -> list[Place]:
    query = sa.select(*_PLACE).where(*_of(merchant, connection), behind(_PLACE, after))
    return [(listing, at) for listing, at in conn.execute(query.order_by(*_PLACE).limit(AT_ONCE))]


def _at(conn: sa.Connection, places: Sequence[Place]) -> sa.ColumnElement[bool]:
    return among(conn, _PLACE, places)


def _touch(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    now: datetime,
    places: Sequence[Place],
    **values: object,
) -> None:
    """Change listings of a connection that are ours to write, and make them due."""
    ours = (*_of(merchant, connection), _at(conn, places))
    # Locked in the order of their keys first: an UPDATE locks in whatever order it finds the rows.
    conn.execute(sa.select(*_PLACE).where(*ours).order_by(*_PLACE).with_for_update())
    conn.execute(
        sa.update(listings)
        .where(*ours)
        .values(dirty_seq=listings.c.dirty_seq + 1, bulk=raised_bulk(bulk=True), **values)
    )
    enqueue(conn, merchant, [NewJob.of_connection(PUSH, connection, now)])
