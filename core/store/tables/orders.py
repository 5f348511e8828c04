"""Orders, what happened to them, what was asked of vendors for them, and what arrived."""

import sqlalchemy as sa

from core.store.tables.parts import at, count, key, maybe_at, of_order, optional, some, table, text

HELD = "holds <> ''"
TAGGED = "tags <> ''"
REFUSED_MAIL = "operation = 'send' AND state = 'refused'"
"""What some indexes are of: see the tables of stock."""

orders = table(
    "orders",
    key("order_id"),
    text("connection"),
    text("external_id"),
    text("number"),
    at("placed_at"),
    count("version"),
    text("stage"),
    text("state"),
    text("holds"),  # reasons with a blank before and after each, for filters
    text("tags", server_default=sa.text("''")),  # as holds
    optional("assignee"),
    sa.Column("total_minor", sa.BigInteger, nullable=True),
    optional("currency"),
    maybe_at("due_at"),
    optional("claimed_by"),
    maybe_at("claimed_until"),
    count("attempts"),
    optional("error"),  # why the last run failed; null after any progress
    maybe_at("parked_at"),
    count(
        "offered_seq"
    ),  # of what was offered to rules: the state column has it, see core/model/rule_runs.py
    sa.Column("personal", sa.LargeBinary, nullable=True),
    optional("personal_key"),
    maybe_at("forget_at"),  # when it is next looked at whether its person is to be forgotten
    at("updated_at"),
    text(
        "waits_for", server_default=sa.text("''")
    ),  # the connection whose answer its next step needs, where a run had to wait
    sa.UniqueConstraint("merchant", "connection", "external_id"),
    sa.Index(
        "ix_orders_due",
        "merchant",
        "waits_for",
        "due_at",
        "order_id",
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_orders_parked",
        "merchant",
        "parked_at",
        postgresql_where=sa.text("parked_at IS NOT NULL"),
        sqlite_where=sa.text("parked_at IS NOT NULL"),
    ),
    sa.Index("ix_orders_page", "merchant", "placed_at", "order_id"),
    sa.Index("ix_orders_stage", "merchant", "stage", "placed_at", "order_id"),
    sa.Index("ix_orders_connection", "merchant", "connection", "placed_at", "order_id"),
    some("ix_orders_held", "merchant", "placed_at", "order_id", where=HELD),
    some("ix_orders_tagged", "merchant", "placed_at", "order_id", where=TAGGED),
    sa.Index("ix_orders_assignee", "merchant", "assignee", "placed_at", "order_id"),
    sa.Index(
        "ix_orders_personal",
        "merchant",
        "connection",
        "placed_at",
        postgresql_where=sa.text("personal IS NOT NULL"),
        sqlite_where=sa.text("personal IS NOT NULL"),
    ),
)

for _name, _column in (("ix_orders_number", orders.c.number), ("ix_orders_external", orders.c.external_id)):
    # By the beginning of a text, whatever its case and whatever order the database's language gives letters.
    _lower = sa.func.lower(_column).label("lower")
    sa.Index(_name, orders.c.merchant, _lower, postgresql_ops={"lower": "text_pattern_ops"})

facts = table(
    "facts",
    key("order_id"),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    text("kind"),
    count("v", 1),
    at("at"),
    text("actor"),
    text("data"),
    of_order(),
)

effects = table(
    "effects",
    key("key"),
    optional("order_id"),  # none where it is of no one order: a push of levels
    text("operation"),
    text("connection"),
    text("fence"),
    text("owner"),
    text("state"),  # intent, done, refused, undone, unknown
    at("intended_at"),
    maybe_at("settled_at"),
    text("request"),
    text("result"),
    of_order(),
    sa.Index("ix_effects_order", "merchant", "order_id"),
    some("ix_effects_refused_mail", "merchant", "connection", where=REFUSED_MAIL),
)

open_pushes = table(
    "open_pushes", key("connection"), text("key")
)  # the newest push of levels of a connection

refs = table(
    "refs",
    key("kind"),
    key("reference"),
    key("order_id"),
    of_order(),
    sa.Index("ix_refs_order", "merchant", "order_id"),
)

order_notes = table(
    "order_notes",
    key("order_id"),
    key("note_id"),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # under the order's own key
    of_order(),
)

labels = table(
    "labels",
    key("order_id"),
    key("parcel_id"),
    key("label_id"),
    text("format"),
    sa.Column("file", sa.LargeBinary, nullable=False),
    optional(
        "file_key"
    ),  # the key it is sealed under; none: an older hub stored it, and it is not sealed yet
    count("printed"),
    of_order(),
)

deliveries = table(
    "deliveries",
    key("connection"),
    key("event_id"),
    text("topic"),
    text("kind"),
    text("subject"),
    at("received_at"),
    text("state"),  # pending, done, parked
    optional("error"),
    sa.Column("body", sa.LargeBinary, nullable=True),
    optional("body_key"),
    sa.Index("ix_deliveries_subject", "merchant", "kind", "subject", "state"),
    sa.Index("ix_deliveries_received", "merchant", "received_at"),
    sa.Index("ix_deliveries_connection", "merchant", "connection", "received_at", "event_id"),
    sa.Index(
        "ix_deliveries_parked",
        "merchant",
        postgresql_where=sa.text("state = 'parked'"),
        sqlite_where=sa.text("state = 'parked'"),
    ),
)
