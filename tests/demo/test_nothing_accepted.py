"""Over real HTTP: while nothing is accepted, the vendors' own books count no write but the subscriptions."""

from typing import Any

import pytest

from demo import run
from demo.hands import Hands
from tests.demo.test_demo import a_wish

VENDORS = ("shopify", "amazon", "stripe", "easypost")


async def written(hands: Hands) -> tuple[dict[str, Any], int]:
    books = await hands.stand("GET", "/books")
    return {name: books[name]["writes_by_operation"] for name in VENDORS}, len(books["mail"]["messages"])


@pytest.mark.req("R21", "R82", "R85")
async def test_orders_come_and_no_vendor_is_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(hands: Hands) -> None:
        del hands

    monkeypatch.setattr(Hands, "accept", nothing)
    async with run._set(a_wish(orders=12, seed=5)) as stage:
        await run._prepare(stage)
        connected = await written(stage.hands)
        await run._sell(stage)
        await run._rest(stage, within_s=90, virtual_s=1_200)
        in_the_end = await written(stage.hands)
        shown = await stage.hands.api("GET", "/go-live")

    assert in_the_end == connected
    assert in_the_end[1] == 0
    assert (shown["writes_so_far"], shown["accepted"]) == (0, [])
    assert len(shown["open_orders"]) > 0
    assert shown["listings"]["differ"] > 0
    assert shown["listings"]["unread"] == 0
