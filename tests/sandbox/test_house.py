"""The house that the stand-ins sell from."""

from sandbox.house import location_of, stocked, usual, zone_of


def test_the_house_finds_locations_and_zones() -> None:
    house = usual()
    assert location_of(house, {"street1": " 1 depot way", "zip": "89502-1234"}) == "reno"
    assert location_of(house, {"street1": "1 Depot Way", "zip": "18042"}) is None
    assert zone_of(house, "reno", {"country": "US", "state": "FL"}) == "far"
    assert zone_of(house, "easton", {"country": "CA", "state": "ON"}) == "canada"
    assert zone_of(house, "reno", {"country": "DE"}) is None


def test_a_larger_house_holds_and_shows_more_of_the_same() -> None:
    house = stocked(usual(), 3)
    assert house["counts"]["reno"]["CHEF-8"] == 42
    assert house["listings"]["amz"][0]["shows"] == 42
    assert usual()["counts"]["reno"]["CHEF-8"] == 14
