"""Whether any rule in force is about something: who changes it asks here, so that others pay one look-up and no more."""

import functools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from core.model.triggers import Subject
from core.store.columns import keys_in, one_of
from core.store.tables import active_rules

HOUR = "hour"
"""The kind of the job that waits for the next hour of a rule."""
STOCK = "stock"
"""The kind of the job that looks at what of a merchant's stock has changed."""
CONNECTION = "connection"
"""The kind of the job that looks whether a connection is lost."""


def listening(conn: sa.Connection, merchants: Iterable[str], subject: Subject) -> frozenset[str]:
    """Return those of merchants whose rules are about something."""
    wanted = sorted({(merchant,) for merchant in merchants})
    if not wanted:
        return frozenset()
    dialect = conn.dialect.name
    found = conn.execute(_listening(dialect), keys_in(dialect, wanted))
    return frozenset(row.merchant for row in found if subject in row.subjects.split())


@functools.cache
def _listening(dialect: str) -> sa.Select[Any]:
    columns = (active_rules.c.merchant, active_rules.c.subjects)
    return sa.select(*columns).where(one_of(dialect, columns[:1]))
