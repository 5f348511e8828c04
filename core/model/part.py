"""An order that cannot be read whole is known all the same: its id, its instants and what was sold (R105)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

from pydantic import ValidationError

from core.errors import MappingError
from core.model.address import Absence, Absent
from core.model.money import Money
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


def called(fetched: FetchedOrder, order_id: str, field: str) -> FetchedOrder:
    """Return an order that was asked for by its id; one that is told under another id is not what was asked for.

    Raises:
        MappingError: it is.
    """
    if fetched.order.order_id != order_id:
        raise MappingError(field, "another id than the one that was asked for")
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
            line_id=line["line_id"] or f"line-{number}",
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
        for number, line in enumerate(lines, start=1)
    )


def _open_units(line: Mapping[str, Any]) -> int:
    """Return the units still to ship: all of them, where the channel's word on it cannot be read."""
    if not line["ships"]:
        return 0
    units: int = line["quantity"] if line["open_quantity"] is None else line["open_quantity"]
    return units


def instant_or_never(text: object) -> datetime:
    """Return the instant that a list tells of an order; the beginning of time where it cannot be read.

    What is not known yet is fetched either way, and one odd order never hides the others of its page.
    """
    never = datetime.min.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else never
    except ValueError:
        return never
    return found if found.tzinfo is not None else never
