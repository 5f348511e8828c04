"""Who may ask, and what was asked already."""

import sqlalchemy as sa

from core.store.tables.parts import at, key, maybe_at, optional, table, text, yes

api_keys = table(
    "api_keys",
    key("key_hash"),
    text("name"),
    text("role"),
    at("created_at"),
    maybe_at("expires_at"),
    maybe_at("last_used_at"),  # noted once a minute at most
)

users = table(
    "users",
    key("user_id"),
    optional("login"),  # gone with its user
    text("name"),  # stays: facts name their user by id, and timelines show the name
    text("role"),
    optional("password_hash"),  # Argon2id, with its parameters
    at("created_at"),
    maybe_at("signed_in_at"),
    maybe_at("removed_at"),
    sa.UniqueConstraint("merchant", "login"),
)

sessions = table(
    "sessions",
    key("token_hash"),
    optional("user_id"),
    optional("key_hash"),  # whoever signed in with an API key
    text("browser"),
    at("created_at"),
    at("seen_at"),  # noted once a minute at most
    at("expires_at"),
    sa.ForeignKeyConstraint(["merchant", "user_id"], ["users.merchant", "users.user_id"], ondelete="CASCADE"),
    # A session ends with its key, whoever deletes it.
    sa.ForeignKeyConstraint(
        ["merchant", "key_hash"], ["api_keys.merchant", "api_keys.key_hash"], ondelete="CASCADE"
    ),
    sa.Index("ix_sessions_user", "merchant", "user_id"),
    sa.Index("ix_sessions_key", "merchant", "key_hash"),
)

one_time_links = table(
    "one_time_links",
    key("secret_hash"),
    text("kind"),  # setup, invitation, reset, phone
    optional("user_id"),
    optional("key_hash"),
    text("name"),
    text("role"),
    text("made_by"),
    at("made_at"),
    at("expires_at"),
    sa.ForeignKeyConstraint(["merchant", "user_id"], ["users.merchant", "users.user_id"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(
        ["merchant", "key_hash"], ["api_keys.merchant", "api_keys.key_hash"], ondelete="CASCADE"
    ),
)

idempotency_keys = table(
    "idempotency_keys",
    key("caller"),  # the name of the API key, or the id of the user
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
