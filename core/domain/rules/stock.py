"""What a SKU's available units tell when they come from one number to another."""

from collections.abc import Iterator

from core.model.triggers import Trigger


def edges(before: int | None, now: int, low: int | None) -> Iterator[Trigger]:
    """Yield what has come to pass since ``before`` was looked at; None: it never was, and nothing has.

    A SKU is low that comes down to its mark or below it, and out at nothing; out without a mark is not low.
    """
    if before is None:
        return
    if low is not None and now <= low < before:
        yield Trigger.STOCK_LOW
    if now <= 0 < before:
        yield Trigger.STOCK_OUT
    if before <= 0 < now:
        yield Trigger.STOCK_BACK
