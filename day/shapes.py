"""The small words that shapes are written in; each looks at a value and tells its position what is wrong."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import available_timezones

from day.located_yaml import Document, Position, nearest, shown

Shape = Callable[[Any, Position], None]
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def check(shape: Shape, value: object, name: str) -> None:
    """Hold what a caller wrote against a shape; ``name`` is what an error calls it.

    Raises:
        DayError: something is wrong; every mistake with its path.
    """
    document = Document(name, value)
    shape(value, Position(document))
    document.finish()


def anything(_value: Any, _position: Position) -> None:
    """Accept what stands here."""


def text(value: Any, position: Position) -> None:
    """Want words."""
    if not isinstance(value, str) or not value.strip():
        position.wrong(f"this must be text, not {shown(value)}; put it in quotes")


def flag(value: Any, position: Position) -> None:
    """Want true or false."""
    if not isinstance(value, bool):
        position.wrong(f"this is true or false, not {shown(value)}")


def whole(value: Any, position: Position, *, least: int = 0) -> None:
    """Want a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        position.wrong(f"this must be a whole number (money in minor units), not {shown(value)}")
    elif value < least:
        position.wrong(f"this must be at least {least}, not {value}")


def count(value: Any, position: Position) -> None:
    """Want a whole number above 0."""
    whole(value, position, least=1)


def several(value: Any, position: Position) -> None:
    """Want a whole number above 1."""
    whole(value, position, least=2)


def number(value: Any, position: Position) -> None:
    """Want a number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        position.wrong(f"this must be a number of 0 or more, not {shown(value)}")


def matching(pattern: str, what: str) -> Shape:
    """Want text of a form."""

    def one(value: Any, position: Position) -> None:
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            position.wrong(f"this must be {what}, not {shown(value)}")

    return one


currency = matching("[A-Z]{3}", "a currency's three capital letters")
country = matching("[A-Z]{2}", "a country's two capital letters")
duration = matching(r"\d+[smhd]", "a duration such as 90s, 10m or 2h")


def seconds(told: str) -> float:
    """Return the seconds of a duration."""
    return float(int(told[:-1]) * _UNITS[told[-1]])


def instant(value: Any, position: Position) -> None:
    """Want an instant with an offset, quoted."""
    if not isinstance(value, str):
        position.wrong(
            f'an instant is written in quotes, as in "2026-11-30T07:00:00-08:00", not {shown(value)}'
        )
        return
    try:
        if datetime.fromisoformat(value).tzinfo is None:
            position.wrong(f"{value} lacks its offset, as in {value}-08:00")
    except ValueError:
        position.wrong(f'{value!r} is no instant; write it as "2026-11-30T07:00:00-08:00"')


def day(value: Any, position: Position) -> None:
    """Want a date, quoted."""
    _parsed(value, position, date.fromisoformat, what="date", sample="2026-11-30")


def hour(value: Any, position: Position) -> None:
    """Want a time of day, quoted."""
    _parsed(value, position, time.fromisoformat, what="time", sample="15:00")


def _parsed(
    value: Any, position: Position, parse: Callable[[str], object], *, what: str, sample: str
) -> None:
    try:
        if not isinstance(value, str):
            raise ValueError  # noqa: TRY301, TRY004 - told as any other
        parse(value)
    except ValueError:
        position.wrong(f'a {what} is written in quotes, as in "{sample}", not {shown(value)}')


def zone(value: Any, position: Position) -> None:
    """Want an IANA time zone."""
    position.one_of(value, available_timezones(), "time zone")


def nullable(shape: Shape) -> Shape:
    """Accept null, too."""

    def maybe(value: Any, position: Position) -> None:
        if value is not None:
            shape(value, position)

    return maybe


def word(words: Collection[str], what: str = "word") -> Shape:
    """Want one of a closed list."""

    def one(value: Any, position: Position) -> None:
        if not isinstance(value, str) or value not in words:
            position.wrong(f"{shown(value)} is no {what}{nearest(value, words)}")

    return one


def many(shape: Shape, *, least: int = 0) -> Shape:
    """Want a list."""

    def every(value: Any, position: Position) -> None:
        if not isinstance(value, list):
            position.wrong(f"this must be a list, not {shown(value)}")
            return
        if len(value) < least:
            position.wrong(f"this list needs at least {least}")
        for place, each in enumerate(value):
            shape(each, position / place)

    return every


def table(shape: Shape) -> Shape:
    """Want a map whose keys are names."""

    def every(value: Any, position: Position) -> None:
        if not isinstance(value, dict):
            position.wrong(f"this must be a map, not {shown(value)}")
            return
        for key, each in value.items():
            shape(each, position / str(key))

    return every


def record(needed: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """Want a map with these keys, and perhaps those; no other key."""
    known = {**needed, **(optional or {})}

    def every(value: Any, position: Position) -> None:
        if not isinstance(value, dict):
            position.wrong(f"this must be a map with {', '.join(known)}, not {shown(value)}")
            return
        for key in needed:
            if key not in value:
                position.wrong(f"{key} is missing")
        for key, each in value.items():
            if key in known:
                known[key](each, position / key)
            else:
                (position / str(key)).wrong_key(f"there is no {key} here{nearest(key, known)}")

    return every
