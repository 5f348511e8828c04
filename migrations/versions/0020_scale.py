"""What a large catalogue and many orders are looked up by: indexes, folded names, words of titles, and rows in pages."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_INDEXES: Mapping[str, tuple[str, Sequence[str], str | None]] = {
    "ix_orders_connection": ("orders", ["merchant", "connection", "placed_at", "order_id"], None),
    "ix_orders_held": ("orders", ["merchant", "placed_at", "order_id"], "holds <> ''"),
    "ix_orders_tagged": ("orders", ["merchant", "placed_at", "order_id"], "tags <> ''"),
    "ix_effects_refused_mail": (
        "effects",
        ["merchant", "connection"],
        "operation = 'send' AND state = 'refused'",
    ),
    "ix_deliveries_connection": (
        "deliveries",
        ["merchant", "connection", "received_at", "event_id"],
        None,
    ),
    "ix_jobs_error": ("jobs", ["merchant", "connection", "kind", "subject"], "error IS NOT NULL"),
    "ix_products_folded": ("products", ["merchant", "folded_sku"], None),
    "ix_products_barcode": ("products", ["merchant", "barcode"], "barcode IS NOT NULL"),
    "ix_products_unmeasured": (
        "products",
        ["merchant", "sku"],
        "(weight_g IS NULL OR weight_g = 0 OR size_mm IS NULL)",
    ),
    "ix_products_no_customs": (
        "products",
        ["merchant", "sku"],
        "(hs IS NULL OR hs = '' OR origin IS NULL OR origin = '')",
    ),
    "ix_products_not_stocked": ("products", ["merchant", "sku"], "NOT stocked"),
    "ix_products_alike": ("products", ["merchant", "sku"], "alike"),
    "ix_listings_dirty": (
        "listings",
        ["merchant", "connection", "bulk", "listing", "location"],
        "dirty_seq > clean_seq",
    ),
    "ix_listings_check": ("listings", ["merchant", "connection", "check_at"], "check_at IS NOT NULL"),
    "ix_listings_stopped": ("listings", ["merchant", "connection", "wanted_last"], "stopped"),
    "ix_listings_written": (
        "listings",
        ["merchant", "connection"],
        "NOT fulfilled_by_channel AND NOT computed_by_channel",
    ),
    "ix_listings_restore": ("listings", ["merchant", "connection"], "restore_to IS NOT NULL"),
    "ix_listings_not_linked": ("listings", ["merchant", "connection", "listing"], "NOT linked"),
    "ix_listings_catalog": ("listings", ["merchant", "connection", "catalog"], "catalog IS NOT NULL"),
    "ix_listings_alike": ("listings", ["merchant", "connection", "listing"], "alike"),
    "ix_listings_product": ("listings", ["merchant", "connection", "product"], None),
    "ix_listings_folded_sku": ("listings", ["merchant", "folded_sku"], None),
    "ix_listings_folded_title": ("listings", ["merchant", "folded_title"], None),
}
_BEGINNINGS = {"ix_orders_number": "number", "ix_orders_external": "external_id"}
_ADDED: Mapping[str, Sequence[tuple[str, sa.types.TypeEngine[Any], str | None]]] = {
    "products": (
        ("folded_sku", sa.Text(), "''"),
        ("stocked", sa.Boolean(), "false"),
        ("alike", sa.Boolean(), "false"),
    ),
    "listings": (
        ("bulk", sa.Boolean(), "false"),
        ("stopped", sa.Boolean(), "false"),
        ("linked", sa.Boolean(), "false"),
        ("alike", sa.Boolean(), "false"),
        ("folded_sku", sa.Text(), "''"),
        ("folded_title", sa.Text(), "''"),
    ),
    "link_imports": (("listings", sa.Integer(), "0"),),
    "openings": (("counts", sa.Integer(), "0"),),
    "go_lives": (("rows_id", sa.Text(), None),),
}


def upgrade() -> None:
    """Add columns, tables and indexes, and fill them from what is there."""
    for table, columns in _ADDED.items():
        for name, kind, default in columns:
            op.add_column(table, _column(name, kind, default))
    _create_tables()
    _fill()
    op.drop_index("ix_orders_number", "orders")
    for name, column in _BEGINNINGS.items():
        lower = sa.text(f"lower({column})")
        if op.get_bind().dialect.name == "postgresql":
            lower = sa.text(f"lower({column}) text_pattern_ops")
        op.create_index(name, "orders", ["merchant", lower])
    for name, (table, keys, which) in _INDEXES.items():
        where = None if which is None else sa.text(which)
        op.create_index(name, table, list(keys), postgresql_where=where, sqlite_where=where)
    op.execute(
        "UPDATE products SET alike = true WHERE EXISTS (SELECT 1 FROM products AS other"
        " WHERE other.merchant = products.merchant AND other.sku <> products.sku"
        " AND other.folded_sku = products.folded_sku) OR EXISTS (SELECT 1 FROM products AS other"
        " WHERE other.merchant = products.merchant AND other.sku <> products.sku"
        " AND other.barcode = products.barcode)"
    )
    op.execute(
        "UPDATE listings SET alike = true WHERE copies > 1 OR EXISTS (SELECT 1 FROM listings AS other"
        " WHERE other.merchant = listings.merchant AND other.folded_sku = listings.folded_sku"
        " AND other.connection = listings.connection AND other.listing <> listings.listing)"
    )


def downgrade() -> None:
    """Take them away again."""
    for name, (table, _, _) in _INDEXES.items():
        op.drop_index(name, table)
    for name in _BEGINNINGS:
        op.drop_index(name, "orders")
    op.create_index("ix_orders_number", "orders", ["merchant", "number"])
    for table in ("product_words", "open_pushes", "go_live_rows"):
        op.drop_table(table)
    for table, columns in _ADDED.items():
        for name, _, _ in columns:
            op.drop_column(table, name)


def _column(name: str, kind: sa.types.TypeEngine[Any], default: str | None) -> sa.Column[Any]:
    if default is None:
        return sa.Column(name, kind, nullable=True)
    said = sa.false() if default == "false" else sa.text(default)
    return sa.Column(name, kind, nullable=False, server_default=said)


def _create_tables() -> None:
    op.create_table(
        "product_words",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant", "sku"], ["products.merchant", "products.sku"], name="fk_product_words_merchant_sku"
        ),
        sa.PrimaryKeyConstraint("merchant", "word", "sku", name="pk_product_words"),
    )
    op.create_index("ix_product_words_sku", "product_words", ["merchant", "sku"])
    op.create_table(
        "open_pushes",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "connection", name="pk_open_pushes"),
    )
    op.create_table(
        "go_live_rows",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("rows_id", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "rows_id", "page", name="pk_go_live_rows"),
    )


def _fill() -> None:
    op.execute(
        "UPDATE products SET stocked = true WHERE EXISTS (SELECT 1 FROM stock"
        " WHERE stock.merchant = products.merchant AND stock.sku = products.sku)"
    )
    op.execute(
        "UPDATE listings SET linked = true WHERE EXISTS (SELECT 1 FROM links WHERE links.merchant = listings.merchant"
        " AND links.connection = listings.connection AND links.listing = listings.listing)"
    )
    op.execute(
        "INSERT INTO open_pushes (merchant, connection, key) SELECT merchant, connection, min(key) FROM effects"
        " WHERE operation = 'set_levels' AND state = 'intent' GROUP BY merchant, connection"
    )
    _each(
        "products", ("merchant", "sku"), ("title",), lambda row: {"folded_sku": _folded(row["sku"])}, _words
    )
    _each(
        "listings",
        ("merchant", "connection", "listing", "location"),
        ("channel_sku", "title"),
        lambda row: {
            "folded_sku": _folded(row["channel_sku"] or row["listing"]),
            "folded_title": _folded(row["title"]),
        },
    )
    _stop()
    _each("link_imports", ("merchant", "number"), ("after",), lambda row: {"listings": _length(row["after"])})
    _each("openings", ("merchant", "number"), ("lines",), lambda row: {"counts": _length(row["lines"])})


_Row = Mapping[str, Any]


def _stop() -> None:
    """Note at the listings themselves what the push guard stopped, and which numbers it showed."""
    conn = op.get_bind()
    stopped = sa.table("stopped_pushes", *(sa.column(c) for c in ("merchant", "connection", "changes")))
    columns = ("merchant", "connection", "listing", "location", "stopped", "wanted_last")
    listings = sa.table("listings", *(sa.column(c) for c in columns))
    this = sa.and_(*(listings.c[c] == sa.bindparam(f"k_{c}") for c in columns[:4]))
    for row in conn.execute(sa.select(stopped)).mappings().all():
        changes = [
            {
                "k_merchant": row["merchant"],
                "k_connection": row["connection"],
                "k_listing": change["key"]["listing"],
                "k_location": change["key"]["location"] or "",
                "units": change["units"],
            }
            for change in _changes(row["changes"])
        ]
        if changes:
            marked = sa.update(listings).where(this)
            conn.execute(marked.values(stopped=sa.true(), wanted_last=sa.bindparam("units")), changes)


def _each(
    name: str,
    keys: Sequence[str],
    read: Sequence[str],
    of: Callable[[_Row], Mapping[str, Any]],
    also: Callable[[Sequence[_Row]], None] | None = None,
) -> None:
    """Set columns of every row to what they follow from, a thousand rows at a time."""
    conn, columns = op.get_bind(), (*keys, *read)
    table = sa.table(name, *(sa.column(c) for c in columns))
    for rows in _pages(table, keys):
        changes = [of(row) for row in rows]
        full = sa.table(name, *(sa.column(c) for c in (*columns, *changes[0])))
        which = sa.and_(*(full.c[k] == sa.bindparam(f"k_{k}") for k in keys))
        conn.execute(
            sa.update(full).where(which).values({c: sa.bindparam(f"new_{c}") for c in changes[0]}),
            [
                {**{f"k_{k}": row[k] for k in keys}, **{f"new_{c}": v for c, v in change.items()}}
                for row, change in zip(rows, changes, strict=True)
            ],
        )
        if also is not None:
            also(rows)


def _pages(table: sa.TableClause, keys: Sequence[str]) -> Iterator[Sequence[_Row]]:
    key, conn = [table.c[k] for k in keys], op.get_bind()
    last: Sequence[Any] = ()
    while True:
        query = sa.select(table).order_by(*key).limit(_AT_ONCE)
        if last:
            query = query.where(sa.tuple_(*key) > sa.tuple_(*last))
        rows = conn.execute(query).mappings().all()
        if not rows:
            return
        yield [dict(row) for row in rows]
        last = [rows[-1][k] for k in keys]


def _words(rows: Sequence[_Row]) -> None:
    words = sa.table("product_words", sa.column("merchant"), sa.column("word"), sa.column("sku"))
    found = [
        {"merchant": row["merchant"], "word": word, "sku": row["sku"]}
        for row in rows
        for word in sorted(set(re.findall(r"[^\W_]+", _plain(row["title"]))))
    ]
    if found:
        op.get_bind().execute(sa.insert(words), found)


def _plain(title: str) -> str:
    bare = title.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    return bare.casefold().replace("\N{MULTIPLICATION SIGN}", "x")


def _folded(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _length(text: str) -> int:
    return len(_changes(text))


def _changes(text: str) -> Sequence[Any]:
    try:
        found: Sequence[Any] = json.loads(text)
    except ValueError:
        return ()
    return found
