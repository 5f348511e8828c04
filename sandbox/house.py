"""The house the stand-ins sell from."""

import copy
from pathlib import Path
from typing import Final

import yaml

from day.format import HOUSE
from day.located_yaml import Document, Position
from day.names import Names, names_of
from sandbox.values import Json

FILE: Final = Path(__file__).with_name("house.yaml")


def usual() -> Json:
    """The house that is used when none is loaded."""
    house = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    if not isinstance(house, dict):
        raise TypeError(f"{FILE.name} holds no house")
    return house


def check_house(house: object) -> None:
    """Hold a house against its shape and its own names; DayError with what is wrong and where."""
    position = Position(document := Document("house", house))
    HOUSE(house, position)
    document.finish()
    assert isinstance(house, dict)  # noqa: S101  the shape has seen to it
    if not house["locations"]:
        (position / "locations").wrong("this needs at least one location")
    names_in(house).given(house, position)
    for number, row in enumerate(house.get("before") or ()):
        if not (row.get("at") or row["place"].get("at")):
            (position / "before" / number / "place").wrong("at is missing: when was it placed?")
    document.finish()


def names_in(house: Json) -> Names:
    """Everything in the house that an order may name."""
    channels = [name for name in ("shop", "amz") if house["listings"].get(name) is not None]
    sells = [name for name in channels if name != "shop" or house.get("shop")]
    return names_of(house, sells, list(house["locations"]))


def stocked(house: Json, times: int) -> Json:
    """The same house with that many times the goods in its locations and on every listing."""
    more: Json = copy.deepcopy(house)
    for held in more["counts"].values():
        for sku in held:
            held[sku] *= times
    for listings in more["listings"].values():
        for listing in listings:
            listing["shows"] *= times
    return more


def location_of(house: Json, address: Json) -> str | None:
    """The key of the location at that address (by street and postcode), or none."""
    for key, place in house["locations"].items():
        same_street = _plain(place["street1"]) == _plain(address.get("street1"))
        if same_street and _plain(place["zip"])[:5] == _plain(address.get("zip"))[:5]:
            return str(key)
    return None


def zone_of(house: Json, location: str, address: Json) -> str | None:
    """The zone of an address seen from a location: the longest matching prefix of COUNTRY-STATE."""
    zones = (house.get("zones") or {}).get(location) or {}
    fitting = [
        (len(prefix), str(zone))
        for zone, prefixes in zones.items()
        for prefix in prefixes
        if lane(address).startswith(prefix.upper())
    ]
    return max(fitting)[1] if fitting else None


def lane(address: Json) -> str:
    """`COUNTRY-STATE` of an address; the country alone where there are no states."""
    country, state = (str(address.get(key) or "").upper() for key in ("country", "state"))
    return f"{country}-{state}" if state else country


def _plain(text: object) -> str:
    return " ".join(str(text or "").casefold().split())
