"""Keys are changed while the hub serves: no call fails, a kill loses nothing, and old keys can be told (row 19)."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.failpoints import listening
from core.store.engine import database
from core.store.inbox import Delivery
from core.store.keyring_file import keys_in, put_first
from core.store.keys import Purpose, data_key, find_key, forget, unopened_keys, wrapped_by
from core.store.rotation import behind, count_wrapped, rotate
from core.store.schema import upgrade
from core.store.sealing import Key, Keyring
from core.store.store import Store
from tests.databases import KINDS, fresh_database

OLD, NEW = Key(b"1" * 32), Key(b"2" * 32)
BOTH = Keyring([NEW, OLD])
MANY = 60
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture(params=KINDS)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database with sixty keys of orders, wrapped by the old key."""
    async with fresh_database(request.param, tmp_path) as made:
        await upgrade(made)
        db = database(made)
        for number in range(MANY):
            await db.write(data_key, Keyring([OLD]), "kendra", Purpose.order(str(number)))
        await db.close()
        yield made


async def opened_under(url: str, ring: Keyring) -> list[Key | None]:
    db = database(url)
    found = [await db.read(find_key, ring, "kendra", Purpose.order(str(number))) for number in range(MANY)]
    await db.close()
    return found


async def test_every_stored_key_stays_itself_and_needs_the_new_key_alone(url: str) -> None:
    before = await opened_under(url, Keyring([OLD]))
    db = database(url)
    assert await db.read(behind, BOTH) == [OLD.key_id]

    assert await rotate(db, BOTH, batch=7) == MANY

    assert await db.read(count_wrapped) == {NEW.key_id: MANY}
    assert (await db.read(behind, BOTH), await db.read(unopened_keys, Keyring([NEW]))) == ([], [])
    assert await rotate(db, BOTH) == 0
    await db.close()
    assert await opened_under(url, Keyring([NEW])) == before


async def test_a_key_that_is_not_in_the_ring_stops_the_rotation_and_changes_nothing(url: str) -> None:
    db = database(url)

    with pytest.raises(ConfigError, match=f"key {OLD.key_id} is missing"):
        await rotate(db, Keyring([NEW]))

    assert await db.read(count_wrapped) == {OLD.key_id: MANY}
    await db.close()


async def test_a_person_forgotten_meanwhile_stays_forgotten(url: str) -> None:
    db = database(url)

    async def forget_one() -> None:
        await db.write(forget, "kendra", Purpose.order("59"))

    done, _ = await asyncio.gather(rotate(db, BOTH, batch=1), forget_one())

    assert done in {MANY - 1, MANY}
    assert await db.read(count_wrapped) == {NEW.key_id: MANY - 1}
    await db.close()


def rotate_and_die(url: str, batches: int) -> None:
    """Rotate in a process of its own, and be killed after so many batches."""
    passed: list[str] = []

    def die(name: str) -> None:
        passed.append(name)
        if len(passed) == batches:
            signal.raise_signal(signal.SIGKILL)

    with listening(die):
        asyncio.run(rotate(database(url), BOTH, batch=5))


async def test_killed_between_batches_it_goes_on_with_what_is_left(url: str) -> None:
    child = multiprocessing.get_context("spawn").Process(target=rotate_and_die, args=(url, 3))
    child.start()
    await asyncio.to_thread(child.join, 60)
    assert child.exitcode == -signal.SIGKILL
    db = database(url)
    assert await db.read(count_wrapped) == {NEW.key_id: 15, OLD.key_id: MANY - 15}

    assert await rotate(db, BOTH) == MANY - 15

    assert await db.read(wrapped_by) == [NEW.key_id]
    await db.close()


async def test_no_call_fails_while_two_hubs_take_deliveries_and_keys_rotate_twice(
    url: str, tmp_path: Path
) -> None:
    """As the how-to says, with the keys in a file: a new key in front, then all wrapped anew; nobody is restarted."""
    file = tmp_path / "ring.keys"
    await asyncio.to_thread(file.write_text, Keyring([OLD]).text(), "ascii")
    hubs = [await Store.open(url, keys=keys_in(file)) for _ in range(1 if url.startswith("sqlite") else 2)]
    rotated, failed, taken = asyncio.Event(), 0, 0

    async def take(store: Store, name: str) -> None:
        nonlocal failed, taken
        number = 0
        while not rotated.is_set() or number < 5:
            number += 1
            try:
                purpose = Purpose.order(f"{name}-{number}")
                made = await store.write(data_key, store.keys, "kendra", purpose)
                assert await store.read(find_key, store.keys, "kendra", purpose) == made
                await store.read(find_key, store.keys, "kendra", Purpose.order(str(number % MANY)))
                told = Delivery(event_id=f"{name}-{number}", topic="orders/create", body=b"{}")
                assert await store.deliver("kendra", "shop", [told], now=NOW) == 1
                taken += 1
            except Exception:  # noqa: BLE001 - whatever it was, a call failed
                failed += 1

    async def change_keys() -> None:
        for _ in range(2):
            await asyncio.to_thread(put_first, file, Key.fresh())
            db = database(url)
            await rotate(db, keys_in(file), batch=3)
            await db.close()
        rotated.set()

    await asyncio.gather(change_keys(), *(take(store, f"hub{n}") for n, store in enumerate(hubs)))
    for store in hubs:
        await store.close()

    assert failed == 0
    assert taken >= 5 * len(hubs)
    newest = keys_in(file).current
    db = database(url)
    assert await rotate(db, keys_in(file)) >= 0  # what was wrapped in the moment between
    assert await db.read(unopened_keys, Keyring([newest])) == []
    await db.close()
