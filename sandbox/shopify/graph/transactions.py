"""Transactions and refunds."""

import json

from sandbox.shopify import totals
from sandbox.shopify.graph import lines, stock
from sandbox.shopify.graph.values import bag, gid, money, page, when
from sandbox.shopify.money import total
from sandbox.shopify.paying import capturable
from sandbox.shopify.records import Order, Refund, RefundLine, Transaction
from sandbox.shopify.state import Shop
from sandbox.values import Json


def listed(shop: Shop, of: Order, args: Json) -> list[Json]:
    """An order's transactions, all or only those that can be captured."""
    chosen = of.transactions
    if args.get("capturable") is not None:
        chosen = [entry for entry in chosen if capturable(of, entry) == args["capturable"]]
    return [transaction(shop, of, entry) for entry in chosen[: args.get("first")]]


def transaction(shop: Shop, of: Order, it: Transaction) -> Json:
    """An OrderTransaction."""
    parent = of.transaction(it.parent) if it.parent else None
    left = totals.refundable(of, it).presentment if it.kind in totals.TAKEN else None
    is_open = capturable(of, it)
    return {
        "__typename": "OrderTransaction",
        "id": gid("OrderTransaction", it.id),
        "kind": it.kind,
        "status": it.status,
        "gateway": it.gateway,
        "formattedGateway": it.gateway.replace("_", " ").title(),
        "manualPaymentGateway": False,
        "accountNumber": None,
        "amountSet": bag(it.amount),
        "amountRoundingSet": None,
        "authorizationCode": it.authorization,
        "authorizationExpiresAt": when(it.expires_at),
        "createdAt": when(it.created_at),
        "processedAt": when(it.created_at),
        "errorCode": None,
        "manuallyCapturable": is_open,
        "multiCapturable": False,
        "maximumRefundableV2": money(left) if left else None,
        "order": lambda info: info.context(of),
        "parentTransaction": transaction(shop, of, parent) if parent else None,
        "paymentId": it.payment_intent or it.authorization,
        "receiptJson": json.dumps(it.receipt),
        "settlementCurrency": it.amount.shop.currency,
        "test": of.test,
        "totalUnsettledSet": bag(it.amount if is_open else it.amount.zero()),
    }


def refund(shop: Shop, of: Order, it: Refund) -> Json:
    """A Refund."""
    entries = [entry for entry in of.transactions if entry.id in it.transactions]
    return {
        "__typename": "Refund",
        "id": gid("Refund", it.id),
        "legacyResourceId": str(it.id),
        "createdAt": when(it.created_at),
        "processedAt": when(it.created_at),
        "updatedAt": when(it.created_at),
        "note": it.note,
        "order": lambda info: info.context(of),
        "totalRefundedSet": bag(total([entry.amount for entry in entries], of.zero)),
        "refundLineItems": lambda _info, **args: page(
            it.lines, lambda one: _refund_line(shop, of, one), args
        ),
        "transactions": lambda _info, **args: page(entries, lambda one: transaction(shop, of, one), args),
    }


def _refund_line(shop: Shop, of: Order, it: RefundLine) -> Json:
    place = shop.stock.locations.get(it.location or "")
    return {
        "id": gid("RefundLineItem", it.id),
        "lineItem": lambda _info: lines.line(shop, of, of.line(it.line)),
        "location": stock.location(shop, place) if place else None,
        "quantity": it.quantity,
        "restockType": it.restock,
        "restocked": it.restock != "NO_RESTOCK",
        "priceSet": bag(it.subtotal.share(1, it.quantity)),
        "subtotalSet": bag(it.subtotal),
        "totalTaxSet": bag(it.tax),
    }
