"""Which warehouse is asked first, by the golden day's zones (rule P4): worked out by hand from kendra_day.md."""

import pytest

from core.domain.shipping.routing import Zones, nearest_first, nearness
from core.model.address import Region

EAST, WEST = (
    ("US-FL", "US-MA", "US-NY", "US-PA"),
    ("US-AZ", "US-CA", "US-ID", "US-NV", "US-OR", "US-UT", "US-WA"),
)
MIDDLE = ("US-CO", "US-IL", "US-OH", "US-TX")
GOLDEN: Zones = {
    "reno": {"near": WEST, "mid": MIDDLE, "far": EAST, "canada": ("CA",)},
    "easton": {"near": EAST, "mid": MIDDLE, "far": WEST, "canada": ("CA",)},
}
WAREHOUSES = {"reno": ("US", "NV"), "easton": ("US", "PA")}


@pytest.mark.parametrize(
    ("country", "state", "first", "first_by_distance"),
    [
        ("US", "OR", "reno", "reno"),
        ("US", "IL", "reno", "easton"),
        ("US", "OH", "reno", "easton"),
        ("US", "MA", "easton", "easton"),
        ("US", "TX", "reno", "reno"),
        ("CA", "ON", "reno", "reno"),
    ],
)
def test_the_nearest_zone_comes_first_and_of_equal_ones_the_order_of_the_file(
    country: str, state: str, first: str, first_by_distance: str
) -> None:
    to = Region(country=country, state=state)
    assert nearest_first(to, WAREHOUSES, GOLDEN)[0] == first
    assert nearest_first(to, WAREHOUSES, {})[0] == first_by_distance


def test_equal_zones_follow_the_file_and_not_the_table() -> None:
    turned = {"easton": WAREHOUSES["easton"], "reno": WAREHOUSES["reno"]}
    assert nearest_first(Region(country="US", state="IL"), turned, GOLDEN) == ("easton", "reno")
    backwards = {name: GOLDEN[name] for name in ("easton", "reno")}
    assert nearest_first(Region(country="US", state="IL"), WAREHOUSES, backwards) == ("reno", "easton")


def test_what_counts_is_the_zones_place_in_its_own_locations_list_whatever_it_is_called() -> None:
    named: Zones = {
        "reno": {"a": ("US-NV",), "b": ("US",)},
        "easton": {"lokal": ("US-PA", "US-IL"), "far": ("US",)},
    }
    assert nearest_first(Region(country="US", state="IL"), WAREHOUSES, named) == ("easton", "reno")
    assert nearest_first(Region(country="US", state="TX"), WAREHOUSES, named) == ("reno", "easton")


def test_the_longest_prefix_counts() -> None:
    zones = {"near": ("US",), "far": ("US-HI",), "farther": ("US-H",), "farthest": ("",)}
    assert nearness(zones, Region(country="US", state="HI")) == 1
    assert nearness(zones, Region(country="US", state="OR")) == 0
    assert nearness(zones, Region(country="US", state="or")) == 0
    assert nearness(zones, Region(country="US")) == 0
    assert nearness(zones, Region(country="DK")) == 3
    assert nearness({"near": ("US-OR",)}, Region(country="US")) is None


@pytest.mark.parametrize("state", ["GA", "IL"])
def test_a_destination_that_one_location_does_not_know_goes_by_distance(state: str) -> None:
    half: Zones = {"reno": {"near": (f"US-{state}",)}, "easton": {"near": ("US-PA",)}}
    assert nearest_first(Region(country="US", state=state), WAREHOUSES, half) == ("easton", "reno")
    assert nearest_first(Region(country="US", state=state), WAREHOUSES, {"reno": half["reno"]}) == (
        "easton",
        "reno",
    )


def test_a_table_of_locations_that_are_gone_does_no_harm() -> None:
    gone = {**GOLDEN, "boise": {"near": MIDDLE}}
    assert nearest_first(Region(country="US", state="IL"), WAREHOUSES, gone) == ("reno", "easton")


def test_without_a_destination_the_order_of_the_file_counts() -> None:
    assert nearest_first(None, WAREHOUSES, GOLDEN) == ("reno", "easton")
