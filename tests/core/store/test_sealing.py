import base64
from datetime import date
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.store import keys
from core.store.keys import Purpose
from core.store.sealing import Key, Keyring, Place, SealBrokenError, open_sealed, seal
from core.store.store import Store

ACME = Place(merchant="acme", table="orders", row=("1001",))
ONE = base64.b64encode(b"1" * 32).decode()
TWO = base64.b64encode(b"2" * 32).decode()


def test_what_is_sealed_opens_at_its_place_and_does_not_show() -> None:
    key = Key.fresh()

    sealed = seal(key, b"kara@example.test", ACME)

    assert open_sealed(key, sealed, ACME) == b"kara@example.test"
    assert b"kara" not in sealed
    assert seal(key, b"kara@example.test", ACME) != sealed


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place(merchant="other", table="orders", row=("1001",)),
        Place(merchant="acme", table="deliveries", row=("1001",)),
        Place(merchant="acme", table="orders", row=("1002",)),
        Place(merchant="acme", table="orders1", row=("001",)),
        Place(merchant="acme", table="orders", row=("10", "01")),
    ],
)
def test_a_sealed_value_moved_elsewhere_does_not_open(elsewhere: Place) -> None:
    key = Key.fresh()
    sealed = seal(key, b"kara@example.test", ACME)

    with pytest.raises(SealBrokenError, match="was changed or moved"):
        open_sealed(key, sealed, elsewhere)


def test_a_changed_byte_anywhere_does_not_open() -> None:
    key = Key.fresh()
    sealed = seal(key, b"kara", ACME)

    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(SealBrokenError):
            open_sealed(key, changed, ACME)


def test_another_key_is_named_by_its_id_and_does_not_open() -> None:
    sealed = seal(Key(b"1" * 32), b"kara", ACME)

    with pytest.raises(SealBrokenError, match="sealed under another key"):
        open_sealed(Key(b"2" * 32), sealed, ACME)


def test_of_several_keys_the_first_seals_and_all_open() -> None:
    before = Keyring.from_environ({"CROSSDOCK_SECRET_KEYS": ONE})
    after = Keyring.from_environ({"CROSSDOCK_SECRET_KEYS": f"{TWO}, {ONE}"})
    old = before.seal(b"old", ACME)

    new = after.seal(b"new", ACME)

    assert after.open_sealed(old, ACME) == b"old"
    assert after.open_sealed(new, ACME) == b"new"
    with pytest.raises(ConfigError, match=r"^CROSSDOCK_SECRET_KEYS: key [0-9a-f]{16} is missing"):
        before.open_sealed(new, ACME)


def test_keys_are_read_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{ONE}\n")

    keyring = Keyring.from_environ({"CROSSDOCK_SECRET_KEYS_FILE": str(file)})

    assert keyring.text() == ONE


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "CROSSDOCK_SECRET_KEYS is not set. Make one"),
        (
            {"CROSSDOCK_SECRET_KEYS": f"{ONE},c2hvcnQ="},
            "CROSSDOCK_SECRET_KEYS: key 2 is not 32 bytes in base64.",
        ),
        ({"CROSSDOCK_SECRET_KEYS": "no base64!"}, "CROSSDOCK_SECRET_KEYS: key 1 is not 32 bytes in base64."),
        (
            {"CROSSDOCK_SECRET_KEYS": ONE, "CROSSDOCK_SECRET_KEYS_FILE": "/nowhere"},
            "CROSSDOCK_SECRET_KEYS and CROSSDOCK_SECRET_KEYS_FILE are both set; unset one of them",
        ),
        (
            {"CROSSDOCK_SECRET_KEYS_FILE": "/nowhere/keys"},
            "CROSSDOCK_SECRET_KEYS_FILE: /nowhere/keys cannot be read as text; check the path and its rights",
        ),
    ],
)
def test_a_wrong_key_setting_is_refused_without_showing_it(environ: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Keyring.from_environ(environ)

    assert str(refused.value).startswith(says)
    assert "c2hvcnQ" not in str(refused.value)
    assert ONE not in str(refused.value)


def test_a_generated_keyring_can_be_written_down_and_read_again() -> None:
    keyring = Keyring.generate()
    sealed = keyring.seal(b"kara", ACME)

    again = Keyring.from_environ({"CROSSDOCK_SECRET_KEYS": keyring.text()})

    assert again.open_sealed(sealed, ACME) == b"kara"
    assert keyring.text() not in repr(keyring.current)


async def test_an_order_keeps_its_key_and_every_order_has_its_own(batched_store: Store) -> None:
    db, keyring = batched_store.db, batched_store.keys

    first = await db.write(keys.data_key, keyring, "acme", Purpose.order("1"))

    assert await db.write(keys.data_key, keyring, "acme", Purpose.order("1")) == first
    assert await db.read(keys.find_key, keyring, "acme", Purpose.order("1")) == first
    assert await db.write(keys.data_key, keyring, "acme", Purpose.order("2")) != first
    assert await db.write(keys.data_key, keyring, "other", Purpose.order("1")) != first


@pytest.mark.req("R66")
async def test_forgetting_one_order_leaves_the_others_readable(batched_store: Store) -> None:
    db, keyring = batched_store.db, batched_store.keys
    kara = await db.write(keys.data_key, keyring, "acme", Purpose.order("1"))
    karl = await db.write(keys.data_key, keyring, "acme", Purpose.order("2"))

    assert await db.write(keys.forget, "acme", Purpose.order("1")) is True

    assert await db.read(keys.find_key, keyring, "acme", Purpose.order("1")) is None
    assert await db.read(keys.find_key, keyring, "acme", Purpose.order("2")) == karl
    assert await db.write(keys.forget, "acme", Purpose.order("1")) is False
    assert await db.write(keys.data_key, keyring, "acme", Purpose.order("1")) != kara


async def test_forgetting_days_takes_only_the_days_before(batched_store: Store) -> None:
    db, keyring = batched_store.db, batched_store.keys
    for day in (date(2026, 11, 29), date(2026, 11, 30), date(2026, 12, 1)):
        await db.write(keys.data_key, keyring, "acme", Purpose.day(day))
    order = await db.write(keys.data_key, keyring, "acme", Purpose.order("1"))
    await db.write(keys.data_key, keyring, "other", Purpose.day(date(2026, 11, 29)))

    assert await db.write(keys.forget_days_before, "acme", date(2026, 12, 1)) == 2

    assert await db.read(keys.find_key, keyring, "acme", Purpose.day(date(2026, 11, 30))) is None
    assert await db.read(keys.find_key, keyring, "acme", Purpose.day(date(2026, 12, 1))) is not None
    assert await db.read(keys.find_key, keyring, "other", Purpose.day(date(2026, 11, 29))) is not None
    assert await db.read(keys.find_key, keyring, "acme", Purpose.order("1")) == order


async def test_a_data_key_is_opened_by_the_key_that_wrapped_it_only(batched_store: Store) -> None:
    db = batched_store.db
    old, new = Keyring([Key(b"1" * 32)]), Keyring([Key(b"2" * 32)])
    both = Keyring([Key(b"2" * 32), Key(b"1" * 32)])
    key = await db.write(keys.data_key, old, "acme", Purpose.order("1"))

    with pytest.raises(ConfigError, match="is missing, under which data_keys of acme is sealed"):
        await db.read(keys.find_key, new, "acme", Purpose.order("1"))
    assert await db.read(keys.find_key, both, "acme", Purpose.order("1")) == key


async def test_a_value_is_found_by_its_hash_within_one_merchant_and_kind_only(batched_store: Store) -> None:
    db, keyring = batched_store.db, batched_store.keys
    assert await db.read(keys.find_search_hash, keyring, "acme", "email", "kara@example.test") is None

    stored = keys.hash_under(
        await db.write(keys.data_key, keyring, "acme", Purpose.search()), "email", "kara@example.test"
    )
    await db.write(keys.data_key, keyring, "other", Purpose.search())

    assert await db.read(keys.find_search_hash, keyring, "acme", "email", " Kara@Example.test ") == stored
    assert await db.read(keys.find_search_hash, keyring, "acme", "phone", "kara@example.test") != stored
    assert await db.read(keys.find_search_hash, keyring, "other", "email", "kara@example.test") != stored
    assert "kara" not in stored
