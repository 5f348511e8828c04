"""The keys of crossdock.yaml and what each may say."""

import re
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from core.config import advice
from core.config.places import country
from core.config.zone_names import zone_named

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(value: object) -> object:
    """Return ``15m`` as a length of time."""
    found = re.fullmatch(r"([0-9]+)([smhd])", value) if isinstance(value, str) else None
    if found is None:
        meant = advice.duration(str(value))
        what = f"write {meant}" if meant else "write a number and s, m, h or d, as in 15m"
        raise ValueError(f"'{value}' is no length of time; {what}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


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
    if told is None or not told.is_finite() or told <= 0:
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


Price = Annotated[Decimal, BeforeValidator(price, json_schema_input_type=str)]
Service = Annotated[str, BeforeValidator(service)]
Duration = Annotated[timedelta, BeforeValidator(duration, json_schema_input_type=str)]
ClockTime = Annotated[time, BeforeValidator(clock_time, json_schema_input_type=str)]
Day = Annotated[date, BeforeValidator(day, json_schema_input_type=str)]
TimeZone = Annotated[ZoneInfo, BeforeValidator(time_zone, json_schema_input_type=str)]
NAME = r"^[a-z0-9][a-z0-9_-]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=40)]
Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
Millimetres = Annotated[int, Field(gt=0, le=10_000)]
Units = Annotated[int, Field(ge=0)]


class _Keys(BaseModel):
    """A mapping of which every key is known and every value has its own type: '5' is not 5."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PushGuardKeys(_Keys):
    """How much of a connection's listings one push round may change, in per cent, before a person is asked."""

    percent: Annotated[int, Field(ge=0, le=100)] = 20
    zero_percent: Annotated[int, Field(ge=0, le=100)] = 5
    least: Annotated[int, Field(gt=0)] = 10


class ConnectionKeys(_Keys):
    """One connection. ``with`` is what its connector's own settings say, besides ``endpoints`` and ``token``."""

    use: Text
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    payments: Annotated[str | dict[str, str], BeforeValidator(authorities)] = "channel"
    mails: Literal["hub", "channel", "none"] = "channel"
    brake: PushGuardKeys = Field(default_factory=PushGuardKeys)


class CommonWith(_Keys):
    """What ``with`` of every connection may say."""

    endpoints: dict[str, Url] = Field(default_factory=dict)
    token: Text | None = None


class LocationKeys(_Keys):
    """One place that stock lies in and parcels leave from."""

    name: Text
    street1: Text
    street2: str = ""
    city: Text
    state: str = ""
    zip: Text
    country: Annotated[str, BeforeValidator(country)]
    phone: str = ""
    timezone: TimeZone
    days: list[Annotated[Weekday, BeforeValidator(weekday)]] = Field(
        default_factory=lambda: list(DAYS[:5]), min_length=1
    )
    holidays: list[Day] = Field(default_factory=list)
    cutoff: ClockTime
    labels: Literal["auto", "ask"] = "ask"
    grace: Duration = timedelta(minutes=30)
    tell: Literal["label", "scan"] = "label"


class BoxKeys(_Keys):
    """One box: inner size, own weight, largest gross weight."""

    id: Text
    inner_mm: list[Millimetres] = Field(min_length=3, max_length=3)
    tare_g: Units
    max_g: Annotated[int, Field(gt=0)]


class SlaKeys(_Keys):
    """What was promised, and how long something may wait."""

    promise: dict[str, Annotated[int, Field(gt=0, le=365)]] = Field(default_factory=dict)
    services: dict[str, Annotated[list[Service], Field(min_length=1)]] = Field(default_factory=dict)
    hold: Duration = timedelta(hours=48)


class StockKeys(_Keys):
    """What is held back of the SKUs that a pattern names."""

    buffer: dict[str, Units] = Field(default_factory=dict)
    low: Units | None = None


class HoldKeys(_Keys):
    """Why an order is held, for people; ``{{error.message}}`` stands for what went wrong."""

    reason: Text


class ElseKeys(_Keys):
    """What is done where an action could not be."""

    hold: HoldKeys


class SplitKeys(_Keys):
    """An order that no location holds whole leaves from several."""

    by: Literal["location"]
    only: Literal["when_needed"] = "when_needed"


class LabelKeys(_Keys):
    """Which label is bought."""

    via: Text | None = None
    choose: Literal["cheapest"] = "cheapest"
    max: Price | None = None
    format: Literal["png", "pdf", "zpl"] = "png"


class ActionKeys(_Keys):
    """One action of a rule, and what is done where it fails."""

    split: SplitKeys | None = None
    label: LabelKeys | None = None
    else_: list[ElseKeys] | None = Field(default=None, alias="else", min_length=1, max_length=1)


class RuleKeys(_Keys):
    """What is done when an order has come to a point of its way."""

    id: Name
    when: Literal["order.verified", "order.routed"]
    then: list[ActionKeys] = Field(min_length=1, max_length=1)


class FileKeys(_Keys):
    """The whole of crossdock.yaml."""

    version: Literal[1]
    merchant: Name
    connections: dict[Name, ConnectionKeys] = Field(min_length=1)
    locations: dict[Name, LocationKeys] = Field(min_length=1)
    sla: SlaKeys = Field(default_factory=SlaKeys)
    stock: dict[Text, StockKeys] = Field(default_factory=dict)
    boxes: list[BoxKeys] = Field(default_factory=list)
    rules: list[RuleKeys] = Field(default_factory=list)
