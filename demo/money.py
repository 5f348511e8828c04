"""Amounts as people read them."""

from typing import Final

_PLACES: Final = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "KWD": 3,
    "BHD": 3,
    "OMR": 3,
    "TND": 3,
    "JOD": 3,
}
"""Currencies whose minor unit is not a hundredth."""


def amount(minor: int | None, currency: str | None) -> str:
    """Return an amount in minor units with its thousands and its places."""
    if minor is None:
        return "-"
    places = _PLACES.get(currency or "", 2)
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(places + 1, "0")
    whole = f"{int(digits[: len(digits) - places]):,}"
    return f"{sign}{whole}.{digits[-places:]}" if places else f"{sign}{whole}"
