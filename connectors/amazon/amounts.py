"""An Amazon order's money: proceeds by category become lines, shipping, tips and tax that add up to the total.

Amazon gives each item's proceeds as ITEM, SHIPPING, GIFT_WRAP, COD_FEE, OTHER, TAX and DISCOUNT, and splits TAX and
DISCOUNT once more by what they are on (model of Orders 2026-01-01, ItemProceeds).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import MappingError
from core.model.money import Money
from core.model.order import OrderLine, TaxMode

EXTRAS: Mapping[str, str] = {
    "GIFT_WRAP": "Gift wrap",
    "COD_FEE": "Cash on delivery fee",
    "OTHER": "Other charges",
}
"""Charges of an item that are neither goods nor shipping: each becomes a line of its own that ships nothing."""
KNOWN = frozenset({"ITEM", "SHIPPING", "TAX", "DISCOUNT", *EXTRAS})
COLLECTED = "MARKETPLACE_FACILITATOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMoney:
    """What one item brought, by category; discounts are positive."""

    goods: Money
    discount: Money
    tax: Money
    shipping: Money
    shipping_discount: Money
    shipping_tax: Money
    extras: tuple[tuple[str, Money, Money], ...]
    """(category, amount, tax on it)."""
    collected: Money
    """Of all the item's tax, what Amazon collects and remits."""


def item_money(item: Mapping[str, Any], zero: Money) -> ItemMoney:
    """Return an item's proceeds by category; without proceeds, the price of its units."""
    parts: Sequence[Mapping[str, Any]] = item["proceeds"]
    for part in parts:
        if part["kind"] not in KNOWN:
            raise MappingError(f"orderItems[{item['line_id']}].proceeds", f"no category {part['kind']!r}")
    if not parts and item["price"] is not None:
        parts = [{"kind": "ITEM", "amount": item["price"] * item["ordered"], "details": []}]
    tax, discount = _sum(parts, "TAX", zero), _positive(_sum(parts, "DISCOUNT", zero))
    on_shipping = _detail(parts, "TAX", "SHIPPING", zero)
    off_shipping = _positive(_detail(parts, "DISCOUNT", "SHIPPING", zero))
    extras = tuple(
        (kind, _sum(parts, kind, zero), _detail(parts, "TAX", kind, zero))
        for kind in EXTRAS
        if any(part["kind"] == kind for part in parts)
    )
    on_extras = _total((of_tax for _kind, _amount, of_tax in extras), zero)
    return ItemMoney(
        goods=_sum(parts, "ITEM", zero),
        discount=discount - off_shipping,
        tax=tax - on_shipping - on_extras,
        shipping=_sum(parts, "SHIPPING", zero),
        shipping_discount=off_shipping,
        shipping_tax=on_shipping,
        extras=extras,
        collected=tax if COLLECTED in item["tax_models"] else zero,
    )


def lines_of(item: Mapping[str, Any], money: ItemMoney, *, cancelled: bool) -> list[OrderLine]:
    """Return the item's line, and one more for each of its extra charges."""
    wanted, still_open = units_of(item, cancelled=cancelled)
    price, discount = _unit_price(money.goods, wanted, money.discount)
    line = OrderLine(
        line_id=item["line_id"],
        listing=item["listing"],
        sku=item["listing"],
        title=item["title"],
        quantity=wanted,
        open_quantity=still_open,
        unit_price=price,
        discount=discount,
        tax=money.tax,
        customized=item["customized_url"] is not None,
    )
    return [line, *(_extra(item["line_id"], kind, amount, tax) for kind, amount, tax in money.extras)]


def tax_mode(before_tax: Money, tax: Money, total: Money) -> TaxMode:
    """Return where the tax stands: inside only where the parts without it are already the total."""
    return TaxMode.INCLUDED if tax != tax.zero() and before_tax == total else TaxMode.EXCLUDED


def units_of(item: Mapping[str, Any], *, cancelled: bool) -> tuple[int, int]:
    """Return units wanted and units still open; what was cancelled off a living order is in neither."""
    ordered, sent, left = item["ordered"], item["fulfilled"], item["unfulfilled"]
    if cancelled:
        return ordered, 0
    if left is None:
        return ordered, max(0, ordered - (sent or 0))
    return min(ordered, left + (sent or 0)), left


def _unit_price(goods: Money, units: int, discount: Money) -> tuple[Money, Money]:
    """Return price and discount so that price x units - discount is exact even where goods do not divide by units."""
    if units == 0:
        return goods.zero(), discount - goods
    each = -(-goods.minor // units)
    price = goods.model_copy(update={"minor": each})
    return price, discount + (price * units - goods)


def _extra(line_id: str, kind: str, amount: Money, tax: Money) -> OrderLine:
    zero = amount.zero()
    owed = amount.minor >= 0
    return OrderLine(
        line_id=f"{line_id}:{kind.lower()}",
        listing=None,
        sku=None,
        title=EXTRAS[kind],
        quantity=1,
        open_quantity=0,
        unit_price=amount if owed else zero,
        discount=zero if owed else -amount,
        tax=tax,
        ships=False,
    )


def _sum(parts: Iterable[Mapping[str, Any]], kind: str, zero: Money) -> Money:
    return _total((part["amount"] for part in parts if part["kind"] == kind), zero)


def _detail(parts: Iterable[Mapping[str, Any]], kind: str, on: str, zero: Money) -> Money:
    details = (detail for part in parts if part["kind"] == kind for detail in part["details"])
    return _total((d["amount"] for d in details if d["kind"] == on and d["amount"] is not None), zero)


def _total(amounts: Iterable[Money], zero: Money) -> Money:
    total = zero
    for amount in amounts:
        total = total + amount
    return total


def _positive(amount: Money) -> Money:
    """Return a discount's size: Amazon's documents do not say on which side of zero it is written."""
    return amount if amount.minor >= 0 else -amount
