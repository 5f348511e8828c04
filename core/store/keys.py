"""Data keys: one per order, per day of deliveries, per connection, and one for searching; each wrapped by the keyring.

Deliveries that may name a person have a key of their own per day and object; those of an order have the order's.
What is sealed under a data key is forgotten, in every copy and backup, by deleting that key. All functions run inside
a transaction on its connection.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from core.store.columns import among
from core.store.sealing import Key, Keyring, Place
from core.store.tables import data_keys
from core.store.writes import insert_new


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
    pairs = [(merchant, purpose.text) for merchant, purpose in wanted]
    rows = conn.execute(
        sa.select(data_keys).where(among(conn, [data_keys.c.merchant, data_keys.c.purpose], pairs))
    )
    return {
        (row.merchant, Purpose(row.purpose)): Key(
            keyring.open_sealed(row.wrapped, place_of(row.merchant, row.purpose))
        )
        for row in rows
    }


def open_any_key(conn: sa.Connection, keyring: Keyring, merchant: str) -> None:
    """Open one key of a merchant, whichever; nothing where he has none yet.

    Raises:
        ConfigError: the key that it is sealed under is not in the key ring.
        SealBrokenError: it was changed.
    """
    row = conn.execute(sa.select(data_keys).where(data_keys.c.merchant == merchant).limit(1)).first()
    if row is not None:
        keyring.open_sealed(row.wrapped, place_of(merchant, row.purpose))


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


def _new_row(keyring: Keyring, merchant: str, purpose: Purpose) -> dict[str, object]:
    key = Key.fresh()
    return {
        "merchant": merchant,
        "key_id": key.key_id,
        "purpose": purpose.text,
        "wrapped": keyring.seal(key.secret, place_of(merchant, purpose.text)),
        "wrapped_by": keyring.current.key_id,
        # The machine's own time: only people who rotate keys look at it.
        "created_at": datetime.now(UTC),
    }
