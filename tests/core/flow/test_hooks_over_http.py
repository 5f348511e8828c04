"""Rules ask the merchant's tool over real HTTP, through the journal: done once, or said to be unknown."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.hooks import CONNECTOR
from core.domain.state import OrderState
from core.model.facts import Fact, Settled
from core.model.rule_facts import RuleStepped
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.connectors.hooks.stand import Stand, standing
from tests.core.flow.play import pass_time
from tests.core.flow.ruled import use

pytestmark = pytest.mark.req("S30")

ASK = """
- id: tell
  when: order.received
  then:
    - http: {via: crm, path: "/orders/{{order.number}}", json: {total: "=order.total"}, take: {ref: body.ref}}
      else: [{tag: "failed-{{error.code}}"}]
    - tag: over
"""
KEY = "shop:kk-1/rule:1:order.received:tell:then.0"


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with standing() as stand:
        yield stand


def under(b: Bench, stand: Stand, rules: str) -> None:
    """Have the hub run under these rules, beside a real connection to the tool, and an order come."""
    use(b, rules)
    known = b.hub.connections(MERCHANT)
    b.hub.merchants[MERCHANT] = replace(
        known,
        ports={**known.ports, "crm": stand.ports},
        connectors={**known.connectors, "crm": CONNECTOR},
    )
    place(
        b.world,
        "shop",
        Cart(number="KK-1", lines=(("SKILLET-12", 1, 7900),), ship_to=home(), email="kara@example.test"),
    )


async def state_of(b: Bench) -> OrderState:
    state = await b.store.load(MERCHANT, "shop:kk-1")
    assert state is not None
    return state


async def steps(b: Bench) -> list[tuple[str, str, str]]:
    facts: list[Fact] = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    return [(f.action, f.outcome.value, f.code) for f in facts if isinstance(f, RuleStepped)]


async def outcomes(b: Bench) -> list[str]:
    facts: list[Fact] = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    return [f.outcome.value for f in facts if isinstance(f, Settled) and f.operation == "call"]


async def test_a_tool_is_asked_once_and_its_answer_kept(b: Bench, stand: Stand) -> None:
    stand.answers("/orders/KK-1", {"status": 201, "json": {"ref": "CRM-7"}})
    under(b, stand, ASK)

    await pass_time(b, timedelta(hours=1))

    [done] = stand.done
    assert (done["method"], done["path"], done["body"]) == ("POST", "/orders/KK-1", {"total": "79.00"})
    assert done["key"] == KEY
    facts = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    kept = [f.result for f in facts if isinstance(f, RuleStepped) and f.action == "http"]
    assert kept == [{"status": 201, "ref": "CRM-7"}]
    assert (await outcomes(b), (await state_of(b)).tags) == (["done"], ("over",))


async def test_a_lost_reply_is_looked_up_and_what_may_have_been_done_is_not_done_again(
    b: Bench, stand: Stand
) -> None:
    stand.fault("reply_dropped")
    under(b, stand, ASK)

    await pass_time(b, timedelta(hours=1))

    assert [done["key"] for done in stand.done] == [KEY]
    assert stand.tool.env.calls["hooks"] == 1
    assert await outcomes(b) == ["unknown"]
    assert (await state_of(b)).tags == ("failed-unknown", "over")


async def test_where_the_rule_says_that_a_repeat_does_no_harm_it_comes_under_the_same_key_and_is_done_once(
    b: Bench, stand: Stand
) -> None:
    stand.answers("/orders/KK-1", {"json": {"ref": "CRM-7"}}, {"json": {"ref": "CRM-8"}})
    stand.fault("reply_dropped")
    under(b, stand, ASK.replace("take:", "idempotent: true, take:"))

    await pass_time(b, timedelta(hours=1))

    assert [done["key"] for done in stand.done] == [KEY]
    assert stand.tool.env.calls["hooks"] == 2
    assert (await outcomes(b), (await state_of(b)).tags) == (["undone", "done"], ("over",))
    facts = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    kept = [f.result for f in facts if isinstance(f, RuleStepped) and f.outcome.value == "done"]
    assert kept[0] == {"status": 200, "ref": "CRM-7"}


async def test_a_refusal_is_the_steps_own_and_the_order_goes_on(b: Bench, stand: Stand) -> None:
    stand.answers("/orders/KK-1", {"status": 404})
    under(b, stand, ASK)

    await pass_time(b, timedelta(hours=1))

    assert (stand.done, stand.tool.env.calls["hooks"]) == ([], 1)
    assert (await outcomes(b), (await state_of(b)).tags) == (["refused"], ("failed-404", "over"))


async def test_a_tool_that_asks_to_wait_is_asked_again_when_it_said_and_no_try_counts(
    b: Bench, stand: Stand
) -> None:
    stand.answers(
        "/orders/KK-1", *[{"status": 429, "headers": {"Retry-After": "600"}}] * 7, {"json": {"ref": "CRM-7"}}
    )
    under(b, stand, ASK)

    await pass_time(b, timedelta(minutes=69))
    assert (stand.done, stand.tool.env.calls["hooks"]) == ([], 7)
    await pass_time(b, timedelta(minutes=2))

    assert [done["path"] for done in stand.done] == ["/orders/KK-1"]
    assert (await steps(b))[:8] == [("http", "waiting", "429")] * 7 + [("http", "done", "")]


async def test_a_merchant_in_test_mode_asks_no_tool(b: Bench, stand: Stand) -> None:
    under(b, stand, ASK)
    known = b.hub.connections(MERCHANT)
    in_test = replace(known.ports["pay"], mode="test")
    b.hub.merchants[MERCHANT] = replace(known, ports={**known.ports, "pay": in_test})

    await pass_time(b, timedelta(hours=1))

    assert (stand.done, stand.tool.env.calls["hooks"]) == ([], 0)
    assert (await steps(b))[0] == ("http", "failed", "refused")
