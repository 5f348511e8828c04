"""A world of stand-ins for the tests, and a subscriber that keeps what is delivered to it."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.house import usual
from sandbox.world import World

MONDAY_NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
"""12:00 in Reno, 15:00 in Easton."""
FAST = 600.0
"""Ten virtual minutes a second."""


def a_world(
    *, start: datetime = MONDAY_NOON, rate: float = 1.0, seed: int = 0, house: dict[str, Any] | None = None
) -> World:
    return World(Clock(start, rate), house=copy.deepcopy(house or usual()), seed=seed)


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Subscriber:
    """Keeps every delivery and answers with the next of `answers`, then with 200."""

    def __init__(self, *answers: int) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = list(answers)
        self.url = ""

    @property
    def bodies(self) -> list[bytes]:
        return [body for _headers, body in self.got]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Subscriber"]:
        async def receive(request: web.Request) -> web.Response:
            self.got.append((dict(request.headers), await request.read()))
            return web.Response(status=self.answers.pop(0) if self.answers else 200)

        app = web.Application()
        app.router.add_post("/hooks/in", receive)
        async with served(app) as url:
            self.url = url + "/hooks/in"
            yield self


async def until(true: Callable[[], object], *, seconds: float = 5.0) -> None:
    """Wait until something is so; fail when it never is."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0.01)
