"""Webhook bodies, in the shape of the REST resources they stem from."""

from sandbox.shopify import serializers, totals
from sandbox.shopify.money import Bag, plain, total
from sandbox.shopify.records import (
    Fulfillment,
    FulfillmentOrder,
    Hold,
    Item,
    Order,
    Refund,
    Transaction,
)
from sandbox.shopify.state import Shop
from sandbox.values import Json


def order(shop: Shop, it: Order) -> Json:
    """An order's body."""
    address = None if it.withheld else serializers.address(it.ship_to)
    return {
        "id": it.id,
        "admin_graphql_api_id": serializers.gid("Order", it.id),
        "name": it.name,
        "number": it.number,
        "order_number": it.number,
        **_states(shop, it),
        **_instants(it),
        **_totals(it, totals.current_total(it)),
        **_nothing(),
        "confirmation_number": f"C{it.number}",
        "order_status_url": f"https://{shop.domain}/orders/{it.id}",
        "tags": ", ".join(it.tags),
        "token": f"{it.id:x}",
        "total_weight": _grams(shop, it),
        "contact_email": it.customer.email,
        "email": it.customer.email,
        "phone": it.customer.phone,
        "currency": it.currency,
        "presentment_currency": it.presentment,
        "payment_gateway_names": gateways(it),
        "tax_lines": [serializers.tax(it.tax)] if it.tax.shop.amount else [],
        "taxes_included": it.taxes_included,
        "billing_address": address,
        "customer": serializers.customer(it.customer, it.currency, None if it.withheld else it.ship_to),
        "fulfillments": [fulfillment(it, made, shop) for made in it.fulfillments],
        "line_items": [serializers.order_line(line, it, shop) for line in it.lines],
        "refunds": [refund(it, made, shop) for made in it.refunds],
        "shipping_address": address,
        "shipping_lines": [serializers.shipping(it)],
    }


def fulfillment(it: Order, made: Fulfillment, shop: Shop) -> Json:
    """A fulfillment's body."""
    numbers = [entry["number"] for entry in made.tracking if entry.get("number")]
    urls = [entry["url"] for entry in made.tracking if entry.get("url")]
    return {
        "id": made.id,
        "admin_graphql_api_id": serializers.gid("Fulfillment", made.id),
        "order_id": it.id,
        "status": {"SUCCESS": "success"}.get(made.status, "cancelled"),
        "created_at": serializers.when(made.created_at),
        "updated_at": serializers.when(made.updated_at),
        "service": "manual",
        "name": made.name,
        "email": it.customer.email,
        "destination": serializers.address(it.ship_to),
        "location_id": shop.stock.locations[made.location].id,
        "origin_address": None,
        "receipt": {},
        "shipment_status": None,
        "tracking_company": made.tracking[0].get("company") if made.tracking else None,
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "line_items": [
            {**serializers.line(it.line(gone.line), it, shop), "quantity": gone.quantity}
            for gone in made.portions
        ],
    }


def refund(it: Order, made: Refund, shop: Shop) -> Json:
    """A refund's body."""
    return {
        "id": made.id,
        "admin_graphql_api_id": serializers.gid("Refund", made.id),
        "order_id": it.id,
        "created_at": serializers.when(made.created_at),
        "processed_at": serializers.when(made.created_at),
        "note": made.note,
        "user_id": None,
        "restock": any(line.restock != "NO_RESTOCK" for line in made.lines),
        "duties": [],
        "total_duties_set": serializers.both(it.zero),
        "return": None,
        "order_adjustments": [],
        "refund_shipping_lines": [],
        "refund_line_items": [serializers.refund_line(it, line, shop) for line in made.lines],
        "transactions": [
            serializers.transaction(it, entry) for entry in it.transactions if entry.id in made.transactions
        ],
    }


def transaction(it: Order, entry: Transaction) -> Json:
    """What order_transactions/create says."""
    return {**serializers.transaction(it, entry), "payment_details": None}


def risk(shop: Shop, it: Order) -> Json:
    """What orders/risk_assessment_changed says; the provider is null, as the shop itself judged."""
    return {
        "provider_id": None,
        "provider_title": None,
        "risk_level": it.assessed.lower(),
        "created_at": serializers.when(shop.now()),
        "order_id": it.id,
        "admin_graphql_api_order_id": serializers.gid("Order", it.id),
    }


def level(shop: Shop, item: Item, at: str) -> Json:
    """An inventory level's body."""
    location, kept = shop.stock.locations[at].id, item.levels[at]
    return {
        "inventory_item_id": item.id,
        "location_id": location,
        "available": kept.available,
        "updated_at": serializers.when(kept.updated_at),
        "admin_graphql_api_id": f"{serializers.gid('InventoryLevel', location)}?inventory_item_id={item.id}",
    }


def edit(shop: Shop, it: Order, added: list[int], removed: list[int]) -> Json:
    """What orders/edited says."""
    changes = {
        "additions": [{"id": number, "delta": it.line(number).quantity} for number in added],
        "removals": [{"id": number, "delta": 1} for number in removed],
    }
    nothing: Json = {"additions": [], "removals": []}
    body = {
        "id": shop.next_id(),
        "app_id": None,
        "created_at": serializers.when(it.updated_at),
        "committed_at": serializers.when(it.updated_at),
        "notify_customer": False,
        "order_id": it.id,
        "staff_note": "",
        "user_id": None,
        "line_items": changes,
        "discounts": {"line_item": nothing},
        "shipping_lines": nothing,
    }
    return {"order_edit": body}


def asked(it: FulfillmentOrder) -> Json:
    """A fulfillment order as its own topics show it."""
    return {"id": serializers.gid("FulfillmentOrder", it.id), "status": it.status.lower()}


def hold(it: FulfillmentOrder, made: Hold) -> Json:
    """What fulfillment_orders/placed_on_hold says."""
    return {
        "fulfillment_order": {
            **asked(it),
            "fulfillment_holds": [serializers.hold(kept) for kept in it.holds],
        },
        "remaining_fulfillment_order": None,
        "held_fulfillment_order_line_items": [
            {"id": serializers.gid("FulfillmentOrderLineItem", portion.id), "quantity": portion.remaining}
            for portion in it.portions
        ],
        "created_fulfillment_hold": serializers.hold(made),
    }


def move(shop: Shop, original: FulfillmentOrder, new: FulfillmentOrder) -> Json:
    """What fulfillment_orders/moved says."""
    places = {
        each.id: serializers.gid("Location", shop.stock.locations[each.location].id)
        for each in (original, new)
    }
    return {
        "original_fulfillment_order": {**asked(original), "assigned_location_id": places[original.id]},
        "moved_fulfillment_order": {**asked(new), "assigned_location_id": places[new.id]},
        "destination_location_id": places[new.id],
        "fulfillment_order_line_items_requested": [],
        "source_location": {"id": places[original.id]},
    }


def gateways(it: Order) -> list[str]:
    """The gateways an order was paid through, each once, in order."""
    return list(dict.fromkeys(entry.gateway for entry in it.transactions))


def _states(shop: Shop, it: Order) -> Json:
    shipped = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}
    return {
        "cancel_reason": it.cancel_reason.lower() if it.cancel_reason else None,
        "confirmed": True,
        "estimated_taxes": False,
        "financial_status": totals.financial_status(it, shop.now()).lower(),
        "fulfillment_status": shipped.get(totals.fulfillment_status(it)),
        "source_name": "web",
        "test": it.test,
    }


def _instants(it: Order) -> Json:
    return {
        "cancelled_at": serializers.when(it.cancelled_at),
        "closed_at": serializers.when(it.closed_at),
        "created_at": serializers.when(it.created_at),
        "processed_at": serializers.when(it.created_at),
        "updated_at": serializers.when(it.updated_at),
    }


def _nothing() -> Json:
    """What this shop never fills in."""
    return {
        "app_id": None,
        "note": None,
        "note_attributes": [],
        "discount_codes": [],
        "discount_applications": [],
        "payment_terms": None,
        "browser_ip": None,
        "buyer_accepts_marketing": False,
        "cart_token": None,
        "checkout_token": None,
        "client_details": None,
        "customer_locale": "en",
        "device_id": None,
        "duties_included": False,
        "landing_site": None,
        "landing_site_ref": None,
        "line_item_groups": [],
        "location_id": None,
        "merchant_business_entity_id": None,
        "merchant_of_record_app_id": None,
        "po_number": None,
        "reference": None,
        "referring_site": None,
        "returns": [],
        "source_identifier": None,
        "source_url": None,
        "tax_exempt": False,
        "user_id": None,
    }


def _totals(it: Order, now: Bag) -> Json:
    lines = total([line.gross for line in it.lines], it.zero)
    discounts = total([line.discount for line in it.lines], it.zero)
    outstanding = now.minus(totals.captured(it)).plus(totals.refunded(it))
    sets = {
        "current_shipping_price": it.shipping,
        "current_subtotal_price": lines.minus(discounts),
        "current_total_discounts": discounts,
        "current_total_price": now,
        "current_total_tax": it.tax,
        "subtotal_price": lines.minus(discounts),
        "total_discounts": discounts,
        "total_line_items_price": lines,
        "total_price": it.total,
        "total_tax": it.tax,
    }
    texts = {name: plain(bag.shop) for name, bag in sets.items() if name != "current_shipping_price"}
    bags = {f"{name}_set": serializers.both(bag) for name, bag in sets.items()}
    return {
        **texts,
        **bags,
        "total_outstanding": plain(outstanding.shop),
        "total_shipping_price_set": serializers.both(it.shipping),
        "total_tip_received": plain(it.zero.shop),
        "total_cash_rounding_payment_adjustment_set": serializers.both(it.zero),
        "total_cash_rounding_refund_adjustment_set": serializers.both(it.zero),
        "current_total_duties_set": None,
        "current_total_additional_fees_set": None,
        "original_total_additional_fees_set": None,
        "original_total_duties_set": None,
    }


def _grams(shop: Shop, it: Order) -> int:
    items = ((line, shop.item(line.item_id)) for line in it.lines)
    return sum(line.quantity * int(item.product.get("weight_g", 0)) for line, item in items if item)
