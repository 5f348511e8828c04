"""Stock, its ledger, products, and the listings that sell them."""

import sqlalchemy as sa

from core.store.tables.parts import at, count, key, maybe_at, of_order, optional, table, text, yes

stock = table(
    "stock",
    key("sku"),
    key("location"),
    count("on_hand"),
    count("committed"),
    count("entries"),  # rows of the ledger so far; the last one's seq
    yes("counted"),  # somebody said what lies there, by a count or an opening; a receipt alone does not
    sa.CheckConstraint("committed >= 0", name="committed"),
)

ledger = table(
    "ledger",
    key("sku"),
    key("location"),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    at("at"),
    text("kind"),  # committed, released, shipped, counted, received, adjusted
    count("d_on_hand"),
    count("d_committed"),
    optional("order_id"),
    text("actor"),
    text("note"),
    sa.ForeignKeyConstraint(
        ["merchant", "sku", "location"], ["stock.merchant", "stock.sku", "stock.location"]
    ),
    of_order(),
    sa.Index("ix_ledger_order", "merchant", "order_id"),
)

products = table(
    "products",
    key("sku"),
    text("title"),
    sa.Column("weight_g", sa.Integer, nullable=True),
    optional("size_mm"),
    optional("hs"),
    optional("origin"),
    optional("barcode"),
)

listings = table(
    "listings",
    key("connection"),
    key("listing"),
    key("location"),  # the channel's own location id; empty where the channel keeps one quantity
    text("title"),
    optional("channel_sku"),
    optional("product"),
    yes("fulfilled_by_channel"),
    sa.Column("last_read", sa.Integer, nullable=True),
    maybe_at("read_at"),
    sa.Column("wanted_last", sa.Integer, nullable=True),
    count("dirty_seq"),
    count("clean_seq"),
    maybe_at("check_at"),
    optional("refused"),
    optional("barcode"),
    optional("catalog"),  # the channel's catalog entry (an ASIN): listings that share it sell the same thing
    count("copies", 1),  # how many things of the channel go by this name
    yes("computed_by_channel"),  # a bundle whose quantity follows from its parts
    yes("agreed"),  # a person saw the difference and accepted it: the push guard lets `wanted_last` pass
    sa.Column(
        "restore_to", sa.Integer, nullable=True
    ),  # the number from before go-live that is to be shown again
)

links = table(
    "links",
    key("connection"),
    key("listing"),
    key("sku"),
    count("units", 1),
    sa.CheckConstraint("units > 0", name="units"),
    sa.Index("ix_links_sku", "merchant", "sku"),
)

link_imports = table(
    "link_imports",
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    at("at"),
    text("actor"),
    text("before"),  # what the listings it names were made of
    text("after"),
    maybe_at("undone_at"),
)

channel_locations = table(
    "channel_locations",
    key("connection"),
    key("channel_location"),
    text("name"),
    optional("location"),
)

openings = table(
    "openings",
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    at("at"),
    text("actor"),
    text("source"),  # file, or the connection whose numbers were adopted
    text("lines"),  # what was counted, and what stood there before
    maybe_at("undone_at"),
)

zones = table(
    "zones",
    key("location"),
    key("zone"),
    count("nearness"),  # 0 is the location's nearest zone
    text("prefixes"),  # of COUNTRY-STATE
)
