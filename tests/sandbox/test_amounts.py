"""Amounts that are shared out lose nothing."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.amazon.order_json import money
from sandbox.amounts import split


def test_leftovers_go_to_the_largest_remainders() -> None:
    # 10.25 % of 92.00 is 9.43, of 18.00 it is 1.845: the odd cent is the tongs'.
    assert split(1128, [9200, 1800]) == [943, 185]
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(5, [0, 0]) == [3, 2]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_the_shares_add_up_and_stand_within_one_unit_of_their_weight(amount: int, weights: list[int]) -> None:
    shares = split(amount, weights)

    assert sum(shares) == amount
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert not whole or abs(share * whole - amount * weight) < whole


def test_amounts_are_written_with_the_currencys_own_places() -> None:
    assert money(3869, "USD") == {"amount": "38.69", "currencyCode": "USD"}
    assert money(5, "EUR") == {"amount": "0.05", "currencyCode": "EUR"}
    assert money(-400, "USD") == {"amount": "-4.00", "currencyCode": "USD"}
    assert money(1200, "JPY") == {"amount": "1200", "currencyCode": "JPY"}
    assert money(1234, "KWD") == {"amount": "1.234", "currencyCode": "KWD"}
