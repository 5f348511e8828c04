"""One merchant's configuration, as the hub uses it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from core.config.problems import Position, Problem
from core.config.rule_tests import RuleTest
from core.config.rules import LabelRule, RuleSet
from core.config.stock_patterns import DEFAULT, matches, unmatched
from core.model.address import Address
from core.model.calendar import WorkCalendar
from core.model.shipment import Box
from core.overrides import Overrides

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushGuardRule:
    """How much one push round may change before a person is asked: shares of a connection's listings in per cent."""

    percent: int = 20
    zero_percent: int = 5
    least: int = 10
    """Fewer changes than this are always written."""

    def stops(self, *, changes: int, zeros: int, listings: int) -> bool:
        """Return whether a round is to wait: of so many listings it changes some, and shows some as sold out."""
        many = changes >= self.least and changes * 100 > self.percent * listings
        sold_out = zeros >= self.least and zeros * 100 > self.zero_percent * listings
        return many or sold_out


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionConfig:
    """A configured account of a connector."""

    name: str
    use: str
    with_: BaseModel | None = field(repr=False)
    """What the connector's own settings type made of ``with``; None where it reads a variable that is not set."""
    payments: str | Mapping[str, str]
    """Who is asked about a transaction: one authority, or one by gateway with ``*`` for the others."""
    mails: Literal["hub", "channel", "none"]
    endpoints: Mapping[str, str]
    token: str | None = field(repr=False)
    push_guard: PushGuardRule = field(default_factory=PushGuardRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place that stock lies in and parcels leave from."""

    name: str
    street1: str
    street2: str
    city: str
    state: str
    zip: str
    country: str
    phone: str
    timezone: ZoneInfo
    days: frozenset[int]
    """Weekdays; Monday is 0."""
    holidays: frozenset[date]
    cutoff: time
    labels: Literal["auto", "ask"]
    grace: timedelta
    tell: Literal["label", "scan"]

    @property
    def calendar(self) -> WorkCalendar:
        """When the location works."""
        return WorkCalendar(
            timezone=self.timezone, days=self.days, holidays=self.holidays, cutoff=self.cutoff
        )

    @property
    def address(self) -> Address:
        """Where its parcels come from."""
        return Address(
            name=self.name,
            street1=self.street1,
            street2=self.street2,
            city=self.city,
            state=self.state,
            zip=self.zip,
            country=self.country,
            phone=self.phone,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRule:
    """What is held back of the SKUs that a pattern names."""

    pattern: str
    buffer: Mapping[str, int]
    low: int | None
    at: Position | None = None
    """Where the file names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantConfig:
    """One merchant: connections, locations (their order breaks ties), boxes, promises and stock rules."""

    merchant: str
    connections: Mapping[str, ConnectionConfig]
    locations: Mapping[str, Location]
    boxes: tuple[Box, ...]
    promises: Mapping[str, int]
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Shipping method -> patterns of ``<carrier> <service>``."""
    stock: tuple[StockRule, ...]
    """As the file names them."""
    labels: LabelRule = field(default_factory=LabelRule)
    """How labels are bought where no rule says otherwise of an order."""
    rules: RuleSet = field(default_factory=RuleSet)
    tests: tuple[RuleTest, ...] = ()
    """What ``crossdock validate`` tries the rules with."""
    maps: Mapping[str, Overrides] = field(default_factory=dict)
    """Connector -> the merchant's own reading of its orders."""
    stages: Mapping[str, timedelta] = field(default_factory=dict)
    """How long an order may be in a stage before it is stuck."""
    file: str
    text: str = field(repr=False)
    digest: str
    """Of the text: says which file ran."""
    secrets: tuple[str, ...] = field(repr=False)
    """What ``${NAME}`` gave, to be kept out of logs."""
    unset: tuple[Problem, ...] = ()
    """Variables of the environment that connections read and that are not set: those cannot be opened."""
    advice: tuple[Problem, ...] = ()
    """What may stand so and was perhaps not meant so."""

    def promise(self, method: str) -> int | None:
        """Return the working days promised for a shipping method; ``*`` in the file stands for all others."""
        return self.promises.get(method, self.promises.get(ANY))

    def names(self, method: str) -> bool:
        """Return whether the file promises something for a shipping method by its own name."""
        return method != ANY and method in self.promises

    def allowed(self, method: str) -> tuple[str, ...] | None:
        """Return patterns of the services a shipping method may go by, or those of ``*``; None: by any."""
        return self.services.get(method, self.services.get(ANY))

    def buffer(self, sku: str, connection: str) -> int:
        """Return the units of a SKU that a connection never shows: of the most specific rule that names it, else 0."""
        rule = self.buffer_rule(sku, connection)
        return rule.buffer[connection] if rule is not None else 0

    def buffer_rule(self, sku: str, connection: str) -> StockRule | None:
        """Return the stock rule that says what a connection never shows of a SKU; None where none does."""
        return next((rule for rule in self._rules(sku) if connection in rule.buffer), None)

    def low(self, sku: str) -> int | None:
        """Return the available units at which a SKU is low; None where no rule says so."""
        rule = self.low_rule(sku)
        return rule.low if rule is not None else None

    def low_rule(self, sku: str) -> StockRule | None:
        """Return the stock rule that says when a SKU is low; None where none does."""
        return next((rule for rule in self._rules(sku) if rule.low is not None), None)

    def idle_patterns(self, skus: Collection[str]) -> tuple[Problem, ...]:
        """Return the stock rules that name none of the known products."""
        said = ((rule, unmatched(rule.pattern, skus)) for rule in self.stock)
        places = ((rule.at or Position(1, 1, self.file), says) for rule, says in said if says)
        return tuple(Problem(at.file, at, f"stock: {says}") for at, says in places)

    def _rules(self, sku: str) -> Iterator[StockRule]:
        """Yield the rules for a SKU: its own name, then patterns, the longest first, then the default."""
        yield from (rule for rule in self.stock if rule.pattern == sku != DEFAULT)
        patterns = [rule for rule in self.stock if rule.pattern not in (sku, DEFAULT)]
        for rule in sorted(patterns, key=lambda rule: -len(rule.pattern)):
            if matches(rule.pattern, sku):
                yield rule
        yield from (rule for rule in self.stock if rule.pattern == DEFAULT)
