"""Amounts in the shop's and the shopper's currency, exact to the minor unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.amounts import places, written


@dataclass(frozen=True)
class Money:
    """Minor units of one currency."""

    amount: int
    currency: str

    def plus(self, other: "Money") -> "Money":
        """The sum; unlike currencies do not add."""
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add")
        return Money(self.amount + other.amount, self.currency)


@dataclass(frozen=True)
class Bag:
    """One amount twice: in the shop's currency and in the one the shopper saw."""

    shop: Money
    presentment: Money

    def plus(self, other: "Bag") -> "Bag":
        """The sum on both sides."""
        return Bag(self.shop.plus(other.shop), self.presentment.plus(other.presentment))

    def minus(self, other: "Bag") -> "Bag":
        """The difference on both sides."""
        return self.plus(other.times(-1))

    def times(self, factor: int) -> "Bag":
        """So many of it."""
        return Bag(
            Money(self.shop.amount * factor, self.shop.currency),
            Money(self.presentment.amount * factor, self.presentment.currency),
        )

    def share(self, part: int, whole: int) -> "Bag":
        """`part` of `whole` of it, to the nearest minor unit."""
        return Bag(
            Money(nearest(self.shop.amount * part, whole), self.shop.currency),
            Money(nearest(self.presentment.amount * part, whole), self.presentment.currency),
        )

    def zero(self) -> "Bag":
        """Nothing, in the same currencies."""
        return self.times(0)


def total(bags: Iterable[Bag], zero: Bag) -> Bag:
    """The sum of all, `zero` if there are none."""
    for bag in bags:
        zero = zero.plus(bag)
    return zero


def nearest(part: int, whole: int) -> int:
    """The quotient, halves away from zero; 0 where the whole is 0."""
    if whole == 0:
        return 0
    return int((Decimal(part) / Decimal(whole)).quantize(Decimal(1), ROUND_HALF_UP))


def plain(money: Money) -> str:
    """As webhooks write it: 116.10."""
    return written(money.amount, money.currency)


def short(money: Money) -> str:
    """As GraphQL writes it: 116.1, 679.0."""
    whole, _, part = plain(money).partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def minor(amount: object, currency: str) -> int | None:
    """Minor units of an amount in major units; None where it is no such amount."""
    try:
        scaled = Decimal(str(amount)).scaleb(places(currency))
    except ArithmeticError:
        return None
    return int(scaled) if scaled.is_finite() and scaled == scaled.to_integral_value() else None
