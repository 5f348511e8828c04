"""The control port: loads the house, plays verbs, arms faults, and shows the books."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Final

from aiohttp import web

from day.shapes import anything, check, flag, number, record, whole
from sandbox.house import check_house
from sandbox.scripted_faults import MessageOrder
from sandbox.values import Json
from sandbox.verbs import play
from sandbox.world import World

WORLD: Final = web.AppKey("world", World)
PLAYED: Final = web.AppKey("played", list[str])
"""Every verb that was played."""


def build(world: World) -> web.Application:
    """The control port's application."""
    app = web.Application(middlewares=[_refusals])
    app[WORLD] = world
    app[PLAYED] = []
    app.add_routes([
        web.get("/", _overview),
        web.post("/house", _house),
        web.post("/play", _play),
        web.get("/books", _books),
        web.post("/hooks", _answers),
        web.post("/faults", _arm),
        web.post("/faults/quiet", _quiet),
        web.post("/faults/day", _day),
        web.post("/faults/weather", _order_of_messages),
        web.get("/faults", _injected),
        web.post("/sabotage", _sabotage),
        web.get("/sabotage", _sabotaged),
        web.get("/idle", _idle),
        web.post("/clock", _move),
    ])  # fmt: skip
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
        "hooks": world.tool.credentials(world.urls["hooks"]),
    }
    return web.json_response({"clock": world.clock.text(), "vendors": vendors})


async def _house(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    house: Json = await request.json()
    check_house(house)
    world.move_in(house)
    for before in house.get("before") or ():
        play(world, "place", {"at": before.get("at"), **before["place"]})
    return web.json_response({"ok": True})


async def _play(request: web.Request) -> web.Response:
    body = await request.json()
    verbs = [key for key in body if key != "at"] if isinstance(body, dict) else []
    if len(verbs) != 1:
        raise ValueError("give exactly one verb")
    request.app[PLAYED].append(verbs[0])
    return web.json_response(play(request.app[WORLD], verbs[0], body[verbs[0]]))


async def _books(request: web.Request) -> web.Response:
    return web.json_response(request.app[WORLD].books())


async def _answers(request: web.Request) -> web.Response:
    """Have the merchant's tool answer so, by path, instead of what it answered there."""
    wanted: Json = await request.json()
    request.app[WORLD].tool.script(wanted["answers"])
    return web.json_response({"ok": True})


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


async def _day(request: web.Request) -> web.Response:
    """Take the faults of a day, instead of those of the day before."""
    world = request.app[WORLD]
    wanted: Json = await request.json()
    check(record({"faults": anything}), wanted, "body")
    world.scripted_faults.load(wanted["faults"], world.house)
    return web.json_response({"ok": True, "faults": len(wanted["faults"])})


async def _order_of_messages(request: web.Request) -> web.Response:
    """Do something to every message of a day: deliver it twice, shuffle it with those around it."""
    wanted: Json = await request.json()
    check(record({}, {"twice": flag, "shuffle_s": number, "seed": whole}), wanted, "weather")
    request.app[WORLD].scripted_faults.message_order = MessageOrder(**wanted)
    return web.json_response({"ok": True})


async def _injected(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    faults = world.faults
    return web.json_response({
        "injected": faults.injected, "log": faults.log, "day": world.scripted_faults.report(), "weather": asdict(world.scripted_faults.message_order),
    })  # fmt: skip


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
    clock = world.clock
    if not clock.stands:
        return web.json_response({"pending": world.webhook_delivery.imminent()})
    next_at = clock.next_at()
    return web.json_response({
        "pending": world.under_way(),
        "next_at": None if next_at is None else next_at.isoformat(),
        "moves": world.answered + clock.fired,
        "changes": clock.fired + len(request.app[PLAYED]) + sum(c.total() for c in world.writes.values()),
    })  # fmt: skip


async def _move(request: web.Request) -> web.Response:
    """Move the clock on to an instant; what waits on the way happens at its own."""
    clock = request.app[WORLD].clock
    body: Json = await request.json()
    instant = datetime.fromisoformat(str(body["to"]))
    if instant.tzinfo is None:
        raise ValueError(f"{body['to']!r} has no offset: write it as in 2026-11-30T08:00:00-08:00")
    await clock.move_to(instant)
    return web.json_response({"ok": True, "now": clock.now().isoformat()})
