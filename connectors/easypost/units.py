"""Grams and millimetres as EasyPost wants them: ounces and inches."""

from decimal import ROUND_UP, Decimal

GRAMS_PER_OUNCE = Decimal("28.349523125")  # exactly, by the international definition of the pound
MM_PER_INCH = Decimal("25.4")  # exactly
_STEP = Decimal("0.01")


def ounces(grams: int) -> Decimal:
    """Return the weight in ounces to two decimals, rounded up: never declared lighter than it is, by 0.3 g at most heavier."""
    return (Decimal(grams) / GRAMS_PER_OUNCE).quantize(_STEP, ROUND_UP)


def inches(millimetres: int) -> Decimal:
    """Return the length in inches to two decimals, rounded up: never declared smaller than it is."""
    return (Decimal(millimetres) / MM_PER_INCH).quantize(_STEP, ROUND_UP)
