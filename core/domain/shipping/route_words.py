"""Why a location stands where it does in the order in which they are asked for units."""

from collections.abc import Mapping

from core.domain.shipping.routing import Zones, distance, nearness
from core.model.address import Region


def why_near(name: str, to: Region | None, warehouses: Mapping[str, tuple[str, str]], zones: Zones) -> str:
    """Return why a location is as near as it is, by the measure that ordered them all."""
    if to is None:
        return "in the order of crossdock.yaml: where the order goes is not known"
    told = {one: nearness(zones.get(one, {}), to) for one in warehouses}
    position = told[name]
    if position is not None and None not in told.values():
        return f"{to.country}-{to.state or '*'} lies in its zone {list(zones[name])[position]}"
    here, there = warehouses[name], (to.country, to.state)
    if here == there:
        return f"in the same state, {to.state}" if to.state else f"in the same country, {to.country}"
    if here[0] != to.country:
        return f"in another country: {here[0]}, and the order goes to {to.country}"
    return f"from {here[1]} to {to.state}, {distance(here, there)} apart (squared degrees between middles of states)"
