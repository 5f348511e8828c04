"""What a connection's vendor said when a person had it asked: kept where the job that asks keeps it."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from core.store.columns import compact
from core.store.tables import jobs
from core.store.writes import upsert


def save_probe(
    conn: sa.Connection, merchant: str, connection: str, *, data: Mapping[str, str], due_at: datetime
) -> None:
    """Have the job remember what was said, and ask again at an instant; it is made where there is none yet."""
    key = {"merchant": merchant, "kind": "probe", "subject": connection}
    upsert(conn, jobs, [{**key, "connection": connection, "due_at": due_at, "data": compact(dict(data))}])
