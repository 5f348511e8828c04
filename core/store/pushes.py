"""Level pushes: their journal (one row of effects per call, written before it), their brake, what a person said of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.stock import LevelChange
from core.store.columns import among, compact
from core.store.errands import Ring, ring_all
from core.store.levels import PUSH
from core.store.tables import brakes, effects, listings
from core.store.writes import insert_new, upsert

Place = tuple[str, str]
"""(listing, the channel's location or nothing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """A push round that changes too much at once and waits for a person: what it would set."""

    connection: str
    at: datetime
    changes: tuple[LevelChange, ...]
    listings: int
    """How many listings of the connection are ours to write."""

    @property
    def zeros(self) -> int:
        """How many listings it would show as sold out."""
        return sum(1 for change in self.changes if change.units == 0 and change.believed)


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


def pull_brake(conn: sa.Connection, merchant: str, brake: Brake) -> None:
    """Store the changes of a round that is not written; a round after it adds to them."""
    of = (brakes.c.merchant == merchant, brakes.c.connection == brake.connection)
    standing = conn.execute(sa.select(brakes).where(*of).with_for_update()).one_or_none()
    changes = {change.key: change for change in _changes_of(standing.changes)} if standing else {}
    changes |= {change.key: change for change in brake.changes}
    row = {
        "merchant": merchant,
        "connection": brake.connection,
        "at": standing.at if standing else brake.at,
        "changes": compact([change.model_dump(mode="json") for change in changes.values()]),
        "listings": brake.listings,
    }
    upsert(conn, brakes, [row])


def list_brakes(conn: sa.Connection, merchant: str) -> dict[str, Brake]:
    """Return the brakes that stand, by connection."""
    found = conn.execute(sa.select(brakes).where(brakes.c.merchant == merchant))
    return {
        row.connection: Brake(
            connection=row.connection, at=row.at, changes=_changes_of(row.changes), listings=row.listings
        )
        for row in found
    }


def _changes_of(text: str) -> tuple[LevelChange, ...]:
    return tuple(LevelChange.model_validate(change) for change in json.loads(text))


def release_brake(conn: sa.Connection, merchant: str, connection: str, *, go: bool, now: datetime) -> None:
    """Take a brake away; ``go`` lets what it stopped be written once."""
    of = (brakes.c.merchant == merchant, brakes.c.connection == connection)
    row = conn.execute(sa.select(brakes.c.changes).where(*of).with_for_update()).one_or_none()
    conn.execute(sa.delete(brakes).where(*of))
    if row is not None and go:
        agreed = {(c.key.listing, c.key.location or ""): c.units for c in _changes_of(row.changes)}
        _agree(conn, merchant, connection, agreed, now)


def open_levels(
    conn: sa.Connection, merchant: str, connection: str, *, agreed: Mapping[Place, int], now: datetime
) -> None:
    """Have every level of a connection that was just accepted read afresh and brought true.

    The numbers of ``agreed`` were shown to the person who accepted: the brake lets these pass, and no others.
    """
    conn.execute(sa.delete(brakes).where(brakes.c.merchant == merchant, brakes.c.connection == connection))
    _touch(conn, merchant, connection, now, sa.true(), believed=None, put_back=None, agreed=False)
    if agreed:
        _agree(conn, merchant, connection, agreed, now)


def _agree(
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


def put_back(
    conn: sa.Connection, merchant: str, connection: str, *, levels: Mapping[Place, int], now: datetime
) -> None:
    """Have listings set to the numbers they showed once, whether or not levels are accepted now."""
    for place, units in sorted(levels.items()):
        _touch(
            conn,
            merchant,
            connection,
            now,
            _at(conn, [place]),
            believed=None,
            wanted_last=None,
            agreed=False,
            put_back=units,
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
    ring_all(conn, [(merchant, Ring(kind=PUSH, subject=connection, connection=connection, due_at=now))])
