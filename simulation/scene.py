"""What a simulation needs of the world outside the hub: vendors in memory, and what people and carriers do there."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from core.clock import SteppedClock
from core.model.stock import ListingKey
from core.ports import Connector, Notification, Ports


class Outside(Protocol):
    """What the world outside says of itself once all is quiet. Effects are named by (kind, subject)."""

    links: Mapping[str, Mapping[str, Mapping[str, int]]]
    """Connection -> listing -> units by SKU."""

    def effects(self) -> Mapping[tuple[str, str], int]:
        """Return how often each effect really came to pass."""
        ...

    def levels(self) -> Mapping[tuple[str, ListingKey], int]:
        """Return what each channel shows."""
        ...

    def orders(self) -> Mapping[str, str]:
        """Return the channel's own state of each order, by the hub's order id."""
        ...


class Scene(Outside, Protocol):
    """A world whose every move follows from its seed."""

    clock: SteppedClock
    config: str
    """The merchant's crossdock.yaml."""
    connectors: Mapping[str, Connector]
    """By connection."""
    ports: Mapping[str, Ports]
    """By connection."""
    goods: Mapping[str, tuple[int, tuple[int, int, int], Mapping[str, int]]]
    """SKU -> (grams, size in millimetres, units counted by location)."""
    accepts: Sequence[tuple[str, str]]
    """(connection, action) that the merchant accepts."""

    def next_at(self) -> datetime | None:
        """Return when something next happens outside by itself."""
        ...

    def act(self) -> None:
        """Let everything outside happen whose time has come."""
        ...

    def take_notifications(self) -> Sequence[tuple[str, Notification]]:
        """Return (connection, doorbell) that reach the hub now: some late, some twice, some never."""
        ...

    def between(self, happens: Callable[[], Awaitable[None]]) -> None:
        """Have something happen in the middle of vendor calls."""
        ...

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        ...
