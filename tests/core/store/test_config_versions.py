"""Which file was in force since when, where several processes start at once."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from core.store.active_rules import activate_rules, digest_in_force
from core.store.configs import list_versions
from core.store.schema import upgrade
from core.store.sealing import Keyring
from core.store.store import Store
from tests.databases import KINDS, fresh_database

pytestmark = pytest.mark.req("R09")
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


async def start(store: Store, merchant: str, digest: str) -> None:
    await store.write(activate_rules, merchant, digest, subjects=(), hours={}, now=NOON)


@pytest.mark.parametrize("kind", KINDS)
async def test_processes_that_start_together_with_one_file_make_one_version(
    kind: str, tmp_path: Path
) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await upgrade(url)
        keys = Keyring.generate()
        stores = [await Store.open(url, keys=keys) for _ in range(4)]
        await asyncio.gather(*(start(store, "kendra", "a") for store in stores))
        await asyncio.gather(*(start(store, "kendra", "b") for store in stores))
        await start(stores[0], "bolt", "c")
        kendra = await stores[1].read(list_versions, "kendra", limit=10)
        bolt = await stores[1].read(list_versions, "bolt", limit=10)
        for store in stores:
            await store.close()

    assert [(one.number, one.digest, one.since) for one in kendra] == [(2, "b", NOON), (1, "a", NOON)]
    assert [(one.number, one.digest) for one in bolt] == [(1, "c")]


@pytest.mark.parametrize("kind", KINDS)
async def test_processes_that_start_together_with_two_files_leave_the_newest_version_in_force(
    kind: str, tmp_path: Path
) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await upgrade(url)
        keys = Keyring.generate()
        stores = [await Store.open(url, keys=keys) for _ in range(4)]
        await asyncio.gather(*(start(store, "kendra", "ab"[n % 2]) for n, store in enumerate(stores * 3)))
        found = await stores[0].read(list_versions, "kendra", limit=20)
        in_force = await stores[0].read(digest_in_force, "kendra")
        for store in stores:
            await store.close()

    assert [one.number for one in found] == list(range(len(found), 0, -1))
    assert found[0].digest == in_force
    assert all(one.digest != before.digest for one, before in pairwise(found))
