"""A plan replays once what two files share: it says exactly what two replays of every order say."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

from core.config.merchant import MerchantConfig
from core.domain.rules.comparing import FilePair
from core.domain.rules.differences import differences, postage
from core.domain.rules.replaying import replay
from core.domain.rules.trace import Trace
from core.model.facts import Fact
from core.services.backtests import Backtest, backtest
from core.services.replays import PlannedOrder, planned, replayed, setting_of, unknown_of
from core.store.orders import facts_of
from tests.builders import MERCHANT, Bench
from tests.core.flow.ruled import ruled, use
from tests.core.flow.test_replays import a_day

T = TypeVar("T", bound="DataclassInstance")

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

ORDERS, FILES = 20, 7
POOL: Mapping[str, Sequence[str]] = {
    "large": (
        "{id: large, when: order.verified, if: order.total >= 200, then: [{hold: 'worth {{order.total}}'}]}",
        "{id: large, when: order.verified, if: order.total >= 300, then: [{hold: 'worth {{order.total}}'}]}",
        "{id: large, when: order.verified, if: order.total >= 200, stop: true, then: [{hold: 'worth {{order.total}}'}]}",
    ),
    "west": (
        "{id: west, when: order.received, if: \"order.ship_to.state in ['OR']\", then: [{tag: west}]}",
        "{id: west, when: order.received, if: \"order.ship_to.state in ['OR', 'CA']\", then: [{tag: west}]}",
        "{id: west, when: order.verified, if: \"order.ship_to.state in ['OR']\", then: [{tag: west}]}",
    ),
    "of-tag": (
        "{id: of-tag, when: order.tagged, if: event.tag == 'west', then: [{note: 'west {{order.stage}}'}]}",
        "{id: of-tag, when: order.tagged, then: [{tag: second}]}",
    ),
    "stop": (
        "{id: stop, when: [order.received, order.verified], if: order.units > 1, stop: true, then: [{tag: several}]}",
        "{id: stop, when: [order.received, order.verified], if: order.units > 1, then: [{tag: several}]}",
    ),
    "tell": (
        "{id: tell, when: [order.labelled, order.held], then: [{notify: {to: ops@example.test, text: hello}}]}",
        "{id: tell, when: order.held, if: event.reason == 'rule', then: [{notify: {to: ops@example.test, text: hello}}]}",
    ),
    "late": (
        "{id: late, when: order.received, then: [{wait: 30m}, {if: \"order.stage == 'on_hold'\", tag: waits}]}",
        "{id: late, when: order.received, then: [{wait: 90m}, {if: order.minutes > 60, tag: waits}]}",
    ),
    "until": (
        "{id: until, when: order.held, then: [{wait: {until: order.ready, for: 5h}, else: [{tag: kept}]}, {tag: ready}]}",
        "{id: until, when: order.held, then: [{wait: {until: order.stuck, for: 6h}, else: [{tag: kept}]}, {tag: stood}]}",
    ),
    "fast": (
        "{id: fast, when: order.ready, if: order.units > 1, then: [{label: {choose: fastest}}]}",
        "{id: fast, when: order.ready, if: order.method == 'Express', then: [{label: {max: 4.00}, else: [{hold: dear}]}]}",
    ),
    "stuck": (
        "{id: stuck, when: order.stuck, then: [{tag: stuck}]}",
        "{id: stuck, when: order.stuck, if: order.total > 500, then: [{tag: stuck}]}",
    ),
    "score": (
        "{id: score, when: order.verified, if: order.total > 240, then: [{id: ask, http: {via: crm, path: /score, take: {score: body.score}}}, {if: steps.ask.score > 50, hold: risky}]}",
    ),
    "cancel": ("{id: cancel, when: order.verified, if: order.total > 480, then: [{cancel: 'too large'}]}",),
    "east": (
        "{id: east, when: order.verified, if: order.ship_to.state == 'TX', then: [{route: {to: [easton]}}]}",
    ),
    "undecided": (
        "{id: undecided, when: order.labelled, if: \"order.attributes['gift'] == 'yes'\", then: [{tag: gift}]}",
    ),
    "standing": ("{id: standing, when: order.received, then: [{label: {choose: fastest}}]}",),
}
"""By id: versions of a rule."""


OF_THE_ORDER = ("large", "west", "stop", "fast", "score", "cancel", "east")
"""Rules whose conditions can be told from the order alone."""


def some_rules(chance: random.Random, names: Sequence[str]) -> list[str]:
    return [chance.choice(POOL[name]) for name in chance.sample(names, chance.randrange(len(names)))]


def altered(chance: random.Random, rules: Sequence[str], names: Sequence[str]) -> list[str]:
    """Another file as people make it: one or two rules come, go, say something else or stand elsewhere."""
    new = list(rules)
    for _ in range(chance.choice((1, 1, 1, 2))):
        name = chance.choice(names)
        kept = [rule for rule in new if not rule.startswith(f"{{id: {name},")]
        at = chance.randint(0, len(kept))
        new = [*kept[:at], chance.choice(POOL[name]), *kept[at:]] if chance.random() < 0.8 else kept
    return new


def text(rules: Sequence[str]) -> str:
    return "".join(f"- {rule}\n" for rule in rules) or "[]"


def with_settings(chance: random.Random, config: MerchantConfig) -> MerchantConfig:
    """Sometimes something else differs too."""
    home = config.locations["reno"]
    places = {**config.locations, "reno": replace(home, labels="ask" if home.labels == "auto" else "auto")}
    others = (
        {"promises": {**config.promises, "Express": 1}},
        {"services": {"Express": ("*Ground*",)}},
        {"stages": {"on_hold": timedelta(hours=2)}},
        {"locations": places},
        {"boxes": config.boxes[:1]},
        {"connections": {name: one for name, one in config.connections.items() if name != "amz"}},
        {"connections": {name: one for name, one in config.connections.items() if name != "shop"}},
    )
    return replace(config, **chance.choice(others)) if chance.random() < 0.3 else config


async def plain(b: Bench, facts: Sequence[Fact], files: FilePair) -> PlannedOrder:
    setting = await setting_of(b.hub, MERCHANT)
    before, after = [
        await replayed(b.hub, MERCHANT, facts, config, setting, outcome_only=True)
        for config in (files.before, files.after)
    ]
    return PlannedOrder(
        differences=differences(before, after),
        not_compared=unknown_of(before, after),
        postage=postage(before, after),
    )


@pytest.fixture
def replays(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Every replay that a plan does."""
    done: list[None] = []

    def counted(*given: Any, **named: Any) -> Trace:
        done.append(None)
        return replay(*given, **named)

    monkeypatch.setattr("core.services.replays.replay", counted)
    return done


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_replayed_once_for_two_files_or_never_is_what_each_replay_says(
    b: Bench, replays: list[None], seed: int
) -> None:
    chance = random.Random(seed)
    names = list(POOL) if seed < 4 else OF_THE_ORDER
    known, rules = b.hub.connections(MERCHANT), some_rules(chance, names)
    use(b, text(rules if seed < 4 else []))
    numbers = await a_day(b, seed, ORDERS)
    stored = [await b.store.read(facts_of, MERCHANT, f"shop:{number.lower()}") for number in numbers]
    in_force = some_rules(chance, names) if chance.random() < 0.3 else rules
    setting, needed = await setting_of(b.hub, MERCHANT), Counter[int]()

    for _ in range(FILES):
        before = ruled(known, b.world, text(in_force)).config
        other = with_settings(chance, ruled(known, b.world, text(altered(chance, in_force, names))).config)
        files = FilePair(before, other)
        for number, facts in zip(numbers, stored, strict=True):
            replays.clear()
            quick = await planned(b.hub, MERCHANT, facts, files, setting)
            needed[len(replays)] += 1

            assert quick == await plain(b, facts, files), (number, before.rules, other.rules)
    assert needed[1] > 20
    assert needed[3] > 5
    assert (needed[0] > 10) is (seed >= 4)


def watched(one: T, seen: set[str]) -> T:
    """Return the same, which notes the fields that are read of it."""
    names = {about.name for about in fields(one)}

    class Watched(type(one)):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            if name in names:
                seen.add(name)
            return super().__getattribute__(name)

    return cast("T", Watched(**{name: getattr(one, name) for name in names}))


@pytest.mark.parametrize("seed", range(2))
async def test_replays_read_nothing_of_a_file_that_is_not_compared(b: Bench, seed: int) -> None:
    every = text([chosen[seed % len(chosen)] for chosen in POOL.values()])
    known, of_file, of_places = b.hub.connections(MERCHANT), set[str](), set[str]()
    use(b, text([]))
    numbers = await a_day(b, seed, ORDERS)
    config = ruled(known, b.world, every).config
    places = {name: watched(place, of_places) for name, place in config.locations.items()}
    file = watched(replace(config, locations=places), of_file)
    setting = await setting_of(b.hub, MERCHANT)
    of_file.clear()
    of_places.clear()

    for number in numbers:
        facts = await b.store.read(facts_of, MERCHANT, f"shop:{number.lower()}")
        await replayed(b.hub, MERCHANT, facts, file, setting, outcome_only=True)

    assert of_file == {"rules", "labels", "stages", "locations", "connections", "promises", "services"}
    assert of_places == {"country", "labels", "timezone", "days", "holidays", "cutoff"}


KEEP = "- {id: keep, when: order.verified, then: [{hold: kept}]}\n"
STUCK = "- {id: stuck, when: order.stuck, then: [{tag: stuck}]}\n"
STANDS = "- {id: stands, when: order.held, then: [{wait: {until: order.stuck, for: 9h}, else: [{tag: none}]}, {tag: stood}]}\n"
RICH = "- {id: rich, when: order.stuck, if: order.total > 9999, then: [{tag: rich}]}\n"


def changed(found: Backtest) -> list[tuple[str, str, bool]]:
    return [(change.kind, change.of, change.comes) for change in found.changes]


async def test_another_limit_of_a_stage_is_replayed_although_no_rule_differs(b: Bench) -> None:
    use(b, KEEP + STUCK)
    await a_day(b, 1, 1)
    other = replace(b.hub.config(MERCHANT), stages={"on_hold": timedelta(hours=9)})

    found = await backtest(b.hub, MERCHANT, other)

    assert changed(found) == [("rule", "stuck", False), ("tag", "stuck", False)]


async def test_a_wait_ends_where_only_another_rule_makes_the_hub_listen_to_what_ends_it(b: Bench) -> None:
    use(b, KEEP + STANDS)
    await a_day(b, 1, 1)

    found = await backtest(
        b.hub, MERCHANT, ruled(b.hub.connections(MERCHANT), b.world, KEEP + STANDS + RICH).config
    )

    assert changed(found) == [("tag", "stood", True)]


async def test_a_file_that_does_not_name_an_order_s_channel_is_replayed_by_itself(b: Bench) -> None:
    use(b, KEEP)
    await a_day(b, 1, 1)
    config = b.hub.config(MERCHANT)
    other = replace(config, connections={n: one for n, one in config.connections.items() if n != "shop"})

    found = await backtest(b.hub, MERCHANT, other)

    assert changed(found) == [("rule", "keep", False), ("hold", "keep", False)]
    assert found.not_compared == {
        "it was held here, and would have gone on: its rates, label and way then": 1,
        "its channel shop, which the file does not name": 1,
    }
