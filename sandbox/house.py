"""The house the stand-ins sell from."""

import copy
from pathlib import Path
from typing import Final

import yaml

from sandbox.values import Json

FILE: Final = Path(__file__).with_name("house.yaml")


def usual() -> Json:
    """The house that is used when none is loaded."""
    house = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    if not isinstance(house, dict):
        raise TypeError(f"{FILE.name} holds no house")
    return house


def stocked(house: Json, times: int) -> Json:
    """The same house with that many times the goods on the shelves and on every listing."""
    more: Json = copy.deepcopy(house)
    for shelf in more["counts"].values():
        for sku in shelf:
            shelf[sku] *= times
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
