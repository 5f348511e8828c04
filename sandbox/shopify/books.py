"""The shop's own books: what truly happened, whatever the API answered."""

from sandbox.shopify import totals
from sandbox.shopify.money import total
from sandbox.shopify.paying import GATEWAYS
from sandbox.shopify.payloads import gateways
from sandbox.shopify.records import Fulfillment, Order, Transaction
from sandbox.shopify.serializers import gid
from sandbox.shopify.state import Shop
from sandbox.values import Json


def of(shop: Shop) -> Json:
    """Orders by name, what shoppers see of each listing, mails the shop itself sent, calls."""
    return {
        "orders": {order.name: _order(shop, order) for order in shop.orders.values()},
        "levels": {
            f"{item.sku}@{at}": level.available + level.off_by
            for item in shop.stock.items.values()
            for at, level in item.levels.items()
        },
        "mails": shop.mails,
        **shop.env.counts("shopify"),
    }


def _order(shop: Shop, order: Order) -> Json:
    """One order; its present total is after edits and refunded lines, of a cancelled one as it was until then."""
    promised = total([entry.amount for entry in totals.open_authorizations(order)], order.zero)
    return {
        "id": gid("Order", order.id),
        "total": order.total.shop.amount,
        "currency": order.currency,
        "present_total": (order.total_when_cancelled or totals.current_total(order)).shop.amount,
        "tax": order.tax.shop.amount,
        "tax_included": order.taxes_included,
        "presentment": {
            "currency": order.presentment,
            "total": order.total.presentment.amount,
            "captured": totals.captured(order).presentment.amount,
            "refunded": totals.refunded(order).presentment.amount,
        },
        "placed_at": order.created_at.isoformat(),
        "cancelled": order.cancelled_at is not None,
        "financial": totals.financial_status(order, shop.now()),
        "fulfillment": totals.fulfillment_status(order),
        "captured": totals.captured(order).shop.amount,
        "refunded": totals.refunded(order).shop.amount,
        "authorized": promised.shop.amount,
        "gateways": gateways(order),
        "by_gateway": _by_gateway(order),
        "sales": [_move(entry) for entry in order.transactions if entry.kind == "SALE"],
        "captures": [_move(entry) for entry in order.transactions if entry.kind == "CAPTURE"],
        "refunds": [_move(entry) for entry in order.transactions if entry.kind == "REFUND"],
        "cancelled_by": order.cancelled_by,
        "lines": [{"sku": line.sku, "qty": line.quantity, "now": line.current} for line in order.lines],
        "fulfillments": [
            entry
            for made in order.fulfillments
            if made.kept and made.status == "SUCCESS"
            for entry in _parcels(order, made)
        ],
    }


def _by_gateway(order: Order) -> Json:
    """By gateway and the currency paid in: what was authorized and is still open, captured, refunded; minor units."""
    open_ones = {entry.id for entry in totals.open_authorizations(order)}
    kinds = {"SALE": "captured", "CAPTURE": "captured", "REFUND": "refunded", "AUTHORIZATION": "authorized"}
    found: Json = {}
    for entry in order.transactions:
        if entry.status != "SUCCESS" or entry.kind not in kinds:
            continue
        paid = entry.amount.presentment
        column = found.setdefault(_gateway(entry), {}).setdefault(
            paid.currency, {"authorized": 0, "captured": 0, "refunded": 0}
        )
        if entry.kind != "AUTHORIZATION" or entry.id in open_ones:
            column[kinds[entry.kind]] += paid.amount
    return found


def _move(entry: Transaction) -> Json:
    """One move of money, in the currency paid in."""
    return {
        "amount": entry.amount.presentment.amount,
        "currency": entry.amount.presentment.currency,
        "gateway": _gateway(entry),
        "status": entry.status,
        "by": entry.by,
        "at": entry.created_at.isoformat(),
    }


def _gateway(entry: Transaction) -> str:
    """The gateway as a day calls it."""
    names = {shops: days for days, shops in GATEWAYS.items()}
    return names.get(entry.gateway, entry.gateway)


def _parcels(order: Order, made: Fulfillment) -> list[Json]:
    """One entry per tracking number; all name the fulfillment's units."""
    lines = [{"sku": order.line(gone.line).sku, "qty": gone.quantity} for gone in made.portions]
    parcels = made.tracking or [{"number": None, "company": None}]
    return [
        {
            "tracking": entry.get("number"),
            "company": entry.get("company"),
            "location": made.location,
            "app": made.app,
            "at": made.created_at.isoformat(),
            "lines": lines,
        }
        for entry in parcels
    ]
