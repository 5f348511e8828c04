"""What the merchant does in the shop's own admin, and what another tool does there with its own token."""

from day.located_yaml import nearest
from sandbox.shopify import refunding, shipping, shop_body, tracking, webhooks
from sandbox.shopify.money import nearest as rounded
from sandbox.shopify.records import FulfillmentOrder, Hold, Order, Transaction
from sandbox.shopify.state import Shop
from sandbox.shopify.totals import TAKEN, refundable, shipped, unfulfilled
from sandbox.values import Json

DO_SHIP = (*shipping.SHIPPABLE, "ON_HOLD")


def refund(shop: Shop, spec: Json) -> Json:
    """Give back an amount, units of lines, or both; without an amount, what the units cost with their tax."""
    order = shop.named(spec["order"])
    units = [
        part
        for entry in spec.get("lines", [])
        for part in _units(order, entry, restock=spec.get("restock", False))
    ]
    amount = _asked(order, spec) if "amount" in spec else _cost(order, units)
    pays = _spent(order, amount) if amount else []
    refunding.refund(shop, order, refunding.RefundSpec(units, pays, note="refunded in the admin"))
    return {"id": order.name}


def cancel_fulfillment(shop: Shop, spec: Json) -> Json:
    """Staff cancel the order's fulfillments, or the one of a tracking number; the order itself stays."""
    order, wanted = shop.named(spec["order"]), spec.get("tracking")
    numbers = {id(made): [entry.get("number") for entry in made.tracking] for made in order.fulfillments}
    live = [made for made in order.fulfillments if made.status == "SUCCESS"]
    found = [made for made in live if wanted is None or wanted in numbers[id(made)]]
    if not found:
        known = [str(number) for made in live for number in numbers[id(made)]]
        raise ValueError(f"{order.name} has no such fulfillment{nearest(str(wanted), known)}")
    for made in found:
        shipping.unfulfill(shop, order, made)
    return {"id": order.name, "fulfillments": len(found)}


def grant(shop: Shop, spec: Json) -> Json:
    """The app is approved for the data that names people: of one order (with its `address`, where it had none), or of all."""
    orders = [shop.named(spec["order"])] if spec.get("order") else list(shop.orders.values())
    for order in orders:
        if order.withheld:
            order.ship_to = _named(spec.get("address"), order) or order.ship_to
            order.withheld = order.ship_to is None
            shop.touch(order)
    return {"id": str(spec.get("order") or "")}


def uninstall(shop: Shop, _what: Json) -> Json:
    """The merchant removes the app: every token dies, subscriptions go, after one last webhook."""
    webhooks.announce(shop, "APP_UNINSTALLED", shop.domain, shop_body.body(shop))
    shop.subscriptions.clear()
    shop.tokens.revoke()
    return {"ok": True}


def allow(shop: Shop, _what: Json) -> Json:
    """The merchant lets the app in again: its permanent token is good once more, and so is a new consent."""
    shop.tokens.cut = False
    return {"ok": True}


def other_tool(shop: Shop, spec: Json) -> Json:
    """Another tool acts under its own name: ships, holds, releases its holds, or sets a level."""
    name = str(spec.get("name") or "Other tool")
    with shop.acting(name):
        if spec["do"] == "set_level":
            return _set_level(shop, spec)
        order = shop.named(str(spec.get("order")))
        found = [asked for asked in order.fulfillment_orders if asked.status in DO_SHIP]
        if not found:
            raise ValueError(f"{order.name} has nothing left to {spec['do']}")
        for asked in found:
            _do(shop, order, asked, spec=spec, name=name)
        return {"id": order.name, "fulfillment_orders": len(found)}


def _do(shop: Shop, order: Order, asked: FulfillmentOrder, *, spec: Json, name: str) -> None:
    if spec["do"] == "ship":
        chosen = _chosen(order, asked, spec["lines"]) if spec.get("lines") else None
        if chosen == {}:
            return
        number = str(spec["tracking"]) if spec.get("tracking") else None
        given = tracking.entries(spec.get("carrier"), [number], [])
        shipping.fulfill(shop, order, shipping.Parcel([(asked, chosen)], given))
    elif spec["do"] == "hold":
        reason = str(spec.get("reason") or "OTHER").upper()
        shipping.hold(shop, order, asked, Hold(shop.next_id(), reason, spec.get("notes"), name))
    else:
        own = [kept.id for kept in asked.holds if kept.app == name]
        if own:
            shipping.release(shop, order, asked, holds=own)


def _chosen(order: Order, asked: FulfillmentOrder, lines: list[Json]) -> dict[int, int]:
    """Portions and quantities of one fulfillment order that the named lines take."""
    left = {order.line_named(entry).id: int(entry["qty"]) for entry in lines}
    chosen: dict[int, int] = {}
    for portion in asked.portions:
        units = min(portion.remaining, left.get(portion.line, 0))
        if units:
            chosen[portion.id] = units
            left[portion.line] -= units
    return chosen


def _set_level(shop: Shop, spec: Json) -> Json:
    sku, to = str(spec.get("listing")), spec.get("to", spec.get("quantity"))
    item = shop.stock.items.get(sku)
    if item is None:
        raise ValueError(f"no listing is called {sku!r}{nearest(sku, shop.stock.items)}")
    at = spec.get("at") or next(iter(item.levels))
    if at not in item.levels:
        raise ValueError(f"{sku} is not stocked at {at!r}{nearest(str(at), item.levels)}")
    if to is None:
        raise ValueError("other_tool.to: set_level needs a quantity")
    shop.stock.set_available(sku, at, int(to))
    return {"id": sku}


def _units(order: Order, entry: Json, *, restock: bool) -> list[refunding.Units]:
    """The units of one line; those that were shipped come back, the others are never sent."""
    line, wanted = order.line_named(entry), int(entry["qty"])
    if not restock:
        return [refunding.Units(line.id, wanted, "NO_RESTOCK", None)]
    unsent = min(wanted, unfulfilled(order, line.id) if line.ships else wanted)
    parts = [(unsent, "CANCEL"), (wanted - unsent, "RETURN")]
    at = next((made.location for made in order.fulfillments if shipped(order, line.id)), None)
    return [refunding.Units(line.id, units, how, at) for units, how in parts if units]


def _cost(order: Order, units: list[refunding.Units]) -> int:
    """What units cost the shopper, tax and all, and at most what is left to give back."""
    whole = 0
    for part in units:
        line = order.line(part.line)
        price = line.net if order.taxes_included else line.net.plus(line.tax)
        whole += price.share(part.quantity, line.quantity).presentment.amount
    left = sum(refundable(order, parent).presentment.amount for parent in _taken(order))
    return min(whole, left)


def _asked(order: Order, spec: Json) -> int:
    """The amount in the money the shopper paid."""
    amount, currency = int(spec["amount"]), spec.get("currency", order.presentment)
    if currency == order.presentment:
        return amount
    if currency != order.currency:
        raise ValueError(f"{order.name} was sold in {order.currency} and paid in {order.presentment}")
    return rounded(amount * order.total.presentment.amount, order.total.shop.amount)


def _spent(order: Order, amount: int) -> list[tuple[Transaction, int]]:
    """Which sales give the amount back, the latest first."""
    parts = []
    for parent in reversed(_taken(order)):
        take = min(amount, refundable(order, parent).presentment.amount)
        if take:
            parts.append((parent, take))
            amount -= take
    if amount:
        raise ValueError(f"{order.name} has {amount} less to give back than asked")
    return parts


def _taken(order: Order) -> list[Transaction]:
    return [entry for entry in order.transactions if entry.kind in TAKEN and entry.status == "SUCCESS"]


def _named(address: Json | None, order: Order) -> Json | None:
    return None if address is None else {"name": order.customer.name, **address}
