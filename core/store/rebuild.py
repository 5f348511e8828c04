"""Compute every order's row again from its facts alone."""

import sqlalchemy as sa
from pydantic import ValidationError

from core.domain.fold import summarize
from core.domain.state import OrderState
from core.model.rule_runs import Offered
from core.store.orders import facts_of
from core.store.projection import projection
from core.store.tables import orders


def rebuild(conn: sa.Connection, merchant: str | None = None, *, oldest: int | None = None) -> int:
    """Write each order's row as its facts say; return how many rows said something else.

    ``oldest``: only so many orders, those that were placed first.

    An order whose row was wrong is due at once: what was decided on a wrong row is decided again.
    """
    keys = sa.select(orders.c.merchant, orders.c.order_id)
    if merchant is not None:
        keys = keys.where(orders.c.merchant == merchant)
    keys = keys.order_by(orders.c.merchant, orders.c.order_id)
    if oldest is not None:
        keys = keys.order_by(None).order_by(orders.c.placed_at).limit(oldest)
    differing = 0
    for of_merchant, order_id in conn.execute(keys).all():
        this = sa.and_(orders.c.merchant == of_merchant, orders.c.order_id == order_id)
        row = conn.execute(sa.select(orders).where(this).with_for_update()).one()
        known = _known(row.state)
        state = summarize(facts_of(conn, of_merchant, order_id))
        # What was offered to rules is no sum of facts: lost, everything counts as offered.
        offered = known.offered if known is not None else Offered(version=state.version)
        right = projection(state.model_copy(update={"offered": offered}))
        spelled = row.state if known is None else known.model_dump_json()
        told = {**row._mapping, "state": spelled}  # noqa: SLF001 - its public name
        if any(told[name] != value for name, value in right.items()):
            differing += 1
            conn.execute(sa.update(orders).where(this).values(**right, due_at=row.updated_at))
    return differing


def _known(state: str) -> OrderState | None:
    """Return a stored state as it is spelled now: a field that only an older hub knew is no difference."""
    try:
        return OrderState.model_validate_json(state)
    except ValidationError:
        return None
