"""Stock, its ledger, products, and the listings that sell them."""

import sqlalchemy as sa

from core.store.tables.parts import at, count, key, maybe_at, of_order, optional, some, table, text, yes

UNMEASURED = "(weight_g IS NULL OR weight_g = 0 OR size_mm IS NULL)"
NO_CUSTOMS = "(hs IS NULL OR hs = '' OR origin IS NULL OR origin = '')"
NOT_STOCKED = "NOT stocked"
DIRTY = "dirty_seq > clean_seq"
WRITTEN = "NOT fulfilled_by_channel AND NOT computed_by_channel"
NOT_LINKED = "NOT linked"
STOPPED = "stopped"
ALIKE = "alike"
"""What some indexes are of. Only a query that says the very same words finds them: ``sa.text`` of these."""

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
    text("folded_sku", server_default=sa.text("''")),  # without case, blanks and punctuation
    yes("stocked"),  # there is a counter of it, wherever
    yes(
        "alike"
    ),  # another product had the same folded SKU or barcode once: looked at again before it is told
    some("ix_products_alike", "merchant", "sku", where=ALIKE),
    sa.Index("ix_products_folded", "merchant", "folded_sku"),
    some("ix_products_barcode", "merchant", "barcode", where="barcode IS NOT NULL"),
    some("ix_products_unmeasured", "merchant", "sku", where=UNMEASURED),
    some("ix_products_no_customs", "merchant", "sku", where=NO_CUSTOMS),
    some("ix_products_not_stocked", "merchant", "sku", where=NOT_STOCKED),
)

product_words = table(
    "product_words",
    key("word"),
    key("sku"),
    sa.ForeignKeyConstraint(["merchant", "sku"], ["products.merchant", "products.sku"]),
    sa.Index("ix_product_words_sku", "merchant", "sku"),
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
    yes("bulk"),  # dirty with many others at once: it is pushed after what an order or a person changed
    yes("stopped"),  # the push guard stopped it: a person says whether it is written
    yes("linked"),  # somebody said what it is made of
    yes("alike"),  # another listing of its connection had the same folded SKU once: see products
    text("folded_sku", server_default=sa.text("''")),  # of the SKU, or the listing: see products
    text("folded_title", server_default=sa.text("''")),
    some("ix_listings_dirty", "merchant", "connection", "bulk", "listing", "location", where=DIRTY),
    some("ix_listings_check", "merchant", "connection", "check_at", where="check_at IS NOT NULL"),
    some("ix_listings_stopped", "merchant", "connection", "wanted_last", where=STOPPED),
    some("ix_listings_written", "merchant", "connection", where=WRITTEN),
    some("ix_listings_restore", "merchant", "connection", where="restore_to IS NOT NULL"),
    some("ix_listings_not_linked", "merchant", "connection", "listing", where=NOT_LINKED),
    some("ix_listings_catalog", "merchant", "connection", "catalog", where="catalog IS NOT NULL"),
    some("ix_listings_alike", "merchant", "connection", "listing", where=ALIKE),
    sa.Index("ix_listings_product", "merchant", "connection", "product"),
    sa.Index("ix_listings_folded_sku", "merchant", "folded_sku"),
    sa.Index("ix_listings_folded_title", "merchant", "folded_title"),
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
    count("listings"),  # how many it names
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
    count("counts"),  # how many lines
)

zones = table(
    "zones",
    key("location"),
    key("zone"),
    count("nearness"),  # 0 is the location's nearest zone
    text("prefixes"),  # of COUNTRY-STATE
)
