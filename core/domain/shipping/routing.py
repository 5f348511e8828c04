"""From which warehouse an order leaves: the order in which its warehouses are asked.

Nearest first; of two equally far the one named first in crossdock.yaml. What is near the merchant may say by zones.
Where the zones of one warehouse leave a destination out, all are measured between the middles of states instead.
Outside that table a warehouse in the same state is nearer than one in the same country, and that than any other.
"""

from collections.abc import Mapping, Sequence

from core.model.address import Region

# Middle of each state of the United States, in whole degrees north and west (from its bounding box).
_MIDDLES: dict[str, tuple[int, int]] = {
    "AL": (33, 87), "AK": (64, 150), "AZ": (34, 112), "AR": (35, 92), "CA": (37, 119), "CO": (39, 106),
    "CT": (42, 73), "DE": (39, 75), "DC": (39, 77), "FL": (28, 82), "GA": (33, 83), "HI": (21, 157),
    "ID": (45, 114), "IL": (40, 89), "IN": (40, 86), "IA": (42, 93), "KS": (38, 98), "KY": (38, 85),
    "LA": (31, 92), "ME": (45, 69), "MD": (39, 77), "MA": (42, 72), "MI": (44, 85), "MN": (46, 94),
    "MS": (33, 90), "MO": (38, 92), "MT": (47, 110), "NE": (41, 100), "NV": (39, 117), "NH": (44, 72),
    "NJ": (40, 75), "NM": (34, 106), "NY": (43, 75), "NC": (35, 79), "ND": (47, 100), "OH": (40, 83),
    "OK": (35, 97), "OR": (44, 121), "PA": (41, 78), "RI": (42, 71), "SC": (34, 81), "SD": (44, 100),
    "TN": (36, 86), "TX": (31, 99), "UT": (39, 112), "VT": (44, 73), "VA": (38, 79), "WA": (47, 120),
    "WV": (39, 81), "WI": (44, 90), "WY": (43, 108),
}  # fmt: skip
_SAME_COUNTRY = 100_000
_ABROAD = 200_000

Zones = Mapping[str, Mapping[str, Sequence[str]]]
"""By warehouse its zones, the nearest first, and of each the prefixes of COUNTRY-STATE that lie in it."""


def nearest_first(
    to: Region | None, warehouses: Mapping[str, tuple[str, str]], zones: Zones
) -> tuple[str, ...]:
    """Return warehouse ids, nearest first; each is given as (country, state), in the order of crossdock.yaml."""
    if to is None:
        return tuple(warehouses)
    told = {name: nearness(zones.get(name, {}), to) for name in warehouses}
    known = {name: position for name, position in told.items() if position is not None}
    if len(known) == len(warehouses):
        return tuple(sorted(warehouses, key=known.__getitem__))
    return tuple(sorted(warehouses, key=lambda name: distance(warehouses[name], (to.country, to.state))))


def nearness(zones: Mapping[str, Sequence[str]], to: Region) -> int | None:
    """Return the position of the zone that a destination lies in, 0 for the nearest; None: in none of them.

    The longest prefix that fits counts.
    """
    lane = (f"{to.country}-{to.state}" if to.state else to.country).upper()
    fitting = [
        (len(prefix), position)
        for position, prefixes in enumerate(zones.values())
        for prefix in prefixes
        if lane.startswith(prefix)
    ]
    return max(fitting)[1] if fitting else None


def distance(one: tuple[str, str], other: tuple[str, str]) -> int:
    """Return how far two (country, state) lie apart: comparable, not kilometres."""
    if one == other:
        return 0
    if one[0] != other[0]:
        return _ABROAD
    if one[0] == "US" and one[1] in _MIDDLES and other[1] in _MIDDLES:
        (north_a, west_a), (north_b, west_b) = _MIDDLES[one[1]], _MIDDLES[other[1]]
        return (north_a - north_b) ** 2 + (west_a - west_b) ** 2
    return _SAME_COUNTRY
