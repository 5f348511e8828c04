"""The keys of crossdock.yaml and what each may say."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

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
    Within,
    authorities,
    stage,
    weekday,
)
from core.config.map_keys import MapKeys
from core.config.places import COUNTRIES, country
from core.config.rule_keys import RuleKeys
from core.config.rule_test_keys import TestKeys


class PushGuardKeys(Keys):
    """How much of a connection's listings one push round may change, in per cent, before a person is asked."""

    percent: Annotated[int, Field(ge=0, le=100)] = 20
    """More of a connection's listings than this share are not changed in one round without a person."""
    zero_percent: Annotated[int, Field(ge=0, le=100)] = 5
    """More of them than this share are not shown as sold out in one round without a person."""
    least: Annotated[int, Field(gt=0)] = 10
    """A round that changes fewer listings than this is always written."""


_ASKED = Field(examples=["channel", {"stripe": "pay", "*": "channel"}])


class ConnectionKeys(Keys):
    """One connection. ``with`` is what its connector's own settings say, besides ``endpoints`` and ``token``."""

    use: Text
    """The connector: which vendor this is an account at."""
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """What the connector wants to know. Secrets are read from the environment: ``${STRIPE_KEY}``."""
    payments: Annotated[str | dict[str, str], BeforeValidator(authorities), _ASKED] = "channel"
    """Who is asked whether a transaction of this channel is good: ``channel``, a connection that verifies payments, or one of these by gateway, with ``"*"`` for all others. ``hold`` holds what comes through a gateway."""
    mails: Literal["hub", "channel", "none"] = "channel"
    """Who mails the shopper."""
    brake: PushGuardKeys = Field(default_factory=PushGuardKeys)
    """How much one round of quantities may change before a person is asked."""


class CommonWith(Keys):
    """What ``with`` of every connection may say."""

    endpoints: dict[str, Url] = Field(default_factory=dict)
    """Other addresses of the vendor, by name: a stand-in, or a proxy."""
    token: Text | None = None
    """An access token, where the vendor gives one without a browser."""


class LocationKeys(Keys):
    """One place that stock lies in and parcels leave from."""

    name: Text
    """Its name, as the shop's location is called too: the two are matched by it."""
    street1: Text
    """Street and number of the sender."""
    street2: str = ""
    """A second line of the address."""
    city: Text
    """The city."""
    state: str = ""
    """In the US and Canada the two letters of the post, as in ``NV``."""
    zip: Text
    """The postcode, in quotes: ``"89502"``."""
    country: Annotated[
        str, BeforeValidator(country), WithJsonSchema({"type": "string", "enum": sorted(COUNTRIES)})
    ]
    """The country's code of two capital letters, as in ``US``."""
    phone: str = ""
    """A telephone number, in quotes; carriers ask for it."""
    timezone: TimeZone
    """A place, as in ``America/Los_Angeles``, or ``UTC``; abbreviations do not say when the clocks change."""
    days: list[Annotated[Weekday, BeforeValidator(weekday)]] = Field(
        default_factory=lambda: list(DAYS[:5]), min_length=1
    )
    """The days on which parcels leave."""
    holidays: list[Day] = Field(default_factory=list)
    """Days on which nothing leaves."""
    cutoff: ClockTime
    """The local time up to which a parcel leaves on the same day."""
    labels: Literal["auto", "ask"] = "ask"
    """``ask``: a person says when labels are bought. ``auto``: they are bought once the grace is over."""
    grace: Duration = timedelta(minutes=30)
    """How long after the order no label is bought."""
    tell: Literal["label", "scan"] = "label"
    """When the channel is told of a parcel: once its label is bought, or at the carrier's first scan."""


class BoxKeys(Keys):
    """One box: inner size, own weight, largest gross weight."""

    id: Text
    """The box's name."""
    inner_mm: list[Millimetres] = Field(min_length=3, max_length=3)
    """Length, width and height inside, in millimetres."""
    tare_g: Units
    """What it weighs empty, in grams."""
    max_g: Annotated[int, Field(gt=0)]
    """The most that it may weigh when full, in grams."""


class SlaKeys(Keys):
    """What was promised, and how long something may wait."""

    promise: dict[str, Annotated[int, Field(gt=0, le=365)]] = Field(default_factory=dict)
    """Working days from the order to the door, by shipping method; ``"*"`` for all others."""
    services: dict[str, Annotated[list[Service], Field(min_length=1)]] = Field(default_factory=dict)
    """The carriers' services that a shipping method may go by; ``"*"`` for all other methods."""
    hold: Duration = timedelta(hours=48)
    """How long an order may be held before it is late."""
    stages: dict[Annotated[str, BeforeValidator(stage)], Annotated[Duration, Within()]] = Field(
        default_factory=dict
    )
    """How long an order may be in a stage before it is stuck (``order.stuck``)."""


class StockKeys(Keys):
    """What is held back of the SKUs that a pattern names."""

    buffer: dict[str, Units] = Field(default_factory=dict)
    """Units never shown, by connection."""
    low: Units | None = None
    """The available units at which the SKU is low."""


class FileKeys(Keys):
    """The whole of crossdock.yaml."""

    version: Literal[1]
    """The version of this format: ``1``. Every file begins with it."""
    merchant: Name
    """The merchant's short name."""
    connections: dict[Name, ConnectionKeys] = Field(min_length=1)
    """Accounts at vendors, by a name of your own."""
    locations: dict[Name, LocationKeys] = Field(min_length=1)
    """Places that stock lies in and parcels leave from, by a name of your own. Their order breaks ties."""
    sla: SlaKeys = Field(default_factory=SlaKeys)
    """What was promised, and how long things may take."""
    stock: dict[Text, StockKeys] = Field(default_factory=dict)
    """Buffers and low marks, by SKU: a SKU, a pattern with ``*``, or ``default``."""
    boxes: list[BoxKeys] = Field(default_factory=list)
    """Boxes, the smallest first: the first in which everything fits is taken."""
    maps: list[MapKeys] = Field(default_factory=list)
    """How orders of a channel are read otherwise than its connector reads them."""
    rules: list[RuleKeys] = Field(default_factory=list)
    """What is done when something has come to pass, or at some hour. They run in this order."""
    tests: list[TestKeys] = Field(default_factory=list)
    """Tests of the rules: ``crossdock validate`` runs them."""
