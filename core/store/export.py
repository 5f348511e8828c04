"""All that is known of an order and its person, in clear: the answer to whoever asks what is known of them."""

import base64
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from core.store.forgetting import bodies_of
from core.store.labels import labels_of
from core.store.order_notes import note_texts
from core.store.orders import facts_of
from core.store.personal import body_of, personal_of
from core.store.sealing import Keyring
from core.store.tables import orders, refs


def export_order(
    conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str, *, connections: Iterable[str]
) -> dict[str, Any]:
    """Return an order as JSON may say it: names and addresses, every fact, notes by id, label files, what vendors delivered of it."""
    this = (orders.c.merchant == merchant, orders.c.order_id == order_id)
    row = conn.execute(sa.select(orders).where(*this)).one()
    personal = personal_of(conn, keyring, merchant, order_id)
    known_by = sa.select(refs.c.kind, refs.c.reference).where(
        refs.c.merchant == merchant, refs.c.order_id == order_id
    )
    return {
        "order_id": order_id,
        "number": row.number,
        "channel": row.connection,
        "placed_at": row.placed_at.isoformat(),
        "total_minor": row.total_minor,
        "currency": row.currency,
        "personal": None if personal is None else personal.model_dump(mode="json"),
        "known_by": [
            [kind, reference] for kind, reference in conn.execute(known_by.order_by(*refs.primary_key))
        ],
        "facts": [fact.model_dump(mode="json") for fact in facts_of(conn, merchant, order_id)],
        "notes": note_texts(conn, keyring, merchant, order_id),
        "labels": [
            {"parcel": one.parcel_id, "format": one.format, "file": base64.b64encode(one.file).decode()}
            for one in labels_of(conn, keyring, merchant, order_id)
        ],
        "deliveries": [
            _delivery(conn, keyring, told) for told in bodies_of(conn, merchant, [order_id], connections)
        ],
    }


def _delivery(conn: sa.Connection, keyring: Keyring, row: sa.Row[Any]) -> dict[str, Any]:
    body = body_of(conn, keyring, row.merchant, row.connection, row.event_id) or b""
    return {
        "connection": row.connection,
        "topic": row.topic,
        "received_at": row.received_at.isoformat(),
        "body": body.decode(errors="replace"),
    }
