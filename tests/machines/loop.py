"""What the machines share: a store in memory, and a loop in which each step is done to its end."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from core.store.sealing import Keyring
from core.store.store import Store
from simulation.memory import Memory

T = TypeVar("T")
_KEYS = Keyring.generate()


class InLoop:
    """A store that nothing outlives, grouped as in a running hub."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self.store = Store(Memory(), _KEYS, batched=True)
        self.do(self.store.create_tables())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        self.do(self.store.close())
        self._loop.close()
