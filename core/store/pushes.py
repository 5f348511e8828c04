"""Level pushes: their journal (one row of effects per call, written before it), the push guard, what a person said of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from core.model.stock import LevelChange
from core.store.columns import among, compact
from core.store.jobs import NewJob, enqueue
from core.store.listings import PUSH
from core.store.switches import set_switch
from core.store.tables import effects, listings, stopped_pushes
from core.store.writes import insert_new

Place = tuple[str, str]
"""(listing, the channel's location or nothing)."""


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
    conn.execute(
        sa.update(effects)
        .where(
            effects.c.merchant == merchant,
            effects.c.connection == connection,
            effects.c.operation == "set_levels",
            effects.c.state == "intent",
        )
        .values(state="unknown", settled_at=now)
    )
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


def open_levels(
    conn: sa.Connection, merchant: str, connection: str, *, agreed: Mapping[Place, int], now: datetime
) -> None:
    """Have every level of a connection that was just accepted read afresh and brought true.

    The numbers of ``agreed`` were shown to the person who accepted: the push guard lets these pass, and no others.
    """
    conn.execute(
        sa.delete(stopped_pushes).where(
            stopped_pushes.c.merchant == merchant, stopped_pushes.c.connection == connection
        )
    )
    _touch(conn, merchant, connection, now, sa.true(), last_read=None, restore_to=None, agreed=False)
    if agreed:
        agree(conn, merchant, connection, agreed, now)


def agree(
    conn: sa.Connection, merchant: str, connection: str, agreed: Mapping[Place, int], now: datetime
) -> None:
    """Note which number a person agreed to for each of these listings, and make them due."""
    _touch(conn, merchant, connection, now, _at(conn, sorted(agreed)), agreed=True)
    this = (
        listings.c.merchant == merchant,
        listings.c.connection == connection,
        listings.c.listing == sa.bindparam("at_listing"),
        listings.c.location == sa.bindparam("at_location"),
    )
    conn.execute(
        sa.update(listings).where(*this).values(wanted_last=sa.bindparam("units")),
        [
            {"at_listing": listing, "at_location": location, "units": units}
            for (listing, location), units in sorted(agreed.items())
        ],
    )


def restore_levels(
    conn: sa.Connection, merchant: str, connection: str, levels: Mapping[Place, int], *, now: datetime
) -> None:
    """Have listings set to the numbers they showed once, whether or not levels are accepted now."""
    for place, units in sorted(levels.items()):
        _touch(
            conn,
            merchant,
            connection,
            now,
            _at(conn, [place]),
            last_read=None,
            wanted_last=None,
            agreed=False,
            restore_to=units,
        )


def _at(conn: sa.Connection, places: Sequence[Place]) -> sa.ColumnElement[bool]:
    return among(conn, (listings.c.listing, listings.c.location), places)


def _touch(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    now: datetime,
    where: sa.ColumnElement[bool],
    **values: object,
) -> None:
    """Change listings of a connection that are ours to write, and make them due."""
    ours = (
        listings.c.merchant == merchant,
        listings.c.connection == connection,
        listings.c.fulfilled_by_channel.is_(sa.false()),
        listings.c.computed_by_channel.is_(sa.false()),
    )
    # Locked in the order of their keys first: an UPDATE locks in whatever order it finds the rows.
    key = (listings.c.listing, listings.c.location)
    conn.execute(sa.select(*key).where(*ours, where).order_by(*key).with_for_update())
    conn.execute(sa.update(listings).where(*ours, where).values(dirty_seq=listings.c.dirty_seq + 1, **values))
    enqueue(conn, merchant, [NewJob.of_connection(PUSH, connection, now)])


def accept_levels(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    *,
    agreed: Mapping[Place, int],
    actor: str,
    now: datetime,
) -> None:
    """Accept the levels of a connection: every listing is read afresh and brought true.

    In one transaction with the switch, so that whatever runs next finds both.
    """
    set_switch(conn, merchant, connection, "levels", on=True, actor=actor, now=now)
    open_levels(conn, merchant, connection, agreed=agreed, now=now)
