"""Money is whole minor units; unlike amounts do not mix; every ISO currency goes there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.model.money import EXPONENTS, Money, Side, exponent_of


@pytest.mark.req("R28")
@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        ("JPY", 0),
        ("KRW", 0),
        ("VND", 0),
        ("USD", 2),
        ("EUR", 2),
        ("HUF", 2),
        ("KWD", 3),
        ("BHD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("JEP", 2),
        ("KID", 2),
    ],
)
def test_a_currency_has_the_decimals_that_iso_4217_gives_it(currency: str, decimals: int) -> None:
    assert exponent_of(currency) == decimals


@pytest.mark.req("R28")
def test_the_table_holds_every_currency_once() -> None:
    assert len(EXPONENTS) == 168
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)


@pytest.mark.req("R28")
@given(st.sampled_from(sorted(EXPONENTS)), st.integers(-(10**15), 10**15))
def test_every_amount_of_every_currency_survives_writing_and_reading(currency: str, minor: int) -> None:
    amount = Money(minor=minor, currency=currency)

    assert Money.parse(amount.text(), currency) == amount


@pytest.mark.req("R28")
@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("19.99", "USD", 1999),
        ("116.1", "USD", 11610),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("-5", "EUR", -500),
        ("0.00", "USD", 0),
    ],
)
def test_major_units_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency).minor == minor


@pytest.mark.req("R22")
@pytest.mark.parametrize(
    ("text", "currency"),
    [("19.999", "USD"), ("1.5", "JPY"), ("abc", "USD"), ("NaN", "USD"), ("Infinity", "USD"), ("", "USD")],
)
def test_an_amount_that_is_no_whole_number_of_minor_units_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=currency):
        Money.parse(text, currency)


@pytest.mark.req("R22")
def test_a_float_is_no_amount() -> None:
    with pytest.raises(ValidationError):
        Money(minor=19.99, currency="USD")  # type: ignore[arg-type]


@pytest.mark.req("R23")
@pytest.mark.parametrize(
    "other",
    [Money(minor=1, currency="EUR"), Money(minor=1, currency="USD", side=Side.PRESENTMENT)],
)
def test_unlike_amounts_neither_add_nor_compare(other: Money) -> None:
    dollar = Money(minor=1, currency="USD")

    with pytest.raises(ValueError, match="unlike"):
        dollar + other
    with pytest.raises(ValueError, match="unlike"):
        dollar - other
    with pytest.raises(ValueError, match="unlike"):
        _ = dollar < other
    with pytest.raises(ValueError, match="unlike"):
        _ = dollar <= other


@pytest.mark.req("R23")
def test_like_amounts_add_subtract_and_multiply_by_units() -> None:
    price = Money(minor=12900, currency="USD")

    assert price - Money(minor=1290, currency="USD") == Money(minor=11610, currency="USD")
    assert price * 3 == Money(minor=38700, currency="USD")
    assert -price == Money(minor=-12900, currency="USD")
    assert price.zero() == Money(minor=0, currency="USD")


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(ValidationError, match="no ISO 4217 currency"):
        Money(minor=1, currency="XYZ")
