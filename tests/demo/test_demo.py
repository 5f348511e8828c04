"""The demonstration itself: it is right when all is right, and it notices every kind of sabotage."""

import re

import pytest

from demo.run import Wish, demonstrate
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


def a_wish(
    *, orders: int = 12, faults: str = "none", kill: int = 0, sabotage: str | None = None, seed: int = 3
) -> Wish:
    return Wish(
        orders=orders,
        seed=seed,
        faults=faults,
        kill=kill,
        sabotage=sabotage,
        rate=240,
        json=True,
        serve=False,
        patience_s=120,
    )


@pytest.mark.req("R01", "R02", "R03", "R06", "R34", "R42", "R72", "S01", "S05", "S13", "S17", "S18", "S20")
async def test_with_every_fault_and_two_kills_everybodys_books_agree() -> None:
    found, _ = await demonstrate(a_wish(orders=16, faults="all", kill=2, seed=11))

    assert [check for check in found["checks"] if not check["ok"]] == []
    assert found["ok"] is True
    assert found["orders"]["received"] == found["orders"]["placed"] == 16
    assert found["effects"]["doubled"] == 0
    assert [kind for kind, times in found["faults"].items() if times == 0] == []


def test_every_kind_of_sabotage_has_a_vendor_that_is_named() -> None:
    assert set(VENDOR_OF) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(VENDOR_OF))
async def test_sabotage_is_noticed_and_names_what_and_where(kind: str) -> None:
    found, _ = await demonstrate(a_wish(sabotage=kind))

    wrong = [check for check in found["checks"] if not check["ok"]]
    assert found["ok"] is False
    assert found["sabotage"]["kind"] == kind
    assert any(VENDOR_OF[kind] in check["detail"] or VENDOR_OF[kind] in check["name"] for check in wrong)
    # EasyPost's subject is the reference that the hub gave it, mail's the two headers: the number comes first.
    subject = re.split("[/ ]", str(found["sabotage"]["subject"]))[0]
    assert any(subject in check["detail"] for check in wrong)
