"""Amounts in minor units: written with their currency's decimals, and split exactly."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

EXPONENTS: Final[dict[str, int]] = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
"""Currencies that do not have two decimals."""


def places(currency: str) -> int:
    """The decimals of a currency's minor unit."""
    return EXPONENTS.get(currency, 2)


def written(minor: int, currency: str, *, least: int = 0) -> str:
    """An amount in major units, with the currency's decimals or at least so many."""
    decimals = places(currency)
    return f"{Decimal(minor).scaleb(-decimals):.{max(decimals, least)}f}"


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
