"""Shoppers buy, pay more, and have their orders edited."""

from datetime import datetime
from typing import TYPE_CHECKING

from sandbox.shopify import announcing, paying, placing
from sandbox.shopify.money import Bag, Money, spread
from sandbox.shopify.records import Customer, Line, Order
from sandbox.shopify.sums import unfulfilled
from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.shopify.state import Shopify


def place(shop: "Shopify", wish: Json) -> Json:
    """Enter an order with its payments and fulfillment orders; sold units leave the shop's level at once.

    With `at`, the order is older than the house: its levels already lack the units, and nothing is announced.
    """
    if shop.knows(wish["id"]):
        raise ValueError(f"the shop already has an order {wish['id']!r}")
    before = "at" in wish
    order = _entered(shop, wish, datetime.fromisoformat(wish["at"]) if before else shop.now())
    order.hidden = not before and shop.world.sabotage.hits("order_lost", order.name)
    for payment in wish.get("pay", []):
        paying.take(shop, order, payment)
    sell = shop.stock.commit if before or order.hidden else shop.stock.sell
    placing.assign(shop, order, order.lines, sell)
    shop.keep(order)
    if not before:
        announcing.placed(shop, order)
    return {"id": order.name, "gid": f"gid://shopify/Order/{order.id}"}


def edit(shop: "Shopify", wish: Json) -> Json:
    """Customer service adds and removes lines, or changes address, tax and total."""
    order = shop.named(wish["order"])
    added = [_line(shop, order, entry) for entry in wish.get("add", [])]
    order.lines.extend(added)
    placing.assign(shop, order, added, shop.stock.sell)
    removed = [_remove(shop, order, entry) for entry in wish.get("remove", [])]
    if "ship_to" in wish:
        order.ship_to = _address(wish["ship_to"], order.customer.name)
    if "tax" in wish:
        order.tax = _same(order, wish["tax"])
        _spread_tax(order)
    if "total" in wish:
        order.total = _same(order, wish["total"])
    order.edited = order.edited or bool(added or removed)
    shop.touch(order)
    announcing.edited(shop, order, [line.id for line in added], removed)
    return {"id": order.name}


def pay(shop: "Shopify", wish: Json) -> Json:
    """The shopper pays once more on an order that is there."""
    order = shop.named(wish["order"])
    paying.take(shop, order, wish)
    shop.touch(order)
    announcing.paid(shop, order)
    return {"id": order.name}


def _entered(shop: "Shopify", wish: Json, at: datetime) -> Order:
    seen: Json = wish.get("presentment") or {}
    currency: str = wish.get("currency", shop.currency)
    shown: str = seen.get("currency", currency)

    def bag(part: str) -> Bag:
        return Bag(Money(wish[part], currency), Money((seen if part in seen else wish)[part], shown))

    total = bag("total")
    order = Order(
        id=shop.next_id(), name=wish["id"], number=len(shop.orders) + 1001,
        customer=_customer(shop, wish, at), ship_to=_address(wish.get("ship_to"), wish["customer"].get("name")),
        method=wish.get("method", "Standard"), currency=currency, presentment=shown,
        taxes_included=wish.get("tax_included", False), lines=[],
        shipping=bag("shipping"), shipping_line_id=shop.next_id(), shipping_tax=total.zero(), tax=bag("tax"),
        total=total, original_total=total, created_at=at, updated_at=at,
    )  # fmt: skip
    prices = seen.get("prices") or [entry["price"] for entry in wish["lines"]]
    pairs = zip(wish["lines"], prices, strict=True)
    order.lines = [_line(shop, order, entry, shown=price) for entry, price in pairs]
    _spread_tax(order)
    return order


def _line(shop: "Shopify", order: Order, entry: Json, *, shown: int | None = None) -> Line:
    sku = entry.get("sku")
    item = shop.stock.items.get(sku) if sku else None
    price = entry["price"]
    unit = Bag(Money(price, order.currency), Money(price if shown is None else shown, order.presentment))
    discount = unit.share(entry.get("discount", 0), price)
    ships = entry.get("ships", True) and sku is not None
    title = entry.get("title") or (item.product["title"] if item else str(sku))
    return Line(
        shop.next_id(), sku, title, entry["qty"], unit, discount, order.zero, ships,
        item.id if item else None, entry["qty"],
    )  # fmt: skip


def _spread_tax(order: Order) -> None:
    """Share the order's tax among lines and shipping by price, exact to the minor unit."""
    shop_side = [line.net.shop.amount for line in order.lines] + [order.shipping.shop.amount]
    shown_side = [line.net.presentment.amount for line in order.lines] + [order.shipping.presentment.amount]
    shop_parts = spread(order.tax.shop.amount, shop_side)
    shown_parts = spread(order.tax.presentment.amount, shown_side)
    bags = [
        Bag(Money(mine, order.currency), Money(theirs, order.presentment))
        for mine, theirs in zip(shop_parts, shown_parts, strict=True)
    ]
    for line, bag in zip(order.lines, bags[:-1], strict=True):
        line.tax = bag
    order.shipping_tax = bags[-1]


def _remove(shop: "Shopify", order: Order, entry: Json) -> int:
    """Take units off a line that are not shipped yet; gives the line's id."""
    line = next((kept for kept in order.lines if kept.sku == entry["sku"] and kept.current), None)
    if line is None:
        raise ValueError(f"{order.name} has no line {entry['sku']!r}")
    quantity = entry.get("qty", line.current)
    if line.ships and quantity > unfulfilled(order, line.id):
        raise ValueError(f"{order.name}: {entry['sku']!r} is already shipped")
    line.current -= quantity
    placing.release(shop, order, line, quantity=quantity, restock=True)
    return line.id


def _same(order: Order, amount: int) -> Bag:
    """A new amount in shop money; the shopper's side follows at the order's own rate."""
    if order.currency == order.presentment:
        return Bag(Money(amount, order.currency), Money(amount, order.presentment))
    shown = order.total.share(amount, order.total.shop.amount).presentment
    return Bag(Money(amount, order.currency), shown)


def _customer(shop: "Shopify", wish: Json, at: datetime) -> Customer:
    """The shopper; the order being placed is counted, as Shopify counts it."""
    asked = wish["customer"]
    key = asked.get("email") or asked.get("name") or wish["id"]
    known = shop.customers.get(key)
    if known is None:
        phone = (wish.get("ship_to") or {}).get("phone")
        known = Customer(shop.next_id(), asked.get("name") or "", asked.get("email"), phone, 0, at)
        shop.customers[key] = known
    known.orders = max(known.orders, asked.get("orders_before", 0)) + 1
    return known


def _address(ship_to: Json | None, name: str | None) -> Json | None:
    return None if ship_to is None else {"name": name, **ship_to}
