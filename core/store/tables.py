"""Every table of the hub. Merchant is the first column of every primary and foreign key.

Instants are ``UTCDateTime``; JSON is compact text. Facts and the stock ledger are append-only: triggers refuse
UPDATE and DELETE on both databases.
"""

from typing import Any

import sqlalchemy as sa

from core.store.columns import UTCDateTime

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _text(name: str, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **more)


def _optional(name: str) -> sa.Column[str | None]:
    return sa.Column(name, sa.Text, nullable=True)


def _count(name: str, default: int = 0, *, key: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text(str(default)), key=key or name)


def _yes(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _at(name: str) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime, nullable=False)


def _maybe_at(name: str) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime, nullable=True)


def _table(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    """Return a table whose first column is the merchant."""
    return sa.Table(name, METADATA, _key("merchant"), *parts)


def _of_order() -> sa.ForeignKeyConstraint:
    """Return the reference to an order of the same merchant."""
    return sa.ForeignKeyConstraint(["merchant", "order_id"], ["orders.merchant", "orders.order_id"])


orders = _table(
    "orders",
    _key("order_id"),
    _text("connection"),
    _text("external_id"),
    _text("number"),
    _at("placed_at"),
    _count("version"),
    _text("stage"),
    _text("state"),
    _text("holds"),  # reasons with a blank before and after each, for filters
    sa.Column("total_minor", sa.BigInteger, nullable=True),
    _optional("currency"),
    _maybe_at("due_at"),
    _optional("claimed_by"),
    _maybe_at("claimed_until"),
    _count("attempts"),
    sa.Column("personal", sa.LargeBinary, nullable=True),
    _optional("personal_key"),
    _at("updated_at"),
    sa.UniqueConstraint("merchant", "connection", "external_id"),
    sa.Index(
        "ix_orders_due",
        "due_at",
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    ),
    sa.Index("ix_orders_page", "merchant", "placed_at", "order_id"),
    sa.Index("ix_orders_stage", "merchant", "stage", "placed_at", "order_id"),
    sa.Index("ix_orders_number", "merchant", "number"),
)

facts = _table(
    "facts",
    _key("order_id"),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _text("kind"),
    _count("v", 1),
    _at("at"),
    _text("actor"),
    _text("data"),
    _of_order(),
)

effects = _table(
    "effects",
    _key("key"),
    _optional("order_id"),  # none where it is of no one order: a push of levels
    _text("operation"),
    _text("connection"),
    _text("fence"),
    _text("owner"),
    _text("state"),  # intent, done, refused, undone, unknown
    _at("intended_at"),
    _maybe_at("settled_at"),
    _text("request"),
    _text("result"),
    _of_order(),
    sa.Index("ix_effects_order", "merchant", "order_id"),
)

refs = _table(
    "refs",
    _key("kind"),
    _key("reference"),
    _key("order_id"),
    _of_order(),
    sa.Index("ix_refs_order", "merchant", "order_id"),
)

stock = _table(
    "stock",
    _key("sku"),
    _key("location"),
    _count("on_hand"),
    _count("committed"),
    _count("entries"),  # rows of the ledger so far; the last one's seq
    _yes("counted"),  # somebody said what lies there, by a count or an opening; a receipt alone does not
    sa.CheckConstraint("committed >= 0", name="committed"),
)

ledger = _table(
    "ledger",
    _key("sku"),
    _key("location"),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _at("at"),
    _text("kind"),  # committed, released, shipped, counted, received, adjusted
    _count("d_on_hand"),
    _count("d_committed"),
    _optional("order_id"),
    _text("actor"),
    _text("note"),
    sa.ForeignKeyConstraint(
        ["merchant", "sku", "location"], ["stock.merchant", "stock.sku", "stock.location"]
    ),
    _of_order(),
    sa.Index("ix_ledger_order", "merchant", "order_id"),
)

products = _table(
    "products",
    _key("sku"),
    _text("title"),
    sa.Column("weight_g", sa.Integer, nullable=True),
    _optional("size_mm"),
    _optional("hs"),
    _optional("origin"),
    _optional("barcode"),
)

listings = _table(
    "listings",
    _key("connection"),
    _key("listing"),
    _key("location"),  # the channel's own location id; empty where the channel keeps one quantity
    _text("title"),
    _optional("channel_sku"),
    _optional("product"),
    _yes("fulfilled_by_channel"),
    sa.Column("believed", sa.Integer, nullable=True, key="last_read"),
    _maybe_at("read_at"),
    sa.Column("wanted_last", sa.Integer, nullable=True),
    _count("dirty_seq"),
    _count("clean_seq"),
    _maybe_at("check_at"),
    _optional("refused"),
    _optional("barcode"),
    _optional("catalog"),  # the channel's catalog entry (an ASIN): listings that share it sell the same thing
    _count("copies", 1),  # how many things of the channel go by this name
    _yes("computed_by_channel"),  # a bundle whose quantity follows from its parts
    _yes("agreed"),  # a person saw the difference and accepted it: the push guard lets `wanted_last` pass
    # the number from before go-live that is to be shown again
    sa.Column("put_back", sa.Integer, nullable=True, key="restore_to"),
)

links = _table(
    "links",
    _key("connection"),
    _key("listing"),
    _key("sku"),
    _count("units", 1),
    sa.CheckConstraint("units > 0", name="units"),
    sa.Index("ix_links_sku", "merchant", "sku"),
)

link_imports = _table(
    "link_imports",
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _at("at"),
    _text("actor"),
    _text("before"),  # what the listings it names were made of
    _text("after"),
    _maybe_at("undone_at"),
)

channel_locations = _table(
    "channel_locations",
    _key("connection"),
    _key("channel_location"),
    _text("name"),
    _optional("location"),
)

deliveries = _table(
    "deliveries",
    _key("connection"),
    _key("event_id"),
    _text("topic"),
    _text("kind"),
    _text("subject"),
    _at("received_at"),
    _text("state"),  # pending, done, parked
    _optional("error"),
    sa.Column("body", sa.LargeBinary, nullable=True),
    _optional("body_key"),
    sa.Index("ix_deliveries_subject", "merchant", "kind", "subject", "state"),
    sa.Index("ix_deliveries_received", "merchant", "received_at"),
)

jobs = _table(
    "errands",
    _key("kind"),
    _key("subject"),
    _text("connection"),
    _maybe_at("due_at"),
    _count("rings", key="requests"),
    _optional("claimed_by"),
    _maybe_at("claimed_until"),
    _count("attempts"),
    _optional("error"),
    _maybe_at("parked_at"),
    _text("data"),
    sa.Index("ix_errands_due", "due_at"),
)

switches = _table(
    "switches",
    _key("connection"),
    _key("action"),
    _text("state"),  # off, on
    _at("at"),
    _text("actor"),
    _maybe_at("first_at"),  # when it was first accepted; stays through off and on
)

go_lives = _table(
    "go_lives",
    _key("document_id"),
    _at("taken_at"),
    _text("document"),  # what was shown
    _maybe_at("accepted_at"),
    _optional("actor"),
    _optional("actions"),  # kinds of action that were accepted with it
    _optional("connections"),
    _maybe_at("undone_at"),
)

stopped_pushes = _table(
    "brakes",
    _key("connection"),
    _at("at"),
    _text("changes"),  # the levels that the round would have set
    _count("listings"),
)

pauses = _table(
    "alarms",
    _key("connection"),
    _key("action"),
    _at("since"),
    _text("reason"),
    _at("look_at"),  # from when on one of those who wait may ask again
    _maybe_at("cleared_at"),
)

notices = _table(
    "notices",
    _key("kind"),  # unlisted_method
    _key("subject"),
    _text("text"),
    _at("since"),
    _maybe_at("seen_at"),
)

zones = _table(
    "zones",
    _key("location"),
    _key("zone"),
    _count("nearness"),  # 0 is the location's nearest zone
    _text("prefixes"),  # of COUNTRY-STATE
)

openings = _table(
    "openings",
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _at("at"),
    _text("actor"),
    _text("source"),  # file, or the connection whose numbers were adopted
    _text("lines"),  # what was counted, and what stood there before
    _maybe_at("undone_at"),
)

labels = _table(
    "labels",
    _key("order_id"),
    _key("parcel_id"),
    _key("label_id"),
    _text("format"),
    sa.Column("file", sa.LargeBinary, nullable=False),
    _count("printed"),
    _of_order(),
)

vault = _table(
    "vault",
    _key("connection"),
    _key("name"),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    _optional("key_id"),
    _count("version"),
    _optional("claimed_by"),
    _maybe_at("claimed_until"),
    _maybe_at("expires_at"),
)

data_keys = _table(
    "data_keys",
    _key("key_id"),
    _text("purpose"),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    _text("wrapped_by"),
    _at("created_at"),
    sa.UniqueConstraint("merchant", "purpose"),
)

quota = _table(
    "quota",
    _key("app"),
    _key("operation"),
    sa.Column("tat", sa.Double, nullable=False, server_default=sa.text("0")),
    sa.Column("rate_per_s", sa.Double, nullable=False),
    _count("burst"),
    sa.Column("paused_until", sa.Double, nullable=True),
)

api_keys = _table(
    "api_keys",
    _key("key_hash"),
    _text("name"),
    _text("role"),
    _at("created_at"),
)

idempotency_keys = _table(
    "idempotency_keys",
    _key("caller"),  # the name of the API key
    _key("key"),  # the Idempotency-Key
    _text("fingerprint"),  # tells another request under the same key
    _at("begun_at"),
    _optional("claimed_by"),
    _maybe_at("claimed_until"),
    _yes("landed"),  # some of its work is committed
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("body", sa.LargeBinary, nullable=True),  # compressed; answers hold no personal data
    sa.Index("ix_idempotency_keys_begun", "merchant", "begun_at"),
)

configs = _table("configs", _key("hash"), _at("loaded_at"), _text("text"))
