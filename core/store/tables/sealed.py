"""Secrets: tokens of connections, the keys under which anything is sealed, and of whom nothing is kept any more."""

import sqlalchemy as sa

from core.store.tables.parts import at, count, key, maybe_at, optional, table, text

vault = table(
    "vault",
    key("connection"),
    key("name"),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    optional("key_id"),
    count("version"),
    optional("claimed_by"),
    maybe_at("claimed_until"),
    maybe_at("expires_at"),
)

data_keys = table(
    "data_keys",
    key("key_id"),
    text("purpose"),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    text("wrapped_by"),
    at("created_at"),
    sa.UniqueConstraint("merchant", "purpose"),
    sa.Index("ix_data_keys_wrapped_by", "wrapped_by"),
)

forgotten = table(
    "forgotten",
    key("kind"),  # order, person
    key("subject"),  # the order's id, known to us or not; of a person a keyed hash that finds no order
    at("at"),
    text("why"),
    text("actor"),
    maybe_at("done_at"),  # when nothing was left of it, and what was there had been overwritten
    sa.Index("ix_forgotten_done", "merchant", "done_at"),
)
