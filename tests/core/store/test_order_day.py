"""What stood around an order when it became known, read from the ledger after other orders and people moved units."""

import pytest

from core.domain.commit import Sealed
from core.store.order_day import AroundOrder, read_around_order
from core.store.stock import count_stock, receive_stock
from core.store.store import Store
from tests.core.store.builders import LATER, NOON, a_commit, a_need, a_new_order, a_reserve

pytestmark = pytest.mark.req("R66")
KENDRA = "kendra"


async def around(store: Store, number: str) -> AroundOrder:
    return await store.read(
        read_around_order,
        KENDRA,
        f"shop:{number}",
        connection="shop",
        listings=[],
        skus=["MUG"],
        received_at=NOON,
    )


async def test_free_is_what_lay_there_when_the_order_came_and_not_what_it_or_later_ones_took(
    store: Store,
) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 10)], actor="person:kim", now=NOON)
    await store.write(count_stock, KENDRA, [("POT", "reno", 9)], actor="person:kim", now=NOON)
    await store.commit(a_new_order("1", reserve=a_reserve(a_need(3))))
    await store.commit(a_new_order("2", reserve=a_reserve(a_need(2))))
    await store.commit(a_new_order("3", reserve=a_reserve(a_need(4))))
    await store.write(receive_stock, KENDRA, [("MUG", "reno", 50)], actor="person:kim", now=LATER)

    first, second, third = [await around(store, number) for number in ("1", "2", "3")]

    assert (first.available, second.available, third.available) == (
        {("MUG", "reno"): 10},
        {("MUG", "reno"): 7},
        {("MUG", "reno"): 5},
    )


async def test_what_came_before_the_order_took_any_is_not_free_when_it_became_known(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 1)], actor="person:kim", now=NOON)
    await store.commit(a_new_order("1"))
    await store.write(receive_stock, KENDRA, [("MUG", "reno", 5)], actor="person:kim", now=LATER)
    await store.commit(a_commit("1", at=LATER, expect=1, reserve=a_reserve(a_need(4))))

    assert (await around(store, "1")).available == {("MUG", "reno"): 1}


async def test_whether_there_is_a_mail_address_is_known_without_the_address(store: Store) -> None:
    sealed = Sealed(personal_json='{"email": "k@example.com"}', search=(("email", "k@example.com"),))
    await store.commit(a_new_order("1", sealed=sealed))
    await store.commit(a_new_order("2"))

    assert [(await around(store, number)).has_mail for number in ("1", "2")] == [True, False]
