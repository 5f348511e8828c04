from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulation.memory import store_in_memory
from tests.builders import Bench, open_hub_of, review
from tests.core.store.conftest import books_balance, open_store


@pytest.fixture
async def b() -> AsyncIterator[Bench]:
    """An open hub in memory; whatever a test did, the books must balance (R31)."""
    store = await store_in_memory()
    made = review(store)
    await open_hub_of(made)
    yield made
    await books_balance(store)
    await store.close()


@pytest.fixture(params=["sqlite", "postgres"])
async def on_disk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """The same hub on a database that outlives the process."""
    async with open_store(request.param, tmp_path, batched=True) as store:
        made = review(store)
        await open_hub_of(made)
        yield made
        await books_balance(store)
