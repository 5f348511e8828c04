"""What a run needs: the store, the clock and, per merchant, the configuration and the connected vendors."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.clock import Clock
from core.config.house import House
from core.errors import ConfigError, NotFoundError
from core.ports import Connector, Fence, Operation, Ports
from core.store.store import Store

_DEFAULT = Operation(fence=Fence.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One merchant: the configuration in force and what each of its connections can do."""

    house: House
    ports: Mapping[str, Ports]
    connectors: Mapping[str, Connector]
    """By connection name."""

    def operation(self, connection: str, name: str) -> Operation:
        """Return how an operation of a connection behaves when repeated, and how long it may take."""
        return self.connectors[connection].operations.get(name, _DEFAULT)

    def named(self, connection: str) -> Ports:
        """Return what a connection can do.

        Raises:
            NotFoundError: crossdock.yaml names no such connection.
        """
        if connection not in self.ports:
            raise NotFoundError(
                f"no connection named {connection!r}; crossdock.yaml has {', '.join(self.ports)}"
            )
        return self.ports[connection]

    @property
    def carrier(self) -> str | None:
        """The connection that sells labels: the first of its kind in crossdock.yaml."""
        return next((name for name, ports in self.ports.items() if ports.carrier is not None), None)

    @property
    def mailer(self) -> str | None:
        """The connection that sends mail: the first of its kind in crossdock.yaml."""
        return next((name for name, ports in self.ports.items() if ports.notifier is not None), None)


@dataclass(slots=True, kw_only=True)
class Hub:
    """The store, the clock, every merchant's desk, and the name under which this process claims work."""

    store: Store
    clock: Clock
    owner: str
    desks: dict[str, Desk] = field(default_factory=dict)

    def desk(self, merchant: str) -> Desk:
        """Return a merchant's desk.

        Raises:
            ConfigError: this process has no configuration for the merchant.
        """
        try:
            return self.desks[merchant]
        except KeyError:
            raise ConfigError(f"no crossdock.yaml for merchant {merchant!r} is loaded here") from None
