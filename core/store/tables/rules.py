"""Rules that are about no order: which are in force, their runs, and what was last told of what they are about."""

import sqlalchemy as sa

from core.store.tables.parts import at, count, key, maybe_at, optional, some, table, text, yes

WAITING = "waits_for IS NOT NULL"
UNTOLD = "dirty_seq > clean_seq"
"""What some indexes are of: see the tables of stock."""

active_rules = table(
    "active_rules",
    text("digest"),  # of the file that what serves was last started with
    text(
        "subjects"
    ),  # what its rules are about, with a blank before and after each: nobody else is looked at
)

rule_runs = table(
    "rule_runs",
    key("run_id"),
    text("rule"),
    text("digest"),  # of the file that it goes on under
    text("trigger"),
    text("about"),  # stock, connection, schedule
    text("subject"),  # the SKU, the connection, the rule
    text("event"),
    text("looked_at"),  # by its rule's condition
    text("next"),  # the step that is due, or was last
    at("due_at"),
    optional("waits_for"),  # the trigger that it waits for, or time
    text("results"),
    text("error"),
    count("tries"),
    count("version"),
    optional("open"),  # the call whose outcome is not known yet
    text("trace"),  # what came of each step
    optional("outcome"),  # done, stopped, failed; null: it has not ended
    at("started_at"),
    maybe_at("ended_at"),
    sa.Index("ix_rule_runs_started", "merchant", "started_at", "run_id"),
    some("ix_rule_runs_waiting", "merchant", "waits_for", "subject", where=WAITING),
)

stock_told = table(
    "stock_told",
    key("sku"),
    sa.Column("available", sa.Integer, nullable=True),  # when it was last looked at; null: never
    count("dirty_seq"),  # counts changes while somebody listens; never goes back
    count("clean_seq"),  # those of them that were looked at
    some("ix_stock_told_untold", "merchant", "sku", where=UNTOLD),
)

connections_told = table(
    "connections_told",
    key("connection"),
    yes("lost"),  # what was last told
    count("changes"),  # how often it was lost or came back
)

buffers = table(
    "buffers",
    key("connection"),
    key("sku"),
    count("units"),  # that the connection never shows
    text("rule"),  # which said so
    at("at"),
)
