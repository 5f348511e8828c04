"""Sealed values: AES-256-GCM, the key's id in front, bound to the place where the value is kept.

A sealed value is ``version (1 byte), key id (8), nonce (12), ciphertext with tag``. The merchant, table and row it
belongs to are authenticated with it, so that a value copied to another row does not open there.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.config.environ import setting
from core.errors import ConfigError, HubError

SECRET_KEYS = "CROSSDOCK_SECRET_KEYS"  # noqa: S105  the variable's name
_KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEAD_BYTES = len(_VERSION) + _ID_BYTES + _NONCE_BYTES


class SealBrokenError(HubError):
    """A sealed value does not open: it was changed, moved from another row, or sealed under another key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of 32 bytes. Its id tells which key a value was sealed under, and nothing of the key."""

    secret: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> "Key":
        """Return a new random key."""
        return cls(os.urandom(_KEY_BYTES))

    @property
    def key_id(self) -> str:
        """The key's id: 16 hexadecimal digits."""
        return hashlib.sha256(b"crossdock key id" + self.secret).hexdigest()[: 2 * _ID_BYTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sealed value is kept."""

    merchant: str
    table: str
    row: tuple[str, ...]

    def bytes(self) -> bytes:
        """Return the place in an unambiguous form: every part with its length in front."""
        parts = [part.encode() for part in (self.merchant, self.table, *self.row)]
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def seal(key: Key, plain: bytes, place: Place) -> bytes:
    """Return ``plain`` sealed under a key for one place."""
    nonce = os.urandom(_NONCE_BYTES)
    head = _VERSION + bytes.fromhex(key.key_id) + nonce
    return head + AESGCM(key.secret).encrypt(nonce, plain, place.bytes())


def open_sealed(key: Key, sealed: bytes, place: Place) -> bytes:
    """Return what was sealed.

    Raises:
        SealBrokenError: it was changed, belongs to another place, or was sealed under another key.
    """
    where = f"{place.table} of {place.merchant}"
    if key_id_of(sealed) != key.key_id:
        raise SealBrokenError(f"{where}: sealed under another key ({key_id_of(sealed)}, not {key.key_id})")
    nonce = sealed[len(_VERSION) + _ID_BYTES : _HEAD_BYTES]
    try:
        return AESGCM(key.secret).decrypt(nonce, sealed[_HEAD_BYTES:], place.bytes())
    except InvalidTag as error:
        raise SealBrokenError(f"{where}: a sealed value was changed or moved") from error


def key_id_of(sealed: bytes) -> str:
    """Return the id of the key a value was sealed under.

    Raises:
        SealBrokenError: this is no sealed value.
    """
    if len(sealed) < _HEAD_BYTES or sealed[:1] != _VERSION:
        raise SealBrokenError("this is no sealed value")
    return sealed[1 : 1 + _ID_BYTES].hex()


class Keyring:
    """The installation's keys: the first seals, all open."""

    def __init__(
        self,
        keys: Sequence[Key],
        *,
        source: str = SECRET_KEYS,
        newer: Callable[[], Sequence[Key] | None] = lambda: None,
    ) -> None:
        """Take the keys, where they were read, and what gives them anew once they changed there."""
        if not keys:
            raise ConfigError(f"{source}: no key is given. {HOW_TO}")
        self._keys = {key.key_id: key for key in keys}
        self.current = keys[0]
        self.source = source
        self._newer = newer

    @classmethod
    def generate(cls) -> "Keyring":
        """Return a keyring with one new random key."""
        return cls([Key.fresh()])

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Keyring":
        """Return the keys of ``CROSSDOCK_SECRET_KEYS`` (or the file ``CROSSDOCK_SECRET_KEYS_FILE`` names).

        Raises:
            ConfigError: none is given, or one is not 32 bytes in base64; the message never shows a key.
        """
        given = setting(environ, SECRET_KEYS)
        if given is None:
            raise ConfigError(f"{SECRET_KEYS} is not set. {HOW_TO}")
        return cls(parse_keys(given, SECRET_KEYS))

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every key, the one that seals first."""
        others = (key for key in self._keys.values() if key != self.current)
        return (self.current, *others)

    def text(self) -> str:
        """Return the keys as ``CROSSDOCK_SECRET_KEYS`` wants them."""
        return ",".join(base64.b64encode(key.secret).decode() for key in self.keys)

    def renew(self) -> None:
        """Take over keys that were changed where they were read; one that is no longer there still opens."""
        newer = self._newer()
        if newer:
            self._keys = {**self._keys, **{key.key_id: key for key in newer}}
            self.current = newer[0]

    def carve(self, data: bytes) -> Iterator[bytes]:
        """Yield whatever in some bytes may be a data key that one of the keys wrapped."""
        length = _HEAD_BYTES + _KEY_BYTES + _TAG_BYTES
        for key_id in self._keys:
            head = _VERSION + bytes.fromhex(key_id)
            at = data.find(head)
            while at >= 0:
                yield data[at : at + length]
                at = data.find(head, at + 1)

    def seal(self, plain: bytes, place: Place) -> bytes:
        """Return ``plain`` sealed under the first key."""
        self.renew()
        return seal(self.current, plain, place)

    def open_sealed(self, sealed: bytes, place: Place) -> bytes:
        """Return what was sealed under any of the keys.

        Raises:
            ConfigError: the key it was sealed under is not in the keyring.
            SealBrokenError: it was changed or belongs to another place.
        """
        key_id = key_id_of(sealed)
        if key_id not in self._keys:
            self.renew()
        if key_id not in self._keys:
            raise ConfigError(
                f"{self.source}: key {key_id} is missing, under which {place.table} of {place.merchant} is "
                "sealed; add it after the others"
            )
        return open_sealed(self._keys[key_id], sealed, place)


HOW_TO = "Make one with `openssl rand -base64 32` and keep a copy: without it no stored token opens again."


def parse_keys(text: str, source: str) -> list[Key]:
    """Return the keys of a list with commas between.

    Raises:
        ConfigError: one is not 32 bytes in base64; the message names where they were read, and never shows a key.
    """
    return [_parse(each.strip(), number, source) for number, each in enumerate(text.split(","), start=1)]


def _parse(text: str, number: int, source: str) -> Key:
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != _KEY_BYTES:
        raise ConfigError(f"{source}: key {number} is not {_KEY_BYTES} bytes in base64. {HOW_TO}")
    return Key(secret)
