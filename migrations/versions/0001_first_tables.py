"""The first tables."""

import sqlalchemy as sa
from alembic import op

from core.store.append_only import triggers
from core.store.columns import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, and the triggers that make facts and ledger append-only."""
    _api_keys()
    _channel_locations()
    _configs()
    _data_keys()
    _deliveries()
    _errands()
    _links()
    _listings()
    _orders()
    _products()
    _quota()
    _stock()
    _switches()
    _vault()
    _effects()
    _facts()
    _labels()
    _ledger()
    _refs()
    for statement in triggers(op.get_bind().dialect.name, ("facts", "ledger")):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: there is nothing before the first revision."""
    raise RuntimeError("there is nothing before the first revision; delete the database instead")


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "key_hash", name="pk_api_keys"),
    )


def _channel_locations() -> None:
    op.create_table(
        "channel_locations",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("channel_location", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "connection", "channel_location", name="pk_channel_locations"),
    )


def _configs() -> None:
    op.create_table(
        "configs",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("loaded_at", UTCDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "hash", name="pk_configs"),
    )


def _data_keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "key_id", name="pk_data_keys"),
        sa.UniqueConstraint("merchant", "purpose", name="uq_data_keys_merchant_purpose"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("body_key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "connection", "event_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_received", "deliveries", ["merchant", "received_at"], unique=False)
    op.create_index(
        "ix_deliveries_subject", "deliveries", ["merchant", "kind", "subject", "state"], unique=False
    )


def _errands() -> None:
    op.create_table(
        "errands",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("rings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("parked_at", UTCDateTime(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "kind", "subject", name="pk_errands"),
    )
    op.create_index("ix_errands_due", "errands", ["due_at"], unique=False)


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("units > 0", name="ck_links_units"),
        sa.PrimaryKeyConstraint("merchant", "connection", "listing", "sku", name="pk_links"),
    )
    op.create_index("ix_links_sku", "links", ["merchant", "sku"], unique=False)


def _listings() -> None:
    op.create_table(
        "listings",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("channel_sku", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("fulfilled_by_channel", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("believed", sa.Integer(), nullable=True),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("wanted_last", sa.Integer(), nullable=True),
        sa.Column("dirty_seq", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("clean_seq", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("check_at", UTCDateTime(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "connection", "listing", "location", name="pk_listings"),
    )


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("placed_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("holds", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=True),
        sa.Column("personal_key", sa.Text(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "order_id", name="pk_orders"),
        sa.UniqueConstraint(
            "merchant", "connection", "external_id", name="uq_orders_merchant_connection_external_id"
        ),
    )
    op.create_index(
        "ix_orders_due",
        "orders",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_orders_number", "orders", ["merchant", "number"], unique=False)
    op.create_index("ix_orders_page", "orders", ["merchant", "placed_at", "order_id"], unique=False)
    op.create_index("ix_orders_stage", "orders", ["merchant", "stage", "placed_at", "order_id"], unique=False)


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=True),
        sa.Column("size_mm", sa.Text(), nullable=True),
        sa.Column("hs", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "sku", name="pk_products"),
    )


def _quota() -> None:
    op.create_table(
        "quota",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("tat", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("rate_per_s", sa.Double(), nullable=False),
        sa.Column("burst", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("paused_until", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "app", "operation", name="pk_quota"),
    )


def _stock() -> None:
    op.create_table(
        "stock",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("committed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("entries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("committed >= 0", name="ck_stock_committed"),
        sa.PrimaryKeyConstraint("merchant", "sku", "location", name="pk_stock"),
    )


def _switches() -> None:
    op.create_table(
        "switches",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "connection", "action", name="pk_switches"),
    )


def _vault() -> None:
    op.create_table(
        "vault",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", UTCDateTime(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "connection", "name", name="pk_vault"),
    )


def _effects() -> None:
    op.create_table(
        "effects",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("fence", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("intended_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant", "order_id"],
            ["orders.merchant", "orders.order_id"],
            name="fk_effects_merchant_order_id",
        ),
        sa.PrimaryKeyConstraint("merchant", "key", name="pk_effects"),
    )
    op.create_index("ix_effects_order", "effects", ["merchant", "order_id"], unique=False)


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("v", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant", "order_id"],
            ["orders.merchant", "orders.order_id"],
            name="fk_facts_merchant_order_id",
        ),
        sa.PrimaryKeyConstraint("merchant", "order_id", "seq", name="pk_facts"),
    )


def _labels() -> None:
    op.create_table(
        "labels",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("parcel_id", sa.Text(), nullable=False),
        sa.Column("label_id", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("printed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant", "order_id"],
            ["orders.merchant", "orders.order_id"],
            name="fk_labels_merchant_order_id",
        ),
        sa.PrimaryKeyConstraint("merchant", "order_id", "parcel_id", "label_id", name="pk_labels"),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("d_on_hand", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("d_committed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant", "order_id"],
            ["orders.merchant", "orders.order_id"],
            name="fk_ledger_merchant_order_id",
        ),
        sa.ForeignKeyConstraint(
            ["merchant", "sku", "location"],
            ["stock.merchant", "stock.sku", "stock.location"],
            name="fk_ledger_merchant_sku_location",
        ),
        sa.PrimaryKeyConstraint("merchant", "sku", "location", "seq", name="pk_ledger"),
    )
    op.create_index("ix_ledger_order", "ledger", ["merchant", "order_id"], unique=False)


def _refs() -> None:
    op.create_table(
        "refs",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant", "order_id"], ["orders.merchant", "orders.order_id"], name="fk_refs_merchant_order_id"
        ),
        sa.PrimaryKeyConstraint("merchant", "kind", "reference", "order_id", name="pk_refs"),
    )
    op.create_index("ix_refs_order", "refs", ["merchant", "order_id"], unique=False)
