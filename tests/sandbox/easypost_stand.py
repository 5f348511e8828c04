"""EasyPost's stand-in, served, with EasyPost's own library pointed at it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import easypost

from sandbox.easypost import EasyPost, build
from sandbox.world import World
from tests.sandbox.stand import a_world, served

RENO = {"street1": "1 Depot Way", "city": "Reno", "state": "NV", "zip": "89502", "country": "US"}
EASTON = {"street1": "2 Canal Street", "city": "Easton", "state": "PA", "zip": "18042", "country": "US"}
PORTLAND = {
    "name": "Kara Kline",
    "street1": "100 Test Kitchen Way",
    "city": "Portland",
    "state": "OR",
    "zip": "97205",
    "country": "US",
}
BOX_IN_BEND = {**PORTLAND, "street1": "PO Box 77", "city": "Bend", "zip": "97701"}
TORONTO = {**PORTLAND, "city": "Toronto", "state": "ON", "zip": "M5V 2T6", "country": "CA"}
OUNCES_2150_G = 75.84


@dataclass
class Stand:
    world: World
    state: EasyPost
    url: str
    sdk: Any
    http: aiohttp.ClientSession

    async def do(self, call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Call the library in a thread; gives plain values."""
        answer = await asyncio.to_thread(call, *args, **more)
        return answer.to_dict() if hasattr(answer, "to_dict") else answer

    async def shipment(self, *, to: Mapping[str, Any] = PORTLAND, **more: Any) -> dict[str, Any]:
        asked = {
            "from_address": RENO, "to_address": dict(to), "reference": "KK-1001",
            "parcel": {"length": 16.5, "width": 12.6, "height": 3.1, "weight": OUNCES_2150_G}, **more,
        }  # fmt: skip
        made: dict[str, Any] = await self.do(self.sdk.shipment.create, **asked)
        return made

    async def bought(self, service: str = "FEDEX_GROUND", **more: Any) -> dict[str, Any]:
        made = await self.shipment(**more)
        done: dict[str, Any] = await self.do(self.sdk.shipment.buy, made["id"], rate=rate_of(made, service))
        return done


def rate_of(shipment: Mapping[str, Any], service: str) -> Any:
    return next(each for each in shipment["rates"] if each["service"] == service)


@asynccontextmanager
async def opened(rate: float = 1.0) -> AsyncIterator[Stand]:
    """A stand-in with nothing in it yet, and its clients."""
    world = a_world(rate=rate)
    async with served(build(world.easypost)) as url, aiohttp.ClientSession() as http:
        sdk = easypost.EasyPostClient(world.easypost.key, api_base=f"{url}/v2", timeout=10)
        yield Stand(world, world.easypost, url, sdk, http)
        sdk._requests_session.close()
        await world.close()
