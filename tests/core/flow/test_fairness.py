"""Who hangs or floods fills his own share: counted in steps of a clock that is moved by hand, and in runs."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from core.clock import SteppedClock
from core.domain.due import View
from core.engine.answers import Call
from core.engine.hub import Connections, Hub
from core.engine.job import JobKind, Reschedule
from core.engine.run import Run
from core.engine.step import Step
from core.engine.worker import Worker
from core.store.claims import first_orders
from core.store.jobs import Job, NewJob, enqueue
from core.store.pauses import save_pause
from core.store.store import Store
from tests.builders import connections, world
from tests.core.store.builders import NOON, a_new_order, noted
from tests.core.store.conftest import open_store
from tests.databases import KINDS

STEP = timedelta(milliseconds=100)
HANGS = 100
"""So many steps a call takes that hangs: the ten seconds of its limit."""
ASKS = 3
"""So many answers an order needs until it is done."""
VENDORS = {"shop": "shopify", "amz": "amazon", "pay": "stripe", "post": "easypost", "mail": "email"}


@dataclass(slots=True)
class Floor:
    """A worker whose vendors answer a step later, or hang, and what it began."""

    hub: Hub
    clock: SteppedClock
    worker: Worker = field(init=False)
    hanging: set[tuple[str, str]] = field(default_factory=set)
    """(merchant, connection)."""
    began: list[tuple[str, str]] = field(default_factory=list)
    """(merchant, subject of a job or id of an order)."""
    steps: int = 0
    asked: list[tuple[int, asyncio.Future[None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        kinds = (
            JobKind(kind="fetch", run=self._fetch),
            JobKind(kind="tracking", run=self._track, background=True, asks=("fetch_tracking",)),
        )
        ask = Step(name="ask", words="its vendor", due=_is_due, run=self._ask_for_order, asks=_calls)
        self.worker = Worker(hub=self.hub, steps={"ask": ask}, jobs={kind.kind: kind for kind in kinds})

    async def answer(self, merchant: str, connection: str, what: str) -> None:
        """Ask a vendor and wait for the answer."""
        self.began.append((merchant, what))
        takes = HANGS if (merchant, connection) in self.hanging else 1
        future = asyncio.get_running_loop().create_future()
        self.asked.append((self.steps + takes, future))
        await future

    async def _fetch(self, hub: Hub, job: Job) -> Reschedule | None:
        await self.answer(job.merchant, job.connection, job.subject)
        if job.merchant == "quiet":
            await hub.store.commit(a_new_order(job.object_id, merchant=job.merchant))
        return None

    async def _track(self, _hub: Hub, job: Job) -> Reschedule | None:
        await self.answer(job.merchant, job.connection, job.subject)
        return None

    async def _ask_for_order(self, run: Run) -> None:
        [call] = _calls(run.view())
        await self.answer(run.merchant, call.connection, run.order_id)
        await run.commit(decided=[noted("an answer")])

    async def step(self, times: int = 1) -> None:
        """Let what is due begin, then let a step pass and the answers of that step come."""
        for _ in range(times):
            await self.worker.tick_jobs()
            await self.worker.tick_orders()
            await self._all_wait()
            self.steps += 1
            self.clock.move_to(self.clock.now() + STEP)
            for at, future in self.asked:
                if at <= self.steps:
                    future.set_result(None)
            self.asked = [(at, future) for at, future in self.asked if at > self.steps]
            await self._all_wait()

    async def _all_wait(self) -> None:
        """Give way to the database until whatever runs waits for a vendor."""
        while len(self.worker.jobs_running) + len(self.worker.orders_running) > len(self.asked):  # noqa: ASYNC110 - the database's threads set no event
            await asyncio.sleep(0.001)

    async def ask_for(self, merchant: str, kind: str, connection: str, names: Sequence[str]) -> None:
        """Have jobs due now."""
        due = [
            NewJob(kind=kind, subject=f"{connection}:{name}", connection=connection, due_at=self.clock.now())
            for name in names
        ]
        await self.hub.store.write(enqueue, merchant, due)

    async def know(self, merchant: str, numbers: Sequence[str]) -> None:
        """Have orders due now; a number begins with the connection that the order asks."""
        await asyncio.gather(
            *(
                self.hub.store.commit(a_new_order(number, merchant=merchant, due_at=self.clock.now()))
                for number in numbers
            )
        )

    async def sell(self, number: str) -> tuple[int, int]:
        """Have the quiet merchant sell one; return the steps until its order is done, and the runs begun before its own."""
        await self.ask_for("quiet", "fetch", "shop", [number])
        since, steps = len(self.began), self.steps
        while True:
            await self.step()
            state = await self.hub.store.load("quiet", f"shop:{number}")
            if state is not None and state.version == 1 + ASKS:
                break
            assert self.steps - steps < 50, "its order is not done"
        return self.steps - steps, self.began[since:].index(("quiet", f"shop:{number}"))

    def recover(self) -> None:
        """Have every vendor answer at the next step."""
        self.hanging, self.asked = set(), [(self.steps + 1, future) for _, future in self.asked]

    def held(self, merchant: str, connection: str) -> tuple[int, int]:
        """Return how many jobs and how many orders wait for a connection."""
        share = ("connection", merchant, connection)
        return self.worker.job_places.held[share], self.hub.places.held[share]

    async def close(self) -> None:
        """Let go of whatever hangs."""
        running = [*self.worker.jobs_running.values(), *self.worker.orders_running.values()]
        for task in running:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in running if task is not None), return_exceptions=True)


def _is_due(view: View) -> datetime | None:
    return view.now if view.state.version <= ASKS else None


def _calls(view: View) -> list[Call]:
    return [Call(view.order.order_id.partition("-")[0], "fetch_order")]


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


@pytest.fixture(params=KINDS)
async def floor(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_store(request.param, tmp_path, batched=True) as store:
        made = opened(store, ["quiet", "hung", "flood"])
        yield made
        await made.close()


def opened(store: Store, merchants: Sequence[str]) -> Floor:
    clock = SteppedClock(NOON)
    plain = connections(world(clock))
    vendors = {name: replace(c, key=VENDORS[name]) for name, c in plain.connectors.items()}
    known = Connections(config=plain.config, ports=plain.ports, connectors=vendors)
    return Floor(Hub(store=store, clock=clock, owner="w1", merchants=dict.fromkeys(merchants, known)), clock)


ALONE = (ASKS + 1, 0)
"""One step to fetch the order, one for each answer; nobody's run before its own."""


@pytest.mark.case("F3")
async def test_an_order_is_done_as_soon_beside_a_vendor_that_hangs_and_a_merchant_that_floods(
    floor: Floor,
) -> None:
    assert await floor.sell("shop-alone") == ALONE
    floor.hanging = {("hung", "shop"), ("hung", "post")}
    await floor.ask_for("hung", "fetch", "shop", names("h", 60))
    await floor.ask_for("hung", "tracking", "post", names("h", 60))
    await floor.know("hung", names("post", 30))
    await floor.ask_for("flood", "fetch", "shop", names("f", 300))
    await floor.know("flood", names("shop", 60))
    await floor.step(3)

    assert await floor.sell("shop-beside") == ALONE
    assert (floor.held("hung", "shop"), floor.held("hung", "post")) == ((6, 0), (6, 8))


@pytest.mark.case("F3")
async def test_of_fifty_merchants_that_flood_none_has_a_second_turn_before_another_s_first(
    tmp_path: Path,
) -> None:
    floods = names("flood", 50)
    async with open_store("postgres", tmp_path, batched=True) as store:
        floor = opened(store, ["quiet", *floods])
        for merchant in floods:
            await floor.ask_for(merchant, "fetch", "shop", names("f", 20))
        await floor.step(2)

        assert await floor.sell("shop-beside") == ALONE
        turns = Counter(merchant for merchant, what in floor.began if what.startswith("shop:f"))
        assert (len(turns), max(turns.values()) - min(turns.values())) == (50, 1)
        await floor.close()


@pytest.mark.case("F3")
async def test_a_vendor_that_hangs_for_everybody_leaves_a_third_of_the_places(tmp_path: Path) -> None:
    others = names("other", 6)
    async with open_store("sqlite", tmp_path, batched=True) as store:
        floor = opened(store, ["quiet", *others])
        for merchant in others:
            floor.hanging.add((merchant, "post"))
            await floor.ask_for(merchant, "fetch", "post", names("p", 20))
            await floor.know(merchant, names("post", 10))
        await floor.step(3)

        assert floor.worker.job_places.held["vendor", "easypost"] == 32
        assert floor.hub.places.held["vendor", "easypost"] == 32
        assert await floor.sell("shop-beside") == ALONE
        await floor.close()


@pytest.mark.case("F3")
async def test_one_connection_that_hangs_does_not_stop_its_merchant_s_other_orders(floor: Floor) -> None:
    floor.hanging = {("quiet", "post")}
    await floor.know("quiet", names("post", 40))
    await floor.step(3)
    assert await floor.sell("shop-beside") == ALONE
    assert floor.held("quiet", "post") == (0, 8)

    # Those without a place let go, stay due, and are not looked at again before one is free.
    runs = len(floor.began)
    waiting = await floor.hub.store.read(first_orders, floor.clock.now(), depth=99)
    assert [(order.waits_for, order.due_at <= floor.clock.now()) for order in waiting] == [
        ("post", True)
    ] * 32
    await floor.step(2)
    assert len(floor.began) == runs
    floor.recover()
    await floor.step(3 * 40 // 8 + 2)
    assert await floor.hub.store.read(first_orders, floor.clock.now(), depth=99) == []


@pytest.mark.case("F3")
async def test_what_a_new_order_needs_comes_before_twelve_thousand_scans_and_both_go_on(floor: Floor) -> None:
    await floor.ask_for("quiet", "tracking", "post", names("t", 12_500))
    await floor.step(2)
    assert len(floor.began) == 2 * 6

    assert await floor.sell("shop-new") == ALONE
    assert len(floor.began) == 6 * 6 + ASKS + 1


@pytest.mark.case("F3")
async def test_however_many_orders_change_the_scans_go_on(tmp_path: Path) -> None:
    floods = names("flood", 12)
    async with open_store("sqlite", tmp_path, batched=True) as store:
        floor = opened(store, ["quiet", *floods])
        await floor.ask_for("quiet", "tracking", "post", ["last"])
        floor.hanging = {(merchant, name) for merchant in floods for name in VENDORS}
        for merchant in floods:
            for connection in VENDORS:
                await floor.ask_for(merchant, "fetch", connection, names("f", 9))
        await floor.step(2)

        assert ("quiet", "post:last") in floor.began
        assert floor.worker.job_places.held["orders",] == 40
        await floor.close()


@pytest.mark.case("F3")
async def test_while_a_vendor_is_paused_its_jobs_are_not_even_claimed(floor: Floor) -> None:
    waiter, now = ("tracking", "post:t-0"), floor.clock.now()
    await floor.ask_for("quiet", "tracking", "post", names("t", 20))
    pause = partial(save_pause, interval=lambda _: timedelta(seconds=5))
    await floor.hub.store.write(pause, "quiet", ("post", "scans"), "no answer", waiter, now=now)
    transactions = floor.hub.store.db.transactions
    await floor.step(3)
    assert (floor.began, floor.hub.store.db.transactions - transactions) == ([], 0)

    floor.clock.move_to(now + timedelta(seconds=6))
    await floor.worker.tick_jobs()
    assert len(floor.worker.jobs_running) == 1
    await floor.step()


@pytest.mark.case("F17")
async def test_while_deliveries_wait_to_be_stored_no_more_is_begun_than_goes_on_at_any_rate(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "deliveries_waiting", 16)
    await floor.ask_for("flood", "fetch", "shop", names("f", 40))
    await floor.know("flood", names("shop", 40))

    await floor.step(5)

    jobs = [what for _, what in floor.began if what.startswith("shop:f-")]
    # Four jobs a step; four orders ask three times in three steps, and four others are at their third question.
    assert (len(jobs), len(floor.began) - len(jobs)) == (5 * 4, 4 * ASKS + 4 * ASKS)
