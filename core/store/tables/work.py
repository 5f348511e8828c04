"""What is to be done, what may be done, and what waits."""

import sqlalchemy as sa

from core.store.columns import UTCDateTime
from core.store.tables.parts import METADATA, at, count, key, maybe_at, optional, some, table, text, yes

jobs = table(
    "jobs",
    key("kind"),
    key("subject"),
    text("connection"),
    maybe_at("due_at"),
    count("requests"),
    optional("claimed_by"),
    maybe_at("claimed_until"),
    count("attempts"),
    optional("error"),
    maybe_at("parked_at"),
    text("data"),
    text("lane", server_default=sa.text("''")),  # connection/kind: see core/store/lanes.py
    sa.Index("ix_jobs_due", "merchant", "due_at"),
    sa.Index("ix_jobs_lane", "merchant", "lane", "due_at", "kind", "subject"),
    sa.Index(
        "ix_jobs_parked",
        "merchant",
        postgresql_where=sa.text("parked_at IS NOT NULL"),
        sqlite_where=sa.text("parked_at IS NOT NULL"),
    ),
    some("ix_jobs_error", "merchant", "connection", "kind", "subject", where="error IS NOT NULL"),
)

switches = table(
    "switches",
    key("connection"),
    key("action"),
    text("state"),  # off, on
    at("at"),
    text("actor"),
    maybe_at("first_at"),  # when it was first accepted; stays through off and on
)

settings_revisions = table(
    "settings_revisions",
    count("revision"),  # how often what decisions look at was changed: see core/store/revisions
)

go_lives = table(
    "go_lives",
    key("document_id"),
    at("taken_at"),
    text("document"),  # what was shown
    maybe_at("accepted_at"),
    optional("actor"),
    optional("actions"),  # kinds of action that were accepted with it
    optional("connections"),
    maybe_at("undone_at"),
    optional("rows_id"),  # of the listings; null: they stand in the document itself
)

go_live_rows = table(
    "go_live_rows",
    key("rows_id"),  # by what they say: documents that say the same of all listings share them
    sa.Column("page", sa.Integer, primary_key=True, autoincrement=False),
    text("rows"),  # some hundred listings, as they were shown
)

stopped_pushes = table(
    "stopped_pushes",
    key("connection"),
    at("at"),
    text("changes"),  # the levels that the round would have set
    count("listings"),
)

pauses = table(
    "pauses",
    key("connection"),
    key("action"),
    at("since"),
    text("reason"),
    at("look_at"),  # from when on one of those who wait may ask again
    maybe_at("cleared_at"),
    yes("for_person"),  # no credentials, no money: it does not end before a person mends it
)

pause_waits = table(
    "pause_waits",
    key("connection"),
    key("action"),
    key("kind"),  # order, or the kind of a job
    key("subject"),
    maybe_at("tried_at"),  # when it last asked in vain; null: it has not asked since the pause began
    sa.Index("ix_pause_waits_merchant", "merchant", "kind", "subject"),
)

notices = table(
    "notices",
    key("kind"),  # unlisted_method
    key("subject"),
    text("text"),
    at("since"),
    maybe_at("seen_at"),
)

quota = table(
    "quota",
    key("app"),
    key("operation"),
    sa.Column("tat", sa.Double, nullable=False, server_default=sa.text("0")),
    sa.Column("rate_per_s", sa.Double, nullable=False),
    count("burst"),
    sa.Column("paused_until", sa.Double, nullable=True),
)

configs = table("configs", key("hash"), at("loaded_at"), text("text"))

config_versions = table(
    "config_versions",
    sa.Column(
        "number", sa.Integer, primary_key=True, autoincrement=False
    ),  # from 1, in the order in which they came
    text("digest"),  # of what was put in force: the hash of its text in configs
    at("since"),
    sa.Column("actor", sa.Text, nullable=False, server_default="hub"),  # hub: a process that started with it
)

drafts = table("drafts", text("digest"), at("since"), at("until"), text("actor"))

processes = sa.Table(
    "processes",
    METADATA,
    key("owner"),  # of no one merchant: a process works for all
    text("role"),
    at("since"),
    maybe_at("beat_at"),  # when it last said that it lives; null: it ended
)

write_probes = table(
    "write_probes",
    at("at"),  # when readiness last wrote
)

restores = table(
    "restores",
    sa.Column("restored_at", UTCDateTime, primary_key=True),
    at("taken_at"),  # the backup that was brought back
)
