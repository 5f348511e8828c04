"""How long things are kept; one place, so that what a page promises is what is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.config.environ import setting
from core.errors import ConfigError
from core.store.tables import orders
from core.store.writes import update_by_key

KEEP_DELIVERIES = timedelta(days=30)
KEEP_RUNS = timedelta(days=90)
"""How long runs of rules that are about no order are kept once they have ended."""
KEEP_REQUESTS = timedelta(hours=24)
"""How long the answer to a request of the API is given again under its Idempotency-Key."""
KEY_BACKUPS = "CROSSDOCK_KEEP_KEY_BACKUPS"
_KEY_BACKUPS_DAYS = 7
_MOST_DAYS = 3650


def key_backups_kept(environ: Mapping[str, str]) -> timedelta:
    """Return for how long backups of the data keys are kept (days in ``CROSSDOCK_KEEP_KEY_BACKUPS``, else 7).

    So long after a person was forgotten, an older backup of the keys still opens an older backup of the database.

    Raises:
        ConfigError: it is no whole number of days from 0 to 3650.
    """
    given = setting(environ, KEY_BACKUPS)
    if given is None:
        return timedelta(days=_KEY_BACKUPS_DAYS)
    if not (given.isascii() and given.isdigit() and int(given) <= _MOST_DAYS):
        raise ConfigError(
            f"{KEY_BACKUPS}: {given!r} is no whole number of days from 0 to {_MOST_DAYS}; "
            f"say for how long backups of the data keys are kept, as in 7"
        )
    return timedelta(days=int(given))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderToLookAt:
    """An order that has personal data, and whose limit may have come."""

    order_id: str
    placed_at: datetime


def orders_to_look_at(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    *,
    keeps: timedelta,
    now: datetime,
    after: OrderToLookAt | None,
    limit: int,
) -> Sequence[OrderToLookAt]:
    """Return a page of a connection's orders with personal data that are to be looked at now, the oldest first.

    That is a day before ``keeps`` have passed since they were placed, and then when ``look_again_at`` said.
    """
    key = (orders.c.placed_at, orders.c.order_id)
    due = sa.or_(orders.c.forget_at.is_(None), orders.c.forget_at <= now)
    query = sa.select(*key).where(
        orders.c.merchant == merchant,
        orders.c.connection == connection,
        orders.c.personal.is_not(None),
        orders.c.placed_at <= now - keeps + timedelta(days=1),
        due,
    )
    if after is not None:
        placed_at = sa.bindparam("placed", after.placed_at, orders.c.placed_at.type)
        query = query.where(sa.tuple_(*key) > sa.tuple_(placed_at, after.order_id))
    rows = conn.execute(query.order_by(*key).limit(limit))
    return [OrderToLookAt(order_id=order_id, placed_at=placed_at) for placed_at, order_id in rows]


def look_again_at(conn: sa.Connection, merchant: str, at: Mapping[str, datetime]) -> None:
    """Say when each of these orders is looked at again."""
    rows = [{"merchant": merchant, "order_id": name, "forget_at": instant} for name, instant in at.items()]
    update_by_key(conn, orders, rows)
