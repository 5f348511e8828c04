"""Something that is asked for at most once in a while, however many want to know."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """A value that is asked for again when it is older than ``for_s``; those who want it meanwhile wait for one answer.

    An error is told to whoever asked first; the next one asks again.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]], *, for_s: float) -> None:
        self._ask = ask
        self._for_s = for_s
        self._known: tuple[T, float] | None = None
        self._asking = asyncio.Lock()

    def forget(self) -> None:
        """Have the next one ask again."""
        self._known = None

    async def value(self) -> T:
        """Return the value."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._known is None or now >= self._known[1]:
                asked = await self._ask()
                self._known = (asked, asyncio.get_running_loop().time() + self._for_s)
            return self._known[0]
