"""What privacy law asks for, and how each request ended."""

import sqlalchemy as sa

from core.store.tables.parts import at, key, maybe_at, optional, table, text

privacy_requests = table(
    "privacy_requests",
    key("connection"),
    key("event_id"),
    text("kind"),  # redact_person, export_person, redact_shop
    at("received_at"),
    text("orders"),  # the channel's ids of the orders it names
    text("state"),  # open, done, refused
    text("result"),
    maybe_at("ended_at"),
    optional("ended_by"),
    sa.Index("ix_privacy_requests_received", "merchant", "received_at", "connection", "event_id"),
)
