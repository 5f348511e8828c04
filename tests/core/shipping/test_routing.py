"""How far a warehouse lies from a destination: the same state, by the map, the same country, abroad."""

import pytest

from core.domain.shipping.routing import distance, nearest_first
from core.model.address import Region


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (("US", "NV"), ("US", "NV"), 0),
        (("DE", ""), ("DE", ""), 0),
        # Nevada's middle lies at 39 N 117 W, Oregon's at 44 N 121 W: 5 and 4 degrees.
        (("US", "NV"), ("US", "OR"), 25 + 16),
        (("US", "PA"), ("US", "OR"), 9 + 43 * 43),
        (("US", "NV"), ("US", "PR"), 100_000),
        (("DE", "BY"), ("DE", "HH"), 100_000),
        (("CA", "ON"), ("CA", "BC"), 100_000),
        (("US", "NV"), ("CA", "NV"), 200_000),
    ],
)
def test_a_distance_can_be_compared(one: tuple[str, str], other: tuple[str, str], apart: int) -> None:
    assert distance(one, other) == apart
    assert distance(other, one) == apart


def test_outside_the_map_the_own_state_comes_before_the_own_country_and_that_before_any_other() -> None:
    warehouses = {"reno": ("US", "NV"), "hamburg": ("DE", "HH"), "munich": ("DE", "BY")}
    assert nearest_first(Region(country="DE", state="BY"), warehouses, {}) == ("munich", "hamburg", "reno")
    assert nearest_first(Region(country="DE", state="HE"), warehouses, {})[:2] == ("hamburg", "munich")
    assert nearest_first(None, warehouses, {}) == ("reno", "hamburg", "munich")
