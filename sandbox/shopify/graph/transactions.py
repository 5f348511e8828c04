"""Transactions and refunds."""

import json

from sandbox.shopify.graph import lines
from sandbox.shopify.graph.values import bag, identified, page, some, when
from sandbox.shopify.money import total
from sandbox.shopify.paying import capturable
from sandbox.shopify.records import Order, Refund, RefundLine, Transaction
from sandbox.shopify.state import Shop
from sandbox.values import Json


def listed(of: Order, args: Json) -> list[Json]:
    """An order's transactions, all or only those that can be captured."""
    wanted = args.get("capturable")
    chosen = [entry for entry in of.transactions if wanted in (None, capturable(of, entry))]
    return [transaction(of, entry) for entry in some(chosen, args)]


def transaction(of: Order, it: Transaction) -> Json:
    """An OrderTransaction."""
    parent = of.transaction(it.parent) if it.parent else None
    return {
        **identified("OrderTransaction", it.id),
        "kind": it.kind,
        "status": it.status,
        "gateway": it.gateway,
        "amountSet": bag(it.amount),
        "authorizationCode": it.authorization,
        "authorizationExpiresAt": when(it.expires_at),
        "parentTransaction": transaction(of, parent) if parent else None,
        "receiptJson": json.dumps(it.receipt),
        "test": of.test,
    }


def refund(shop: Shop, of: Order, it: Refund) -> Json:
    """A Refund."""
    entries = [entry for entry in of.transactions if entry.id in it.transactions]
    return {
        **identified("Refund", it.id),
        "note": it.note,
        "totalRefundedSet": bag(total([entry.amount for entry in entries], of.zero)),
        "refundLineItems": lambda _info, args: page(it.lines, lambda one: _refund_line(shop, of, one), args),
        "transactions": lambda _info, args: page(entries, lambda one: transaction(of, one), args),
    }


def _refund_line(shop: Shop, of: Order, it: RefundLine) -> Json:
    return {
        "lineItem": lambda _info, _args: lines.line(shop, of, of.line(it.line)),
        "quantity": it.quantity,
        "subtotalSet": bag(it.subtotal),
        "totalTaxSet": bag(it.tax),
    }
