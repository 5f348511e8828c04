"""A process dies at each place that it passes while a run is retried: it is retried once, and nothing of it is done twice."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.engine.hub import Hub
from core.engine.worker import Worker
from core.errors import RefusedError
from core.failpoints import listening
from core.jobs import JOBS
from core.model.rule_facts import RuleRetried, RuleStepped
from core.steps import STEPS
from simulation.memory import store_in_memory
from tests.builders import MERCHANT, Bench, open_hub_of, review
from tests.core.flow.merchant_runs import runs
from tests.core.flow.play import pass_time, settle
from tests.core.flow.retried import HOUR, asked, facts, failed, out, retry, state_of
from tests.core.store.conftest import books_balance, open_store
from tests.stored import effects_of

pytestmark = [pytest.mark.req("S30", "R42", "R45"), pytest.mark.timeout(600)]


class KilledError(BaseException):
    """The process is gone."""


def killer(at: int, passed: list[str]) -> Callable[[str], None]:
    def passes(name: str) -> None:
        passed.append(name)
        if len(passed) == at:
            raise KilledError

    return passes


def follower(b: Bench) -> Bench:
    b.clock.move_to(b.clock.now() + timedelta(seconds=100))
    hub = Hub(store=b.store, clock=b.clock, owner="w2", merchants=b.hub.merchants)
    return Bench(hub, b.world, b.clock, Worker(steps=STEPS, hub=hub, jobs=JOBS))


async def _retried_and_killed(b: Bench, run_id: str, start: str, at: int) -> list[str]:
    """Retry a run while its process dies at one place; ask again in another process; return what was passed."""
    passed: list[str] = []
    last = b
    with listening(killer(at, passed)):
        for _ in range(2):
            try:
                await _asked_again(last, run_id, start)
                await settle(last)
                break
            except KilledError:
                last = follower(b)
    await pass_time(last, HOUR)
    return passed


async def _asked_again(b: Bench, run_id: str, start: str) -> None:
    try:
        await retry(b, run_id, start)
    except RefusedError as error:
        assert "retried already" in str(error)  # noqa: PT017 - it began before the process died


async def _order_killed(b: Bench, at: int) -> tuple[list[str], list[str]]:
    """Return the places that were passed, and what went wrong."""
    run_id = await failed(b)
    b.world.answers["/second"] = (200, {})
    passed = await _retried_and_killed(b, run_id, "then.2", at)
    again = [fact for fact in await facts(b) if isinstance(fact, RuleRetried)]
    ended = [fact for fact in await facts(b) if isinstance(fact, RuleStepped) and fact.ended]
    found = {"first": asked(b)["POST /first"], "again": len(again), "ended": len(ended)}
    wrong = [str(found)] if found != {"first": 1, "again": 1, "ended": 2} else []
    second, unknown = asked(b).get("POST /second", 0), ended[-1].code == "unknown"
    scored = (await state_of(b)).tags == ("scored",)
    if second > 1 or not (unknown or (second == 1 and scored)):
        wrong.append(f"second {second} times, unknown {unknown}, scored {scored}")
    open_ = [e.key for e in await b.store.read(effects_of, MERCHANT) if e.state == "intent"]
    return passed, wrong + open_


async def _stock_killed(b: Bench, at: int) -> tuple[list[str], list[str]]:
    run_id = await out(b)
    b.world.answers["/first"] = (200, {})
    passed = await _retried_and_killed(b, run_id, "then.1", at)
    first, second = await runs(b)
    mails = [m for m in b.world.mails if m.kind == "rule:out"]
    unknown = second.trace[-1].code == "unknown"
    hooks = asked(b).get("POST /first", 0)
    wrong = [] if first.run.run_id == run_id and second.outcome is not None else ["it did not end"]
    if hooks > 1 or len(mails) > 1 or not (unknown or (hooks == len(mails) == 1)):
        wrong.append(f"asked {hooks} times, mailed {len(mails)} times, unknown {unknown}")
    open_ = [e.key for e in await b.store.read(effects_of, MERCHANT) if e.state == "intent"]
    return passed, wrong + open_


Live = Callable[[Bench, int], Awaitable[tuple[list[str], list[str]]]]


async def _in_memory(live: Live, at: int) -> tuple[list[str], list[str]]:
    store = await store_in_memory()
    b = review(store)
    await open_hub_of(b)
    passed, wrong = await live(b, at)
    await books_balance(store)
    await store.close()
    return passed, wrong


@pytest.mark.parametrize(
    ("live", "place"), [(_order_killed, "runs.retry.order"), (_stock_killed, "runs.retry.merchant")]
)
async def test_killed_at_any_place_a_retry_loses_and_doubles_nothing(live: Live, place: str) -> None:
    passed, wrong = await _in_memory(live, 0)
    assert (wrong, place in passed) == ([], True)

    for at, name in enumerate(passed, 1):
        wrong += [f"{at} {name}: {what}" for what in (await _in_memory(live, at))[1]]

    assert wrong == []


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize(
    ("live", "place"), [(_order_killed, "rule_calls.hook.after"), (_stock_killed, "rules.settle.before")]
)
async def test_killed_on_disk_a_retry_loses_and_doubles_nothing(
    live: Live, place: str, kind: str, tmp_path: Path
) -> None:
    passed, _ = await _in_memory(live, 0)
    async with open_store(kind, tmp_path, batched=True) as store:
        b = review(store)
        await open_hub_of(b)
        killed_at, wrong = await live(b, passed.index(place) + 1)
        await books_balance(store)

    assert (wrong, place in killed_at) == ([], True)
