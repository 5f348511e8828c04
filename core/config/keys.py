"""The values of crossdock.yaml: lengths of time, clock times, prices, names; each is refused with what to write instead."""

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from core.config import advice
from core.config.zone_names import zone_named
from core.nearest import nearest

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=3650)
_DEAREST = Decimal(1_000_000_000)


def duration(value: object) -> object:
    """Return ``15m`` as a length of time."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", value) if isinstance(value, str) else None
    if found is None:
        meant = advice.duration(str(value))
        what = f"write {meant}" if meant else "write a number and s, m, h or d, as in 15m"
        raise ValueError(f"'{value}' is no length of time; {what}")
    number, unit = int(found[1]), found[2]
    if number * _SECONDS[unit] > _LONGEST.total_seconds():
        raise ValueError(f"'{value}' is longer than {_LONGEST.days}d, which is the most")
    return timedelta(seconds=number * _SECONDS[unit])


def written(value: timedelta) -> str:
    """Return a length of time as the file writes it."""
    seconds = int(value.total_seconds())
    unit = next((unit for unit in "dhm" if seconds and seconds % _SECONDS[unit] == 0), "s")
    return f"{seconds // _SECONDS[unit]}{unit}"


@dataclass(frozen=True, slots=True)
class Within:
    """Refuses a length of time that is none, or too long."""

    most: timedelta = _LONGEST

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, value: timedelta) -> timedelta:
        if value <= timedelta(0):
            raise ValueError(f"'{written(value)}' is no time at all; write more")
        if value > self.most:
            raise ValueError(f"'{written(value)}' is too long; {written(self.most)} is the most")
        return value


def clock_time(value: object) -> object:
    """Return ``15:00`` as a time of day."""
    if not isinstance(value, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        meant = advice.clock_time(str(value))
        what = f'write "{meant}"' if meant else 'write hours and minutes, as in "15:00"'
        raise ValueError(f"'{value}' is no time of day; {what}")
    return time.fromisoformat(value)


def day(value: object) -> object:
    """Return ``2026-12-25`` as a date."""
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    meant = advice.day(str(value))
    what = f'write "{meant}"' if meant else 'write year, month and day, as in "2026-12-25"'
    raise ValueError(f"'{value}' is no date; {what}")


def time_zone(value: object) -> object:
    """Return the time zone of that name."""
    return zone_named(str(value))


def weekday(value: object) -> object:
    """Return a weekday's short name."""
    if isinstance(value, str) and value not in DAYS and (meant := advice.weekday(value)):
        raise ValueError(f"'{value}' is written {meant} here")
    return value


def authorities(value: object) -> object:
    """Return who is asked about a payment: one name, or names by gateway."""
    by_gateway = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if not by_gateway and not isinstance(value, str):
        raise ValueError(
            'write channel, a connection, or one of them by gateway, as in {stripe: pay, "*": channel}'
        )
    return value


def price(value: object) -> object:
    """Return a price in major units, exactly as it is written."""
    try:
        told = Decimal(value) if isinstance(value, Decimal | int | str) and value is not True else None
    except InvalidOperation:
        told = None
    if told is None or not told.is_finite() or not 0 < told < _DEAREST:
        meant = advice.price(value) if isinstance(value, str) else None
        raise ValueError(f"'{value}' is no price; write {meant or 'a number above 0, as in 40.00'}")
    return told


def service(value: object) -> object:
    """Return a carrier's service as it is written: the carrier, a blank, the service, each with ``*`` for any text."""
    if not isinstance(value, str) or " " not in value or value != " ".join(value.split()):
        raise ValueError(
            f"'{value}' names no service; write carrier and service, as in UPS Ground or \"UPS *\""
        )
    return value


STAGES = ("awaiting_payment", "on_hold", "ready", "labelled", "shipped")
"""The stages that an order may be in for too long."""


def stage(value: object) -> object:
    """Return a stage's name."""
    if value not in STAGES:
        raise ValueError(f"'{value}' is no stage that an order may be stuck in{nearest(str(value), STAGES)}")
    return value


def _text(pattern: str, *examples: str) -> WithJsonSchema:
    """Say to editors what a text looks like."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


_PRICE = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^[0-9]*\.?[0-9]+$"}]
}
Price = Annotated[Decimal, BeforeValidator(price), WithJsonSchema({**_PRICE, "examples": [40, "40.00"]})]
Service = Annotated[str, BeforeValidator(service), _text(r"^\S+( \S+)+$", "UPS Ground", "FedEx *")]
Duration = Annotated[
    timedelta, BeforeValidator(duration), _text("^[0-9]{1,9}[smhd]$", "30s", "15m", "4h", "2d")
]
ClockTime = Annotated[time, BeforeValidator(clock_time), _text("^([01][0-9]|2[0-3]):[0-5][0-9]$", "15:00")]
Day = Annotated[date, BeforeValidator(day), _text("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-12-25")]
TimeZone = Annotated[
    ZoneInfo,
    BeforeValidator(time_zone),
    _text("^[A-Za-z0-9_+/-]+$", "America/New_York", "Europe/Berlin", "UTC"),
]
NAME = r"^[a-z0-9][a-z0-9_-]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=40)]
Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
Millimetres = Annotated[int, Field(gt=0, le=10_000)]
Units = Annotated[int, Field(ge=0)]


class Keys(BaseModel):
    """A mapping of which every key is known and every value has its own type: '5' is not 5."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
