"""An order that cannot be read whole is known all the same: its id, its instants and what was sold (R105)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

from pydantic import ValidationError

from core.errors import MappingError
from core.model.address import Absence, Absent
from core.model.base import NO_YEARS
from core.model.money import MOST_MINOR, Money
from core.model.order import (
    ChannelState,
    FetchedOrder,
    FulfilledBy,
    Order,
    OrderLine,
    Personal,
    TaxMode,
    Unreadable,
)

VERSION = version("crossdock")
"""The hub's own version."""
NOT_AS_DOCUMENTED: Final = (
    MappingError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What reading raises of a payload of another shape than its vendor documents."""
_AMOUNTS = (
    "shipping",
    "shipping_discount",
    "shipping_tax",
    "duties",
    "tips",
    "rounding",
    "total",
    "total_presentment",
    "marketplace_tax",
)


def part_of_order(
    values: Mapping[str, Any], *, connection: str, order_id: str, now: datetime, error: Exception
) -> FetchedOrder:
    """Return the order of which only ``values`` could be read; ``error`` says what the rest failed at.

    Where the channel's instants cannot be read, it is taken to be placed, or changed, ``now``.
    """
    field, reason = _fault(error)
    order = Order(
        connection=connection,
        order_id=order_id,
        number=values["number"] or order_id,
        placed_at=values["placed_at"] or now,
        updated_at=values["updated_at"] or now,
        state=ChannelState(values["state"]),
        fulfilled_by=FulfilledBy(values["fulfilled_by"]),
        tax_mode=TaxMode.EXCLUDED,
        lines=_lines(values["lines"]),
        ship_to=Absent(why=Absence.UNREAD),
        unreadable=Unreadable(field=field, reason=reason, version=VERSION),
        **dict.fromkeys(_AMOUNTS, Money.unknown()),
    )
    return FetchedOrder(order=order, personal=Personal())


def checked(fetched: FetchedOrder, order_id: str, field: str) -> FetchedOrder:
    """Return an order that was asked for by its id, if it is that one and can be kept.

    Raises:
        MappingError: it is told under another id, has two lines of one id, or a total that no column holds.
    """
    order = fetched.order
    if order.order_id != order_id:
        raise MappingError(field, "another id than the one that was asked for")
    if len({line.line_id for line in order.lines}) < len(order.lines):
        raise MappingError("lines", "two of them have one id")
    if max(abs(order.total.minor), abs(order.total_presentment.minor)) > MOST_MINOR:
        raise MappingError("total", "larger than any amount that is kept")
    return fetched


def _fault(error: Exception) -> tuple[str, str]:
    """Return where in the payload and why, without any value of it."""
    if isinstance(error, MappingError):
        return error.path, error.reason
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return ".".join(str(step) for step in first["loc"]) or "order", first["type"]
    return "order", f"does not fit together ({type(error).__name__})"


def _lines(lines: Sequence[Mapping[str, Any]]) -> tuple[OrderLine, ...]:
    unknown = Money.unknown()
    return tuple(
        OrderLine(
            line_id=line_id,
            listing=line["listing"],
            sku=line["sku"],
            title=line["title"],
            quantity=line["quantity"],
            open_quantity=_open_units(line),
            unit_price=unknown,
            discount=unknown,
            tax=unknown,
            ships=line["ships"],
        )
        for line_id, line in zip(_line_ids(lines), lines, strict=True)
    )


def _line_ids(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return an id for each line: its own, or its place where it has none, or one that a line before it has."""
    found: list[str] = []
    for number, line in enumerate(lines, start=1):
        line_id = line["line_id"] or f"line-{number}"
        found.append(line_id if line_id not in found else f"{line_id}/line-{number}")
    return found


def _open_units(line: Mapping[str, Any]) -> int:
    """Return the units still to ship: all of them, where the channel's word on it cannot be read."""
    if not line["ships"]:
        return 0
    units: int = line["quantity"] if line["open_quantity"] is None else line["open_quantity"]
    return units


NEVER: Final = datetime.min.replace(tzinfo=UTC)
"""In a list of orders: the instant cannot be read."""


def instant_or_never(text: object) -> datetime:
    """Return the instant that a list tells of an order; the beginning of time where it cannot be read.

    It is fetched either way, for nobody can tell whether it changed, and never hides the others of its page.
    """
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else NEVER
    except ValueError:
        return NEVER
    return found if found.tzinfo is not None and found.year not in NO_YEARS else NEVER
