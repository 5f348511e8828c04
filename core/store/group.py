"""Group what many tasks ask for at the same time into one transaction, and answer each."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from core.store.failures import is_infrastructure

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Grouped(Generic[Ask, Answer]):
    """A queue whose waiting asks are answered together.

    ``answer_all`` gives one answer or one error per ask, in order. Of asks with an equal ``apart`` only one goes into
    a batch; the next waits for the batch after. While one batch runs the next one gathers.

    A batch that fails as a whole is halved until the ask that fails alone is found: it gets the error, the others
    get their answers. Where our own infrastructure failed no ask is to blame: each of them gets that error.
    """

    def __init__(
        self,
        answer_all: Callable[[Sequence[Ask]], Awaitable[Sequence[Answer | BaseException]]],
        *,
        apart: Callable[[Ask], Hashable] | None = None,
        limit: int = 64,
    ) -> None:
        self._answer_all = answer_all
        self._apart = apart
        self._limit = limit
        self._waiting: list[tuple[Ask, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, ask: Ask) -> Answer:
        """Return the answer; a caller that is cancelled cancels nobody else's."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    @property
    def waiting(self) -> int:
        """How many asks are not in a batch yet."""
        return len(self._waiting)

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        # Let every task that is ready now add its own first.
        await asyncio.sleep(0)
        try:
            while self._waiting:
                batch = self._take()
                answers = await self._answers([ask for ask, _ in batch])
                for (_, future), answer in zip(batch, answers, strict=True):
                    _resolve(future, answer)
        finally:
            self._running = None

    async def _answers(self, asks: Sequence[Ask]) -> Sequence[Answer | BaseException]:
        [outcome] = await asyncio.gather(self._answer_all(asks), return_exceptions=True)
        if not isinstance(outcome, BaseException):
            return outcome
        if len(asks) == 1 or is_infrastructure(outcome):
            return [outcome] * len(asks)
        half = len(asks) // 2
        return [*await self._answers(asks[:half]), *await self._answers(asks[half:])]

    def _take(self) -> list[tuple[Ask, asyncio.Future[Answer]]]:
        batch: list[tuple[Ask, asyncio.Future[Answer]]] = []
        later: list[tuple[Ask, asyncio.Future[Answer]]] = []
        seen: set[Hashable] = set()
        for ask, future in self._waiting:
            if future.cancelled():
                continue
            mark = self._apart(ask) if self._apart else id(future)
            if len(batch) < self._limit and mark not in seen:
                batch.append((ask, future))
            else:
                later.append((ask, future))
            seen.add(mark)
        self._waiting = later
        return batch


def _resolve(future: asyncio.Future[Answer], answer: Answer | BaseException) -> None:
    if future.done():
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
