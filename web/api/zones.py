"""Zones: how near each location is to where parcels go; of several that hold an order the nearest sends it."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from core.services import actions
from core.store.zones import zones_of
from web.api.endpoint import Answer, Call, Endpoint
from web.keys import HUB

_PREFIX = re.compile(r"([A-Z]{2}(-\S*)?)?")
"""Of COUNTRY-STATE; the empty one fits everything."""


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text.upper()):
        raise ValueError(f"{text!r} is no COUNTRY or COUNTRY-STATE, as in CA or US-OR")
    return text.upper()


def _once(zones: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    zone_of: dict[str, str] = {}
    for zone, prefixes in zones.items():
        for prefix in prefixes:
            if prefix in zone_of:
                raise ValueError(f"{prefix!r} stands twice: in {zone_of[prefix]} and in {zone}; keep one")
            zone_of[prefix] = zone
    return zones


Prefix = Annotated[str, AfterValidator(_prefix)]
ZoneName = Annotated[str, Field(min_length=1)]
ZonesOfLocation = Annotated[dict[ZoneName, tuple[Prefix, ...]], AfterValidator(_once)]


class ZoneTable(Answer):
    """By location its zones, the nearest first, and of each the prefixes of COUNTRY-STATE; the longest that fits counts."""

    zones: dict[str, ZonesOfLocation]


async def list_zones(call: Call) -> ZoneTable:
    """Return the merchant's zones."""
    return ZoneTable(zones=await call.request.app[HUB].store.read(zones_of, call.merchant))


async def replace_zones(call: Call) -> ZoneTable:
    """Put a whole table in the place of the one before."""
    await actions.replace_zones(call.request.app[HUB], call.merchant, call.body.zones)
    return await list_zones(call)


ENDPOINTS = (
    Endpoint(
        name="listZones",
        method="GET",
        path="/zones",
        summary="How near each location is",
        gives=ZoneTable,
        run=list_zones,
    ),
    Endpoint(
        name="replaceZones",
        method="PUT",
        path="/zones",
        summary="Say how near each location is; replaces the whole table",
        gives=ZoneTable,
        run=replace_zones,
        takes=ZoneTable,
        example={"zones": {"reno": {"near": ["US-NV"], "far": ["US"]}}},
    ),
)
