"""Whose request is begun next, when more come than can be begun at once."""

import asyncio
from collections import deque

AT_ONCE = 4
"""Requests that are begun in one pass of the event loop: a millisecond or two."""


class Turns:
    """So many requests are begun in each pass of the event loop; those that wait go by address, one after another.

    Thousands that arrive at once would else all be begun in the same pass, and whoever comes next would wait for each
    of them at every step of its own: a stranger's flood delays the stranger.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._free = at_once
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._passing = False

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(map(len, self._waiting.values()))

    async def wait(self, address: str) -> None:
        """Return when a request of an address may begin; at once where few do."""
        loop = asyncio.get_running_loop()
        if not self._passing:
            self._passing = True
            loop.call_soon(self._pass)
        if self._free and not self._waiting:
            self._free -= 1
            return
        turn = loop.create_future()
        self._waiting.setdefault(address, deque()).append(turn)
        await turn

    def _pass(self) -> None:
        """Begin a pass of the loop: those that wait come first."""
        self._free = self._at_once
        while self._free and self._waiting:
            address = next(iter(self._waiting))
            queue = self._waiting.pop(address)
            turn = queue.popleft()
            if queue:
                self._waiting[address] = queue  # behind every other address
            if not turn.done():
                turn.set_result(None)
                self._free -= 1
        self._passing = bool(self._waiting) or self._free < self._at_once
        if self._passing:
            asyncio.get_running_loop().call_soon(self._pass)
