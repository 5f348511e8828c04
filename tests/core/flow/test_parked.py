"""Parked work waits for a person, says at whom it failed, and is tried again, single or in bulk, and once."""

from datetime import timedelta

import pytest

from core.domain.state import Stage
from core.errors import RefusedError
from core.jobs.poll import poll_from
from core.model.facts import LabelBought, Retried
from core.model.failures import Failure
from core.services.notices import open_notices, see
from core.services.parked import ParkedWork, chosen, parked_work, retry_parked, retry_plan
from core.services.waiting import waiting_of
from core.store.inbox import list_deliveries
from core.store.jobs import NewJob, enqueue, list_jobs
from core.store.orders import facts_of
from core.store.parked import ParkedCounts, count_parked
from core.store.rebuild import rebuild
from core.store.tables import orders
from tests.builders import MERCHANT, Bench
from tests.core.flow.parked import parked_fetch, parked_order
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import GRACE

pytestmark = [pytest.mark.case("F1"), pytest.mark.req("R68")]
ORDER, UNKNOWN = "shop:kk-7", "shop:kk-8"


async def test_a_fault_of_our_code_parks_its_order_and_says_that_it_is_ours(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_order(b, monkeypatch)
    work = await parked_work(b.hub, MERCHANT)

    [order] = work.orders
    assert (order.number, order.step, order.message) == ("KK-7", "quote", "ZeroDivisionError")
    assert order.failure is Failure.CODE
    assert (work.jobs, work.deliveries) == ((), ())
    waits = (await waiting_of(b.hub, MERCHANT, [ORDER]))[ORDER]
    assert waits.do == (
        "It is a fault of the hub's code: report it with what the log says. "
        "Once it is mended, press Try again, or: crossdock orders retry."
    )


async def test_everything_that_is_parked_is_tried_again_at_once_and_done_once(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_fetch(b, monkeypatch)
    await parked_order(b, monkeypatch)
    work = await parked_work(b.hub, MERCHANT)
    plan = retry_plan(work)
    assert plan.title == "Try 1 order, 1 job and 1 delivery again"
    assert plan.does == (
        "Sends KK-7 on, each where it failed.",
        "What stands in no order's way any more is done: labels are bought, money captured, channels told.",
        "Runs again: fetch shop:kk-8.",
        "Reads again: order of shop.",
    )

    await retry_parked(b.hub, MERCHANT, work, "person:kim", note="carrier mended")
    await pass_time(b, GRACE)

    assert not await parked_work(b.hub, MERCHANT)
    for order_id in (ORDER, UNKNOWN):
        told = await b.store.read(facts_of, MERCHANT, order_id)
        assert [type(fact) for fact in told].count(LabelBought) == 1
    [retried] = [f for f in await b.store.read(facts_of, MERCHANT, ORDER) if isinstance(f, Retried)]
    assert (retried.actor, retried.note) == ("person:kim", "carrier mended")
    assert {d.state for d in (await b.store.read(list_deliveries, MERCHANT)).items} == {"done"}


async def test_trying_again_twice_at_once_tells_each_order_once(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_order(b, monkeypatch)
    work = await parked_work(b.hub, MERCHANT)
    await retry_parked(b.hub, MERCHANT, work, "person:kim")
    await retry_parked(b.hub, MERCHANT, work, "person:kai")

    told = [f.actor for f in await b.store.read(facts_of, MERCHANT, ORDER) if isinstance(f, Retried)]
    assert told == ["person:kim"]


async def test_one_of_many_is_named_and_the_others_stay_parked(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_order(b, monkeypatch)
    await parked_fetch(b, monkeypatch)
    work = await parked_work(b.hub, MERCHANT)
    await retry_parked(b.hub, MERCHANT, chosen(work, orders=["KK-7"]), "person:kim")
    await settle(b)

    left = await parked_work(b.hub, MERCHANT)
    assert (left.orders, [job.subject for job in left.jobs]) == ((), [UNKNOWN])


@pytest.mark.parametrize(
    "names",
    [{"orders": ["KK-9"]}, {"jobs": [("fetch", "shop:kk-9")]}, {"deliveries": [("shop", "e9")]}],
    ids=str,
)
async def test_what_is_not_parked_is_refused_and_nothing_is_done(
    b: Bench, monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]
) -> None:
    await parked_order(b, monkeypatch)
    work = await parked_work(b.hub, MERCHANT)

    with pytest.raises(RefusedError, match=r"not parked: .*9; nothing was tried again"):
        chosen(work, **names)  # type: ignore[arg-type]
    assert await parked_work(b.hub, MERCHANT) == work


def test_where_nothing_is_parked_the_plan_refuses() -> None:
    assert retry_plan(ParkedWork()).refused == "nothing is parked: nothing is to be tried again"


async def test_a_job_that_is_sent_on_has_all_its_attempts_again(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_fetch(b, monkeypatch)
    await b.store.write(
        lambda conn: conn.exec_driver_sql("UPDATE jobs SET attempts = 14 WHERE kind = 'fetch'")
    )

    await retry_parked(b.hub, MERCHANT, await parked_work(b.hub, MERCHANT), "person:kim")

    [job] = [job for job in await b.store.read(list_jobs, MERCHANT) if job.kind == "fetch"]
    assert (job.parked_at, job.attempts, job.due_at) == (None, 1, b.clock.now())


async def test_a_parked_fetch_is_made_again_by_the_next_look_at_its_channel(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_fetch(b, monkeypatch)
    await pass_time(b, timedelta(days=2))
    assert await b.store.load(MERCHANT, UNKNOWN) is None

    # The channel has nothing new to tell since: the order itself is not in its list of changes.
    poll = NewJob(
        kind="poll",
        subject="shop",
        connection="shop",
        due_at=b.clock.now(),
        data={**poll_from(b.clock.now()), "opened": b.clock.now().isoformat()},
    )
    await b.store.write(enqueue, MERCHANT, [poll])
    await pass_time(b, GRACE)

    state = await b.store.load(MERCHANT, UNKNOWN)
    assert state is not None
    assert state.stage is Stage.SHIPPED
    assert not await parked_work(b.hub, MERCHANT)


async def test_how_much_is_parked_is_counted_and_told_as_long_as_it_is_so(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await b.store.read(count_parked, MERCHANT) == ParkedCounts(
        orders=0, jobs=0, deliveries=0, since=None
    )
    await parked_order(b, monkeypatch)
    [order] = (await parked_work(b.hub, MERCHANT)).orders

    assert await b.store.read(count_parked, MERCHANT) == ParkedCounts(
        orders=1, jobs=0, deliveries=0, since=order.since
    )
    [notice] = await open_notices(b.hub, MERCHANT)
    assert notice.text == "Needs attention: 1 order failed and will not be done before they are tried again"
    assert notice.since == order.since
    with pytest.raises(RefusedError, match="goes away when nothing is parked any more"):
        await see(b.hub, MERCHANT, notice.kind, notice.subject)

    await retry_parked(b.hub, MERCHANT, await parked_work(b.hub, MERCHANT), "person:kim")
    assert await open_notices(b.hub, MERCHANT) == ()


async def test_since_when_an_order_is_parked_is_computed_of_its_facts(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_order(b, monkeypatch)
    await b.store.write(lambda conn: conn.execute(orders.update().values(parked_at=None)))
    assert not (await parked_work(b.hub, MERCHANT)).orders

    assert await b.store.write(rebuild, MERCHANT) == 1
    assert len((await parked_work(b.hub, MERCHANT)).orders) == 1
