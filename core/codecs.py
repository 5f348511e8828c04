"""Conversions that go both ways: what a vendor wrote becomes ours, and ours becomes what the vendor would have written.

A codec writes in the form in which the value stood (a list or a text with commas, a time with its offset), so what is
read and written back is what was there. A table goes back where no two of its words become the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.conversions import choice_of, count_of, country_of, flag_of, kind_of, text_of, time_of
from core.errors import MappingError
from core.model.base import storable

Written = str | int | bool
"""What a table makes of a word."""


class UnfitError(ValueError):
    """A value is nothing that a field of an order may hold; the message says why, without the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One conversion, in both directions."""

    name: str
    get: Callable[[object, str], object] = field(repr=False)
    """Of what the vendor wrote and where it stands; a MappingError where it does not fit."""
    put: Callable[[object, object], object] | None = field(repr=False)
    """Of our value and what stood there; None: it goes one way only."""


def csv_of(value: object, where: str) -> list[str]:
    """Return a list of texts, or the parts of a text between its commas; empty parts are none."""
    if isinstance(value, str):
        return [part for one in value.split(",") if (part := text_of(one, where))]
    if not isinstance(value, list):
        raise MappingError(where, f"expected a list, found {kind_of(value)}")
    return [text_of(part, where) for part in value]


def word_of(value: object, where: str) -> str:
    """Return the word by which a table knows a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_of(value, where)


def table(words: Mapping[str, Written]) -> Codec:
    """Return the codec of a table, word of the vendor -> ours; ``*`` stands for every other word."""
    back = {ours: word for word, ours in words.items()}
    both_ways = "*" not in words and len(back) == len(words)

    def get(value: object, where: str) -> object:
        return choice_of(words, word_of(value, where), where)

    def put(value: object, stood: object) -> object:
        if not isinstance(value, str | int):
            raise MappingError(".", "no value of the table")
        return _as_it_stood(back[value], stood)

    return Codec(name="table", get=get, put=put if both_ways else None)


def _as_it_stood(word: str, stood: object) -> object:
    if isinstance(stood, bool):
        return word == "true"
    return int(word) if isinstance(stood, int) else word


def _put_text(value: object, stood: object) -> object:
    return int(value) if isinstance(stood, int) and isinstance(value, str) else value


def _put_count(value: object, stood: object) -> object:
    return str(value) if isinstance(stood, str) else value


def _put_time(value: object, stood: object) -> object:
    """Return an instant as it stood: with its offset, its ``Z``, its decimals."""
    if not isinstance(value, datetime):
        raise MappingError(".", "no instant")
    text = stood if isinstance(stood, str) else "Z"
    zone = UTC if text.endswith("Z") or len(text) < len("2026-01-01T00:00") else time_of(text, ".").tzinfo
    digits = len(text.partition(".")[2].rstrip("Z").partition("+")[0].partition("-")[0])
    spec = {0: "seconds", 3: "milliseconds"}.get(digits, "microseconds")
    told = value.astimezone(zone).isoformat(timespec=spec)
    return told.replace("+00:00", "Z") if text.endswith("Z") else told


def _put_csv(value: object, stood: object) -> object:
    parts = [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]
    if isinstance(stood, list):
        return parts
    return (", " if isinstance(stood, str) and ", " in stood else ",").join(parts)


def _put_country(value: object, stood: object) -> object:
    return str(value).lower() if isinstance(stood, str) and stood.islower() else value


CODECS: Mapping[str, Codec] = {
    codec.name: codec
    for codec in (
        Codec(name="csv", get=csv_of, put=_put_csv),
        Codec(name="text", get=text_of, put=_put_text),
        Codec(name="count", get=count_of, put=_put_count),
        Codec(name="flag", get=flag_of, put=lambda value, _stood: value),
        Codec(name="time", get=time_of, put=_put_time),
        Codec(name="country", get=country_of, put=_put_country),
    )
}
"""By the name that ``as:`` gives."""


def one_line(value: object, *, most: int) -> str:
    """Return a text in one line, fit to be stored.

    Raises:
        UnfitError: it is none, shows nothing or is too long.
    """
    if not isinstance(value, str):
        raise UnfitError(f"a text is wanted, and it gives {kind_of(value)}")
    text = " ".join(storable(value).split())
    if not text.isprintable():
        raise UnfitError("it has characters that cannot be printed")
    if len(text) > most:
        raise UnfitError(f"it is longer than {most} characters")
    return text
