"""Lists by the page, the newest first or by name: a page begins behind the last row of the one before (keyset paging).

So what comes meanwhile neither repeats a row nor hides one, and a page costs the same however far down it lies.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote, unquote

import sqlalchemy as sa

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page of a list; ``after`` is handed back for the next one, None on the last."""

    items: tuple[Item, ...]
    after: str | None


def newest_first(
    conn: sa.Connection,
    query: sa.Select[Any],
    key: Sequence[sa.Column[Any]],
    item: Callable[[sa.Row[Any]], Item],
    *,
    after: str | None,
    limit: int,
) -> Page[Item]:
    """Return a page of what a query finds; ``key`` is an instant, then texts that tell rows of one instant apart."""
    if after is not None:
        instant, *rest = after.split("/", len(key) - 1)
        at = sa.bindparam("page_at", datetime.fromisoformat(instant), key[0].type)
        query = query.where(sa.tuple_(*key) < sa.tuple_(at, *rest))
    rows = conn.execute(query.order_by(*(column.desc() for column in key)).limit(limit + 1)).all()
    shown = rows[:limit]
    return Page(tuple(map(item, shown)), _told(key, shown[-1]) if len(rows) > limit else None)


def _told(key: Sequence[sa.Column[Any]], last: sa.Row[Any]) -> str:
    instant, *rest = (getattr(last, column.name) for column in key)
    return "/".join((instant.isoformat(), *rest))


def in_order(
    conn: sa.Connection,
    query: sa.Select[Any],
    key: Sequence[sa.Column[str]],
    item: Callable[[sa.Row[Any]], Item],
    *,
    after: str | None,
    limit: int,
    fixed: int = 0,
) -> Page[Item]:
    """Return a page of what a query finds, in the order of ``key``, texts that tell its rows apart.

    So many of its first columns the query holds ``fixed``: compared with them once more, no index leads to the page.
    """
    if after is not None:
        query = query.where(behind(key[fixed:], parts_of(after)[fixed:]))
    rows = conn.execute(query.order_by(*key).limit(limit + 1)).all()
    shown = rows[:limit]
    last = [getattr(shown[-1], column.name) for column in key] if len(rows) > limit else None
    return Page(tuple(map(item, shown)), None if last is None else after_of(last))


def behind(key: Sequence[sa.Column[str]], last: Sequence[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a row comes after the one whose key is ``last``."""
    return sa.tuple_(*key) > sa.tuple_(*last)


def after_of(parts: Sequence[str]) -> str:
    """Return the texts of a key as an ``after``, whatever is in them."""
    return "/".join(quote(part, safe="") for part in parts)


def parts_of(after: str) -> list[str]:
    """Return the texts of a key that an ``after`` holds."""
    return [unquote(part) for part in after.split("/")]
