"""Replays: stored facts under the same rules come to what the hub did, and under others to what it would have done."""

import random
from datetime import timedelta

import pytest

from commands.plan import plan_lines
from core.domain.state import OrderState
from core.model.facts import Fact
from core.model.rule_facts import HeldByRule, RuleMatched
from core.services.backtests import Postage, backtest
from core.services.replays import compare_order, replay_order
from core.store.orders import facts_of
from simulation.memory import store_in_memory
from simulation.shoppers import Cart, cancel, place
from tests.builders import MERCHANT, Bench, home, open_hub_of, review
from tests.core.flow.play import pass_time, settle
from tests.core.flow.ruled import ruled, use

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

HOUR = timedelta(hours=1)
SKUS = (("SKILLET-12", 7900), ("CHEF-8", 9000), ("SOCKS-CHEF", 1500), ("DUTCH-6", 24900), ("BOARD-WAL", 6500))
RULES = """
- id: hold-large
  when: order.verified
  if: order.total >= 200
  then: [{hold: {reason: "{{order.number}} is worth {{order.total}}"}}]
- id: tag-west
  when: order.received
  if: order.ship_to.state in ['OR', 'CA']
  then: [{tag: west}]
- id: tell
  when: [order.labelled, order.held]
  then: [{notify: {to: ops@example.test, subject: "{{event.trigger}} {{order.number}}", text: hello}}]
- id: late
  when: order.received
  then: [{wait: 30m}, {if: "order.stage == 'on_hold'", tag: waits}, {if: "order.parcels.exists(p, p.labelled)", tag: bought}]
- id: fast
  when: order.ready
  if: order.units > 1
  then: [{label: {choose: fastest}}]
- id: of-tag
  when: order.tagged
  if: event.tag == 'west'
  then: [{note: "west: {{order.stage}}"}]
- id: stuck
  when: order.stuck
  then: [{tag: stuck}]
"""


def order(b: Bench, chance: random.Random, number: str) -> None:
    sku, price = chance.choice(SKUS)
    state = chance.choice((("Portland", "OR", "97205"), ("Austin", "TX", "78701"), ("Fresno", "CA", "93650")))
    place(
        b.world,
        "shop",
        Cart(
            number=number,
            lines=((sku, chance.choice((1, 1, 2)), price),),
            ship_to=home(city=state[0], state=state[1], zip=state[2]),
            email="kara@example.test",
            method=chance.choice(("Standard", "Standard", "Express")),
        ),
    )


async def facts(b: Bench, number: str) -> list[Fact]:
    return await b.store.read(facts_of, MERCHANT, f"shop:{number.lower()}")


async def state_of(b: Bench, number: str) -> OrderState:
    state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
    assert state is not None
    return state


async def a_day(b: Bench, seed: int, orders: int) -> list[str]:
    """Play random orders; some are cancelled, and people release some of what is held."""
    chance = random.Random(seed)
    numbers = [f"R-{seed}-{n}" for n in range(orders)]
    for number in numbers:
        order(b, chance, number)
        await pass_time(b, timedelta(minutes=chance.choice((0, 3, 40))))
        if chance.random() < 0.1:
            cancel(b.world, "shop", number.lower())
            await settle(b)
    await pass_time(b, 6 * HOUR)
    return numbers


@pytest.mark.parametrize("seed", range(4))
async def test_under_the_same_rules_a_replay_matches_what_the_hub_matched(b: Bench, seed: int) -> None:
    use(b, RULES)
    for number in await a_day(b, seed, 12):
        told, state = await facts(b, number), await state_of(b, number)
        ran = [(fact.rule, fact.trigger) for fact in told if isinstance(fact, RuleMatched)]

        trace = await replay_order(b.hub, MERCHANT, f"shop:{number.lower()}")

        assert [(rule, trigger) for rule, trigger, _ in trace.matched] == ran
        assert trace.state.tags == state.tags
        assert trace.state.holds == state.holds
        assert trace.not_compared == ()


OLD = """
- id: tag-west
  when: order.received
  if: order.ship_to.state == 'OR'
  then: [{tag: west}]
- id: cheap-note
  when: order.labelled
  then: [{notify: {to: ops@example.test, text: "{{order.number}} is labelled"}}]
"""


@pytest.mark.timeout(900)  # two hubs play a thousand orders
async def test_what_a_replay_says_of_other_rules_is_what_the_hub_then_does(b: Bench) -> None:
    use(b, OLD)
    numbers = await a_day(b, 11, 1000)
    other = await another_hub()
    use(other, RULES)
    await a_day(other, 11, 1000)
    config = ruled(b.hub.connections(MERCHANT), b.world, RULES).config
    matched = 0

    for number in numbers:
        after = (await compare_order(b.hub, MERCHANT, f"shop:{number.lower()}", config)).after
        state, told = await state_of(other, number), await facts(other, number)
        ran = [(fact.rule, fact.trigger) for fact in told if isinstance(fact, RuleMatched)]

        assert [(rule, trigger) for rule, trigger, _ in after.matched] == ran, number
        assert (after.state.tags, after.state.holds) == (state.tags, state.holds), number
        assert labels(after.state) == labels(state), number
        assert after.not_compared == (), number
        matched += len(ran)
    assert matched > 2000
    planned = await backtest(b.hub, MERCHANT, config, orders=1000)
    states = {number: await state_of(other, number) for number in numbers}
    named = {(c.kind, c.of): set(c.named) for c in planned.changes if c.comes}
    held = {n for n in numbers if any(isinstance(fact, HeldByRule) for fact in await facts(other, n))}
    assert (planned.orders, planned.not_compared, len(held) > 100) == (1000, {}, True)
    assert named["hold", "hold-large"] == held
    for tag in ("waits", "bought", "stuck"):
        assert named["tag", tag] == {number for number, state in states.items() if tag in state.tags}
    mailed = {mail.subject_id for mail in other.world.mails if mail.kind == "rule:tell"}
    assert named["mail", "tell"] == mailed
    assert all(sum(change.since.values()) == change.orders == len(change.named) for change in planned.changes)
    assert {change.of for change in planned.changes if change.kind == "mail" and not change.comes} == {
        "cheap-note"
    }
    await other.store.close()


def labels(state: OrderState) -> list[tuple[str, str, int]]:
    return [(p.label.carrier, p.label.service, p.label.price.minor) for p in state.parcels if p.label]


async def another_hub() -> Bench:
    other = review(await store_in_memory())
    await open_hub_of(other)
    return other


FASTEST = "- {id: fast, when: order.received, then: [{label: {choose: fastest}}]}\n"


async def test_a_plan_says_what_the_labels_would_cost_more(b: Bench) -> None:
    use(b, "- {id: gone, when: order.cancelled, then: [{tag: gone}]}\n")
    for number in ("KK-1", "KK-2"):
        place(
            b.world,
            "shop",
            Cart(number=number, lines=(("CHEF-8", 1, 9000),), ship_to=home(), email="kara@example.test"),
        )
    await pass_time(b, 30 * HOUR)
    known = b.hub.connections(MERCHANT)

    found = await backtest(b.hub, MERCHANT, ruled(known, b.world, FASTEST).config)

    assert list(plan_lines(found)) == [
        "label.choose: cheapest -> fastest",
        "2 orders looked at: to 2 something comes or goes",
        "+ 2 labelled, Hare Swift: KK-2, KK-1; of these 2 shipped since",
        "- 2 labelled no more, Tortoise Ground: KK-2, KK-1; of these 2 shipped since",
        "postage of 2 orders: 14.00 USD -> 31.40 USD, +17.40",
    ]
    assert found.postage == {"USD": Postage(orders=2, before_minor=1400, after_minor=3140)}
