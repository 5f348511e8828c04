"""What no order goes beyond, whatever its conditions ask: amounts are not negative, some words are of a closed list."""

from collections.abc import Iterator, Mapping, Sequence

from core.domain.rules.demands import Asks, Demand, Path, Way
from core.domain.state import Stage
from core.expressions.kinds import Basic, Kind, bare
from core.model.order import ChannelState, RiskLevel
from core.model.payment import PaymentState
from core.model.shipment import TrackingState

_ANY_SIGN = frozenset({"StockValues"})
"""What is available goes below nothing where more was sold than there is."""
_WORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("OrderValues", "stage"): tuple(Stage),
    ("OrderValues", "state"): tuple(ChannelState),
    ("OrderValues", "risk_level"): tuple(RiskLevel),
    ("PaymentValues", "state"): (*PaymentState, "unknown"),
    ("ParcelValues", "tracking"): (*TrackingState, ""),
}
_MOST: Mapping[tuple[str, str], int] = {("OrderValues", "risk"): 100}
_SCORES: Mapping[RiskLevel, tuple[int, int]] = {
    RiskLevel.NONE: (0, 0),
    RiskLevel.LOW: (1, 64),
    RiskLevel.MEDIUM: (65, 74),
    RiskLevel.HIGH: (75, 100),
    RiskLevel.PENDING: (0, 0),
}
"""Which scores usually go with a level; Radar lets a merchant draw the lines elsewhere."""
_RISK: Path = ("order", "risk")
_RISK_LEVEL: Path = ("order", "risk_level")
_CHANNEL: Path = ("order", "channel")


def limits(shape: str, name: str, kind: Kind) -> Iterator[Demand]:
    """Yield what a value of a shape meets anyway."""
    if bare(kind) in (Basic.WHOLE, Basic.MONEY) and shape and shape not in _ANY_SIGN:
        yield Demand((), Asks.AT_LEAST, 0)
    if (shape, name) in _MOST:
        yield Demand((), Asks.AT_MOST, _MOST[shape, name])
    if (shape, name) in _WORDS and bare(kind) is Basic.TEXT:
        yield Demand((), Asks.IN, tuple(map(str, _WORDS[shape, name])))


def of_the_file(paths: frozenset[Path], channels: Sequence[str]) -> Iterator[Demand]:
    """Yield what an order meets because of the connections that a file has."""
    if _CHANNEL in paths:
        yield Demand(_CHANNEL, Asks.IN, tuple(channels))


def together(paths: frozenset[Path]) -> tuple[Way, ...]:
    """Return the ways in which values usually go together that are asked for together; a vendor may have them otherwise."""
    if {_RISK, _RISK_LEVEL} <= paths:
        return tuple(_risk(level, *scores) for level, scores in _SCORES.items())
    return (Way(),)


def _risk(level: RiskLevel, least: int, most: int) -> Way:
    return Way(
        (
            Demand(_RISK_LEVEL, Asks.EQUAL, level.value),
            Demand(_RISK, Asks.AT_LEAST, least),
            Demand(_RISK, Asks.AT_MOST, most),
        )
    )
