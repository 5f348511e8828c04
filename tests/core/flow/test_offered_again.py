"""Orders that are under way are offered to a changed file: what it would not hold goes on, what is new in it begins."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.commit import Committed, OrderCommit
from core.failpoints import listening
from core.model.facts import Released
from core.model.rule_facts import RuleMatched
from core.services.actions import release
from core.services.annotations import add_note
from core.services.offering_again import Offering, Offers, Scope
from core.store.configs import save_config
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.ruled import read_rules, use

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

HOLD = '- {id: dear, when: order.verified, if: order.total >= 100, then: [{hold: "worth {{order.total}}"}]}\n'
HIGHER = HOLD.replace(">= 100", ">= 200")
TAG = "- {id: west, when: order.received, if: order.ship_to.state == 'OR', then: [{tag: west}]}\n"
TELL = "- {id: tell, when: order.held, then: [{notify: {to: ops@example.test, subject: held, text: look}}]}\n"


async def in_force(b: Bench, text: str) -> None:
    """Have the hub run under these rules from now on, and keep what the file says."""
    use(b, text)
    known, found = b.hub.connections(MERCHANT), read_rules(text)
    b.hub.merchants[MERCHANT] = replace(known, config=replace(known.config, text=found.text))
    await b.store.write(save_config, MERCHANT, found.digest, found.text, now=b.hub.clock.now())


async def sold(b: Bench, number: str, price_minor: int, state: tuple[str, str] = ("OR", "97205")) -> None:
    cart = Cart(
        number=number,
        lines=(("CHEF-8", 1, price_minor),),
        ship_to=home(city="Portland", state=state[0], zip=state[1]),
        email="kara@example.test",
    )
    place(b.world, "shop", cart)
    await settle(b)


def offering(b: Bench) -> Offering:
    return Offering(b.hub, MERCHANT, b.hub.config(MERCHANT), "user:kendra")


def result(offers: Offers) -> tuple[list[str], dict[str, list[str]], list[str]]:
    return offers.released, dict(offers.begun), offers.left


async def holds(b: Bench, number: str) -> dict[str, str]:
    state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
    assert state is not None
    return {hold.value: text for hold, text in state.holds.items()}


async def tags(b: Bench, number: str) -> Sequence[str]:
    state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
    assert state is not None
    return state.tags


async def version(b: Bench, number: str) -> int:
    state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
    assert state is not None
    return state.version


async def matched(b: Bench, number: str) -> list[tuple[str, str]]:
    facts = await b.store.read(facts_of, MERCHANT, f"shop:{number.lower()}")
    return [(fact.rule, fact.trigger) for fact in facts if isinstance(fact, RuleMatched)]


async def test_what_the_changed_file_would_not_hold_goes_on_and_what_it_holds_stays(b: Bench) -> None:
    await in_force(b, HOLD)
    await sold(b, "KK-1", 15000)
    await sold(b, "KK-2", 25000)
    assert (await holds(b, "KK-1"), await holds(b, "KK-2")) == (
        {"by_rule": "worth 150.00"},
        {"by_rule": "worth 250.00"},
    )
    await in_force(b, HIGHER)

    planned = await offering(b).planned(Scope.HELD)
    offers = await offering(b).offer(Scope.HELD)
    await settle(b)

    assert result(planned) == result(offers) == (["KK-1"], {"dear": ["KK-2"]}, [])
    assert (await holds(b, "KK-1"), await holds(b, "KK-2")) == ({}, {"by_rule": "worth 250.00"})
    told = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    assert [(fact.actor, fact.reason) for fact in told if isinstance(fact, Released)] == [
        ("user:kendra", "by_rule")
    ]


async def test_what_is_planned_is_not_written(b: Bench) -> None:
    await in_force(b, HOLD)
    await sold(b, "KK-1", 15000)
    await in_force(b, TAG)
    before = await version(b, "KK-1")

    planned = await offering(b).planned(Scope.HELD)

    assert planned.lines == (
        "rules hold no more: 1 order: KK-1",
        "rule west begins for 1 order: KK-1",
    )
    assert (await version(b, "KK-1"), await holds(b, "KK-1")) == (before, {"by_rule": "worth 150.00"})


async def test_what_runs_already_under_the_same_words_does_not_run_again(b: Bench) -> None:
    await in_force(b, HOLD + TELL)
    await sold(b, "KK-1", 15000)
    assert await matched(b, "KK-1") == [("dear", "order.verified"), ("tell", "order.held")]
    await in_force(b, HOLD + TELL + TAG)

    offers = await offering(b).offer(Scope.HELD)
    await settle(b)

    assert result(offers) == ([], {"west": ["KK-1"]}, [])
    assert await tags(b, "KK-1") == ("west",)
    assert await matched(b, "KK-1") == [
        ("dear", "order.verified"),
        ("tell", "order.held"),
        ("west", "order.received"),
    ]
    assert result(await offering(b).offer(Scope.HELD)) == ([], {}, [])


async def test_a_rule_that_says_something_else_begins_again(b: Bench) -> None:
    await in_force(b, HOLD + TAG)
    await sold(b, "KK-1", 15000)
    assert await tags(b, "KK-1") == ("west",)
    await in_force(b, HOLD + TAG.replace("tag: west", "tag: oregon"))

    assert result(await offering(b).offer(Scope.HELD)) == ([], {"west": ["KK-1"]}, [])
    await settle(b)

    assert await tags(b, "KK-1") == ("oregon", "west")


async def test_what_a_person_released_is_not_held_again_by_the_same_rule(b: Bench) -> None:
    await in_force(b, HOLD)
    await sold(b, "KK-1", 15000)
    await release(b.hub, MERCHANT, "shop:kk-1", "by_rule", "user:kendra")
    await settle(b)
    await in_force(b, HOLD + TAG)

    assert result(await offering(b).offer(Scope.OPEN)) == ([], {"west": ["KK-1"]}, [])
    await settle(b)

    assert await holds(b, "KK-1") == {}


async def test_a_run_that_has_not_ended_goes_on_under_its_own_file_and_does_not_begin_twice(b: Bench) -> None:
    waits = "- {id: later, when: order.received, then: [{wait: 2h}, {tag: old}]}\n"
    await in_force(b, HOLD + waits)
    await sold(b, "KK-1", 15000)
    await in_force(b, HOLD + waits.replace("tag: old", "tag: new"))

    assert result(await offering(b).offer(Scope.HELD)) == ([], {}, [])
    await pass_time(b, timedelta(hours=3))

    assert await tags(b, "KK-1") == ("old",)


async def test_an_order_that_has_its_label_is_left_alone(b: Bench) -> None:
    await in_force(b, HOLD)
    await sold(b, "KK-1", 1500)
    await pass_time(b, timedelta(hours=30))
    before = await version(b, "KK-1")
    await in_force(b, HOLD + TAG)

    assert result(await offering(b).offer(Scope.OPEN)) == ([], {}, [])
    assert (await version(b, "KK-1"), await tags(b, "KK-1")) == (before, ())


async def test_who_dies_in_the_middle_has_lost_and_doubled_nothing(b: Bench) -> None:
    await in_force(b, HOLD)
    for number in ("KK-1", "KK-2", "KK-3"):
        await sold(b, number, 15000)
    await in_force(b, HOLD + TAG)

    with listening(_die_the_second_time()), pytest.raises(KilledError):
        await offering(b).offer(Scope.HELD)
    offers = await offering(b).offer(Scope.HELD)
    await settle(b)

    assert len(offers.begun["west"]) == 2
    for number in ("KK-1", "KK-2", "KK-3"):
        assert await matched(b, number) == [("dear", "order.verified"), ("west", "order.received")]


class KilledError(BaseException):
    """Stands for the end of a process."""


def _die_the_second_time() -> Callable[[str], None]:
    passed: list[str] = []

    def listen(place: str) -> None:
        passed.extend([place] if place == "config.again.before" else [])
        if passed.count("config.again.before") == 2:
            raise KilledError

    return listen


async def test_an_order_that_moves_meanwhile_is_left_until_it_rests(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_force(b, HOLD)
    await sold(b, "KK-1", 15000)
    await in_force(b, TAG)
    commit, moved = b.store.commit, [False]

    async def moving(given: OrderCommit) -> Committed:
        if not moved[0]:
            moved[0] = True
            await release(b.hub, MERCHANT, "shop:kk-1", "by_rule", "user:kim")
        return await commit(given)

    monkeypatch.setattr(b.store, "commit", moving)

    assert result(await offering(b).offer(Scope.HELD)) == ([], {}, ["KK-1"])
    await settle(b)
    assert result(await offering(b).offer(Scope.OPEN)) == ([], {"west": ["KK-1"]}, [])
    told = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    assert [fact.actor for fact in told if isinstance(fact, Released)] == ["user:kim"]


async def test_a_hold_that_nobody_can_tell_of_stays(b: Bench) -> None:
    asks = """\
- id: scored
  when: order.verified
  then:
    - id: ask
      http: {via: crm, path: /score, json: {}, take: {score: body.score}}
    - if: steps.ask.score > 50
      hold: "score"
"""
    await in_force(b, HOLD)
    await sold(b, "KK-1", 15000)
    await in_force(b, asks)

    planned = await offering(b).planned(Scope.HELD)

    assert (planned.released, dict(planned.begun)) == ([], {"scored": ["KK-1"]})
    await offering(b).offer(Scope.HELD)
    assert "by_rule" in await holds(b, "KK-1")


READY = (
    "- {id: tell, when: order.ready, then: [{notify: {to: ops@example.test, subject: ready, text: go}}]}\n"
)


async def test_what_comes_of_going_on_begins_once_and_by_itself(b: Bench) -> None:
    await in_force(b, HOLD)
    await sold(b, "KK-1", 15000)
    await in_force(b, READY)

    assert result(await offering(b).offer(Scope.HELD)) == (["KK-1"], {}, [])
    await settle(b)
    await pass_time(b, timedelta(hours=1))

    assert await matched(b, "KK-1") == [("dear", "order.verified"), ("tell", "order.ready")]
    assert len([mail for mail in b.world.mails if "ops@example.test" in mail.to]) == 1


async def test_what_was_told_and_not_offered_yet_is_left_to_come_by_itself(b: Bench) -> None:
    await in_force(b, HOLD)
    await sold(b, "KK-1", 15000)
    await in_force(b, HOLD + "- {id: noted, when: order.noted, then: [{tag: noted}]}\n")
    await add_note(b.hub, MERCHANT, "shop:kk-1", "look", "user:kim")

    offers = await offering(b).offer(Scope.HELD)
    await settle(b)

    assert result(offers) == ([], {}, ["KK-1"])
    assert offers.lines == ("left, since they are moving just now (say it again): 1 order: KK-1",)
    assert await matched(b, "KK-1") == [("dear", "order.verified"), ("noted", "order.noted")]
