"""Random orders: everybody's books agree when all is right, and every kind of sabotage is noticed."""

import pytest

from demo.player import Play, play_day
from sandbox.sabotage import KINDS
from tests.demo.sabotaged import VENDOR_OF, overlooked

HERE = [
    "amazon_level_lost",
    "amazon_tracking_lost",
    "capture_doubled",
    "label_doubled",
    "mail_lost",
    "order_lost",
]
"""One of each thing that is compared; `make soak ARGS=sabotage` plays every kind."""


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


@pytest.mark.parametrize("kind", HERE)
async def test_sabotage_is_noticed_and_names_what_and_where(kind: str) -> None:
    assert await overlooked(kind) == []
