"""The control port: loads the house, plays verbs, starts shoppers, arms faults, and shows the books."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from sandbox.plays import play
from sandbox.shoppers import Shoppers
from sandbox.values import Json
from sandbox.world import World

WORLD: Final = web.AppKey("world", World)
SHOPPERS: Final = web.AppKey("shoppers", Shoppers)


def build(world: World) -> web.Application:
    """The control port's application."""
    app = web.Application(middlewares=[_refusals])
    app[WORLD] = world
    app[SHOPPERS] = Shoppers(world)
    app.add_routes([
        web.get("/", _overview),
        web.post("/house", _house),
        web.post("/play", _play),
        web.post("/shop", _shop),
        web.get("/shop", _shopping),
        web.get("/books", _books),
        web.post("/faults", _arm),
        web.post("/faults/quiet", _quiet),
        web.get("/faults", _injected),
        web.post("/sabotage", _sabotage),
        web.get("/sabotage", _sabotaged),
        web.get("/idle", _idle),
    ])  # fmt: skip
    app.on_cleanup.append(_stop_shoppers)
    return app


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """A wrong request gets 400 and the reason."""
    try:
        return await handler(request)
    except json.JSONDecodeError as wrong:
        return web.json_response({"ok": False, "error": f"not JSON: {wrong}"}, status=400)
    except KeyError as missing:
        return web.json_response({"ok": False, "error": f"{missing} is missing"}, status=400)
    except (ValueError, TypeError) as wrong:
        return web.json_response({"ok": False, "error": str(wrong)}, status=400)


async def _overview(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    vendors = {
        "shopify": world.shopify.credentials(world.urls["shopify"]),
        "amazon": world.amazon.credentials(world.urls["amazon"]),
        "stripe": world.stripe.credentials(world.urls["stripe"]),
        "easypost": world.easypost.credentials(world.urls["easypost"]),
        "mail": {"smtp": world.urls["mail"]},
    }
    return web.json_response({"clock": world.clock.text(), "vendors": vendors})


async def _house(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    house: Json = await request.json()
    world.house = house
    world.shopify.load(house)
    world.amazon.load(house)
    for before in house.get("before", []):
        play(world, "place", before["place"])
    return web.json_response({"ok": True})


async def _play(request: web.Request) -> web.Response:
    body: Json = await request.json()
    verbs = [key for key in body if key != "at"]
    if len(verbs) != 1:
        raise ValueError("give exactly one verb")
    return web.json_response(play(request.app[WORLD], verbs[0], body[verbs[0]]))


async def _shop(request: web.Request) -> web.Response:
    wanted: Json = await request.json()
    request.app[SHOPPERS].start(
        orders=int(wanted["orders"]),
        seed=int(wanted.get("seed", 0)),
        seconds=float(wanted.get("seconds", 0)),
    )
    return web.json_response({"ok": True})


async def _shopping(request: web.Request) -> web.Response:
    return web.json_response(request.app[SHOPPERS].progress())


async def _stop_shoppers(app: web.Application) -> None:
    await app[SHOPPERS].close()


async def _books(request: web.Request) -> web.Response:
    return web.json_response(request.app[WORLD].books())


async def _arm(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    wanted: Json = await request.json()
    world.faults.arm(str(wanted["spec"]))
    if "seed" in wanted:
        world.faults.reseed(int(wanted["seed"]))
    return web.json_response({"ok": True})


async def _quiet(request: web.Request) -> web.Response:
    request.app[WORLD].faults.quiet()
    return web.json_response({"ok": True})


async def _injected(request: web.Request) -> web.Response:
    faults = request.app[WORLD].faults
    return web.json_response({"injected": faults.injected, "log": faults.log})


async def _sabotage(request: web.Request) -> web.Response:
    wanted: Json = await request.json()
    request.app[WORLD].sabotage.arm(wanted["kind"])
    return web.json_response({"ok": True})


async def _sabotaged(request: web.Request) -> web.Response:
    sabotage = request.app[WORLD].sabotage
    return web.json_response({"kind": sabotage.kind, "subject": sabotage.subject})


async def _idle(request: web.Request) -> web.Response:
    # A message that is due this very turn of the loop must be counted, so let the loop turn once.
    await asyncio.sleep(0)
    world = request.app[WORLD]
    pending = world.courier.imminent() + request.app[SHOPPERS].pending()
    return web.json_response({"pending": pending})
