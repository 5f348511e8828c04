"""Answers of the API that are given again: one row for each Idempotency-Key of an API key, for a day.

The row is claimed before the work begins. Every write of the work says in its own transaction that it landed, so that
whoever comes after a crash knows whether anything was done; an answer that was given is kept with its status.
"""

import zlib
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.domain.commit import KeyedRequest
from core.errors import RefusedError
from core.store.processes import owner_gone
from core.store.tables import idempotency_keys
from core.store.writes import insert_new

UNDER: ContextVar[KeyedRequest | None] = ContextVar("UNDER", default=None)
"""The request that this task carries out; the store reads it with every write."""


class ClaimTakenError(RefusedError):
    """Another process carries out the same request by now: what was about to be written is not."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Nobody carried the request out: it is ours."""


@dataclass(frozen=True, slots=True)
class Running:
    """Somebody is at it."""


@dataclass(frozen=True, slots=True)
class Another:
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class Lost:
    """It was carried out, at least in part, and nobody kept the answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """It was answered so."""

    status: int
    body: bytes


def begin_request(
    conn: sa.Connection, request: KeyedRequest, *, fingerprint: str, now: datetime, until: datetime
) -> Begun | Running | Another | Lost | Answered:
    """Claim a request until an instant, or say what is known of it; ``fingerprint`` tells requests apart."""
    row = {
        "merchant": request.merchant,
        "caller": request.caller,
        "key": request.key,
        "fingerprint": fingerprint,
    }
    insert_new(conn, idempotency_keys, [{**row, "begun_at": now, "landed": False}])
    gone = owner_gone(idempotency_keys.c.claimed_by, now).label("gone")
    found = sa.select(idempotency_keys, gone).where(_of(request)).with_for_update(of=idempotency_keys)
    known = conn.execute(found).one_or_none()
    if known is None:  # it was given up between the two statements
        return begin_request(conn, request, fingerprint=fingerprint, now=now, until=until)
    if known.fingerprint != fingerprint:
        return Another()
    if known.status is not None:
        return Answered(known.status, zlib.decompress(known.body))
    if known.claimed_until is not None and known.claimed_until > now and not known.gone:
        return Running()
    if known.landed:
        return Lost()
    claim = {"claimed_by": request.claim, "claimed_until": until, "begun_at": now}
    conn.execute(sa.update(idempotency_keys).where(_of(request)).values(claim))
    return Begun()


def land(conn: sa.Connection, request: KeyedRequest) -> None:
    """Say that what this transaction writes is work of a request.

    Raises:
        ClaimTakenError: another process took it over; the transaction must not be committed.
    """
    if not conn.execute(sa.update(idempotency_keys).where(_ours(request)).values(landed=True)).rowcount:
        raise ClaimTakenError("another process carries out this request by now; ask again in a moment")


def finish_request(conn: sa.Connection, request: KeyedRequest, status: int, body: bytes) -> None:
    """Keep the answer."""
    kept: dict[str, Any] = {"status": status, "body": zlib.compress(body), "claimed_until": None}
    conn.execute(sa.update(idempotency_keys).where(_ours(request)).values(kept))


def give_up_request(conn: sa.Connection, request: KeyedRequest) -> None:
    """End a request that came to no answer: it may be made again, unless some of it landed."""
    conn.execute(sa.delete(idempotency_keys).where(_ours(request), idempotency_keys.c.landed.is_(sa.false())))
    conn.execute(sa.update(idempotency_keys).where(_ours(request)).values(claimed_until=None))


def forget_requests(conn: sa.Connection, merchant: str, before: datetime) -> int:
    """Delete what was begun before an instant; return how many."""
    old = (idempotency_keys.c.merchant == merchant, idempotency_keys.c.begun_at < before)
    return int(conn.execute(sa.delete(idempotency_keys).where(*old)).rowcount)


def _of(request: KeyedRequest) -> sa.ColumnElement[bool]:
    return sa.and_(
        idempotency_keys.c.merchant == request.merchant,
        idempotency_keys.c.caller == request.caller,
        idempotency_keys.c.key == request.key,
    )


def _ours(request: KeyedRequest) -> sa.ColumnElement[bool]:
    return sa.and_(_of(request), idempotency_keys.c.claimed_by == request.claim)
