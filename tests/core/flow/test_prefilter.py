"""Which rules never start for an order is told from what its channel told of it; when it is not certain, it is not told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pytest

from core.domain.fold import fold
from core.domain.rules.prefilter import CHECKED, OF_CHANNEL, OF_CHECK, Prefilter
from core.domain.rules.uneventful import is_uneventful
from core.domain.rules.values import order_values
from core.domain.state import OrderState
from core.model.effects import Outcome
from core.model.facts import (
    Changed,
    Fact,
    Held,
    LabelBought,
    Noted,
    Parked,
    PaymentChecked,
    Received,
    Settled,
    UnitsCommitted,
)
from core.model.holds import Hold
from core.model.order import RiskLevel
from core.model.rule_facts import RuleMatched
from core.model.rule_runs import Offered
from core.model.stock import Need
from core.model.triggers import Subject
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time
from tests.core.flow.ruled import read_rules, use
from tests.core.flow.test_replays import RULES, a_day
from tests.core.flow.test_replays import facts as facts_by_number

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

NOW = datetime(2026, 12, 1, tzinfo=UTC)


async def sold(b: Bench, rules: str = "[]") -> list[Fact]:
    """Return the facts of an order of 79.00 to Portland that is labelled."""
    use(b, rules)
    cart = Cart(number="KK-1", lines=(("SKILLET-12", 1, 7900),), ship_to=home(), email="kara@example.test")
    place(b.world, "shop", cart)
    await pass_time(b, timedelta(hours=1))
    told = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    assert any(isinstance(fact, LabelBought) for fact in told)
    return told


def never(b: Bench, facts: Sequence[Fact], *texts: str) -> set[str]:
    """Return what never starts of rules, each with such a trigger and condition."""
    rules = [
        rule
        for text in texts
        for rule in read_rules(f"- {{{text}, then: [{{tag: seen}}]}}").rules.of(Subject.ORDER)
    ]
    return set(Prefilter.of(rules).never(facts, {}, b.clock.now()))


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_called_fixed_is_the_same_wherever_an_order_stands(b: Bench, seed: int) -> None:
    use(b, RULES)
    for number in await a_day(b, seed, 8):
        states = list(accumulate(await facts_by_number(b, number), fold, initial=OrderState()))[1:]
        for state in (*states, *map(odd, states)):
            order = state.order
            assert order is not None
            told = OrderState(order=order, needs=state.needs, payment=state.payment)
            here = order_values(state, order, {}, b.clock.now() + timedelta(days=9))

            assert seen(here, OF_CHANNEL) == seen(
                values_of(told.model_copy(update={"payment": None})), OF_CHANNEL
            )
            assert seen(here, OF_CHECK) == seen(values_of(told), OF_CHECK)
            assert seen(here["payment"], CHECKED) == seen(values_of(told)["payment"], CHECKED)


def values_of(state: OrderState) -> dict[str, Any]:
    assert state.order is not None
    return order_values(state, state.order, {}, NOW)


def seen(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def odd(state: OrderState) -> OrderState:
    """Return a state in which everything is otherwise that a day does not change."""
    risky = {"risk": RiskLevel.HIGH, "risk_score": 99, "disputed": True}
    changes = {
        "payment": None if state.payment is None else state.payment.model_copy(update=risky),
        "before_go_live": True,
        "tags": ("odd",),
        "assignee": "user:odd",
        "held_by_rules": {"odd": "odd"},
        "parked": Parked(at=NOW, step="odd", error="odd", message="odd"),
        "cancelled_at_channel": True,
        "shipped_elsewhere": True,
        "forgotten_at": NOW,
        "backordered": state.needs,
        "parcels": (),
        "offered": Offered(stage="odd", since=NOW),
    }
    return state.model_copy(update=changes)


async def test_a_condition_that_is_false_of_the_order_itself_never_starts_its_rule(b: Bench) -> None:
    facts = await sold(b)

    found = never(
        b,
        facts,
        "id: dear, when: order.verified, if: order.total >= 200",
        "id: cheap, when: order.verified, if: order.total < 200",
        "id: both, when: order.verified, if: \"order.payment.state == 'verified' && order.total >= 200\"",
        "id: either, when: order.verified, if: \"order.payment.state == 'verified' || order.total >= 200\"",
        "id: lines, when: order.verified, if: \"order.lines.exists(l, l.sku == 'CHEF-8')\"",
        'id: holds, when: order.verified, if: "order.lines.exists(l, l.sku in order.holds)"',
        "id: risky, when: order.verified, if: order.risk > 99",
        "id: disputed, when: order.verified, if: order.payment.disputed",
        "id: unpaid, when: order.verified, if: \"order.payment.state != 'verified'\"",
        "id: captured, when: order.verified, if: order.payment.captured",
        "id: of-state, when: order.verified, if: order.tags.size() > 3",
        "id: of-now, when: order.verified, if: \"now < timestamp('2020-01-01T00:00:00Z')\"",
        "id: always, when: order.verified",
        "id: of-event, when: order.tagged, if: event.tag == 'none'",
        "id: wrong, when: order.verified, if: \"order.attributes['gift'] == 'yes'\"",
    )

    assert found == {"dear", "both", "lines", "risky", "disputed"}


async def test_a_rule_about_orders_that_stand_still_is_always_asked(b: Bench) -> None:
    facts = await sold(b)

    assert never(b, facts, "id: still, when: [order.stuck, order.verified], if: order.total >= 200") == set()


async def test_a_rule_with_two_versions_never_starts_only_where_neither_does(b: Bench) -> None:
    facts = await sold(b)

    assert never(
        b,
        facts,
        "id: one, when: order.verified, if: order.total >= 200",
        "id: one, when: order.verified, if: order.total >= 50",
        "id: two, when: order.verified, if: order.total >= 200",
        "id: two, when: order.verified, if: order.tags.size() > 3",
        "id: three, when: order.verified, if: order.total >= 200",
        "id: three, when: order.verified, if: order.total >= 300",
    ) == {"three"}


async def test_what_an_order_is_changed_to_counts_as_well(b: Bench) -> None:
    facts = await sold(b)
    first = next(fact for fact in facts if isinstance(fact, Received))
    changed = Changed(
        at=b.clock.now(), order=first.order.model_copy(update={"method": "Express"}), needs=first.needs
    )
    rule = "id: fast, when: order.changed, if: order.method == 'Express'"

    assert never(b, facts, rule) == {"fast"}
    assert never(b, [*facts, changed], rule) == set()


async def test_what_a_check_of_its_payment_tells_counts_as_well(b: Bench) -> None:
    facts = await sold(b)
    last = [fact for fact in facts if isinstance(fact, PaymentChecked)][-1]
    risky = last.model_copy(update={"risk_score": 100})
    rule = "id: risky, when: order.held, if: order.risk > 99"

    assert never(b, facts, rule) == {"risky"}
    assert never(b, [*facts, risky], rule) == set()


async def test_of_an_order_of_unusual_size_nothing_is_told(b: Bench) -> None:
    facts = await sold(b)
    rule = "id: dear, when: order.verified, if: order.total >= 200"
    needs = tuple(Need(line_id=str(n), sku="CHEF-8", units=1) for n in range(101))
    many = [*facts, *[facts[-1]] * (200 - len(facts))]
    units = UnitsCommitted(at=b.clock.now(), allocations=(), backordered=needs)

    assert never(b, many, rule) == {"dear"}
    assert never(b, [*facts, units], rule) == set()
    assert never(b, [*many, facts[-1]], rule) == set()


async def test_usual_facts_come_to_nothing_where_no_rule_starts(b: Bench) -> None:
    facts = await sold(b)

    assert is_uneventful(facts, b.hub.config(MERCHANT))


async def test_no_replay_is_left_out_where_something_was_held_refused_or_told_by_a_rule(b: Bench) -> None:
    facts, config = (
        await sold(b, "- {id: near, when: order.verified, then: [{tag: near}]}"),
        b.hub.config(MERCHANT),
    )
    now, plain = b.clock.now(), [fact for fact in facts if not fact.actor.startswith("rule:")]
    matched = next(fact for fact in facts if isinstance(fact, RuleMatched))
    noted = Noted(at=now, actor="rule:near", text="near")
    held = Held(at=now, reason=Hold.BACKORDERED, detail="")
    refused = next(fact for fact in facts if isinstance(fact, Settled)).model_copy(
        update={"outcome": Outcome.REFUSED}
    )

    assert is_uneventful(plain, config)
    assert not any(is_uneventful([*plain, fact], config) for fact in (matched, noted, held, refused))


async def test_no_replay_is_left_out_where_the_file_has_no_rate_or_channel_or_wants_to_be_asked(
    b: Bench,
) -> None:
    facts, config = await sold(b), b.hub.config(MERCHANT)
    places = {name: replace(place, labels="ask") for name, place in config.locations.items()}
    others: Sequence[Mapping[str, object]] = (
        {"services": {"*": ("nobody *",)}},
        {"connections": {name: one for name, one in config.connections.items() if name != "shop"}},
        {"locations": places},
    )

    assert [is_uneventful(facts, replace(config, **other)) for other in others] == [False, False, False]  # type: ignore[arg-type]
