"""The keys of crossdock.yaml and what each may say."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from core.config.keys import (
    DAYS,
    ClockTime,
    Day,
    Duration,
    Keys,
    Millimetres,
    Name,
    Service,
    Text,
    TimeZone,
    Units,
    Url,
    Weekday,
    authorities,
    stage,
    weekday,
)
from core.config.map_keys import MapKeys
from core.config.places import country
from core.config.rule_keys import RuleKeys


class PushGuardKeys(Keys):
    """How much of a connection's listings one push round may change, in per cent, before a person is asked."""

    percent: Annotated[int, Field(ge=0, le=100)] = 20
    zero_percent: Annotated[int, Field(ge=0, le=100)] = 5
    least: Annotated[int, Field(gt=0)] = 10


class ConnectionKeys(Keys):
    """One connection. ``with`` is what its connector's own settings say, besides ``endpoints`` and ``token``."""

    use: Text
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    payments: Annotated[str | dict[str, str], BeforeValidator(authorities)] = "channel"
    mails: Literal["hub", "channel", "none"] = "channel"
    brake: PushGuardKeys = Field(default_factory=PushGuardKeys)


class CommonWith(Keys):
    """What ``with`` of every connection may say."""

    endpoints: dict[str, Url] = Field(default_factory=dict)
    token: Text | None = None


class LocationKeys(Keys):
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


class BoxKeys(Keys):
    """One box: inner size, own weight, largest gross weight."""

    id: Text
    inner_mm: list[Millimetres] = Field(min_length=3, max_length=3)
    tare_g: Units
    max_g: Annotated[int, Field(gt=0)]


class SlaKeys(Keys):
    """What was promised, and how long something may wait."""

    promise: dict[str, Annotated[int, Field(gt=0, le=365)]] = Field(default_factory=dict)
    services: dict[str, Annotated[list[Service], Field(min_length=1)]] = Field(default_factory=dict)
    hold: Duration = timedelta(hours=48)
    stages: dict[Annotated[str, BeforeValidator(stage)], Annotated[Duration, Field(gt=timedelta(0))]] = Field(
        default_factory=dict
    )


class StockKeys(Keys):
    """What is held back of the SKUs that a pattern names."""

    buffer: dict[str, Units] = Field(default_factory=dict)
    low: Units | None = None


class FileKeys(Keys):
    """The whole of crossdock.yaml."""

    version: Literal[1]
    merchant: Name
    connections: dict[Name, ConnectionKeys] = Field(min_length=1)
    locations: dict[Name, LocationKeys] = Field(min_length=1)
    sla: SlaKeys = Field(default_factory=SlaKeys)
    stock: dict[Text, StockKeys] = Field(default_factory=dict)
    boxes: list[BoxKeys] = Field(default_factory=list)
    maps: list[MapKeys] = Field(default_factory=list)
    rules: list[RuleKeys] = Field(default_factory=list)
