"""An order as the stub knows it: everything about it follows from its number; only how far it is changes."""

from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.merchant import LOCATIONS

PRICE = 25
"""Of a unit, in dollars."""
CHANNELS = ("shop", "shop", "market")
"""Two orders of three are the shop's."""
PLACE = next(iter(LOCATIONS))
"""The shop's location that its orders are assigned to."""


@dataclass(slots=True)
class Sold:
    """One line of one or two units."""

    number: int
    sku: str
    placed_at: datetime
    changed_at: datetime
    captured: bool = False
    bought: bool = False
    """Whether it has a label."""
    shipped: str = ""
    """The tracking number that the channel was told."""
    scans: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def channel(self) -> str:
        """The connection that it was placed at."""
        return CHANNELS[self.number % len(CHANNELS)]

    @property
    def units(self) -> int:
        """Of its one line."""
        return 1 + self.number % 2

    @property
    def total(self) -> str:
        """In dollars."""
        return f"{PRICE * self.units}.00"

    @property
    def pays_later(self) -> bool:
        """Whether its money is authorized only."""
        return self.channel == "shop" and self.number % 4 < len(CHANNELS) - 1

    @property
    def order_id(self) -> str:
        """The channel's own id."""
        return f"5{self.number:09}" if self.channel == "shop" else f"112-{self.number:07}-1234567"

    @property
    def shipment(self) -> str:
        """The carrier's id of its parcel."""
        return f"shp_{self.number:032}"


def number_of(identity: str) -> int:
    """Return the number of the order that an id of any vendor belongs to."""
    if identity.startswith("112-"):
        return int(identity.split("-")[1])
    return int(identity[-9:])


def text(instant: datetime) -> str:
    """Return an instant as vendors write it, exactly: orders are counted by when they were placed."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
