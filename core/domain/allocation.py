"""Choose where the units of an order come from."""

from collections.abc import Mapping, Sequence

from core.model.stock import Allocation, Need


def allocate(
    needs: Sequence[Need], locations: Sequence[str], have: Mapping[tuple[str, str], int]
) -> tuple[tuple[Allocation, ...], tuple[Need, ...]]:
    """Return what is taken from where, and the needs that no location holds.

    One location that holds the whole order comes first, in the given order of preference. Where none does, each line
    goes to the first location that holds all of its units, its components together; a line that no location holds is
    backordered whole. ``have`` is what is available by (SKU, location); a pair left out has none.
    """
    for location in locations:
        if _holds(needs, location, have):
            return _taken(needs, location), ()
    left = dict(have)
    allocations: list[Allocation] = []
    backordered: list[Need] = []
    for line in _lines(needs):
        location_of_line = next((place for place in locations if _holds(line, place, left)), None)
        if location_of_line is None:
            backordered += line
            continue
        allocations += _taken(line, location_of_line)
        for need in line:
            left[need.sku, location_of_line] -= need.units
    return tuple(allocations), tuple(backordered)


def _lines(needs: Sequence[Need]) -> list[list[Need]]:
    """Return the needs of each order line together, in the order the lines come."""
    lines: dict[str, list[Need]] = {}
    for need in needs:
        lines.setdefault(need.line_id, []).append(need)
    return list(lines.values())


def _holds(needs: Sequence[Need], location: str, have: Mapping[tuple[str, str], int]) -> bool:
    """Return whether a location has all of these at once; the same SKU in several lines is summed."""
    wanted: dict[str, int] = {}
    for need in needs:
        wanted[need.sku] = wanted.get(need.sku, 0) + need.units
    return all(have.get((sku, location), 0) >= units for sku, units in wanted.items())


def _taken(needs: Sequence[Need], location: str) -> tuple[Allocation, ...]:
    return tuple(
        Allocation(line_id=need.line_id, sku=need.sku, location=location, units=need.units) for need in needs
    )
