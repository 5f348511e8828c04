"""Random orders: everybody's books agree when all is right, and every kind of sabotage is noticed."""

import re

import pytest

from demo.player import Play, play_day
from sandbox.sabotage import KINDS

VENDOR_OF = {
    "order_lost": "shopify",
    "amazon_order_lost": "amazon",
    "capture_lost": "stripe",
    "capture_doubled": "stripe",
    "label_doubled": "easypost",
    "postage_changed": "easypost",
    "tracking_lost": "shopify",
    "amazon_tracking_lost": "amazon",
    "level_lost": "shopify",
    "amazon_level_lost": "amazon",
    "mail_lost": "mail",
    "mail_doubled": "mail",
}


@pytest.mark.req("R01", "R02", "R03", "R06", "R34", "R42", "R72", "S01", "S05", "S13", "S17", "S18", "S20")
async def test_with_every_fault_and_two_kills_everybodys_books_agree() -> None:
    found, _ = await play_day(Play(orders=16, faults="all", kill=2, seed=11, json=True))

    assert [check for check in found["checks"] if not check["ok"]] == []
    assert (found["ok"], found["kills"]) == (True, 2)
    assert found["orders"]["received"] == found["orders"]["placed"] == 16
    assert found["effects"]["doubled"] == 0
    assert [kind for kind, times in found["faults"].items() if times == 0] == []


@pytest.mark.req("R116")
async def test_the_same_seed_comes_out_the_same_however_fast_the_machine_is() -> None:
    one, _ = await play_day(Play(orders=8, seed=2, json=True))
    other, _ = await play_day(Play(orders=8, seed=2, json=True))

    same = ("ok", "orders", "by_channel", "payments", "labels", "listings", "effects", "checks")
    assert one["ok"] is True
    assert {key: one[key] for key in same} == {key: other[key] for key in same}


def test_every_kind_of_sabotage_has_a_vendor_that_is_named() -> None:
    assert set(VENDOR_OF) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(VENDOR_OF))
async def test_sabotage_is_noticed_and_names_what_and_where(kind: str) -> None:
    found, _ = await play_day(Play(orders=12, seed=3, sabotage=kind, json=True))

    wrong = [check for check in found["checks"] if not check["ok"]]
    assert found["ok"] is False
    assert found["sabotage"]["kind"] == kind
    assert any(VENDOR_OF[kind] in check["detail"] or VENDOR_OF[kind] in check["name"] for check in wrong)
    # EasyPost's subject is the reference that the hub gave it, mail's the two headers: the number comes first.
    subject = re.split("[/ ]", str(found["sabotage"]["subject"]))[0]
    assert any(subject in check["detail"] for check in wrong)
