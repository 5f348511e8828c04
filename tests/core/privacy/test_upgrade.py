"""What an older hub left: label files in clear, and persons whom it forgot by half."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from core.engine.hub import Hub
from core.jobs.housekeeping import tick_forgotten
from core.model.forgetting import Why
from core.store import schema
from core.store.keys import Purpose, find_key
from core.store.labels import labels_of
from core.store.schema import upgrade
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.tables import labels, refs
from core.store.tombstones import tombstone_of
from tests.builders import MERCHANT, open_hub_of, review
from tests.core.privacy.shoppers import STREET, order, places
from tests.databases import KINDS, fresh_database

SHOWN = f"^XA^FD{STREET}^FS^XZ".encode()


@pytest.fixture(params=KINDS)
async def older(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[str, Keyring]]:
    """A database as revision 0013 left it: one order with a label in clear, and one that was forgotten by half."""
    keys = Keyring.generate()
    async with fresh_database(request.param, tmp_path) as url:
        await upgrade(url)
        store = await Store.open(url, keys=keys)
        b = review(store)
        await open_hub_of(b)
        await order(b)
        await order(b, "KK-1002", email="other@canary.test")
        await store.db.migrate(_as_of_before)
        await store.close()
        yield url, keys


def _as_of_before(conn: sa.Connection) -> None:
    conn.execute(sa.update(labels).values(file=SHOWN, file_key=None))
    conn.exec_driver_sql("DELETE FROM data_keys WHERE purpose = 'order:shop:kk-1002'")
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parents[2] / "migrations"))
    config.attributes["connection"] = conn
    command.downgrade(config, "0013")


@pytest.mark.case("F6")
async def test_an_upgrade_seals_label_files_and_forgets_to_the_end_whom_an_older_hub_forgot(
    older: tuple[str, Keyring],
) -> None:
    url, keys = older
    await upgrade(url)
    store = await Store.open(url, keys=keys)
    b = review(store)
    assert STREET.encode() in await _all_bytes(b.hub)

    await tick_forgotten(b.hub)

    [label] = await store.read(labels_of, keys, MERCHANT, "shop:kk-1001")
    assert label.file == SHOWN
    assert STREET.encode() not in await _all_bytes(b.hub)
    grave = await store.read(tombstone_of, MERCHANT, "shop:kk-1002")
    assert grave is not None
    assert (grave.why, grave.done_at) == (Why.BEFORE, b.clock.now())
    assert await store.read(labels_of, keys, MERCHANT, "shop:kk-1002") == []
    assert await store.read(_hashes_of, "shop:kk-1002") == 0
    assert await store.read(_hashes_of, "shop:kk-1001") == 3
    assert {what for _, what in await places(b, ["shop:kk-1002"])} <= {
        "words"
    }  # the other order's own hashes
    assert await store.read(find_key, keys, MERCHANT, Purpose.order("shop:kk-1001")) is not None
    await store.close()


def _hashes_of(conn: sa.Connection, order_id: str) -> int:
    query = sa.select(sa.func.count()).where(refs.c.order_id == order_id, refs.c.kind.like("%_hash"))
    return conn.execute(query).scalar_one()


async def _all_bytes(hub: Hub) -> bytes:
    return b"".join([chunk async for _, chunk in hub.store.db.raw(["labels"])])
