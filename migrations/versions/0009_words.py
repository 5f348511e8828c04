"""Tables, columns, keys and the one fact that still had the words of the first plan have those of the code."""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_JOBS = (
    "merchant",
    "kind",
    "subject",
    "connection",
    "due_at",
    "requests",
    "claimed_by",
    "claimed_until",
    "attempts",
    "error",
    "parked_at",
    "data",
)


def upgrade() -> None:
    """Give each its name, with all that it holds."""
    _jobs()
    _pauses()
    _stopped_pushes()
    op.execute("ALTER TABLE listings RENAME COLUMN believed TO last_read")
    op.execute("ALTER TABLE listings RENAME COLUMN put_back TO restore_to")
    _rewrite("stopped_pushes", ("merchant", "connection"), "changes", '"believed":', _levels)
    _rewrite("effects", ("merchant", "key"), "request", '"believed":', _levels)
    _rewrite("orders", ("merchant", "order_id"), "state", '"', _state)
    _facts()


def downgrade() -> None:
    """Refuse: the words of before are read by no code of now."""
    raise RuntimeError(
        "there is no way back; restore the backup that was made before (docs/how-to/upgrade.md)"
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("requests", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("parked_at", UTCDateTime(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "kind", "subject", name="pk_jobs"),
    )
    _move("errands", "jobs", {name: {"requests": "rings"}.get(name, name) for name in _JOBS})
    op.create_index("ix_jobs_due", "jobs", ["due_at"], unique=False)


def _pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("look_at", UTCDateTime(), nullable=False),
        sa.Column("cleared_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "connection", "action", name="pk_pauses"),
    )
    names = ("merchant", "connection", "action", "since", "reason", "look_at", "cleared_at")
    _move("alarms", "pauses", {name: name for name in names})


def _stopped_pushes() -> None:
    op.create_table(
        "stopped_pushes",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("listings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "connection", name="pk_stopped_pushes"),
    )
    _move(
        "brakes",
        "stopped_pushes",
        {name: name for name in ("merchant", "connection", "at", "changes", "listings")},
    )


def _move(old: str, new: str, columns: dict[str, str]) -> None:
    """Bring the rows of a table into a new one, its columns by the old one's, and drop the old one."""
    before = sa.table(old, *(sa.column(name) for name in columns.values()))
    after = sa.table(new, *(sa.column(name) for name in columns))
    op.execute(after.insert().from_select(list(columns), sa.select(*before.c)))
    op.drop_table(old)


def _levels(changes: Any) -> str:
    """Return level changes as the store writes JSON, what the channel was last read to show under its new key."""
    renamed = [{{"believed": "last_read"}.get(key, key): value for key, value in c.items()} for c in changes]
    return json.dumps(renamed, separators=(",", ":"), sort_keys=True)


def _state(state: Any) -> str:
    """Return a state as the model writes JSON: units of a third party and departed parcels under their new keys."""
    renamed = {{"parted": "third_party_units"}.get(key, key): value for key, value in state.items()}
    for of in ("parcels", "voided"):
        renamed[of] = [
            {{"left": "departed"}.get(key, key): v for key, v in p.items()} for p in state.get(of, ())
        ]
    return json.dumps(renamed, separators=(",", ":"), ensure_ascii=False)


def _rewrite(
    table: str, key: tuple[str, ...], column: str, holding: str, text_of: Callable[[Any], str]
) -> None:
    """Write a column of JSON anew in every row that holds a text, some hundred rows at once, in the order of their key."""
    conn = op.get_bind()
    rows = sa.table(table, *(sa.column(name) for name in (*key, column)))
    keys = [rows.c[name] for name in key]
    query = (
        sa.select(*keys, rows.c[column])
        .where(rows.c[column].contains(holding))
        .order_by(*keys)
        .limit(_AT_ONCE)
    )
    of_row = sa.and_(*(rows.c[name] == sa.bindparam(f"of_{name}") for name in key))
    write = rows.update().where(of_row).values({column: sa.bindparam("text")})
    found = conn.execute(query).all()
    while found:
        conn.execute(
            write,
            [
                {**{f"of_{name}": row[i] for i, name in enumerate(key)}, "text": text_of(json.loads(row[-1]))}
                for row in found
            ],
        )
        last = sa.tuple_(*(sa.literal(value) for value in found[-1][:-1]))
        found = conn.execute(query.where(sa.tuple_(*keys) > last)).all()


def _facts() -> None:
    """Tell a gateway's notification by its name of now; the triggers that keep facts as they are stand aside for it."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(
        "DROP TRIGGER facts_no_update" if sqlite else "ALTER TABLE facts DISABLE TRIGGER facts_append_only"
    )
    op.execute(
        "UPDATE facts SET kind = 'gateway_notified',"
        """ data = replace(data, '"kind":"gateway_rang"', '"kind":"gateway_notified"') WHERE kind = 'gateway_rang'"""
    )
    op.execute(
        "CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts"
        " BEGIN SELECT RAISE(ABORT, 'facts is append-only'); END"
        if sqlite
        else "ALTER TABLE facts ENABLE TRIGGER facts_append_only"
    )
