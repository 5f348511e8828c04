"""Data keys: one per order, per day of deliveries, per connection, and one for searching; each wrapped by the keyring.

Deliveries that may name a person have a key of their own per day and object; those of an order have the order's.
What is sealed under a data key is forgotten, in every copy and backup, by deleting that key. All functions run inside
a transaction on its connection.
"""

import functools
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from core.errors import ConfigError
from core.store.columns import among, keys_in, one_of
from core.store.sealing import Key, Keyring, Place, SealBrokenError, key_id_of
from core.store.tables import data_keys
from core.store.writes import insert_new, update_by_key


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a data key is for: one key per merchant and purpose."""

    text: str

    @classmethod
    def order(cls, order_id: str) -> "Purpose":
        """Everything personal of one order."""
        return cls(f"order:{order_id}")

    @classmethod
    def day(cls, day: date, of: str = "") -> "Purpose":
        """The bodies of one day's deliveries; ``of`` one object alone."""
        return cls(f"day:{day.isoformat()}:{of}" if of else f"day:{day.isoformat()}")

    @property
    def is_own(self) -> bool:
        """Whether it is of one order or object, not of a whole day of deliveries."""
        return self.text.startswith("order:") or self.text.count(":") > 1

    @classmethod
    def connection(cls, connection: str) -> "Purpose":
        """The tokens of one connection."""
        return cls(f"connection:{connection}")

    @classmethod
    def search(cls) -> "Purpose":
        """The hashes by which persons' orders are found again."""
        return cls("search")


def data_key(conn: sa.Connection, keyring: Keyring, merchant: str, purpose: Purpose) -> Key:
    """Return the key of a purpose, made if there is none; two makers at once get the same key."""
    return keys_for(conn, keyring, [(merchant, purpose)])[merchant, purpose]


def keys_for(
    conn: sa.Connection, keyring: Keyring, wanted: Iterable[tuple[str, Purpose]]
) -> dict[tuple[str, Purpose], Key]:
    """Return the key of every (merchant, purpose), made where there is none: at most three statements for all."""
    # In key order, so that two batches cannot wait for each other.
    asked = sorted(set(wanted), key=lambda one: (one[0], one[1].text))
    found = find_keys(conn, keyring, asked)
    missing = [one for one in asked if one not in found]
    if missing:
        # The unique key decides whose new key counts: read back, never assumed.
        insert_new(conn, data_keys, [_new_row(keyring, merchant, purpose) for merchant, purpose in missing])
        found |= find_keys(conn, keyring, missing)
    return found


def find_key(conn: sa.Connection, keyring: Keyring, merchant: str, purpose: Purpose) -> Key | None:
    """Return the key of a purpose; None where there never was one, or it is forgotten."""
    return find_keys(conn, keyring, [(merchant, purpose)]).get((merchant, purpose))


def find_keys(
    conn: sa.Connection, keyring: Keyring, wanted: Sequence[tuple[str, Purpose]]
) -> dict[tuple[str, Purpose], Key]:
    """Return the keys that exist of those asked for."""
    if not wanted:
        return {}
    dialect, pairs = conn.dialect.name, [(merchant, purpose.text) for merchant, purpose in wanted]
    rows = conn.execute(_named(dialect), keys_in(dialect, pairs))
    return {
        (row.merchant, Purpose(row.purpose)): Key(
            keyring.open_sealed(row.wrapped, place_of(row.merchant, row.purpose))
        )
        for row in rows
    }


@functools.cache
def _named(dialect: str) -> sa.Select[Any]:
    purpose = (data_keys.c.merchant, data_keys.c.purpose)
    return sa.select(*purpose, data_keys.c.wrapped).where(one_of(dialect, purpose))


def find_key_named(conn: sa.Connection, keyring: Keyring, merchant: str, key_id: str) -> Key | None:
    """Return the key of an id; None where it is forgotten."""
    query = sa.select(data_keys).where(data_keys.c.merchant == merchant, data_keys.c.key_id == key_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else Key(keyring.open_sealed(row.wrapped, place_of(merchant, row.purpose)))


def forget(conn: sa.Connection, merchant: str, purpose: Purpose) -> bool:
    """Delete a key, and with it everything sealed under it; return whether there was one."""
    return bool(forget_all(conn, [(merchant, purpose)]))


def forget_all(conn: sa.Connection, gone: Iterable[tuple[str, Purpose]]) -> int:
    """Delete the keys of these (merchant, purpose), in key order; return how many there were."""
    pairs = sorted({(merchant, purpose.text) for merchant, purpose in gone})
    if not pairs:
        return 0
    these = among(conn, [data_keys.c.merchant, data_keys.c.purpose], pairs)
    return conn.execute(sa.delete(data_keys).where(these)).rowcount


def forget_days_before(conn: sa.Connection, merchant: str, day: date) -> int:
    """Make the bodies of all deliveries before a day unreadable for good; return how many days that were."""
    # ISO dates sort as text.
    older = sa.delete(data_keys).where(
        data_keys.c.merchant == merchant,
        data_keys.c.purpose.startswith("day:"),
        data_keys.c.purpose < Purpose.day(day).text,
    )
    return conn.execute(older).rowcount


def find_search_hash(
    conn: sa.Connection, keyring: Keyring, merchant: str, kind: str, value: str
) -> str | None:
    """Return the hash to look for, in a transaction that cannot write; None where nothing was ever hashed."""
    key = find_key(conn, keyring, merchant, Purpose.search())
    return None if key is None else hash_under(key, kind, value)


def hash_under(key: Key, kind: str, value: str) -> str:
    """Return the hash of a value under a merchant's search key; case and outer blanks do not count."""
    said = f"{kind}\0{value.strip().casefold()}"
    return hmac.new(key.secret, said.encode(), hashlib.sha256).hexdigest()


def place_of(merchant: str, purpose: str) -> Place:
    """Return where a wrapped key is kept."""
    return Place(merchant=merchant, table="data_keys", row=(purpose,))


def wrapped_by(conn: sa.Connection) -> list[str]:
    """Return the ids of the installation's keys by which any stored key is wrapped, sorted.

    Installation-wide. One look into the index for each id, however many keys are stored.
    """
    found: list[str] = []
    while True:
        first = sa.select(sa.func.min(data_keys.c.wrapped_by))
        key_id = conn.execute(first.where(data_keys.c.wrapped_by > found[-1]) if found else first).scalar()
        if key_id is None:
            return found
        found.append(key_id)


def unopened_keys(conn: sa.Connection, keyring: Keyring) -> list[str]:
    """Return the ids of the installation's keys that something stored needs and the ring does not open (F9).

    Cheap enough for every look at readiness: of each id, one stored key is opened for trial.
    """
    return [key_id for key_id in wrapped_by(conn) if not _opens(conn, keyring, key_id)]


def rewrap(conn: sa.Connection, keyring: Keyring, *, limit: int) -> int:
    """Wrap at most so many stored keys by the ring's first key; return how many, 0 where none is left."""
    keyring.renew()
    old = next((key_id for key_id in wrapped_by(conn) if key_id != keyring.current.key_id), None)
    if old is None:
        return 0
    some = sa.select(data_keys).where(data_keys.c.wrapped_by == old).order_by(*data_keys.primary_key)
    rows = conn.execute(some.limit(limit).with_for_update()).all()
    anew = [_wrapped_anew(keyring, row) for row in rows]
    update_by_key(conn, data_keys, anew)
    return len(anew)


def _wrapped_anew(keyring: Keyring, row: sa.Row[Any]) -> dict[str, object]:
    place = place_of(row.merchant, row.purpose)
    wrapped = keyring.seal(keyring.open_sealed(row.wrapped, place), place)
    return {
        "merchant": row.merchant,
        "key_id": row.key_id,
        "wrapped": wrapped,
        "wrapped_by": key_id_of(wrapped),
    }


def _opens(conn: sa.Connection, keyring: Keyring, key_id: str) -> bool:
    row = conn.execute(sa.select(data_keys).where(data_keys.c.wrapped_by == key_id).limit(1)).one_or_none()
    if row is None:  # rotated or forgotten this moment
        return True
    try:
        keyring.open_sealed(row.wrapped, place_of(row.merchant, row.purpose))
    except (ConfigError, SealBrokenError):
        return False
    return True


def _new_row(keyring: Keyring, merchant: str, purpose: Purpose) -> dict[str, object]:
    key = Key.fresh()
    wrapped = keyring.seal(key.secret, place_of(merchant, purpose.text))
    return {
        "merchant": merchant,
        "key_id": key.key_id,
        "purpose": purpose.text,
        "wrapped": wrapped,
        "wrapped_by": key_id_of(wrapped),
        # The machine's own time: only people who rotate keys look at it.
        "created_at": datetime.now(UTC),
    }
