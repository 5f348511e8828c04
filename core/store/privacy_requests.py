"""Requests of privacy law: one row each, from when it was taken until it ended, and for good after."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.model.privacy import PrivacyRequest, RequestKind, RequestState
from core.store.columns import compact
from core.store.pages import Page, newest_first
from core.store.tables import privacy_requests as requests
from core.store.writes import insert_new


def take_request(conn: sa.Connection, merchant: str, request: PrivacyRequest) -> PrivacyRequest:
    """Write a request down and return its row; one that is there already stays as it is."""
    row = {
        "merchant": merchant,
        "connection": request.connection,
        "event_id": request.event_id,
        "kind": request.kind.value,
        "received_at": request.received_at,
        "orders": compact(request.orders),
        "state": request.state.value,
        "result": request.result,
    }
    insert_new(conn, requests, [row])
    return _request(conn.execute(_one(merchant, request.connection, request.event_id)).one())


def find_request(conn: sa.Connection, merchant: str, connection: str, event_id: str) -> PrivacyRequest | None:
    """Return a request, or None."""
    row = conn.execute(_one(merchant, connection, event_id)).one_or_none()
    return None if row is None else _request(row)


def note_wait(conn: sa.Connection, merchant: str, request: PrivacyRequest, *, result: str) -> None:
    """Say what an open request waits for."""
    _change(conn, merchant, request, {"result": result})


def end_request(
    conn: sa.Connection,
    merchant: str,
    request: PrivacyRequest,
    *,
    state: RequestState,
    result: str,
    now: datetime,
    by: str,
) -> bool:
    """End a request; return False where it has ended already: the first end counts."""
    ended = {"state": state.value, "result": result, "ended_at": now, "ended_by": by}
    return _change(conn, merchant, request, ended)


def list_requests(
    conn: sa.Connection,
    merchant: str,
    *,
    state: RequestState | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[PrivacyRequest]:
    """Return a page of requests, the newest first."""
    query = sa.select(requests).where(requests.c.merchant == merchant)
    if state is not None:
        query = query.where(requests.c.state == state.value)
    key = (requests.c.received_at, requests.c.connection, requests.c.event_id)
    return newest_first(conn, query, key, _request, after=after, limit=limit)


def open_requests(conn: sa.Connection, merchant: str) -> Sequence[PrivacyRequest]:
    """Return what has not ended, the oldest first."""
    query = sa.select(requests).where(
        requests.c.merchant == merchant, requests.c.state == RequestState.OPEN.value
    )
    return [_request(row) for row in conn.execute(query.order_by(requests.c.received_at))]


def _change(conn: sa.Connection, merchant: str, request: PrivacyRequest, values: dict[str, Any]) -> bool:
    change = sa.update(requests).where(
        requests.c.merchant == merchant,
        requests.c.connection == request.connection,
        requests.c.event_id == request.event_id,
        requests.c.state == RequestState.OPEN.value,
    )
    return bool(conn.execute(change.values(values)).rowcount)


def _one(merchant: str, connection: str, event_id: str) -> sa.Select[Any]:
    return sa.select(requests).where(
        requests.c.merchant == merchant,
        requests.c.connection == connection,
        requests.c.event_id == event_id,
    )


def _request(row: sa.Row[Any]) -> PrivacyRequest:
    return PrivacyRequest(
        connection=row.connection,
        event_id=row.event_id,
        kind=RequestKind(row.kind),
        received_at=row.received_at,
        orders=tuple(json.loads(row.orders)),
        state=RequestState(row.state),
        result=row.result,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )
