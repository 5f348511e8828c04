"""Which large bodies of strangers are read at once."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from aiohttp import web

from web.door.limits import Limits

SMALL = 64 * 1024
"""Bytes: as much is read of every body; who sends more waits for a place."""
AT_ONCE = 16
OF_HOST = 2
GIVES_WAY_S = 2.0
"""How long a body may take while others wait for a place: a megabyte at 4 Mbit/s."""


class LargeBodies:
    """Places for reading: so many at once, few of one host, and whoever has read the longest gives way to who waits."""

    def __init__(self, limits: Limits, *, gives_way_s: float = GIVES_WAY_S) -> None:
        self._limits = limits
        self._gives_way_s = gives_way_s
        self._reading: dict[asyncio.Timeout, tuple[str, float]] = {}
        self._of_host: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], str] = {}

    @contextlib.asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Read a large body of a host inside.

        Raises:
            web.HTTPRequestTimeout: it took too long while others waited.
        """
        await self._taken(host)
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._reading[limit] = (host, asyncio.get_running_loop().time())
                self._hurry()
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise web.HTTPRequestTimeout(
                reason=f"others wait: the body did not come whole within {self._gives_way_s:g} s"
            ) from error
        finally:
            self._reading.pop(limit, None)
            self._leave(host)

    async def _taken(self, host: str) -> None:
        """Return once a place is the host's."""
        if self._fits(host):
            self._of_host[host] += 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting[mine] = host
        self._hurry()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave(host)
            raise
        finally:
            self._waiting.pop(mine, None)

    def _fits(self, host: str) -> bool:
        most = AT_ONCE if self._limits.is_proxy(host) else OF_HOST
        return self._of_host.total() < AT_ONCE and self._of_host[host] < most

    def _leave(self, host: str) -> None:
        """Give a place back; of those that wait the host that reads least is next."""
        self._of_host[host] -= 1
        if not self._of_host[host]:
            del self._of_host[host]
        able = [
            (self._of_host[one], mine)
            for mine, one in self._waiting.items()
            if not mine.done() and self._fits(one)
        ]
        if able:
            _, mine = min(able, key=lambda pair: pair[0])
            self._of_host[self._waiting.pop(mine)] += 1
            mine.set_result(None)

    def _hurry(self) -> None:
        """Limit the time of everybody who reads, where somebody waits."""
        if not self._waiting:
            return
        for limit, (_, began_s) in self._reading.items():
            if limit.when() is None:
                limit.reschedule(began_s + self._gives_way_s)
