"""Money: whole minor units of an ISO 4217 currency, on the shop's side or the shopper's."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator

from core.model.base import Shape

UNKNOWN_CURRENCY = "XXX"
"""ISO 4217's code where there is no currency: of an amount that could not be read. No vendor's amount is in it."""

# ISO 4217 active codes (list one, 2026) by number of decimals; every code not named in the first three sets and
# named in TWO has two decimals.
_ZERO = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_FOUR = frozenset(["CLF", "UYW"])
_TWO = frozenset(
    [
        "AED",
        "AFN",
        "ALL",
        "AMD",
        "AOA",
        "ARS",
        "AUD",
        "AWG",
        "AZN",
        "BAM",
        "BBD",
        "BDT",
        "BGN",
        "BMD",
        "BND",
        "BOB",
        "BOV",
        "BRL",
        "BSD",
        "BTN",
        "BWP",
        "BYN",
        "BZD",
        "CAD",
        "CDF",
        "CHE",
        "CHF",
        "CHW",
        "CNY",
        "COP",
        "COU",
        "CRC",
        "CUP",
        "CVE",
        "CZK",
        "DKK",
        "DOP",
        "DZD",
        "EGP",
        "ERN",
        "ETB",
        "EUR",
        "FJD",
        "FKP",
        "GBP",
        "GEL",
        "GHS",
        "GIP",
        "GMD",
        "GTQ",
        "GYD",
        "HKD",
        "HNL",
        "HTG",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IRR",
        "JMD",
        "KES",
        "KGS",
        "KHR",
        "KPW",
        "KYD",
        "KZT",
        "LAK",
        "LBP",
        "LKR",
        "LRD",
        "LSL",
        "MAD",
        "MDL",
        "MGA",
        "MKD",
        "MMK",
        "MNT",
        "MOP",
        "MRU",
        "MUR",
        "MVR",
        "MWK",
        "MXN",
        "MXV",
        "MYR",
        "MZN",
        "NAD",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "PAB",
        "PEN",
        "PGK",
        "PHP",
        "PKR",
        "PLN",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "SAR",
        "SBD",
        "SCR",
        "SDG",
        "SEK",
        "SGD",
        "SHP",
        "SLE",
        "SOS",
        "SRD",
        "SSP",
        "STN",
        "SVC",
        "SYP",
        "SZL",
        "THB",
        "TJS",
        "TMT",
        "TOP",
        "TRY",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "USD",
        "USN",
        "UYU",
        "UZS",
        "VED",
        "VES",
        "WST",
        "XAD",
        "XCD",
        "XCG",
        "YER",
        "ZAR",
        "ZMW",
        "ZWG",
    ]
)
# Not in ISO 4217: Jersey's pound and Kiribati's dollar go one to one with GBP and AUD. Of Shopify's 162 codes
# (CurrencyCode of 2026-10, read 2026-11-30) these stay unknown: ANG BYR HRK LTL LVL SLL STD VEF, which ISO 4217 lists as
# withdrawn (list three), XXX, which is none, and USDC, whose decimals Shopify does not state.
_AT_PAR = frozenset(["JEP", "KID"])
EXPONENTS: dict[str, int] = (
    dict.fromkeys(_ZERO, 0)
    | dict.fromkeys(_TWO, 2)
    | dict.fromkeys(_THREE, 3)
    | dict.fromkeys(_FOUR, 4)
    | dict.fromkeys(_AT_PAR, 2)
)
"""Decimals of every ISO 4217 currency that is money, and of two more that shops take."""


MOST_MINOR = 10**15
"""No vendor's amount is larger (minor units); thousands of such still add up in a column of the database."""


_SAFE_DIGITS = 11
"""So many are below ``MOST_MINOR`` in any currency: none has more than four decimals."""


class Side(StrEnum):
    """Whose currency an amount is in."""

    SHOP = "shop"
    PRESENTMENT = "presentment"


def exponent_of(currency: str) -> int:
    """Return the number of decimals of a currency.

    Raises:
        ValueError: no such ISO 4217 currency.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is no ISO 4217 currency") from None


def minor_of(text: str, currency: str) -> int:
    """Return the minor units of an amount written in major ones, as in ``"19.99"``.

    Raises:
        ValueError: not a decimal number, it has more decimals than the currency, or it is larger than what is kept.
    """
    exponent = exponent_of(currency)
    whole, _, decimals = text.partition(".")
    digits = whole + decimals
    # As most vendors write: two whole numbers, which need no decimal arithmetic.
    if len(digits) <= _SAFE_DIGITS and len(decimals) <= exponent and digits.isdecimal() and text.isascii():
        return int(digits + "0" * (exponent - len(decimals)))
    try:
        shifted = Decimal(text).scaleb(exponent)
    except InvalidOperation:
        raise ValueError(f"not a decimal amount of {currency}") from None
    if not shifted.is_finite() or shifted != shifted.to_integral_value():
        raise ValueError(f"more decimals than {currency} has, or not finite")
    if abs(shifted) > MOST_MINOR:
        raise ValueError("larger than any amount that is kept")
    return int(shifted)


class Money(Shape):
    """An amount: 1999 USD is 19.99. Unlike amounts (currency or side) neither add nor compare."""

    minor: int = Field(strict=True)
    currency: str
    side: Side = Side.SHOP

    @field_validator("currency")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != UNKNOWN_CURRENCY:
            exponent_of(value)
        return value

    @classmethod
    def parse(cls, text: str, currency: str, *, side: Side = Side.SHOP) -> Self:
        """Return the amount written in major units, as in ``"19.99"``.

        Raises:
            ValueError: not a decimal number, it has more decimals than the currency, or it is larger than what is kept.
        """
        return cls(minor=minor_of(text, currency), currency=currency, side=side)

    def text(self) -> str:
        """Return the amount in major units with the currency's own decimals, as in ``"19.99"``."""
        return str(
            Decimal(self.minor)
            .scaleb(-exponent_of(self.currency))
            .quantize(Decimal(1).scaleb(-exponent_of(self.currency)))
        )

    @classmethod
    def unknown(cls) -> Self:
        """Return what stands for an amount that could not be read; it neither adds to an amount nor can be written."""
        return cls(minor=0, currency=UNKNOWN_CURRENCY)

    @property
    def known(self) -> bool:
        """Whether it is an amount at all."""
        return self.currency != UNKNOWN_CURRENCY

    def _like(self, other: Self) -> None:
        if self.currency != other.currency or self.side != other.side:
            raise ValueError(
                f"{self.currency} ({self.side}) and {other.currency} ({other.side}) are unlike amounts"
            )

    def _of(self, minor: int) -> Self:
        return type(self)(minor=minor, currency=self.currency, side=self.side)

    def __add__(self, other: Self) -> Self:
        self._like(other)
        return self._of(self.minor + other.minor)

    def __sub__(self, other: Self) -> Self:
        self._like(other)
        return self._of(self.minor - other.minor)

    def __neg__(self) -> Self:
        return self._of(-self.minor)

    def __mul__(self, units: int) -> Self:
        return self._of(self.minor * units)

    def __lt__(self, other: Self) -> bool:
        self._like(other)
        return self.minor < other.minor

    def __le__(self, other: Self) -> bool:
        self._like(other)
        return self.minor <= other.minor

    def with_each(self, others: Iterable[tuple[Self, int]]) -> Self:
        """Return this amount and so many times each of others."""
        minor = self.minor
        for other, times in others:
            self._like(other)
            minor += other.minor * times
        return self._of(minor)

    def zero(self) -> Self:
        """Return nothing, in the same currency and on the same side."""
        return self._of(0)
