"""Links of many listings at once: accepted or imported together, and the last import taken back."""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.domain.state import Stage
from core.errors import RefusedError
from core.store.columns import among, compact, keys_in, one_of
from core.store.jobs import NewJob, enqueue_all
from core.store.listings import mark_dirty
from core.store.pages import Page, in_order
from core.store.reads import one_statement
from core.store.revisions import change_settings
from core.store.stock import MANY
from core.store.tables import link_imports, links, listings, orders

Listing = tuple[str, str]
"""(connection, listing)."""
Links = Mapping[Listing, Mapping[str, int]]
"""What one unit of each listing is made of; nothing for one that is not linked."""

_NAMED = (links.c.merchant, links.c.connection, links.c.listing)
_LISTING = (listings.c.merchant, listings.c.connection, listings.c.listing)
_OPEN = (Stage.AWAITING_PAYMENT, Stage.ON_HOLD, Stage.READY)
"""Orders at these have no label yet: they learn what their lines need now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkImport:
    """An import of links: who, when, and whether it was taken back."""

    number: int
    at: datetime
    actor: str
    listings: int
    undone_at: datetime | None


def links_among(
    conn: sa.Connection, merchant: str, named: Iterable[Listing]
) -> dict[Listing, dict[str, int]]:
    """Return units by SKU of those of these (connection, listing) that are linked."""
    wanted = sorted({(merchant, *listing) for listing in named})
    if not wanted:
        return {}
    dialect = conn.dialect.name
    return _made_of(conn.execute(_of_named(dialect), keys_in(dialect, wanted)))


@functools.cache
def _of_named(dialect: str) -> sa.Select[Any]:
    return sa.select(links).where(one_of(dialect, _NAMED)).order_by(*links.primary_key)


def page_of_links(
    conn: sa.Connection, merchant: str, *, after: str | None = None, limit: int = 200
) -> Page[tuple[Listing, dict[str, int]]]:
    """Return a page of the listings that are linked, offered or not, with units by SKU, by connection and listing."""
    key = (links.c.connection, links.c.listing)
    named = sa.select(*key).where(links.c.merchant == merchant).distinct()
    page = in_order(conn, named, key, lambda row: (row.connection, row.listing), after=after, limit=limit)
    made = links_among(conn, merchant, page.items)
    return Page(tuple((listing, made[listing]) for listing in page.items), page.after)


def _made_of(rows: Iterable[sa.Row[Any]]) -> dict[Listing, dict[str, int]]:
    found: dict[Listing, dict[str, int]] = {}
    for row in rows:
        found.setdefault((row.connection, row.listing), {})[row.sku] = row.units
    return found


def link_all(conn: sa.Connection, merchant: str, made: Links, *, now: datetime) -> None:
    """Say what one unit of each of these listings is made of, all or nothing; nothing takes a link away.

    Their levels are due at once, and the open orders of their channels are looked at again.
    """
    if not made:
        return
    change_settings(conn, merchant)
    keys = sorted((merchant, *listing) for listing in made)
    conn.execute(sa.delete(links).where(among(conn, _NAMED, keys)))
    rows = [
        {"merchant": merchant, "connection": connection, "listing": listing, "sku": sku, "units": units}
        for (connection, listing), of in sorted(made.items())
        for sku, units in sorted(of.items())
    ]
    if rows:
        conn.execute(sa.insert(links), rows)
    for linked in (True, False):
        which = sorted((merchant, *listing) for listing, of in made.items() if bool(of) is linked)
        if which:
            conn.execute(sa.update(listings).where(among(conn, _LISTING, which)).values(linked=linked))
    changed = {(merchant, sku) for of in made.values() for sku in of}
    mark_dirty(conn, changed, now, bulk=len(made) > MANY)
    _look_again(conn, merchant, {connection for connection, _ in made}, now)


def _look_again(conn: sa.Connection, merchant: str, connections: set[str], now: datetime) -> None:
    query = sa.select(orders.c.order_id, orders.c.connection).where(
        orders.c.merchant == merchant,
        orders.c.connection.in_(sorted(connections)),
        orders.c.stage.in_([stage.value for stage in _OPEN]),
    )
    requests = [
        (merchant, NewJob(kind="relink", subject=order_id, connection=connection, due_at=now))
        for order_id, connection in sorted((i, c) for i, c in conn.execute(query))
    ]
    enqueue_all(conn, requests)


def import_links(conn: sa.Connection, merchant: str, made: Links, *, actor: str, now: datetime) -> LinkImport:
    """Link as a file says, and keep what was there before, to take it back."""
    known = links_among(conn, merchant, made)
    last = conn.execute(
        sa.select(sa.func.max(link_imports.c.number)).where(link_imports.c.merchant == merchant)
    ).scalar()
    number = (last or 0) + 1
    row = {
        "merchant": merchant,
        "number": number,
        "at": now,
        "actor": actor,
        "before": _text({listing: known.get(listing, {}) for listing in made}),
        "after": _text(made),
        "listings": len(made),
    }
    conn.execute(sa.insert(link_imports), [row])
    link_all(conn, merchant, made, now=now)
    return LinkImport(number=number, at=now, actor=actor, listings=len(made), undone_at=None)


def last_import(conn: sa.Connection, merchant: str) -> LinkImport | None:
    """Return the newest import, or None."""
    columns = (link_imports.c.number, link_imports.c.at, link_imports.c.actor, link_imports.c.listings)
    row = conn.execute(_newest(merchant).with_only_columns(*columns, link_imports.c.undone_at)).one_or_none()
    if row is None:
        return None
    return LinkImport(
        number=row.number,
        at=row.at,
        actor=row.actor,
        listings=row.listings,
        undone_at=row.undone_at,
    )


def undo_import(conn: sa.Connection, merchant: str, *, now: datetime) -> int:
    """Put the listings of the newest import back to what they were made of before; return how many.

    Raises:
        RefusedError: there is none, it was taken back already, or somebody changed one of its listings since.
    """
    row = conn.execute(_newest(merchant).with_for_update()).one_or_none()
    if row is None or row.undone_at is not None:
        raise RefusedError("there is no import of links to take back")
    after, before = _links(row.after), _links(row.before)
    known = links_among(conn, merchant, after)
    changed = sorted(f"{c}/{name}" for (c, name), of in after.items() if known.get((c, name), {}) != of)
    if changed:
        raise RefusedError(
            f"linked anew since the import: {', '.join(changed)}; correct these listings by hand"
        )
    link_all(conn, merchant, before, now=now)
    this = (link_imports.c.merchant == merchant, link_imports.c.number == row.number)
    conn.execute(sa.update(link_imports).where(*this).values(undone_at=now))
    return len(before)


def _newest(merchant: str) -> sa.Select[tuple[object, ...]]:
    query = sa.select(link_imports).where(link_imports.c.merchant == merchant)
    return query.order_by(link_imports.c.number.desc()).limit(1)


def _text(made: Links) -> str:
    return compact([[connection, listing, dict(of)] for (connection, listing), of in sorted(made.items())])


def _links(text: str) -> dict[Listing, dict[str, int]]:
    return {(connection, listing): of for connection, listing, of in json.loads(text)}


def links_of(conn: sa.Connection, merchant: str, connection: str) -> dict[str, dict[str, int]]:
    """Return units by SKU of every linked listing of a connection."""
    made_of: dict[str, dict[str, int]] = {}
    query = sa.select(links).where(links.c.merchant == merchant, links.c.connection == connection)
    for row in conn.execute(query.order_by(links.c.listing, links.c.sku)):
        made_of.setdefault(row.listing, {})[row.sku] = row.units
    return made_of


@one_statement
def links_of_listings(
    conn: sa.Connection, merchant: str, connection: str, named: Iterable[str]
) -> dict[str, dict[str, int]]:
    """Return units by SKU of those of a connection's listings that are linked, whatever the size of the catalogue."""
    found = links_among(conn, merchant, ((connection, listing) for listing in named))
    return {listing: of for (_, listing), of in found.items()}


MOST_LINKED = 1000
"""So many listings of one SKU are told."""


def listings_of_sku(conn: sa.Connection, merchant: str, sku: str) -> list[Listing]:
    """Return the (connection, listing) that a SKU is a part of, at most ``MOST_LINKED``."""
    query = sa.select(links.c.connection, links.c.listing).where(
        links.c.merchant == merchant, links.c.sku == sku
    )
    found = conn.execute(query.order_by(links.c.connection, links.c.listing).limit(MOST_LINKED))
    return [(connection, listing) for connection, listing in found]


def linked_skus(conn: sa.Connection, merchant: str, *, after: str, limit: int) -> list[str]:
    """Return the next SKUs that any listing is made of, in their order."""
    query = sa.select(links.c.sku).where(links.c.merchant == merchant, links.c.sku > after)
    return list(conn.execute(query.distinct().order_by(links.c.sku).limit(limit)).scalars())
