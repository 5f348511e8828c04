"""Orders of odd shape over real HTTP: none is absent, none oversells, nothing is a fault of ours (R105)."""

import os

import pytest

from tests.connectors.odd_run import run


@pytest.mark.req("R105", "R21")
@pytest.mark.case("C1")
async def test_odd_orders_of_both_channels_are_known_and_never_sold_twice() -> None:
    count = int(os.environ.get("ODD_ORDERS_OVER_HTTP", "60"))

    found = await run(count, seed=1)

    assert found.wrong == []
    assert found.orders == {"shop": count, "amz": count}
    assert found.held_unread["shop"] > count // 10
    assert found.held_unread["amz"] > count // 10
