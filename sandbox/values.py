"""The few shapes and names every stand-in shares."""

import base64
import binascii
import hashlib
import json
import string
from typing import Any, Final

Json = dict[str, Any]
"""A JSON object, as it travels."""

WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ALPHABET: Final = string.digits + string.ascii_letters


def token(*parts: object, length: int = 24, alphabet: str = _ALPHABET) -> str:
    """Letters that look random and are always the same for the same parts: what vendors' ids are made of."""
    number = int.from_bytes(hashlib.sha512("/".join(map(str, parts)).encode()).digest(), "big")
    letters = []
    for _place in range(length):
        number, rest = divmod(number, len(alphabet))
        letters.append(alphabet[rest])
    return "".join(letters)


def cursor(mark: object) -> str:
    """A place in a list, as an opaque word that a client hands back."""
    return base64.urlsafe_b64encode(json.dumps(mark).encode()).decode()


def mark_of(word: str) -> Any:
    """The place that a word stands for; ValueError where it is none."""
    try:
        return json.loads(base64.urlsafe_b64decode(word))
    except binascii.Error as broken:
        raise ValueError(word) from broken
