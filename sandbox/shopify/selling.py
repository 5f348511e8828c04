"""Shoppers buy, pay more, and have their orders edited."""

from datetime import datetime

from sandbox.amounts import split
from sandbox.shopify import announcing, paying, placing
from sandbox.shopify.money import Bag, Money
from sandbox.shopify.money import nearest as nearest_minor
from sandbox.shopify.records import Customer, Line, Order
from sandbox.shopify.state import Shop
from sandbox.shopify.totals import unfulfilled
from sandbox.values import Json


def place(shop: Shop, spec: Json) -> Json:
    """Enter an order with its payments and fulfillment orders; sold units leave the shop's level at once.

    With `at`, the order is older than the house: its levels already lack the units, and nothing is announced.
    """
    if shop.knows(spec["id"]):
        raise ValueError(f"the shop already has an order {spec['id']!r}")
    at = datetime.fromisoformat(spec["at"]) if spec.get("at") else None
    before = at is not None
    order = _entered(shop, spec, at or shop.now())
    order.hidden = not before and shop.env.sabotage.hits("order_lost", order.name)
    for payment in spec.get("pay") or []:
        paying.take(shop, order, payment, at=order.created_at if before else None)
    sell = shop.stock.commit if before or order.hidden else shop.stock.sell
    placing.assign(shop, order, order.lines, sell)
    shop.keep(order)
    if before:
        announcing.known(order)
    else:
        announcing.placed(shop, order)
    return {"id": order.name, "gid": f"gid://shopify/Order/{order.id}"}


def edit(shop: Shop, spec: Json) -> Json:
    """Customer service adds and removes lines, or changes address, shipping, tax and total.

    Without a total, the old one changes by what the edit costs; what is then owed is the order's balance.
    """
    order = shop.named(spec["order"])
    before = _priced(order)
    added = [_line(shop, order, entry) for entry in spec.get("add", [])]
    order.lines.extend(added)
    placing.assign(shop, order, added, shop.stock.sell)
    removed = [_remove(shop, order, entry) for entry in spec.get("remove", [])]
    if "ship_to" in spec:
        order.ship_to = _address(spec["ship_to"], order.customer.name)
    if "shipping" in spec:
        order.shipping = _same(order, spec["shipping"])
    if "tax" in spec:
        order.tax = _same(order, spec["tax"])
        _spread_tax(order)
    if "total" in spec:
        order.total = _same(order, spec["total"])
    elif _priced(order) != before:
        order.total = _same(order, order.total.shop.amount + _priced(order) - before)
    shop.touch(order)
    announcing.edited(shop, order, [line.id for line in added], removed)
    return {"id": order.name}


def pay(shop: Shop, spec: Json) -> Json:
    """The shopper pays once more on an order that is there."""
    order = shop.named(spec["order"])
    paying.take(shop, order, spec)
    shop.touch(order)
    announcing.paid(shop, order)
    return {"id": order.name}


def _entered(shop: Shop, spec: Json, at: datetime) -> Order:
    seen: Json = spec.get("presentment") or {}
    currency: str = spec.get("currency", shop.currency)
    shown: str = seen.get("currency", currency)

    def theirs(mine: int, named: int | None) -> int:
        """The amount the shopper saw; at the order's own rate where it is not named."""
        if named is not None or shown == currency:
            return mine if named is None else named
        return nearest_minor(mine * int(seen["total"]), int(spec["total"]))

    def bag(part: str) -> Bag:
        mine = int(spec.get(part) or 0)
        return Bag(Money(mine, currency), Money(theirs(mine, seen.get(part)), shown))

    total, included = bag("total"), spec.get("tax_included", shop.house.get("taxes_included"))
    order = Order(
        id=shop.next_id(), name=spec["id"], number=len(shop.orders) + 1001,
        customer=_customer(shop, spec, at), ship_to=_address(spec.get("ship_to"), _who(spec).get("name")),
        method=spec.get("method") or "Standard", currency=currency, presentment=shown,
        taxes_included=bool(included), lines=[],
        shipping=bag("shipping"), shipping_line_id=shop.next_id(), shipping_tax=total.zero(), tax=bag("tax"),
        total=total, created_at=at, updated_at=at, tags=list(spec.get("tags") or ()),
        attributes=dict(spec.get("attributes") or {}), test=shop.house.get("mode") == "test",
    )  # fmt: skip
    prices = seen.get("prices") or [theirs(entry["price"], None) for entry in spec["lines"]]
    pairs = zip(spec["lines"], prices, strict=True)
    order.lines = [_line(shop, order, entry, shown=price) for entry, price in pairs]
    _spread_tax(order)
    ships = any(line.ships for line in order.lines)
    order.withheld = bool(spec.get("withheld")) or (ships and order.ship_to is None)
    return order


def _line(shop: Shop, order: Order, entry: Json, *, shown: int | None = None) -> Line:
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
    nets = [line.net if line.current else order.zero for line in order.lines]
    shop_side = [net.shop.amount for net in nets] + [order.shipping.shop.amount]
    shown_side = [net.presentment.amount for net in nets] + [order.shipping.presentment.amount]
    shop_parts = split(order.tax.shop.amount, shop_side)
    shown_parts = split(order.tax.presentment.amount, shown_side)
    bags = [
        Bag(Money(mine, order.currency), Money(theirs, order.presentment))
        for mine, theirs in zip(shop_parts, shown_parts, strict=True)
    ]
    for line, bag in zip(order.lines, bags[:-1], strict=True):
        line.tax = bag
    order.shipping_tax = bags[-1]


def _remove(shop: Shop, order: Order, entry: Json) -> int:
    """Take units off a line that are not shipped yet; gives the line's id."""
    line = order.line_named(entry)
    name = line.sku or line.title
    quantity = entry.get("qty", line.current)
    if quantity > line.current:
        raise ValueError(f"{order.name} has {line.current} of {name!r}, not {quantity}")
    if line.ships and quantity > unfulfilled(order, line.id):
        raise ValueError(f"{order.name}: {name!r} is already shipped")
    line.current -= quantity
    placing.release(shop, order, line, quantity=quantity, restock=True)
    return line.id


def _same(order: Order, amount: int) -> Bag:
    """A new amount in shop money; the shopper's side follows at the order's own rate."""
    if order.currency == order.presentment:
        return Bag(Money(amount, order.currency), Money(amount, order.presentment))
    shown = order.total.share(amount, order.total.shop.amount).presentment
    return Bag(Money(amount, order.currency), shown)


def _customer(shop: Shop, spec: Json, at: datetime) -> Customer:
    """The shopper; the order being placed is counted, as Shopify counts it."""
    asked = _who(spec)
    key = asked.get("email") or asked.get("name") or spec["id"]
    known = shop.customers.get(key)
    if known is None:
        phone = (spec.get("ship_to") or {}).get("phone")
        known = Customer(shop.next_id(), asked.get("name") or "", asked.get("email"), phone, 0, at)
        shop.customers[key] = known
    known.orders = max(known.orders, asked.get("orders_before", 0)) + 1
    return known


def _who(spec: Json) -> Json:
    return spec.get("customer") or {}


def _priced(order: Order) -> int:
    """What the order costs as it stands, in shop money: lines, shipping, and tax where it comes on top."""
    lines = sum(
        line.net.share(line.current + line.refunded, line.quantity).shop.amount for line in order.lines
    )
    return lines + order.shipping.shop.amount + (0 if order.taxes_included else order.tax.shop.amount)


def _address(ship_to: Json | None, name: str | None) -> Json | None:
    return None if ship_to is None else {"name": name, **ship_to}
