"""What becomes of failed work, of stale answers, and how far back a channel was asked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.state import Stage
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.retry import MOST_ATTEMPTS, Park, Retry, after_failure
from core.errors import (
    AuthError,
    MappingError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from core.jobs import JOBS
from core.model.order import ChannelState
from core.services.connecting import begin
from core.services.health import health_of
from core.steps.sync import is_news
from core.store.jobs import Job, NewJob, claim_jobs, enqueue
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.stored import jobs_of_kind


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    ("attempts", "wait_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (8, 64.0), (11, 300.0), (MOST_ATTEMPTS - 1, 300.0)]
)
def test_a_vendor_that_did_nothing_is_asked_again_after_twice_as_long_up_to_five_minutes(
    attempts: int, wait_s: float
) -> None:
    assert after_failure(UnavailableError("down", connection="post"), attempts) == Retry(wait_s)
    assert after_failure(OutcomeUnknownError("lost", connection="post"), attempts) == Retry(wait_s)


@pytest.mark.req("R10")
def test_attempts_are_bounded() -> None:
    assert after_failure(UnavailableError("down", connection="post"), MOST_ATTEMPTS) == Park()


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    "error",
    [
        RejectedError("no", connection="shop"),
        MappingError("lines[0].sku", "empty"),
        ValueError("a fault of ours"),
    ],
)
def test_what_no_retry_mends_stops_at_once(error: Exception) -> None:
    assert after_failure(error, 1) == Park()


@pytest.mark.req("R10")
def test_waiting_because_the_vendor_asked_uses_up_no_attempt() -> None:
    asked = RateLimitError("slow down", connection="amz", retry_after_s=7.0)
    dead = AuthError("revoked", connection="amz")

    assert after_failure(asked, 99) == Retry(7.0, counts=False)
    assert after_failure(dead, 99) == Retry(10.0, counts=False)


@pytest.mark.req("R07")
async def test_an_older_answer_is_asked_again_and_an_equal_one_is_no_news(b: Bench) -> None:
    await settle(b)
    place(b.world, "shop", Cart(number="KK-1", lines=(("SKILLET-12", 1, 8597),), ship_to=home()))
    await settle(b)
    state = await b.store.load(MERCHANT, "shop:kk-1")
    assert state is not None
    assert state.order is not None
    known = state.order
    older = known.model_copy(
        update={"updated_at": known.updated_at - timedelta(seconds=1), "method": "Express"}
    )
    same_second = known.model_copy(update={"method": "Express"})

    assert is_news(known, known) is False
    assert is_news(known, same_second) is True
    with pytest.raises(UnavailableError, match="older order"):
        is_news(known, older)


@pytest.mark.req("S07", "S05")
async def test_an_order_that_is_not_paid_gets_no_label_however_long_it_waits(b: Bench) -> None:
    await settle(b)
    shop = b.world.shop("shop")
    order_id = place(b.world, "shop", Cart(number="KK-2", lines=(("SKILLET-12", 1, 8597),), ship_to=home()))
    fetched = shop.orders[order_id]
    unpaid = fetched.order.model_copy(update={"transactions": ()})
    shop.orders[order_id] = fetched.model_copy(update={"order": unpaid})
    await settle(b)
    await pass_time(b, timedelta(hours=3))

    state = await b.store.load(MERCHANT, "shop:kk-2")
    assert state is not None
    assert state.stage is Stage.AWAITING_PAYMENT
    assert state.parcels == ()
    assert [effect for effect in b.world.effects if effect[0].value == "label"] == []


@pytest.mark.req("R25")
async def test_a_connection_says_from_when_on_its_channel_shows_orders(b: Bench) -> None:
    shown = b.clock.now() - timedelta(days=60)
    b.world.shop("shop").shows_since = shown
    await begin(b.hub, MERCHANT, "shop", "https://hub.test")
    await settle(b)
    await begin(b.hub, MERCHANT, "shop", "https://hub.test")

    shop = next(h for h in await health_of(b.hub, MERCHANT) if h.connection == "shop")
    assert shop.orders_since == shown


@pytest.mark.req("R25")
async def test_a_connection_whose_channel_shows_every_order_names_no_instant(b: Bench) -> None:
    await begin(b.hub, MERCHANT, "shop", "https://hub.test")
    await settle(b)

    shop = next(h for h in await health_of(b.hub, MERCHANT) if h.connection == "shop")
    assert shop.orders_since is None


@pytest.mark.req("R25", "R81", "R85")
@pytest.mark.case("C2")
@pytest.mark.parametrize("days", [0, 9, 59, 400])
async def test_every_open_order_is_known_at_go_live_however_old(b: Bench, days: int) -> None:
    skillet = Cart(number="OLD-1", lines=(("SKILLET-12", 2, 7900),), ship_to=home())
    place(b.world, "shop", skillet)
    shop = b.world.shop("shop")
    old = b.clock.now() - timedelta(days=days)
    changed = {"placed_at": old, "updated_at": old}
    kept = shop.orders["old-1"]
    shop.orders["old-1"] = kept.model_copy(update={"order": kept.order.model_copy(update=changed)})
    b.world.notifications.clear()  # it was placed before anybody listened

    await begin(b.hub, MERCHANT, "shop", "https://hub.test")
    await settle(b)

    state = await b.store.load(MERCHANT, "shop:old-1")
    assert state is not None
    assert sum(a.units for a in state.allocations) == 2
    assert b.world.calls["shop", "open_orders"] == 1
    await pass_time(b, timedelta(minutes=11))
    assert b.world.calls["shop", "open_orders"] == 1


@pytest.mark.req("R25")
@pytest.mark.case("C2")
async def test_open_orders_are_listed_page_by_page_and_what_is_over_is_left_out(b: Bench) -> None:
    shop = b.world.shop("shop")
    old = b.clock.now() - timedelta(days=30)
    for number in range(45):
        cart = Cart(number=f"OLD-{number}", lines=(("SOCKS-CHEF", 1, 900),), ship_to=home())
        kept = shop.orders[place(b.world, "shop", cart)]
        state = ChannelState.SHIPPED if number < 5 else ChannelState.OPEN
        told = kept.order.model_copy(update={"placed_at": old, "updated_at": old, "state": state})
        shop.orders[told.order_id] = kept.model_copy(update={"order": told})
    b.world.notifications.clear()

    await begin(b.hub, MERCHANT, "shop", "https://hub.test")
    await settle(b)

    known = [await b.store.load(MERCHANT, f"shop:old-{number}") for number in range(45)]
    assert [state is not None for state in known] == [False] * 5 + [True] * 40
    assert b.world.calls["shop", "open_orders"] == 2


@pytest.mark.req("R10")
@pytest.mark.parametrize("kind", JOBS)
async def test_what_belongs_to_a_connection_is_tried_again_however_it_fails_and_all_else_is_parked(
    b: Bench, kind: str
) -> None:
    async def refuse(_hub: Hub, job: Job) -> Reschedule | None:
        raise RejectedError("no", connection=job.connection)

    now = b.clock.now()
    b.worker.jobs = {**JOBS, kind: replace(JOBS[kind], run=refuse)}
    await b.store.write(enqueue, MERCHANT, [NewJob.of_connection(kind, "shop", now)])
    for claimed in await b.store.write(
        claim_jobs, owner=b.hub.owner, now=now, until=now + timedelta(minutes=3), limit=50, kinds=[kind]
    ):
        await b.worker.run_job(claimed)

    job = next(j for j in await b.store.read(jobs_of_kind, MERCHANT, kind) if j.connection == "shop")
    assert job.error == "shop: no"
    if kind in {"poll", "probe", "push", "subscribe", "receive", "connection", "hour"}:
        assert job.parked_at is None
        assert job.due_at is not None
        assert timedelta(minutes=5) <= job.due_at - now <= timedelta(minutes=7.5)
    else:
        assert (job.parked_at, job.due_at) == (now, None)
