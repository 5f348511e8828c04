"""The smaller things inside webhook bodies."""

from datetime import datetime
from typing import Final

from sandbox.shopify import totals
from sandbox.shopify.money import Bag, Money, plain
from sandbox.shopify.names import country, first_last, province
from sandbox.shopify.records import Customer, Hold, Line, Order, RefundLine, Transaction
from sandbox.shopify.state import Shop
from sandbox.values import Json


def gid(kind: str, number: int) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def line(it: Line, of: Order, shop: Shop) -> Json:
    """A line item, as fulfillments and refunds show it."""
    item = shop.item(it.item_id)
    return {
        "id": it.id,
        "admin_graphql_api_id": gid("LineItem", it.id),
        "fulfillable_quantity": totals.unfulfilled(of, it.id),
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": False,
        "grams": item.product.get("weight_g", 0) if item else 0,
        "name": it.title,
        "price": plain(it.unit.shop),
        "price_set": both(it.unit),
        "product_exists": item is not None,
        "product_id": item.product_id if item else None,
        "properties": [],
        "quantity": it.quantity,
        "requires_shipping": it.ships,
        "sku": it.sku,
        "taxable": True,
        "title": it.title,
        "total_discount": plain(it.discount.shop),
        "total_discount_set": both(it.discount),
        "variant_id": item.variant_id if item else None,
        "variant_inventory_management": "shopify" if item else None,
        "variant_title": None,
        "vendor": item.product.get("vendor") if item else None,
        "tax_lines": [tax(it.tax)] if it.tax.shop.amount else [],
        "duties": [],
        "discount_allocations": [],
    }


def order_line(it: Line, of: Order, shop: Shop) -> Json:
    """A line item, as its order shows it."""
    return {
        **line(it, of, shop),
        "attributed_staffs": [],
        "current_quantity": it.current,
        "sales_line_item_group_id": None,
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
        "line_item": line(it.line(row.line), it, shop),
    }


def transaction(it: Order, entry: Transaction) -> Json:
    """A transaction."""
    return {
        "id": entry.id,
        "admin_graphql_api_id": gid("OrderTransaction", entry.id),
        "order_id": it.id,
        "kind": entry.kind.lower(),
        "gateway": entry.gateway,
        "status": entry.status.lower(),
        "message": None,
        "amount": plain(entry.amount.shop),
        "amount_rounding": None,
        "currency": entry.amount.shop.currency,
        "authorization": entry.authorization,
        "parent_id": entry.parent,
        "created_at": when(entry.created_at),
        "processed_at": when(entry.created_at),
        "test": it.test,
        "location_id": None,
        "user_id": None,
        "device_id": None,
        "error_code": None,
        "source_name": "web",
        "receipt": entry.receipt,
        "payment_id": f"{it.name}.{it.transactions.index(entry) + 1}",
        "manual_payment_gateway": entry.gateway == "manual",
        "total_unsettled_set": _unsettled(it, entry),
    }


def _unsettled(it: Order, entry: Transaction) -> Json:
    """What of an authorization can still be taken."""
    open_ones = totals.open_authorizations(it)
    left = entry.amount if entry in open_ones else entry.amount.zero()
    sides = {"presentment_money": left.presentment, "shop_money": left.shop}
    return {name: {"amount": plain(side), "currency": side.currency} for name, side in sides.items()}


def customer(it: Customer, currency: str, home: Json | None) -> Json:
    """A customer; the address is the one they use by default."""
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
        "note": None,
        "multipass_identifier": None,
        "default_address": _default(it, home),
    }


def _default(it: Customer, home: Json | None) -> Json | None:
    shown = address(home)
    if shown is None:
        return None
    kept = {key: value for key, value in shown.items() if key not in ("latitude", "longitude")}
    named = {"country_name": shown["country"], "default": True}
    return {"id": it.id, "customer_id": it.id, **kept, **named}


def shipping(it: Order) -> Json:
    """A shipping line."""
    return {
        "id": it.shipping_line_id,
        "title": it.method,
        "code": it.method,
        "source": "shopify",
        "price": plain(it.shipping.shop),
        "price_set": both(it.shipping),
        "current_discounted_price_set": both(it.shipping),
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


def home(it: Json) -> Json:
    """Where a shop is, as its own body says it."""
    shown = address(it) or {}
    kept = {key: shown[key] for key in SHOP_ADDRESS}
    return {**kept, "country": shown["country_code"], "country_name": shown["country"]}


SHOP_ADDRESS: Final = (
    "address1", "address2", "city", "zip", "province", "province_code", "country_code", "phone", "latitude", "longitude",
)  # fmt: skip


def both(bag: Bag) -> Json:
    """An amount in both currencies."""
    return {"shop_money": _money(bag.shop), "presentment_money": _money(bag.presentment)}


def _money(it: Money) -> Json:
    return {"amount": plain(it), "currency_code": it.currency}


def when(at: datetime | None) -> str | None:
    """An instant with its offset."""
    return None if at is None else at.isoformat()
