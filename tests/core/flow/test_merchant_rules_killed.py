"""A worker dies at each place that it passes while rules about stock, connections and hours run: nothing is lost or doubled.

What may have been done and cannot be asked for is said to be unknown, and never done again.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.bogus.client import Effect, Fault, Outage
from core.engine.hub import Hub
from core.engine.worker import Worker
from core.failpoints import listening
from core.jobs import JOBS
from core.model.stock import ListingKey
from core.steps import STEPS
from core.store.jobs import list_jobs
from simulation.memory import store_in_memory
from tests.builders import MERCHANT, MONDAY_8, Bench, open_hub_of, review
from tests.core.flow.merchant_runs import count, in_force, runs
from tests.core.flow.play import pass_time, settle
from tests.core.store.conftest import books_balance, open_store
from tests.stored import effects_of

pytestmark = [pytest.mark.req("S30", "R42", "R45"), pytest.mark.timeout(600)]

MINUTE = timedelta(minutes=1)
RULES = """
- id: out
  when: stock.out
  then:
    - set_buffer: {channel: amz, units: 6}
    - notify: {to: ops@example.test, text: "{{stock.sku}} is out"}
      else: [{http: {via: crm, path: /mail-unknown, method: GET}}]
    - wait: 5m
    - http: {via: crm, path: /once, json: {sku: "{{stock.sku}}"}}
      else: [{http: {via: crm, path: /once-unknown, method: GET}}]
    - http: {via: crm, path: /again, idempotent: true}
      retry: {attempts: 9, first: 1s}
- {id: back, when: stock.back, then: [{set_buffer: {channel: amz, units: 1}}]}
- id: watched
  when: connection.lost
  then:
    - wait: {until: connection.back, for: 5h}
    - http: {via: crm, path: /back-again, method: GET}
- {id: hourly, every: 1h, then: [{http: {via: crm, path: /hour, method: GET}}]}
"""
RUNS = {
    ("connection.lost", "shop", "watched"): 1,
    ("schedule", "hourly", "hourly"): 2,
    ("stock.back", "CHEF-8", "back"): 1,
    ("stock.out", "CHEF-8", "out"): 1,
}
"""What each day starts, worked out by hand."""


class KilledError(BaseException):
    """The process is gone: nothing in it hears of that."""


@dataclass(slots=True)
class Death:
    """Ends whoever passes the n-th place."""

    at: int
    passed: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.at:
            raise KilledError


async def day(b: Bench, death: Death) -> Bench:
    """Let the units of a SKU go and come back while a channel is down; who dies is followed by another process."""
    with listening(death):
        for step in (_goes_out, _goes_on, _comes_back, _ends):
            try:
                await step(b)
            except KilledError:
                b = _follower(b)
                await step(b)
    return b


def _follower(b: Bench) -> Bench:
    """The same database and world in another process; the claims of the first have run out."""
    b.clock.move_to(b.clock.now() + timedelta(seconds=100))
    hub = Hub(store=b.store, clock=b.clock, owner="w2", merchants=b.hub.merchants)
    return Bench(hub, b.world, b.clock, Worker(steps=STEPS, hub=hub, jobs=JOBS))


async def _goes_out(b: Bench) -> None:
    if not b.world.outages:
        since = b.clock.now()
        b.world.outages = (
            Outage(connection="shop", since=since, until=since + 7 * MINUTE, how=Fault.BEFORE),
        )
        await count(b, 0)
    await settle(b)


async def _goes_on(b: Bench) -> None:
    await _until(b, 30)


async def _comes_back(b: Bench) -> None:
    if b.world.shop("amz").levels[ListingKey(listing="KK-CHEF8")] == 0:
        await count(b, 9)
    await _until(b, 60)


async def _ends(b: Bench) -> None:
    await _until(b, 135)


async def _until(b: Bench, minutes: int) -> None:
    await pass_time(b, max(timedelta(0), MONDAY_8 + minutes * MINUTE - b.clock.now()))


def until_then(b: Bench, wrong: list[str], *, killed_at: str) -> None:
    """Note what came to pass twice, or not at all although nobody says so."""
    done = Counter({name: n for (kind, name), n in b.world.effects.items() if kind is Effect.HOOK})
    mails = [m for m in b.world.mails if m.kind == "rule:out"]
    for what, times, unknown in (
        ("mail", len(mails), done["GET /mail-unknown"]),
        ("once", done["POST /once"], done["POST /once-unknown"] + done["GET /once-unknown"]),
    ):
        if times > 1 or times + bool(unknown) < 1:
            wrong.append(f"{killed_at}: {what} {times} times, {unknown} unknown")
    wrong += [
        f"{killed_at}: {what} {done[what]} times"
        for what in ("POST /again", "GET /back-again")
        if not 1 <= done[what] <= 2
    ]
    if b.world.shop("amz").levels[ListingKey(listing="KK-CHEF8")] != 8:
        wrong.append(f"{killed_at}: shows {b.world.shop('amz').levels}")


async def books(b: Bench, wrong: list[str], *, killed_at: str) -> None:
    """Note what of the runs, the journal and the jobs is not as it should be at the end of the day."""
    found = await runs(b)
    started = Counter((known.run.trigger, known.subject, known.run.rule) for known in found)
    if started != RUNS:
        wrong.append(f"{killed_at}: {dict(started)}")
    going = [known.run.run_id for known in found if known.outcome is None or known.outcome.value != "done"]
    left = [e.key for e in await b.store.read(effects_of, MERCHANT) if e.state == "intent"]
    jobs = [job.key for job in await b.store.read(list_jobs, MERCHANT) if job.kind == "rule" or job.parked_at]
    if going or left or jobs:
        wrong.append(f"{killed_at}: runs {going}, intents {left}, jobs {jobs}")


async def _lived(b: Bench, death: Death, wrong: list[str]) -> None:
    await open_hub_of(b)
    await settle(b)
    await in_force(b, RULES)
    last = await day(b, death)
    killed_at = f"{death.at} {death.passed[death.at - 1] if 0 < death.at <= len(death.passed) else '-'}"
    until_then(last, wrong, killed_at=killed_at)
    await books(last, wrong, killed_at=killed_at)
    await books_balance(last.store)


async def _in_memory(at: int, wrong: list[str]) -> Death:
    store, death = await store_in_memory(), Death(at)
    await _lived(review(store), death, wrong)
    await store.close()
    return death


async def test_killed_at_any_place_rules_lose_and_double_nothing() -> None:
    wrong: list[str] = []
    quiet = await _in_memory(0, wrong)
    assert wrong == []
    assert {name for name in quiet.passed if name.startswith("rule")} >= PLACES

    for at, name in enumerate(quiet.passed, 1):
        if name.startswith("rule") or (name == "work.job.finish" and at % 4 == 0):
            await _in_memory(at, wrong)

    assert wrong == []


PLACES = {
    "rules.stock.before",
    "rules.connection.before",
    "rules.hour.before",
    "rules.step.before",
    "rules.buffer.before",
    "rules.intend.before",
    "rules.call.before",
    "rules.settle.before",
    "rule_calls.mail.before",
    "rule_calls.hook.before",
    "rule_calls.hook.after",
}
"""Every place of rules that are about no order, but those of files that nobody can read."""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_killed_at_places_of_rules_on_disk_nothing_is_lost_or_doubled(
    kind: str, tmp_path: Path
) -> None:
    wrong: list[str] = []
    quiet = await _in_memory(0, wrong)
    for name in sorted(PLACES):
        folder = tmp_path / name
        folder.mkdir()
        async with open_store(kind, folder, batched=True) as store:
            death = Death(quiet.passed.index(name) + 1)
            await _lived(review(store), death, wrong)
            assert name in death.passed

    assert wrong == []
