"""Amounts in minor units, split and written exactly."""

from collections.abc import Sequence
from decimal import Decimal

from sandbox.currencies import places
from sandbox.values import Json


def money(minor: int, currency: str) -> Json:
    """An amount as the model writes it."""
    decimals = places(currency)
    return {"amount": f"{Decimal(minor).scaleb(-decimals):.{decimals}f}", "currencyCode": currency}


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Share an amount by weight, to the last minor unit; leftovers go to the largest remainders, the first on a tie."""
    if not sum(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    shares = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(amount * weights[at] % whole), at))
    for at in by_remainder[: amount - sum(shares)]:
        shares[at] += 1
    return shares
