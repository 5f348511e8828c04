"""A draft is tried beside the file in force: it does nothing, says what it would have done, and may be put in force."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.config.merchant import MerchantConfig
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.failpoints import listening
from core.model.rule_facts import RuleMatched
from core.services.drafts import begin_draft, promote, shadow_of, stop_draft
from core.services.readiness import readiness_of
from core.services.rules_in_force import put_in_force
from core.store.configs import list_versions, save_config
from core.store.drafts import draft_of
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT as SHOP
from tests.builders import Bench, home, open_hub_of, review
from tests.command import Said, command, in_hub, rows
from tests.core.flow.play import pass_time, settle
from tests.core.flow.ruled import read_rules, ruled
from tests.core.store.conftest import books_balance, open_store
from tests.databases import KINDS
from tests.installed import MERCHANT

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

HOLD = '- {id: dear, when: order.verified, if: order.total >= 100, then: [{hold: "worth {{order.total}}"}]}\n'
MAIL = (
    "- {id: tell, when: order.received, then: [{notify: {to: ops@example.test, subject: new, text: look}}]}\n"
)
LIVE = "- {id: gone, when: order.cancelled, then: [{tag: gone}]}\n"
WEEK = timedelta(days=7)


def draft_file(b: Bench, text: str) -> MerchantConfig:
    """Return the merchant's file with other rules."""
    found = read_rules(text)
    config = ruled(b.hub.connections(SHOP), b.world, text).config
    return replace(config, text=found.text, digest=found.digest)


async def begun(b: Bench, text: str) -> MerchantConfig:
    """Have a hub that serves try a draft beside a file without rules."""
    before, draft = draft_file(b, LIVE), draft_file(b, LIVE + text)
    b.hub.merchants[SHOP] = replace(ruled(b.hub.connections(SHOP), b.world, LIVE), config=before)
    b.hub.read_config = lambda said: next(one for one in (before, draft) if one.text == said)
    await b.store.write(save_config, SHOP, before.digest, before.text, now=b.hub.clock.now())
    await put_in_force(b.hub, SHOP)
    await begin_draft(b.hub, SHOP, draft, WEEK, actor="user:kendra")
    return draft


async def sold(b: Bench, number: str, price_minor: int) -> None:
    cart = Cart(number=number, lines=(("CHEF-8", 1, price_minor),), ship_to=home(), email="kara@example.test")
    place(b.world, "shop", cart)
    await settle(b)


async def runs(b: Bench, number: str) -> list[str]:
    facts = await b.store.read(facts_of, SHOP, f"shop:{number.lower()}")
    return [fact.rule for fact in facts if isinstance(fact, RuleMatched)]


@pytest.fixture(params=KINDS)
async def b(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_store(request.param, tmp_path, batched=True) as store:
        made = review(store)
        await open_hub_of(made)
        yield made
        await books_balance(store)


async def test_a_draft_does_nothing_and_says_what_it_would_have_done_to_the_orders_of_its_time(
    b: Bench,
) -> None:
    await sold(b, "KK-1", 15000)
    await pass_time(b, timedelta(hours=1))
    await begun(b, HOLD + MAIL)
    await sold(b, "KK-2", 15000)
    await sold(b, "KK-3", 1500)
    await pass_time(b, timedelta(hours=30))

    found = (await shadow_of(b.hub, SHOP)).found

    assert (found.orders, found.touched) == (2, 2)
    told = [
        f"{'+' if one.comes else '-'} {one.kind} {one.of}: {' '.join(one.named)}" for one in found.changes
    ]
    assert told == [
        "+ rule dear: KK-2",
        "+ rule tell: KK-3 KK-2",
        "+ hold dear: KK-2",
        "- label Tortoise Ground: KK-2",
        "+ mail tell: KK-3 KK-2",
    ]
    to_us = [mail for mail in b.world.mails if "ops@example.test" in mail.to]
    assert (await runs(b, "KK-2"), await runs(b, "KK-3"), to_us) == ([], [], [])


async def test_what_is_placed_after_its_time_is_not_looked_at(b: Bench) -> None:
    await begun(b, HOLD)
    await pass_time(b, WEEK + timedelta(hours=1))
    await sold(b, "KK-1", 15000)

    assert (await shadow_of(b.hub, SHOP)).found.orders == 0
    (finding,) = [one for one in await readiness_of(b.hub, SHOP) if one.kind == "draft_tried"]
    assert (
        finding.do
        == "crossdock shadow says what it would have done; crossdock promote, or crossdock shadow stop"
    )


async def test_a_draft_that_is_promoted_is_in_force_and_tried_no_more(b: Bench) -> None:
    draft = await begun(b, HOLD)

    version = await promote(b.hub, SHOP, actor="user:kendra")

    assert (version.number, version.digest, version.actor) == (2, draft.digest, "user:kendra")
    with pytest.raises(NotFoundError, match="no draft is tried"):
        await shadow_of(b.hub, SHOP)


async def test_a_draft_that_is_stopped_never_was_in_force(b: Bench) -> None:
    await begun(b, HOLD)

    await stop_draft(b.hub, SHOP)

    assert await b.store.read(draft_of, SHOP) is None
    assert [one.number for one in await b.store.read(list_versions, SHOP, limit=9)] == [1]


class KilledError(BaseException):
    """Stands for the end of a process."""


def die_at(place: str) -> Callable[[str], None]:
    def listen(passed: str) -> None:
        if passed == place:
            raise KilledError

    return listen


async def test_who_dies_between_putting_a_draft_in_force_and_ending_it_says_it_again(b: Bench) -> None:
    await begun(b, HOLD)

    with listening(die_at("config.promote.before")), pytest.raises(KilledError):
        await promote(b.hub, SHOP, actor="user:kendra")
    version = await promote(b.hub, SHOP, actor="user:kendra")

    assert version.number == 2
    assert await b.store.read(draft_of, SHOP) is None


async def test_who_dies_before_a_draft_is_kept_has_changed_nothing(b: Bench) -> None:
    with listening(die_at("config.draft.before")), pytest.raises(KilledError):
        await begun(b, HOLD)

    assert await b.store.read(draft_of, SHOP) is None


async def test_who_dies_before_a_draft_is_stopped_has_changed_nothing(b: Bench) -> None:
    draft = await begun(b, HOLD)

    with listening(die_at("config.undraft.before")), pytest.raises(KilledError):
        await stop_draft(b.hub, SHOP)

    kept = await b.store.read(draft_of, SHOP)
    assert kept is not None
    assert kept.digest == draft.digest


RULES = """
rules:
  - {id: look, when: order.received, then: [{hold: look at it}]}
"""


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


def file() -> Path:
    return Path(os.environ["CROSSDOCK_CONFIG"])


async def served(hub: Hub) -> None:
    await put_in_force(hub, MERCHANT)


def test_a_draft_is_tried_shown_and_promoted_by_commands(said: Said) -> None:
    in_hub(served)
    file().write_text(file().read_text() + RULES)

    code, out, err = said("apply", "--shadow", "7d")
    assert (code, err) == (0, "")
    assert out.startswith("it is tried until ")
    assert out.endswith(
        "; crossdock shadow says what it would have done, crossdock promote puts it in force\n"
    )
    code, out, err = said("shadow")
    assert (code, out.splitlines()[1:], err) == (0, ["0 orders looked at: to 0 something comes or goes"], "")
    assert said("promote", "--yes") == (0, "version 2 is in force, and no draft is tried any more\n", "")
    assert said("shadow") == (
        1,
        "",
        "crossdock: no draft is tried; crossdock apply --shadow 7d tries one\n",
    )


def test_a_draft_is_stopped_by_command(said: Said) -> None:
    in_hub(served)
    file().write_text(file().read_text() + RULES)
    assert said("apply", "--shadow", "2h")[0] == 0

    code, out, err = said("shadow", "stop")

    assert (code, out[:16], err) == (0, "the draft since ", "")
    assert out.endswith(" is tried no more\n")
    assert rows(said, "config")[0]["number"] == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("--shadow", "soon"),
            2,
            "crossdock apply: --shadow: 'soon' is no length of time; write a number and s, m, h or d, as in 15m\n",
        ),
        (("--shadow", "0d"), 2, "crossdock apply: --shadow: '0d' is no time at all\n"),
        (
            ("--shadow", "7d", "--again", "held"),
            2,
            "crossdock apply: --shadow tries a file, and does nothing to orders: say it without --version and --again\n",
        ),
    ],
)
def test_what_cannot_be_tried_is_refused(said: Said, words: tuple[str, ...], code: int, says: str) -> None:
    in_hub(served)

    assert said("apply", *words) == (code, "", says)


def test_what_is_in_force_is_not_tried(said: Said) -> None:
    in_hub(served)

    code, out, err = said("apply", "--shadow", "7d")

    assert (code, out) == (1, "")
    assert err == f"crossdock: {file()} is what is in force; there is nothing to try\n"
