"""Rules on the way of an order: offered once, run step by step, each step in the commit of what it does."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from connectors.bogus.client import Effect, Fault
from core.domain.commit import OrderCommit
from core.domain.state import OrderState, Stage
from core.engine.answers import Failed
from core.engine.retry import GiveUp, Retry, Verdict, for_order
from core.engine.run import Run
from core.errors import UnavailableError
from core.model.facts import Fact, LabelBought
from core.model.holds import Hold
from core.model.rule_facts import LabelGivenUp, RuleMatched, RuleStepped
from core.services import actions, annotations
from core.store.known import Unsealed
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.ruled import use

pytestmark = pytest.mark.req("S30")

HOUR = timedelta(hours=1)
Make = Callable[[str], Awaitable[Bench]]


@pytest.fixture
async def make(b: Bench) -> Make:
    """Open a hub that runs under rules; whatever a test did, the books must balance."""

    async def opened(text: str) -> Bench:
        use(b, text)
        return b

    return opened


def order(b: Bench, number: str = "KK-1", sku: str = "SKILLET-12", units: int = 1) -> None:
    place(
        b.world,
        "shop",
        Cart(number=number, lines=((sku, units, 7900),), ship_to=home(), email="kara@example.test"),
    )


async def state_of(b: Bench, number: str = "KK-1") -> OrderState:
    state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
    assert state is not None
    return state


async def facts(b: Bench, number: str = "KK-1") -> list[Fact]:
    return await b.store.read(facts_of, MERCHANT, f"shop:{number.lower()}")


def steps(told: list[Fact]) -> list[tuple[str, str, str]]:
    return [(f.rule, f.action, f.outcome.value) for f in told if isinstance(f, RuleStepped)]


HOLD_LARGE = """
- id: hold-large
  when: order.verified
  if: order.total >= 79 && order.ship_to.country == 'US'
  then: [{hold: {reason: "{{order.number}} is worth {{order.total}} {{order.currency}}"}}]
"""


async def test_a_rule_holds_an_order_before_its_label_is_bought(make: Make) -> None:
    b = await make(HOLD_LARGE)
    order(b)

    await pass_time(b, HOUR)

    state, told = await state_of(b), await facts(b)
    assert state.stage is Stage.ON_HOLD
    assert state.holds == {Hold.BY_RULE: "KK-1 is worth 79.00 USD"}
    assert not any(isinstance(fact, LabelBought) for fact in told)
    assert steps(told) == [("hold-large", "hold", "done")]


async def test_a_person_releases_what_a_rule_holds_and_the_rule_does_not_hold_it_again(make: Make) -> None:
    b = await make(HOLD_LARGE)
    order(b)
    await pass_time(b, HOUR)

    await actions.release(b.hub, MERCHANT, "shop:kk-1", "by_rule", "user:u1")
    await pass_time(b, HOUR)

    state = await state_of(b)
    assert (state.stage, state.holds, state.held_by_rules) == (Stage.SHIPPED, {}, {})
    assert len([fact for fact in await facts(b) if isinstance(fact, RuleMatched)]) == 1


async def test_a_rule_with_another_condition_lets_the_order_go(make: Make) -> None:
    b = await make(HOLD_LARGE.replace(">= 79", "> 79"))
    order(b)

    await pass_time(b, HOUR)

    told = await facts(b)
    assert (await state_of(b)).stage is Stage.SHIPPED
    assert not [fact for fact in told if isinstance(fact, RuleMatched | RuleStepped)]


async def test_steps_come_one_after_another_and_one_with_a_condition_may_be_skipped(make: Make) -> None:
    b = await make("""
    - id: sort
      when: order.received
      then:
        - tag: [large, west-coast]
        - if: order.units > 5
          note: many units
        - untag: large
        - note: "{{order.units}} unit for {{order.ship_to.state}}"
    """)
    order(b)

    await settle(b)

    told = await facts(b)
    assert (await state_of(b)).tags == ("west-coast",)
    assert steps(told) == [
        ("sort", "tag", "done"),
        ("sort", "note", "skipped"),
        ("sort", "untag", "done"),
        ("sort", "note", "done"),
    ]
    assert [fact.text for fact in told if fact.kind == "noted"] == ["1 unit for OR"]


async def test_rules_match_from_top_to_bottom_and_one_that_stops_ends_the_list(make: Make) -> None:
    b = await make("""
    - {id: first, when: order.received, then: [{tag: one}]}
    - {id: second, when: order.received, stop: true, then: [{tag: two}]}
    - {id: third, when: order.received, then: [{tag: three}]}
    """)
    order(b)

    await settle(b)

    assert (await state_of(b)).tags == ("one", "two")


async def test_a_rule_waits_and_goes_on_when_its_time_has_come(make: Make) -> None:
    b = await make("""
    - id: later
      when: order.received
      then: [{wait: 2h}, {tag: waited}]
    """)
    order(b)
    await pass_time(b, HOUR)
    assert (await state_of(b)).tags == ()

    await pass_time(b, HOUR + timedelta(minutes=1))

    assert (await state_of(b)).tags == ("waited",)
    assert (await state_of(b)).rule_runs == ()


async def test_a_rule_waits_until_something_is_told(make: Make) -> None:
    b = await make("""
    - id: watch
      when: order.received
      then: [{wait: {until: order.tagged, for: 5h}}, {note: tagged at last}]
    """)
    order(b)
    await pass_time(b, HOUR)

    assert [fact.text for fact in await facts(b) if fact.kind == "noted"] == []
    await annotations.set_tags(b.hub, MERCHANT, "shop:kk-1", ["gift"], "user:u1")
    await settle(b)

    assert [fact.text for fact in await facts(b) if fact.kind == "noted"] == ["tagged at last"]


async def test_what_does_not_come_in_time_is_answered_by_else(make: Make) -> None:
    b = await make("""
    - id: watch
      when: order.received
      then:
        - wait: {until: order.cancelled, for: 3h}
          else: [{tag: "not-{{error.code == 'too_late' ? 'cancelled' : 'known'}}"}]
        - tag: over
    """)
    order(b)

    await pass_time(b, 4 * HOUR)

    assert (await state_of(b)).tags == ("not-cancelled", "over")


async def test_a_mail_goes_out_once_and_the_order_goes_on_meanwhile(make: Make) -> None:
    b = await make("""
    - id: tell
      when: order.verified
      then: [{notify: {to: ops@example.test, subject: "{{order.number}}", text: "{{order.total}} by {{order.channel}}"}}]
    """)
    order(b)

    await pass_time(b, HOUR)

    mails = [(m.to, m.subject, m.text) for m in b.world.mails if m.kind == "rule:tell"]
    assert mails == [("ops@example.test", "KK-1", "79.00 by shop")]
    assert (await state_of(b)).stage is Stage.SHIPPED


async def test_a_mail_that_may_have_gone_out_is_never_sent_twice(make: Make) -> None:
    b = await make("""
    - id: tell
      when: order.received
      then:
        - notify: {to: ops@example.test, text: hello}
          else: [{tag: "mail-{{error.code}}"}]
    """)
    faults = [Fault.REPLY_LOST]
    b.world.faults = lambda operation: faults.pop() if operation == "send" and faults else None
    order(b)

    await pass_time(b, HOUR)

    assert len([m for m in b.world.mails if m.kind == "rule:tell"]) == 1
    assert (await state_of(b)).tags == ("mail-unknown",)


async def test_an_address_is_asked_and_its_answer_used_by_later_steps(make: Make) -> None:
    b = await make("""
    - id: score
      when: order.verified
      then:
        - id: ask
          http: {via: crm, path: /score, json: {number: "{{order.number}}", total: "=order.total"}, take: {score: "body.risk.score"}}
        - if: steps.ask.score > 50
          hold: {reason: "score {{steps.ask.score}}"}
    """)
    b.world.answers["/score"] = (200, {"risk": {"score": 71}})
    order(b)

    await pass_time(b, HOUR)

    assert [(r.path, r.body) for r in b.world.asked.values()] == [
        ("/score", {"number": "KK-1", "total": "79.00"})
    ]
    assert (await state_of(b)).holds == {Hold.BY_RULE: "score 71"}


async def test_an_order_number_adds_no_parameter_to_the_path_that_is_asked(make: Make) -> None:
    b = await make(
        '- {id: ask, when: order.received, then: [{http: {via: crm, path: "/orders/{{order.number}}"}}]}'
    )
    order(b, "KK-1?x=1")

    await pass_time(b, HOUR)

    assert [r.path for r in b.world.asked.values()] == ["/orders/KK-1%3Fx%3D1"]


async def test_a_refusal_is_answered_by_else_and_an_outage_is_tried_again(make: Make) -> None:
    b = await make("""
    - id: ask
      when: order.received
      then:
        - http: {via: crm, path: /no}
          else: [{tag: refused}]
        - http: {via: crm, path: /later}
          retry: {attempts: 3, first: 1m}
        - tag: done
    """)
    b.world.answers["/no"] = (404, {})
    faults = [Fault.BEFORE, Fault.BEFORE, None]
    b.world.faults = lambda operation: faults.pop() if operation == "call" and faults else None
    order(b)

    await pass_time(b, HOUR)

    assert (await state_of(b)).tags == ("done", "refused")


async def test_a_request_that_may_have_been_done_is_repeated_only_where_the_rule_says_it_may(
    make: Make,
) -> None:
    b = await make("""
    - id: ask
      when: order.received
      then:
        - http: {via: crm, path: /once}
          else: [{tag: unknown}]
        - http: {via: crm, path: /again, idempotent: true}
        - tag: done
    """)
    faults = [Fault.REPLY_LOST, Fault.REPLY_LOST]
    b.world.faults = lambda operation: faults.pop() if operation == "call" and faults else None
    order(b)

    await pass_time(b, HOUR)

    done = {name: times for (effect, name), times in b.world.effects.items() if effect is Effect.HOOK}
    assert done == {"POST /once": 1, "POST /again": 1}
    assert b.world.calls["crm", "call"] == 3
    assert (await state_of(b)).tags == ("done", "unknown")


async def test_an_order_leaves_from_where_its_rule_says(make: Make) -> None:
    b = await make("""
    - {id: east, when: order.received, if: "order.skus.exists(s, s == 'SKILLET-12')", then: [{route: easton}]}
    """)
    order(b)

    await pass_time(b, HOUR)

    state = await state_of(b)
    assert [p.quote.parcel.location for p in state.parcels] == ["easton"]
    assert state.stage is Stage.SHIPPED


async def test_a_rule_chooses_the_label_and_waits_for_it(make: Make) -> None:
    b = await make("""
    - id: dear
      when: order.routed
      if: order.total > 50
      then:
        - label: {choose: fastest}
          else: [{tag: no-label}]
        - note: "{{order.parcels[0].carrier}} bought"
    """)
    order(b)

    await pass_time(b, HOUR)

    told = await facts(b)
    bought = next(fact for fact in told if isinstance(fact, LabelBought))
    quoted = (await state_of(b)).parcels[0].quote
    assert quoted.arrives == min(r.arrives for r in quoted.rates if r.arrives)
    assert [fact.text for fact in told if fact.kind == "noted"] == [f"{bought.carrier} bought"]


async def test_a_label_that_no_rate_will_do_for_holds_with_the_words_of_its_else(make: Make) -> None:
    b = await make("""
    - id: cheap
      when: order.routed
      if: order.total > 50
      then:
        - label: {max: 0.01}
          else: [{hold: {reason: "Too dear: {{error.message}}"}}]
    """)
    order(b)

    await pass_time(b, HOUR)

    state = await state_of(b)
    assert list(state.holds) == [Hold.NO_RATE]
    assert state.holds[Hold.NO_RATE].startswith("Too dear: ")


LABEL_RULE = """
- id: ship
  when: order.routed
  then:
    - label: {via: post, choose: cheapest, max: 25.00}
      retry: {attempts: 3, first: 2s, max: 10m}
      else: [{hold: {reason: "No label: {{error.message}}"}}]
"""


async def test_a_label_that_was_asked_for_often_enough_is_asked_for_once_more_when_a_person_says_so(
    make: Make,
) -> None:
    b = await make(LABEL_RULE)
    b.world.paused = {"quote"}
    order(b)
    await settle(b)
    given_up = LabelGivenUp(at=b.clock.now(), step="quote", message="post: no answer")
    commit = OrderCommit(merchant=MERCHANT, order_id="shop:kk-1", at=b.clock.now(), happened=[given_up])
    await b.store.commit(commit)
    await pass_time(b, HOUR)
    assert (await state_of(b)).holds == {Hold.NO_RATE: "No label: post: no answer"}

    b.world.paused = set()
    await actions.release(b.hub, MERCHANT, "shop:kk-1", "no_rate", "user:u1")
    await pass_time(b, HOUR)

    assert (await state_of(b)).stage is Stage.SHIPPED


@pytest.mark.parametrize(
    ("step", "attempts", "counts", "verdict"),
    [
        ("quote", 1, True, Retry(2.0)),
        ("quote", 2, True, Retry(4.0)),
        ("quote", 3, True, GiveUp()),
        ("buy", 3, True, GiveUp()),
        # An outage that serves nobody is waited out: no attempt of this order.
        ("quote", 9, False, Retry(8.0, counts=False)),
        ("capture", 3, True, Retry(2.0)),
    ],
)
async def test_a_rule_says_how_often_a_label_is_asked_for(
    make: Make, step: str, attempts: int, counts: bool, verdict: Verdict
) -> None:
    b = await make(LABEL_RULE)
    order(b)
    await settle(b)
    run = Run(
        hub=b.hub,
        merchant=MERCHANT,
        order_id="shop:kk-1",
        state=await state_of(b),
        attempts=0,
        unsealed=Unsealed(),
    )
    run.step = step

    error = UnavailableError("no answer", connection="post")

    assert for_order(run, error, attempts, Failed(counts=counts, in_a_row=5)) == verdict


async def test_a_condition_that_cannot_be_computed_holds_the_order(make: Make) -> None:
    b = await make("""
    - {id: odd, when: order.verified, if: "order.parcels[3].labelled", then: [{tag: odd}]}
    """)
    order(b)

    await pass_time(b, HOUR)

    state = await state_of(b)
    assert state.tags == ()
    assert state.holds[Hold.BY_RULE].startswith("rule odd could not be decided: ")


async def test_a_stuck_order_is_told_of_once(make: Make) -> None:
    b = await make("""
    - {id: hold, when: order.verified, then: [{hold: wait}]}
    - {id: stuck, when: order.stuck, then: [{note: "{{order.stage}} for {{event.minutes}} min"}]}
    """)
    order(b)

    await pass_time(b, 9 * HOUR)

    assert [fact.text for fact in await facts(b) if fact.kind == "noted"] == ["on_hold for 240 min"]


async def test_an_order_is_cancelled_and_refunded_by_a_rule(make: Make) -> None:
    b = await make("""
    - {id: no, when: order.held, if: event.reason == 'by_rule', then: [{wait: 1h}, {cancel: nobody released it}]}
    - {id: hold, when: order.verified, then: [{hold: wait}]}
    """)
    order(b)

    await pass_time(b, 2 * HOUR)

    assert (await state_of(b)).stage is Stage.CANCELLED


@pytest.mark.req("R09")
async def test_a_run_that_has_begun_ends_under_the_file_that_it_began_with(make: Make) -> None:
    b = await make("- {id: r, when: order.received, then: [{wait: 2h}, {tag: old}]}")
    order(b)
    await pass_time(b, HOUR)
    old = b.hub.config(MERCHANT).rules
    b.hub.older_rules[MERCHANT, old.digest] = old

    use(b, "- {id: r, when: order.received, then: [{wait: 2h}, {tag: new}]}", digest="new")
    order(b, "KK-2")
    await pass_time(b, 3 * HOUR)

    assert (await state_of(b)).tags == ("old",)
    assert (await state_of(b, "KK-2")).tags == ("new",)


@pytest.mark.req("R08")
async def test_what_was_offered_to_one_file_is_not_offered_to_the_next(make: Make) -> None:
    b = await make("[]")
    order(b)
    await pass_time(b, HOUR)

    use(
        b,
        "- {id: r, when: [order.received, order.verified, order.shipped, parcel.told], then: [{tag: late}]}",
        digest="new",
    )
    await annotations.set_tags(b.hub, MERCHANT, "shop:kk-1", ["gift"], "user:u1")
    await pass_time(b, HOUR)

    assert (await state_of(b)).tags == ("gift",)


async def test_the_last_step_may_be_a_label_whose_else_is_done_where_none_is_bought(make: Make) -> None:
    b = await make("""
    - id: cheap
      when: order.routed
      if: order.total > 50
      then:
        - label: {max: 0.01}
          else: [{note: "{{error.code}}"}, {tag: no-label}]
    """)
    order(b)

    await pass_time(b, HOUR)

    state = await state_of(b)
    assert (state.tags, list(state.holds)) == (("no-label",), [Hold.NO_RATE])
