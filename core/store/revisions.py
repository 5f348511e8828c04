"""The revision of a merchant's settings: a count of their changes, by which a process knows that what it read is true still.

Settings are what decisions about orders look at and people or outages change: switches, accepted documents, places,
zones, products, links, pauses. See ``core/store/settings``.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.store.columns import keys_in, one_of
from core.store.reads import one_statement
from core.store.tables import settings_revisions


def change_settings(conn: sa.Connection, merchant: str) -> None:
    """Say that this transaction changes settings: first of all it does, so that all lock in one order."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    counted = insert(settings_revisions).on_conflict_do_update(
        index_elements=["merchant"], set_={"revision": settings_revisions.c.revision + 1}
    )
    conn.execute(counted, {"merchant": merchant, "revision": 1})


@one_statement
def revisions_of(conn: sa.Connection, merchants: Iterable[str]) -> Mapping[str, int]:
    """Return the revision of each merchant's settings; one whose never changed is left out, which is revision 0."""
    dialect, wanted = conn.dialect.name, [(merchant,) for merchant in sorted(set(merchants))]
    found = conn.execute(_revisions(dialect), keys_in(dialect, wanted))
    return {row.merchant: row.revision for row in found}


@functools.cache
def _revisions(dialect: str) -> sa.Select[Any]:
    columns = (settings_revisions.c.merchant, settings_revisions.c.revision)
    return sa.select(*columns).where(one_of(dialect, columns[:1]))


def revision_beside(merchant: sa.ColumnElement[str]) -> sa.Label[int]:
    """Return the column ``revision``: that of the settings of the merchant in another column."""
    found = sa.select(settings_revisions.c.revision).where(settings_revisions.c.merchant == merchant)
    return sa.func.coalesce(found.scalar_subquery(), 0).label("revision")
