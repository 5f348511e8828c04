"""What each listing is to show: pure arithmetic over available units."""

from collections.abc import Callable, Mapping

Available = Mapping[tuple[str, str], int]
"""(SKU, location) -> on hand less committed; a pair that was never counted is missing."""


def wanted_level(
    components: Mapping[str, int],
    available: Available,
    *,
    location: str | None,
    locations: tuple[str, ...],
    buffer: Callable[[str], int],
) -> int | None:
    """Return what a listing is to show, in units of the listing; None where it must not be written.

    Minimum over its components of floor(max(0, available - buffer) / units per listing): at one location, or over
    the sum of all where the channel keeps one quantity. A component that was never counted forbids writing (R82).
    """
    if not components:
        return None
    levels = []
    for sku, units in components.items():
        places = locations if location is None else (location,)
        counted = [available[sku, place] for place in places if (sku, place) in available]
        if not counted:
            return None
        levels.append(max(0, sum(counted) - buffer(sku)) // units)
    return min(levels)
