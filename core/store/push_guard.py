"""The guard on mass change: rounds of level pushes that wait for a person."""

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.stock import LevelChange
from core.store.columns import compact
from core.store.pushes import agree
from core.store.tables import stopped_pushes
from core.store.writes import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedPush:
    """A push round that changes too much at once and waits for a person: what it would set."""

    connection: str
    at: datetime
    changes: tuple[LevelChange, ...]
    listings: int
    """How many listings of the connection are ours to write."""

    @property
    def zeros(self) -> int:
        """How many listings it would show as sold out."""
        return sum(1 for change in self.changes if change.units == 0 and change.last_read)


def stop_push(conn: sa.Connection, merchant: str, stopped: StoppedPush) -> None:
    """Store the changes of a round that is not written; a round after it adds to them."""
    of = (stopped_pushes.c.merchant == merchant, stopped_pushes.c.connection == stopped.connection)
    standing = conn.execute(sa.select(stopped_pushes).where(*of).with_for_update()).one_or_none()
    changes = {change.key: change for change in _changes_of(standing.changes)} if standing else {}
    changes |= {change.key: change for change in stopped.changes}
    row = {
        "merchant": merchant,
        "connection": stopped.connection,
        "at": standing.at if standing else stopped.at,
        "changes": compact([change.model_dump(mode="json") for change in changes.values()]),
        "listings": stopped.listings,
    }
    upsert(conn, stopped_pushes, [row])


def list_stopped_pushes(conn: sa.Connection, merchant: str) -> dict[str, StoppedPush]:
    """Return the stopped rounds, by connection."""
    found = conn.execute(sa.select(stopped_pushes).where(stopped_pushes.c.merchant == merchant))
    return {
        row.connection: StoppedPush(
            connection=row.connection, at=row.at, changes=_changes_of(row.changes), listings=row.listings
        )
        for row in found
    }


def _changes_of(text: str) -> tuple[LevelChange, ...]:
    return tuple(LevelChange.model_validate(change) for change in json.loads(text))


def release_push(conn: sa.Connection, merchant: str, connection: str, *, go: bool, now: datetime) -> None:
    """Take a stopped round away; ``go`` lets it be written once."""
    of = (stopped_pushes.c.merchant == merchant, stopped_pushes.c.connection == connection)
    row = conn.execute(sa.select(stopped_pushes.c.changes).where(*of).with_for_update()).one_or_none()
    conn.execute(sa.delete(stopped_pushes).where(*of))
    if row is not None and go:
        agreed = {(c.key.listing, c.key.location or ""): c.units for c in _changes_of(row.changes)}
        agree(conn, merchant, connection, agreed, now)
