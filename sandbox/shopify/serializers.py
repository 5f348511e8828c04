"""The smaller things inside webhook bodies."""

from datetime import datetime

from sandbox.shopify import totals
from sandbox.shopify.money import Bag, Money, plain
from sandbox.shopify.names import country, first_last, province
from sandbox.shopify.records import Customer, Hold, Line, Order, RefundLine
from sandbox.shopify.state import Shop
from sandbox.values import Json


def gid(kind: str, number: int) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def line(it: Line, of: Order) -> Json:
    """A line item."""
    return {
        "id": it.id,
        "admin_graphql_api_id": gid("LineItem", it.id),
        "current_quantity": it.current,
        "fulfillable_quantity": totals.unfulfilled(of, it.id),
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": False,
        "grams": 0,
        "name": it.title,
        "price": plain(it.unit.shop),
        "price_set": both(it.unit),
        "product_exists": it.item_id is not None,
        "properties": [],
        "quantity": it.quantity,
        "requires_shipping": it.ships,
        "sku": it.sku,
        "taxable": True,
        "title": it.title,
        "total_discount": plain(it.discount.shop),
        "total_discount_set": both(it.discount),
        "variant_title": None,
        "vendor": None,
        "tax_lines": [tax(it.tax)] if it.tax.shop.amount else [],
        "duties": [],
        "discount_allocations": [],
    }


def refund_line(it: Order, row: RefundLine, shop: Shop) -> Json:
    """A refunded line item."""
    place = shop.stock.locations.get(row.location or "")
    return {
        "id": row.id,
        "quantity": row.quantity,
        "line_item_id": row.line,
        "location_id": place.id if place else None,
        "restock_type": row.restock.lower(),
        "subtotal": float(plain(row.subtotal.shop)),
        "total_tax": float(plain(row.tax.shop)),
        "subtotal_set": both(row.subtotal),
        "total_tax_set": both(row.tax),
        "line_item": line(it.line(row.line), it),
    }


def transaction(it: Order, number: int) -> Json:
    """A transaction; empty where the order has none of that id."""
    entry = it.transaction(number)
    if entry is None:
        return {}
    return {
        "id": entry.id,
        "admin_graphql_api_id": gid("OrderTransaction", entry.id),
        "order_id": it.id,
        "kind": entry.kind.lower(),
        "gateway": entry.gateway,
        "status": entry.status.lower(),
        "amount": plain(entry.amount.shop),
        "currency": entry.amount.shop.currency,
        "authorization": entry.authorization,
        "parent_id": entry.parent,
        "created_at": when(entry.created_at),
        "test": it.test,
    }


def customer(it: Customer, currency: str) -> Json:
    """A customer."""
    first, last = first_last(it.name)
    return {
        "id": it.id,
        "admin_graphql_api_id": gid("Customer", it.id),
        "created_at": when(it.created_at),
        "updated_at": when(it.created_at),
        "first_name": first,
        "last_name": last,
        "email": it.email,
        "phone": it.phone,
        "state": "disabled",
        "verified_email": True,
        "tax_exempt": False,
        "tax_exemptions": [],
        "currency": currency,
    }


def shipping(it: Order) -> Json:
    """A shipping line."""
    return {
        "id": it.shipping_line_id,
        "title": it.method,
        "code": it.method,
        "source": "shopify",
        "price": plain(it.shipping.shop),
        "price_set": both(it.shipping),
        "discounted_price": plain(it.shipping.shop),
        "discounted_price_set": both(it.shipping),
        "is_removed": False,
        "tax_lines": [tax(it.shipping_tax)] if it.shipping_tax.shop.amount else [],
        "discount_allocations": [],
        "phone": None,
        "carrier_identifier": None,
        "requested_fulfillment_service_id": None,
    }


def tax(bag: Bag) -> Json:
    """A tax line."""
    return {"title": "Tax", "price": plain(bag.shop), "price_set": both(bag), "channel_liable": False}


def hold(it: Hold) -> Json:
    """A hold."""
    return {
        "id": gid("FulfillmentHold", it.id),
        "reason": it.reason.lower(),
        "reason_notes": it.notes,
        "held_by_requesting_app": False,
        "handle": it.handle,
        "held_by_app": {"id": gid("App", 2)},
    }


def address(it: Json | None) -> Json | None:
    """An address."""
    if it is None:
        return None
    first, last = first_last(it.get("name") or "")
    return {
        "first_name": first,
        "last_name": last,
        "name": it.get("name"),
        "company": it.get("company"),
        "address1": it.get("street1"),
        "address2": it.get("street2"),
        "city": it.get("city"),
        "province": province(it.get("state")),
        "province_code": it.get("state"),
        "country": country(it.get("country")),
        "country_code": it.get("country"),
        "zip": it.get("zip"),
        "phone": it.get("phone"),
        "latitude": None,
        "longitude": None,
    }


def both(bag: Bag) -> Json:
    """An amount in both currencies."""
    return {"shop_money": _money(bag.shop), "presentment_money": _money(bag.presentment)}


def _money(it: Money) -> Json:
    return {"amount": plain(it), "currency_code": it.currency}


def when(at: datetime | None) -> str | None:
    """An instant with its offset."""
    return None if at is None else at.isoformat()
