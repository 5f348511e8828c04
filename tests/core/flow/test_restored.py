"""A database is lost and its backup brought back: the vendors' truth makes up for what happened between (R80)."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.bogus.client import Effect, World
from core.clock import SteppedClock
from core.domain.state import Stage
from core.engine.hub import Hub
from core.engine.worker import Worker
from core.jobs import JOBS
from core.services.connecting import begin_work
from core.steps import STEPS
from core.store.backup import write_backup
from core.store.backup_choice import find_backup
from core.store.restore import restore
from core.store.schema import upgrade
from core.store.sealing import Keyring
from core.store.stock import StockRow
from core.store.store import Store
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, MONDAY_8, Bench, config, connections, home, open_hub_of, world
from tests.core.flow.play import accept_all, pass_time
from tests.databases import KINDS, fresh_database
from tests.stored import list_stock

KEYS = Keyring.generate()
HOUR = timedelta(hours=1)
NUMBERS = tuple(f"KK-100{n}" for n in range(1, 6))
SHIPPED_BEFORE, LABELLED_AFTER, KNOWN_BEFORE, ONLY_AFTER, PAID_LATER = NUMBERS


def cart(number: str, *, pay: str = "card") -> Cart:
    return Cart(
        number=number,
        lines=(("SKILLET-12", 1, 8597),),
        ship_to=home(),
        email=f"{number}@example.test",
        **({"pay": pay} if pay != "card" else {}),  # type: ignore[arg-type]
    )


def bench(store: Store, made: World, clock: SteppedClock, *, tell: str) -> Bench:
    kept = config(tell=tell)
    hub = Hub(store=store, clock=clock, owner="w1", merchants={MERCHANT: connections(made, kept)})
    return Bench(hub, made, clock, Worker(steps=STEPS, hub=hub, jobs=JOBS, chance=random.Random(7)))


@contextlib.asynccontextmanager
async def store_on(kind: str, folder: Path) -> AsyncIterator[tuple[str, Store]]:
    await asyncio.to_thread(folder.mkdir)
    async with fresh_database(kind, folder) as url:
        store = await Store.open(url, keys=KEYS)
        yield url, store
        await store.close()


async def before_backup(b: Bench) -> None:
    await open_hub_of(b)
    await begin_work(b.hub, MERCHANT, "https://hub.test")
    place(b.world, "shop", cart(SHIPPED_BEFORE))
    await pass_time(b, HOUR)
    place(b.world, "shop", cart(LABELLED_AFTER))
    place(b.world, "shop", cart(KNOWN_BEFORE))
    await pass_time(b, timedelta(minutes=5))  # known, and not yet to be labelled


async def after_backup(b: Bench) -> None:
    place(b.world, "shop", cart(ONLY_AFTER))
    place(b.world, "shop", cart(PAID_LATER, pay="later"))
    await pass_time(b, HOUR)


def effects_of(made: World, *kinds: Effect) -> dict[tuple[Effect, str], int]:
    return {key: count for key, count in made.effects.items() if key[0] in kinds}


IRREVERSIBLE = (Effect.LABEL, Effect.CAPTURE, Effect.REFUND, Effect.CANCEL, Effect.VOID)


@pytest.mark.req("R80")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tell", ["label", "scan"])
async def test_what_happened_after_the_backup_is_found_at_the_vendors_and_done_once(
    tmp_path: Path, kind: str, tell: str
) -> None:
    clock = SteppedClock(MONDAY_8)
    made = world(clock)
    async with store_on(kind, tmp_path / "first") as (url, store):
        await upgrade(url)
        b = bench(store, made, clock, tell=tell)
        await before_backup(b)
        await store.read(write_backup, tmp_path / "backup", now=clock.now())
        await after_backup(b)
        shown = {number: await stage_of(b, number) for number in NUMBERS}
        assert set(shown.values()) == {Stage.SHIPPED if tell == "label" else Stage.LABELLED}
        lost_stock = await store.read(list_stock, MERCHANT)
        lost_effects, lost_levels = dict(made.effects), made.levels()
    made.notifications.clear()

    async with store_on(kind, tmp_path / "second") as (_, store):
        rows = await store.write(
            restore, find_backup(tmp_path / "backup", now=clock.now()), KEYS, now=clock.now()
        )
        assert rows["orders"] == 3
        b = bench(store, made, clock, tell=tell)
        await begin_work(b.hub, MERCHANT, "https://hub.test")
        await pass_time(b, HOUR)
        assert dict(made.effects) == lost_effects  # read only, until a person accepts

        await accept_all(b)
        await pass_time(b, HOUR)

        assert effects_of(made, *IRREVERSIBLE) == {k: 1 for k in lost_effects if k[0] in IRREVERSIBLE}
        assert set(made.effects.values()) == {1}
        stock = await store.read(list_stock, MERCHANT)
        # What the channel shows as shipped has left the shelf here at once, and there with its first scan.
        assert available(stock) == available(lost_stock)
        assert stock == lost_stock or tell == "label"
        assert made.levels() == lost_levels
        for number in NUMBERS:
            state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
            assert state is not None
            assert state.parked is None
            assert state.holds == {}


def available(rows: Sequence[StockRow]) -> dict[tuple[str, str], int]:
    return {(row.sku, row.location): row.on_hand - row.committed for row in rows}


async def stage_of(b: Bench, number: str) -> Stage | None:
    state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
    return None if state is None else state.stage
