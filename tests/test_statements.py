"""No statement without its merchant passes the store's one door (D3, row 16)."""

import pytest

from tests.statements import OF_EVERYBODY, strays, strays_in

ASKED = "def f(conn, merchant):\n    return conn.execute(sa.select(orders).where({}))\n"


def test_every_statement_of_the_product_names_its_merchant() -> None:
    assert strays() == []


@pytest.mark.parametrize(
    "condition",
    [
        "orders.c.merchant == merchant",
        "orders.c.merchant.in_(merchants)",
        "among(conn, (orders.c.merchant, orders.c.order_id), wanted)",
        "among(conn, _KEY, wanted)",
    ],
)
def test_a_condition_on_the_merchant_is_seen(condition: str) -> None:
    assert strays_in(ASKED.format(condition)) == []


@pytest.mark.parametrize(
    "condition",
    [
        "orders.c.order_id == merchant",
        "sa.true()",
        "orders.c.number.in_(merchant)",
        "among(conn, key, wanted)",
    ],
)
def test_a_statement_without_it_is_found(condition: str) -> None:
    assert strays_in(ASKED.format(condition)) == [(1, "f")]


def test_selecting_the_merchant_is_no_condition() -> None:
    code = "def f(conn):\n    return conn.execute(sa.select(orders.c.merchant, orders.c.number))\n"

    assert strays_in(code) == [(1, "f")]


def test_a_statement_at_the_top_of_a_module_is_found() -> None:
    assert strays_in("ALL = sa.select(orders)\n") == [(1, "<module>")]


def test_a_function_that_is_handed_its_condition_by_another_is_held_by_it() -> None:
    code = (
        "def _is(merchant):\n    return orders.c.merchant == merchant\n\n"
        "def f(conn, merchant):\n    return conn.execute(sa.delete(orders).where(_is(merchant)))\n"
    )

    assert strays_in(code) == []


def test_every_exception_gives_its_reason() -> None:
    assert [name for name, why in OF_EVERYBODY.items() if len(why.split()) < 3] == []
