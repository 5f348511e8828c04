"""An order that an older hub parked is known as parked after the upgrade, with the instant of its fact."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from core.store import schema
from core.store.engine import database
from core.store.parked import ParkedCounts, count_parked
from core.store.schema import upgrade
from tests.databases import KINDS, fresh_database

PARKED_AT = "2026-11-30T16:15:00Z"
PARKED = (
    f'{{"version":3,"parked":{{"v":1,"at":"{PARKED_AT}","actor":"hub","kind":"parked",'
    '"step":"quote","error":"KeyError","message":"KeyError"}}'
)
INSERT = sa.text(
    "INSERT INTO orders (merchant, order_id, connection, external_id, number, placed_at, version, stage, state, holds,"
    " attempts, updated_at) VALUES ('kendra', :id, 'shop', :id, :id, :at, 3, 'on_hold', :state, '', 0, :at)"
)


def _before(conn: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parents[2] / "migrations"))
    config.attributes["connection"] = conn
    command.upgrade(config, "0008")
    at: object = datetime(2026, 11, 30, 16, tzinfo=UTC)
    if conn.dialect.name == "sqlite":
        at = "2026-11-30 16:00:00.000000"
    for order_id, state in (("kk-1", PARKED), ("kk-2", '{"version":3,"parked":null}')):
        conn.execute(INSERT, {"id": order_id, "at": at, "state": state})


@pytest.mark.case("F1", "F2")
@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_parked_before_the_upgrade_is_parked_after_it(kind: str, tmp_path: Path) -> None:
    async with fresh_database(kind, tmp_path) as url:
        db = database(url)
        await db.write(_before)
        await db.close()  # nobody else may use it meanwhile
        await upgrade(url)
        db = database(url)

        found = await db.read(count_parked, "kendra")
        await db.close()

    assert found == ParkedCounts(orders=1, jobs=0, deliveries=0, since=datetime.fromisoformat(PARKED_AT))
