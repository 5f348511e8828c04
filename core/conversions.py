"""The closed list of conversions that a mapping may name.

Each takes a value as the vendor wrote it and where it stands, and gives ours or a MappingError that says where and what
kind of thing was found, never the value itself.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from core.errors import MappingError
from core.model.base import NO_YEARS, storable


def kind_of(value: object) -> str:
    """Say what kind of thing a value is, never the value."""
    if value is None:
        return "nothing"
    names = {
        bool: "a flag",
        str: "a text",
        int: "a number",
        float: "a float",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), type(value).__name__)


def text_of(value: object, where: str) -> str:
    """Return a text without the blanks around it, and fit to be stored; numbers become text."""
    if value.__class__ is str:
        return storable(value.strip())
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MappingError(where, f"expected text, found {kind_of(value)}")
    return storable(str(value).strip())


def tail_of(value: object, where: str) -> str:
    """Return the part of an id behind its last slash."""
    return text_of(value, where).partition("?")[0].rpartition("/")[2]


_MOST = 10**12 - 1


def count_of(value: object, where: str) -> int:
    """Return a whole number that is not negative."""
    if value.__class__ is int and 0 <= value <= _MOST:
        return value
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"\d{1,12}", text, re.ASCII):
        raise MappingError(where, f"expected a count, found {kind_of(value)}")
    return int(text)


def flag_of(value: object, where: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise MappingError(where, f"expected true or false, found {kind_of(value)}")
    return value


def time_of(value: object, where: str) -> datetime:
    """Return an aware instant."""
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise MappingError(where, f"expected an ISO 8601 instant, found {kind_of(value)}") from None
    if moment.tzinfo is None:
        raise MappingError(where, "the instant has no time zone")
    if moment.year in NO_YEARS:
        raise MappingError(where, "an instant at the beginning or the end of time")
    return moment


def country_of(value: object, where: str) -> str:
    """Return an ISO 3166 code of two letters."""
    text = value.strip().upper() if isinstance(value, str) else ""
    if (
        not re.fullmatch(r"[A-Z]{2}", text) or text == "ZZ"
    ):  # ZZ: a region that the vendor does not know either
        raise MappingError(where, f"expected an ISO 3166 country of two letters, found {kind_of(value)}")
    return text


def choice_of(table: Mapping[str, object], value: object, where: str) -> object:
    """Return what the table says for a word of the vendor."""
    word = text_of(value, where)
    if word in table:
        return table[word]
    if "*" in table:
        return table["*"]
    # A word of the vendor's closed list is no personal matter, and naming it is what mends the mapping.
    raise MappingError(where, f"a word that the mapping does not know; it knows {', '.join(sorted(table))}")


def why_no_amount(error: ValueError) -> str:
    """Say why an amount is refused; pydantic's own text would quote the value."""
    told = str(error)
    if "decimal" in told:
        return "more decimals than the currency has, or not a number"
    return "larger than any amount that is kept" if "larger" in told else "unknown currency"


PLAIN: Mapping[str, Callable[[object, str], object]] = {
    "text": text_of,
    "tail": tail_of,
    "count": count_of,
    "flag": flag_of,
    "time": time_of,
    "country": country_of,
}
"""Conversions that need nothing but the value."""
