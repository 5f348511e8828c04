"""Starts every stand-in on a loopback port of its own."""

import asyncio
import json as jsons
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from sandbox import amazon, control, easypost, hooks, mail, shopify, stripe
from sandbox.clock import Clock, SteppedClock
from sandbox.house import usual
from sandbox.http import Handler
from sandbox.values import Json
from sandbox.world import World

HOST: Final = "127.0.0.1"


@dataclass
class Running:
    """The stand-ins that are being served."""

    world: World
    control: str
    mail: mail.Server
    runners: list[web.AppRunner] = field(default_factory=list)

    def ready(self) -> Json:
        """What a program that started the sandbox needs to know."""
        return {"control": self.control, "clock": self.world.clock.text(), "urls": self.world.urls}

    async def stop(self) -> None:
        """Close every port; what is on its way is lost."""
        await self.world.close()
        for runner in reversed(self.runners):
            await runner.cleanup()
        await self.mail.close()


async def start(world: World, *, port: int = 0) -> Running:
    """Serve every vendor and, on `port` (0: any free one), the control port."""
    apps = {
        "stripe": stripe.build(world.stripe),
        "easypost": easypost.build(world.easypost),
        "shopify": shopify.build(world.shopify),
        "amazon": amazon.build(world.amazon),
        "hooks": hooks.build(world.tool),
    }
    sockets = {vendor: _bound(0) for vendor in apps}
    control_socket = _bound(port)
    running = Running(world, control=_url(control_socket), mail=await mail.serve(world.mail))
    world.urls = {vendor: _url(sock) for vendor, sock in sockets.items()} | {"mail": running.mail.url}
    for vendor, app in apps.items():
        app.middlewares.insert(0, _counted(world))
        running.runners.append(await _served(app, sockets[vendor]))
    running.runners.append(await _served(control.build(world), control_socket))
    return running


def run(
    port: int,
    *,
    json: bool = False,
    start_at: datetime | None = None,
    seed: int = 0,
    stepped: bool = False,
) -> None:
    """Serve until interrupted; with `json`, one line of JSON on standard output says when and where.

    With `stepped` the clock stands still until the control port is told to move it.
    """
    start_at = start_at or datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="crossdock-clock-") as folder:
        clock = SteppedClock(start_at, Path(folder) / "page") if stepped else Clock(start_at)
        asyncio.run(_until_stopped(World(clock, house=usual(), seed=seed), port=port, json=json))


async def _until_stopped(world: World, *, port: int, json: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    running = await start(world, port=port)
    ready = running.ready()
    line = jsons.dumps(ready) if json else f"sandbox: control {ready['control']}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    try:
        await stopped.wait()
    finally:
        await running.stop()


def _counted(world: World) -> Middleware:
    """Counts the requests that a vendor is answering, whatever comes of them."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        with world.answering():
            return await handler(request)

    return count


async def _served(app: web.Application, sock: socket.socket) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    return runner


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    return sock


def _url(sock: socket.socket) -> str:
    return f"http://{HOST}:{sock.getsockname()[1]}"
