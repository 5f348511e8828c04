"""What goes when a person is forgotten or a delivery is too old, and the keys that go with it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from core.store.columns import among
from core.store.keys import forget_days_before
from core.store.tables import deliveries, orders, refs

_OF_PERSONS = "%_hash"


def forget_references(conn: sa.Connection, merchant: str, order_id: str) -> None:
    """Delete the keyed hashes by which an order is found by email, phone or postcode."""
    conn.execute(
        sa.delete(refs).where(
            refs.c.merchant == merchant, refs.c.order_id == order_id, refs.c.kind.like(_OF_PERSONS)
        )
    )


def known_orders(conn: sa.Connection, merchant: str, order_ids: Sequence[str]) -> list[str]:
    """Return those of some orders that are stored here."""
    wanted = [(merchant, order_id) for order_id in order_ids]
    query = sa.select(orders.c.order_id).where(
        orders.c.merchant == merchant, among(conn, [orders.c.merchant, orders.c.order_id], wanted)
    )
    return list(conn.execute(query.order_by(orders.c.order_id)).scalars())


def orders_of_connection(conn: sa.Connection, merchant: str, connection: str) -> list[str]:
    """Return the ids of every order of a connection."""
    query = sa.select(orders.c.order_id).where(
        orders.c.merchant == merchant, orders.c.connection == connection
    )
    return list(conn.execute(query.order_by(orders.c.order_id)).scalars())


def forget_deliveries(conn: sa.Connection, merchant: str, before: datetime) -> int:
    """Delete deliveries that were dealt with before an instant, and the keys of their days; return how many."""
    old = (deliveries.c.merchant == merchant, deliveries.c.received_at < before)
    gone = conn.execute(sa.delete(deliveries).where(*old, deliveries.c.state == "done")).rowcount
    left = conn.execute(sa.select(sa.func.min(deliveries.c.received_at)).where(*old)).scalar()
    forget_days_before(conn, merchant, (left or before).date())
    return gone
