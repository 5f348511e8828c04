"""Who may ask, and what was asked already."""

import sqlalchemy as sa

from core.store.tables.parts import at, key, maybe_at, optional, table, text, yes

api_keys = table(
    "api_keys",
    key("key_hash"),
    text("name"),
    text("role"),
    at("created_at"),
)

idempotency_keys = table(
    "idempotency_keys",
    key("caller"),  # the name of the API key
    key("key"),  # the Idempotency-Key
    text("fingerprint"),  # tells another request under the same key
    at("begun_at"),
    optional("claimed_by"),
    maybe_at("claimed_until"),
    yes("landed"),  # some of its work is committed
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("body", sa.LargeBinary, nullable=True),  # compressed; answers hold no personal data
    sa.Index("ix_idempotency_keys_begun", "merchant", "begun_at"),
)
