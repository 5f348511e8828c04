"""Amounts in minor units, split and written exactly."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sandbox.values import Json

PLACES: Final = {"JPY": 0, "KRW": 0, "CLP": 0, "KWD": 3, "BHD": 3}


def money(minor: int, currency: str) -> Json:
    """An amount as the model writes it."""
    places = PLACES.get(currency, 2)
    return {"amount": f"{Decimal(minor).scaleb(-places):.{places}f}", "currencyCode": currency}


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
