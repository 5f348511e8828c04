"""The outage day: orders come in for a day, and all the while one vendor answers nobody (R106)."""

from collections.abc import Iterator
from datetime import timedelta

from connectors.bogus.client import Fault, Outage
from simulation.scene import START, Scene

CONNECTIONS = ("shop", "market", "pay", "post", "mail")
HOWS = (Fault.BEFORE, Fault.LOST, Fault.REFUSED)
LENGTH = timedelta(days=1)
_BEFORE = timedelta(hours=1)
"""Some orders are on their way already."""


def outage_day(connection: str, how: Fault, *, size: int, seed: int = 1) -> Scene:
    """Return a day of ``size`` orders on which a connection answers nobody from its second hour to the same hour after."""
    since = START + _BEFORE
    outage = Outage(connection=connection, since=since, until=since + LENGTH, how=how)
    return Scene(seed, size, apart_s=int(LENGTH.total_seconds()) // size, outages=(outage,))


def each_in_turn(*, size: int, hours: int = 1, seed: int = 1) -> Scene:
    """Return a shorter day: one vendor after another answers nobody, for some hours each."""
    outages: list[Outage] = []
    for connection, how in zip(CONNECTIONS, (*HOWS, *HOWS), strict=False):
        since = outages[-1].until if outages else START
        until = since + timedelta(hours=hours)
        outages.append(Outage(connection=connection, since=since, until=until, how=how))
    length_s = int((outages[-1].until - START).total_seconds())
    return Scene(seed, size, apart_s=length_s // size, outages=tuple(outages))


def outage_days(size: int) -> Iterator[tuple[str, Scene]]:
    """Yield the outage day of each vendor, each in every way that a vendor may answer nobody."""
    for connection in CONNECTIONS:
        for how in HOWS:
            yield f"outage of {connection}, {how.value}", outage_day(connection, how, size=size)
