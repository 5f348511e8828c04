"""Makes what an order is told to have fit together, or says that it does not. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.domain.rules.matching_values import NotFoundOutError
from core.domain.rules.trial_values import STAGE_OF
from core.model.triggers import Trigger

Values = Mapping[str, Any]


def fitting(given: Values, trigger: Trigger) -> Values:
    """Return what is given with a line of as many units as the order is to have.

    Raises:
        NotFoundOutError: values contradict each other; another order may match the same conditions.
    """
    order = given.get("order", {})
    if not order:
        return given
    _see_stage(order, trigger)
    if "skus" in order and "lines" in order:
        order = {**order, "lines": _with_skus(order["lines"], order["skus"])}
    if "units" in order and "lines" in order:
        order = {**order, "lines": _with_units(order["lines"], order["units"])}
    _see_amounts(order)
    _see_items(order)
    return {**given, "order": order}


def _see_stage(order: Values, trigger: Trigger) -> None:
    usual = STAGE_OF.get(trigger)
    if usual is not None and order.get("stage", usual) != usual:
        raise NotFoundOutError


def _with_units(lines: Sequence[Values], units: int) -> Sequence[Values]:
    """Return lines of so many units; those that were told with their units stay."""
    free = next((at for at, line in enumerate(lines) if "qty" not in line), None)
    missing = units - sum(line.get("qty", 1) for line in lines)
    if not missing:
        return lines
    if free is None:
        lines, free, missing = [*lines, {}], len(lines), missing - 1
    if missing + 1 < 1:
        raise NotFoundOutError
    return [{**line, "qty": 1 + missing} if at == free else line for at, line in enumerate(lines)]


def _see_amounts(order: Values) -> None:
    """See that lines do not come to more than the order: then something would have to be taken off."""
    lines = [line for line in order.get("lines", ()) if "price" in line]
    worth = sum(
        Decimal(line["price"]) * line.get("qty", 1) - Decimal(line.get("discount", 0)) for line in lines
    )
    if "total" in order and worth > order["total"]:
        raise NotFoundOutError
    paid = order.get("payment", {}).get("paid")
    if "total" in order and paid is not None and paid < order["total"]:
        raise NotFoundOutError


def _with_skus(lines: Sequence[Values], skus: Sequence[str]) -> list[Values]:
    """Return lines of just these SKUs.

    Raises:
        NotFoundOutError: a line was told with another one.
    """
    missing = [sku for sku in skus if sku not in {line.get("sku") for line in lines}]
    whole: list[Values] = []
    for line in lines:
        sku = line["sku"] if "sku" in line else (missing or list(skus) or [""]).pop(0)
        whole.append({**line, "sku": sku})
    whole += [{"sku": sku} for sku in missing]
    if {line["sku"] for line in whole} != set(skus):
        raise NotFoundOutError
    return whole


def _see_items(order: Values) -> None:
    """See that what the order is made of is told once."""
    if "items" in order and not order.keys().isdisjoint({"lines", "units", "skus", "locations", "weight_g"}):
        raise NotFoundOutError
