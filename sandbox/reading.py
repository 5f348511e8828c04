"""Holds what a caller wrote against its shape, and says what is wrong and where."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

Check = Callable[[object, str], None]
"""Raises MistakeError with the place and the reason where the value at that place is wrong."""


class MistakeError(ValueError):
    """What a caller wrote is wrong; the message says what and where."""


UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
CURRENCY_LETTERS: Final = 3
COUNTRY_LETTERS: Final = 2


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where a known word is near, else the whole list."""
    words = sorted(set(known))
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(words)}" if words else "; there is none"


def record(
    needed: Mapping[str, Check], more: Mapping[str, Check] | None = None, *, closed: bool = True
) -> Check:
    """An object with those keys; a closed one has no others."""
    known = {**needed, **(more or {})}

    def check(value: object, where: str) -> None:
        entries = _object(value, where)
        for name in entries:
            if closed and name not in known:
                raise MistakeError(f"{where}: there is no key {name!r}{nearest(name, known)}")
        for name in needed:
            if name not in entries:
                raise MistakeError(f"{where}: {name} is missing")
        for name, part in entries.items():
            if name in known:
                known[name](part, f"{where}.{name}")

    return check


def each(check: Check, *, least: int = 0) -> Check:
    """A list whose every entry is right."""

    def checked(value: object, where: str) -> None:
        if not isinstance(value, list):
            raise MistakeError(f"{where}: must be a list, not {_shown(value)}")
        if len(value) < least:
            raise MistakeError(f"{where}: needs at least {least}")
        for place, part in enumerate(value):
            check(part, f"{where}[{place}]")

    return checked


def under(keys: Check, values: Check) -> Check:
    """An object whose every key and value is right."""

    def checked(value: object, where: str) -> None:
        for name, part in _object(value, where).items():
            keys(name, where)
            values(part, f"{where}.{name}")

    return checked


def maybe(check: Check) -> Check:
    """Null, or what the check asks."""

    def checked(value: object, where: str) -> None:
        if value is not None:
            check(value, where)

    return checked


def among(known: Iterable[str], what: str) -> Check:
    """One of the known names."""
    names = list(known)

    def checked(value: object, where: str) -> None:
        if not isinstance(value, str) or value not in names:
            raise MistakeError(f"{where}: no {what} is called {_shown(value)}{nearest(str(value), names)}")

    return checked


def text(value: object, where: str) -> None:
    """Some words."""
    if not isinstance(value, str) or not value.strip():
        raise MistakeError(f"{where}: must be text, not {_shown(value)}")


def scalar(value: object, where: str) -> None:
    """A word or a number, as YAML reads one that is not quoted."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise MistakeError(f"{where}: must be text, not {_shown(value)}")


def flag(value: object, where: str) -> None:
    """Yes or no."""
    if not isinstance(value, bool):
        raise MistakeError(f"{where}: must be true or false, not {_shown(value)}")


def whole(least: int | None = 0) -> Check:
    """A whole number, at least that (money: minor units)."""

    def checked(value: object, where: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise MistakeError(f"{where}: must be a whole number, not {_shown(value)}")
        if least is not None and value < least:
            raise MistakeError(f"{where}: must be at least {least}, not {value}")

    return checked


def number(value: object, where: str) -> None:
    """A number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise MistakeError(f"{where}: must be a number of 0 or more, not {_shown(value)}")


def currency(value: object, where: str) -> None:
    """A currency's three capital letters."""
    _letters(value, where, CURRENCY_LETTERS, "a currency's three capital letters")


def country(value: object, where: str) -> None:
    """A country's two capital letters."""
    _letters(value, where, COUNTRY_LETTERS, "a country's two capital letters")


def instant(value: object, where: str) -> None:
    """ISO 8601 with an offset."""
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        raise MistakeError(f"{where}: must be an instant such as 2026-11-30T08:00:00-08:00") from None
    if when.tzinfo is None:
        raise MistakeError(f"{where}: {value} has no offset")


def duration(value: object, where: str) -> None:
    """Seconds, or a number with s, m, h or d."""
    try:
        seconds(value)
    except ValueError:
        raise MistakeError(f"{where}: must be a duration such as 90s, 10m or 2h") from None


def seconds(value: object) -> float:
    """The seconds of a duration; ValueError for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    found = re.fullmatch(r"(\d+)([smhd])", str(value))
    if found is None:
        raise ValueError(f"{value!r} is no duration")
    return float(int(found[1]) * UNITS[found[2]])


def day(value: object, where: str) -> None:
    """A calendar day."""
    try:
        date.fromisoformat(str(value))
    except ValueError:
        raise MistakeError(f"{where}: must be a day such as 2026-12-25, not {_shown(value)}") from None


def clock_time(value: object, where: str) -> None:
    """A time of day."""
    try:
        time.fromisoformat(str(value))
    except ValueError:
        raise MistakeError(f"{where}: must be a time such as 15:00, not {_shown(value)}") from None


def zone(value: object, where: str) -> None:
    """An IANA time zone."""
    try:
        ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise MistakeError(
            f"{where}: no time zone is called {_shown(value)}{nearest(str(value), available_timezones())}"
        ) from None


def anything(value: object, where: str) -> None:
    """Whatever it is."""
    del value, where


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise MistakeError(f"{where}: must be an object, not {_shown(value)}")
    return value


def _letters(value: object, where: str, count: int, words: str) -> None:
    right = isinstance(value, str) and len(value) == count and value.isascii() and value.isupper()
    if not right:
        raise MistakeError(f"{where}: must be {words}, not {_shown(value)}")


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."  # noqa: PLR2004  enough to find it again
