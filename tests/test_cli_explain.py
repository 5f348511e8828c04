"""What people read of an order, a rate and a SKU, and of an order under another file."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commands.plan import plan_lines
from core.domain.commit import OrderCommit
from core.engine.hub import Hub
from core.model.facts import PaymentChecked, Quoted
from core.model.money import Money
from core.model.payment import PaymentState
from core.model.shipment import JudgedRate, Parcel, RateReason
from core.services.backtests import Backtest, Change
from tests.command import Said, command, in_hub, rows, with_an_order
from tests.installed import MERCHANT

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R09")]

RULES = """
rules:
  - id: hold-dear
    when: order.received
    if: order.total >= 60
    then: [{hold: {reason: "{{order.number}} is worth {{order.total}}"}}, {tag: dear}]
  - id: ask
    when: order.received
    if: order.ship_to.state == 'NV'
    then: [{tag: near}]
"""


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


@pytest.fixture
def other(tmp_path: Path, said: Said) -> Path:
    """Another file: the one in force, with rules; and an order that it may be compared for."""
    with_an_order(said)
    file = tmp_path / "new.yaml"
    file.write_text(
        Path(os.environ["CROSSDOCK_CONFIG"]).read_text(encoding="utf-8") + RULES, encoding="utf-8"
    )
    return file


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def a_rate(service: str, minor: int, reason: RateReason) -> JudgedRate:
    return JudgedRate(
        carrier="UPS", service=service, rate_id=f"r-{service}", price=usd(minor), arrives=None, reason=reason
    )


def with_rates() -> None:
    """Have the order paid and rated."""

    async def told(hub: Hub) -> None:
        state = await hub.store.load(MERCHANT, "shop:kk-1")
        assert state is not None
        assert state.order is not None
        at = state.order.placed_at + timedelta(minutes=1)
        parcel = Parcel(
            parcel_id="1", location="reno", box="M", lines=(("1", 1),), gross_g=550, size_mm=(1, 2, 3)
        )
        quoted = Quoted(
            at=at, parcel=parcel, shipment_id="s1", chosen="r-Ground", price=usd(790), saved=usd(110),
            arrives=None, promised=None, connection="post",
            rates=(a_rate("Ground", 790, RateReason.CHOSEN), a_rate("Next", 900, RateReason.DEARER)),
        )  # fmt: skip
        paid = PaymentChecked(at=at, state=PaymentState.VERIFIED, of="x", paid=usd(6997))
        commit = OrderCommit(merchant=MERCHANT, order_id="shop:kk-1", at=at, happened=(paid, quoted))
        await hub.store.commit(commit)

    in_hub(told)


def test_an_order_is_explained_with_units_locations_and_what_it_waits_for(said: Said) -> None:
    with_an_order(said)

    code, out, err = said("explain", "KK-1")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "KK-1: Awaiting payment, shop:kk-1"
    assert "held by nothing" in lines
    assert "1 x CHEF-8: lacking" in lines
    assert "asked 1. reno: from NV to OR, 41 apart (squared degrees between middles of states)" in lines
    assert "Kara" not in out


def test_a_rate_that_lost_is_explained_with_its_numbers(said: Said) -> None:
    with_an_order(said)
    with_rates()

    assert rows(said, "explain", "KK-1", "--rate", "ups next")[0]["why"] == (
        "1.10 USD more than UPS Ground 7.90 USD"
    )
    assert rows(said, "explain", "KK-1", "--rate", "r-Ground")[0]["why"] == (
        "the cheapest of 2, 1.10 USD less than the next"
    )
    code, _, err = said("explain", "KK-1", "--rate", "FedEx")
    assert (code, err) == (1, "crossdock: KK-1 has no rate 'FedEx'; it has UPS Ground, UPS Next\n")


def test_a_sku_is_explained_with_the_stock_rule_that_holds_units_back(said: Said) -> None:
    with_an_order(said)
    assert said("stock", "count", "CHEF-8", "reno", "7", "--yes")[0] == 0

    found = rows(said, "explain", "CHEF-8")

    where = next(
        n
        for n, line in enumerate(Path(os.environ["CROSSDOCK_CONFIG"]).read_text().splitlines(), start=1)
        if line.strip() == "default:"
    )
    assert found["available"] == 7
    assert found["buffers"] == [
        {
            "connection": "shop",
            "units": 1,
            "rule": None,
            "pattern": "default",
            "where": f"crossdock.yaml:{where}:3",
        }
    ]
    assert found["listings"][0]["wanted"] == 6
    assert found["listings"][0]["why"] == "CHEF-8: 7 available less 1 of buffer, 1 in one: 6"


def test_what_is_neither_an_order_nor_a_sku_is_refused(said: Said) -> None:
    assert said("explain", "NOTHING") == (1, "", "crossdock: no order and no SKU 'NOTHING'\n")


def test_a_replay_says_what_comes_under_another_file_and_ends_with_2(said: Said, other: Path) -> None:
    code, out, err = said("replay", "KK-1", "--config", str(other))

    assert (code, err) == (2, "")
    assert out.splitlines()[-3:] == [
        "+ rule hold-dear at order.received",
        "+ hold hold-dear: KK-1 is worth 69.97",
        "+ tag dear",
    ]


def test_a_replay_says_which_rules_did_not_match_and_what_they_looked_at(said: Said, other: Path) -> None:
    code, out, _ = said("replay", "KK-1", "--config", str(other), "--json")

    asked = {one["rule"]: one for one in json.loads(out)["trace"]["asked"]}
    assert code == 2
    assert (asked["ask"]["matched"], asked["ask"]["values"]) == (False, {"order.ship_to.state": "OR"})
    assert (asked["hold-dear"]["matched"], asked["hold-dear"]["values"]) == (True, {"order.total": "69.97"})
    assert asked["hold-dear"]["version"] == 1


def test_a_replay_under_the_same_file_differs_in_nothing(said: Said) -> None:
    with_an_order(said)

    code, out, _ = said("replay", "KK-1", "--config", os.environ["CROSSDOCK_CONFIG"])

    assert (code, out.splitlines()[-1]) == (0, "no difference")


def test_a_file_that_is_wrong_is_told_and_ends_with_1(said: Said, other: Path) -> None:
    other.write_text(other.read_text().replace("order.total", "order.totl"))

    code, out, err = said("replay", "KK-1", "--config", str(other))

    assert (code, out) == (1, "")
    assert "new.yaml" in err
    assert "totl" in err


def test_a_plan_names_what_comes_to_which_orders_and_what_else_differs(said: Said, other: Path) -> None:
    other.write_text(
        other.read_text().replace("cutoff: '23:59'", "cutoff: '15:00'").replace("shop: 1\n", "shop: 2\n")
    )

    code, out, err = said("plan", "--config", str(other))

    assert (code, err) == (2, "")
    assert out.splitlines() == [
        "locations.reno.cutoff: 23:59:00 -> 15:00:00",
        "stock.default.buffer.shop: 1 -> 2",
        "1 orders looked at: to 1 something comes or goes",
        "+ 1 matched, hold-dear: KK-1",
        "+ 1 held, hold-dear: KK-1; of these 1 open since",
        "+ 1 tagged, dear: KK-1",
    ]


@pytest.mark.parametrize("kind", ["hold", "route", "label"])
def test_a_plan_tells_of_holds_routes_and_labels_what_came_of_the_orders_since(kind: str) -> None:
    assert plan_lines_of(kind)[1].endswith(", of-it: A-2, A-1; of these 1 delivered, 1 open since")


def test_a_plan_does_not_tell_of_tags_what_came_of_the_orders_since() -> None:
    assert plan_lines_of("tag")[1] == "+ 2 tagged, of-it: A-2, A-1"


def plan_lines_of(kind: str) -> list[str]:
    since = {"delivered": 1, "open": 1}
    change = Change(kind=kind, of="of-it", comes=True, orders=2, named=("A-2", "A-1"), since=since)
    return list(
        plan_lines(Backtest(orders=2, touched=2, changes=(change,), postage={}, file=(), not_compared={}))
    )


def test_a_plan_of_the_same_file_changes_nothing(said: Said) -> None:
    with_an_order(said)

    code, out, _ = said("plan", "--config", os.environ["CROSSDOCK_CONFIG"])

    assert (code, out) == (0, "1 orders looked at: to 0 something comes or goes\n")


def test_a_plan_without_a_file_is_refused(said: Said) -> None:
    assert said("plan") == (2, "", "crossdock plan: name the file that is planned: --config FILE\n")


@pytest.mark.req("R66")
def test_an_order_of_a_connector_that_no_day_knows_is_not_captured_into_a_file(
    said: Said, tmp_path: Path
) -> None:
    with_an_order(said)
    file = tmp_path / "order.yaml"

    code, out, err = said("capture", "KK-1", "--to", str(file))

    assert (code, out) == (1, "")
    assert (
        err
        == "crossdock: no day of shop:kk-1: a day has orders of shopify and amazon, and this one is of bogus\n"
    )
    assert not file.exists()
