"""A database that lives and dies with the simulation: SQLite in memory, and every call done at once."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from core.store.engine import Database
from core.store.sealing import Keyring
from core.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")


class Memory(Database):
    """One connection, no threads: what runs, runs in the order it was asked for."""

    def __init__(self) -> None:
        self._engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)

    async def write(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` and commit; whatever it raises rolls back."""
        with self._engine.begin() as conn:
            result = work(conn, *args, **kwargs)
        self._written(1)
        return result

    async def read(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work``."""
        with self._engine.begin() as conn:
            return work(conn, *args, **kwargs)

    async def overwrite(self, tables: Sequence[str], *, whole: bool = False) -> bool:
        """Do nothing: what is deleted in memory lies in no file."""
        del tables, whole
        return True

    async def raw(self, tables: Sequence[str]) -> AsyncIterator[tuple[str, bytes]]:
        """Yield nothing: there are no files."""
        del tables
        for chunk in list[tuple[str, bytes]]():
            yield chunk

    async def close(self) -> None:
        """Forget everything."""
        self._engine.dispose()


async def store_in_memory() -> Store:
    """Return an empty store that nothing outlives."""
    store = Store(Memory(), Keyring.generate(), batched=False)
    await store.create_tables()
    return store
