"""Facts of many orders at once, for those who read page by page."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from core.model.facts import FACT, Fact
from core.store.columns import among
from core.store.tables import facts


def facts_of_orders(conn: sa.Connection, merchant: str, order_ids: Sequence[str]) -> dict[str, list[Fact]]:
    """Return the facts of these orders by id, the first one first."""
    found: dict[str, list[Fact]] = defaultdict(list)
    if not order_ids:
        return found
    named = [(merchant, order_id) for order_id in order_ids]
    query = sa.select(facts.c.order_id, facts.c.data).where(
        among(conn, (facts.c.merchant, facts.c.order_id), named)
    )
    for order_id, data in conn.execute(query.order_by(facts.c.order_id, facts.c.seq)):
        found[order_id].append(FACT.validate_json(data))
    return found
