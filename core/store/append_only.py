"""The triggers by which the database itself refuses to change what was written down."""

from collections.abc import Sequence

import sqlalchemy as sa

from core.store.planner import tell_planner
from core.store.tables import METADATA

APPEND_ONLY = ("facts", "ledger")


def triggers(dialect: str, tables: Sequence[str]) -> list[str]:
    """Return the statements that make tables append-only on this database."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in tables
            for verb in ("UPDATE", "DELETE")
        ]
    refuse = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    return [
        refuse,
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in tables
        ),
    ]


def create_all(conn: sa.Connection) -> None:
    """Create every table and trigger in an empty database, as the migrations do."""
    METADATA.create_all(conn)
    for statement in triggers(conn.dialect.name, APPEND_ONLY):
        conn.exec_driver_sql(statement)
    tell_planner(conn)
