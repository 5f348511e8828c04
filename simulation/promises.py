"""What the store and the engine promise, judged from rows alone: the claim, the settings, what was decided on what."""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from core.domain.fold import fold
from core.domain.state import OrderState
from core.engine.advance import CLAIM_S
from core.model.order import ChannelState
from core.store.orders import facts_of
from core.store.processes import GONE_AFTER
from core.store.tables import deliveries, effects, orders
from simulation.database import takeovers

_ACTIONS = {"buy": "labels", "capture": "captures", "send": "mails"}
"""Operation -> the switch that it may run under."""
_OF_OPEN_ORDERS = frozenset({"buy", "capture"})


class Switched(NamedTuple):
    """A switch that the merchant turned."""

    merchant: str
    connection: str
    action: str
    at: datetime
    on: bool


def broken_promises(
    conn: sa.Connection, switched: Sequence[Switched], acknowledged: AbstractSet[tuple[str, str, str]]
) -> list[str]:
    """Return everything that must not be, whatever came of it."""
    return [
        *_taken_over(conn),
        *_in_spite_of_a_switch(conn, switched),
        *_intended_twice(conn),
        *_decided_late(conn),
        *_deliveries(conn, acknowledged),
    ]


def _taken_over(conn: sa.Connection) -> Iterator[str]:
    """Yield every claim that was taken from a process that lived and whose time had not run out."""
    for row in conn.execute(sa.select(takeovers)):
        lasts = timedelta(seconds=CLAIM_S * (2 if " " in row.subject else 1))
        at = row.taker_until - lasts
        lived = row.beat_at is not None and row.beat_at >= at - GONE_AFTER
        if lived and row.until is not None and row.until >= at:
            yield f"{row.subject}: claimed by {row.taker} while {row.holder} held it"


def _in_spite_of_a_switch(conn: sa.Connection, switched: Sequence[Switched]) -> Iterator[str]:
    """Yield every effect that was intended after the merchant had stopped its kind."""
    query = sa.select(effects.c.merchant, effects.c.key, effects.c.operation, effects.c.intended_at)
    for merchant, key, operation, at in conn.execute(query.order_by(*effects.primary_key)):
        action = _ACTIONS.get(operation)
        turned = [s for s in switched if (s.merchant, s.action) == (merchant, action) and s.at <= at]
        if turned and not turned[-1].on and turned[-1].at < at:
            yield f"{key}: intended although {action} were stopped"


def _intended_twice(conn: sa.Connection) -> Iterator[str]:
    """Yield every key under which an effect was intended more than once."""
    query = sa.select(effects.c.key, sa.func.count().label("times")).group_by(
        effects.c.merchant, effects.c.key
    )
    for row in conn.execute(query.having(sa.func.count() > 1).order_by(effects.c.key)):
        yield f"{row.key}: intended {row.times} times"


def _decided_late(conn: sa.Connection) -> Iterator[str]:
    """Yield every effect that was decided on an order as it no longer stood."""
    query = sa.select(orders.c.merchant, orders.c.order_id).order_by(*orders.primary_key)
    for merchant, order_id in conn.execute(query).all():
        state = OrderState()
        for fact in facts_of(conn, merchant, order_id):
            if fact.kind == "intended" and fact.operation in _OF_OPEN_ORDERS:
                if state.order is not None and state.order.state is ChannelState.CANCELLED:
                    yield f"{order_id}: {fact.key} was decided although it was known as cancelled"
                if state.open:
                    yield f"{order_id}: {fact.key} was decided while {state.open[0].key} was open"
            state = fold(state, fact)


def _deliveries(conn: sa.Connection, acknowledged: AbstractSet[tuple[str, str, str]]) -> Iterator[str]:
    """Yield every delivery that was acknowledged and is lost, was stored twice, or waits still."""
    rows = list(conn.execute(sa.select(deliveries)))
    stored = Counter((row.merchant, row.connection, row.event_id) for row in rows)
    yield from (f"{' '.join(key)}: acknowledged and lost" for key in sorted(acknowledged - stored.keys()))
    yield from (f"{' '.join(key)}: stored twice" for key in sorted(stored) if stored[key] > 1)
    yield from (f"{row.connection} {row.event_id}: {row.state}" for row in rows if row.state != "done")
