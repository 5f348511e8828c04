"""What a run needs: the store, the clock and, per merchant, the configuration and the connected vendors."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.clock import Clock
from core.config.merchant import MerchantConfig
from core.config.rules import RuleSet
from core.engine.answers import Answers
from core.engine.places import ORDER_LIMITS, Places
from core.engine.snapshot import Snapshots
from core.errors import ConfigError, NotFoundError
from core.ports import Connector, Fence, Operation, Ports
from core.store.store import Store
from core.telemetry import Telemetry

LOG = logging.getLogger("crossdock.health")

_DEFAULT = Operation(fence=Fence.NONE)
_LEVELS_AT_ONCE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """One merchant: the configuration in force and what each of its connections can do."""

    config: MerchantConfig
    ports: Mapping[str, Ports]
    """By connection name; one may be built, with its vendor's SDK and its secrets, only when it is looked up."""
    connectors: Mapping[str, Connector]
    """By connection name."""

    def operation(self, connection: str, name: str) -> Operation:
        """Return how an operation of a connection behaves when repeated, and how long it may take."""
        return self.connectors[connection].operations.get(name, _DEFAULT)

    def at_once(self, connection: str, name: str) -> int:
        """Return how many levels one call of an operation best takes."""
        return self.connectors[connection].at_once.get(name, _LEVELS_AT_ONCE)

    def named(self, connection: str) -> Ports:
        """Return what a connection can do.

        Raises:
            NotFoundError: crossdock.yaml names no such connection.
        """
        self.require(connection)
        return self.ports[connection]

    def require(self, connection: str) -> None:
        """Refuse a name that is none, without opening what it names.

        Raises:
            NotFoundError: crossdock.yaml names no such connection.
        """
        if connection not in self.ports:
            raise NotFoundError(
                f"no connection named {connection!r}; crossdock.yaml has {', '.join(self.ports)}"
            )

    @property
    def carrier(self) -> str | None:
        """The connection that sells labels: the one that the label rule names, else the first of its kind."""
        return self.config.labels.via or next(
            (name for name, ports in self.ports.items() if ports.carrier is not None), None
        )

    @property
    def in_test(self) -> tuple[str, ...]:
        """The connections in test mode; one of them puts the whole merchant in test mode (R99)."""
        return tuple(name for name, ports in self.ports.items() if ports.mode == "test")

    def acts(self, connection: str) -> bool:
        """Return whether anything may be changed at a connection: in test mode only where it is in test mode too.

        Mail has no mode of its own: it goes by the channel of the order that it is about.
        """
        if not self.in_test:
            return True
        ports = self.named(connection)
        return ports.mode == "test" or ports.notifier is not None

    @property
    def mailer(self) -> str | None:
        """The connection that sends mail: the first of its kind in crossdock.yaml."""
        return next((name for name, ports in self.ports.items() if ports.notifier is not None), None)


@dataclass(slots=True)
class Activity:
    """What the worker of this process has in hand, by merchant; empty in a process that does not work.

    What only listens to a queue is neither: it never ends.
    """

    running: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)

    def begin(self, merchant: str) -> None:
        """Count something that runs."""
        self.running[merchant] += 1

    def end(self, merchant: str) -> None:
        """Count it as ended."""
        self.running[merchant] -= 1
        self.ended[merchant] += 1


@dataclass(slots=True)
class Health:
    """What this process cannot do just now, and why: it is not ready meanwhile. It mends itself."""

    troubles: dict[str, str] = field(default_factory=dict)
    """By what fails (``database``, ``wake-ups``), in words without secrets."""

    def lost(self, what: str, why: str) -> None:
        """Note a failure; the first one is logged."""
        if what not in self.troubles:
            LOG.error("%s: %s; trying again until it works", what, why)
        self.troubles[what] = why

    def found(self, what: str) -> None:
        """Note that it works again."""
        if self.troubles.pop(what, None) is not None:
            LOG.warning("%s: works again", what)


ReadConfig = Callable[[str], MerchantConfig]
"""Reads a text of crossdock.yaml, or of several files as one; raises ConfigError where it is wrong."""


@dataclass(slots=True, kw_only=True)
class Hub:
    """The store, the clock, every merchant's connections, and the name under which this process claims work."""

    store: Store
    clock: Clock
    owner: str
    role: str = "all"
    """What this process does: all, web, worker or scheduler."""
    merchants: dict[str, Connections] = field(default_factory=dict)
    older_rules: dict[tuple[str, str], RuleSet | None] = field(default_factory=dict)
    """By merchant and digest: rules of files that are not in force any more, and that runs go on under."""
    activity: Activity = field(default_factory=Activity)
    answers: Answers = field(default_factory=Answers)
    snapshots: Snapshots = field(default_factory=Snapshots)
    health: Health = field(default_factory=Health)
    telemetry: Telemetry = field(default_factory=Telemetry)
    read_config: ReadConfig | None = None
    """Reads what a file said that the store keeps; None where nothing stored is read."""
    reopened: Callable[[Connections, MerchantConfig], Connections] | None = None
    """Returns a merchant's connections under another file; None where this process keeps the file that it began with."""
    files: dict[str, MerchantConfig] = field(default_factory=dict)
    """By merchant: the file that this process was started with, whatever is in force."""
    not_taken: dict[str, str] = field(default_factory=dict)
    """By merchant: the digest of the file in force that this process cannot go by; it says so once."""
    places: Places = field(default_factory=lambda: Places(limits=ORDER_LIMITS))
    """Who works on orders here, and at which connections their steps ask."""

    def connections(self, merchant: str) -> Connections:
        """Return what a merchant's connections can do.

        Raises:
            ConfigError: this process has no configuration for the merchant.
        """
        try:
            return self.merchants[merchant]
        except KeyError:
            raise ConfigError(f"no crossdock.yaml for merchant {merchant!r} is loaded here") from None

    def config(self, merchant: str) -> MerchantConfig:
        """Return a merchant's crossdock.yaml.

        Raises:
            ConfigError: this process has no configuration for the merchant.
        """
        return self.connections(merchant).config
