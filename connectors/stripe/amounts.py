"""Amounts as Stripe counts them: mostly ISO 4217 minor units, with three exceptions of its own."""

from collections.abc import Mapping

from core.model.money import Money, Side, exponent_of

DECIMALS: Mapping[str, int] = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Where Stripe's smallest unit is not that of ISO 4217.

https://docs.stripe.com/currencies#zero-decimal and #special-cases (read 2026-11): krónur and Ugandan shillings have no
decimals and are still sent as hundredths; the ariary is sent whole.
"""


_POWERS = (1, 10, 100, 1_000, 10_000)


def money_of(amount: int, currency: str) -> Money:
    """Return the amount that Stripe tells, in what the shopper paid in.

    Raises:
        ValueError: it has a fraction of a unit that the currency does not have.
    """
    code = currency.upper()
    ours, theirs = _smallest(code)
    minor, rest = divmod(amount * ours, theirs)
    if rest:
        raise ValueError(f"{amount} is no whole amount of {code}")
    return Money(minor=minor, currency=code, side=Side.PRESENTMENT)


def _smallest(code: str) -> tuple[int, int]:
    """Return how many of the smallest units make one: ours, Stripe's."""
    exponent = exponent_of(code)
    return _POWERS[exponent], _POWERS[DECIMALS.get(code, exponent)]
