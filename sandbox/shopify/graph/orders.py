"""Orders and what hangs on them."""

from sandbox.shopify import totals
from sandbox.shopify.graph import fulfillment, lines, people, transactions
from sandbox.shopify.graph.values import bag, gid, page, problem, when
from sandbox.shopify.money import total
from sandbox.shopify.payloads import gateways
from sandbox.shopify.records import Order
from sandbox.shopify.state import Shop
from sandbox.values import Json

ADVICE = {"NONE": "NONE", "LOW": "ACCEPT", "MEDIUM": "INVESTIGATE", "HIGH": "CANCEL"}
FACTS = {
    "LOW": (
        "Characteristics of this order are similar to non-fraudulent orders observed in the past",
        "POSITIVE",
    ),
    "MEDIUM": ("Some characteristics of this order are unusual", "NEUTRAL"),
    "HIGH": (
        "Characteristics of this order are similar to fraudulent orders observed in the past",
        "NEGATIVE",
    ),
}


def order(shop: Shop, it: Order) -> Json:
    """An Order."""
    return {
        "__typename": "Order",
        "id": gid("Order", it.id),
        "legacyResourceId": str(it.id),
        "name": it.name,
        "number": it.number,
        **_dates(it),
        **_states(shop, it),
        **_amounts(it),
        **_people(it),
        **_parts(shop, it),
        "cancelReason": it.cancel_reason,
        "cancellation": {"staffNote": it.cancel_note} if it.cancelled_at else None,
        "currencyCode": it.currency,
        "presentmentCurrencyCode": it.presentment,
        "taxesIncluded": it.taxes_included,
        "taxExempt": False,
        "estimatedTaxes": False,
        "dutiesIncluded": False,
        "customAttributes": [],
        "discountCode": None,
        "discountCodes": [],
        "note": None,
        "poNumber": None,
        "tags": [],
        "sourceName": "web",
        "test": it.test,
        "paymentGatewayNames": gateways(it),
        "risk": _risk(it),
        "totalWeight": "0",
        "currentTotalDutiesSet": None,
        "originalTotalDutiesSet": None,
        "returnStatus": "NO_RETURN",
    }


def _dates(it: Order) -> Json:
    return {
        "createdAt": when(it.created_at),
        "processedAt": when(it.created_at),
        "updatedAt": when(it.updated_at),
        "cancelledAt": when(it.cancelled_at),
        "closedAt": when(it.closed_at),
        "closed": it.closed_at is not None,
    }


def _states(shop: Shop, it: Order) -> Json:
    financial = totals.financial_status(it, shop.now())
    left = sum(totals.unfulfilled(it, line.id) for line in it.lines)
    return {
        "displayFinancialStatus": financial,
        "displayFulfillmentStatus": totals.fulfillment_status(it),
        "confirmed": True,
        "edited": it.edited,
        "fullyPaid": financial in {"PAID", "PARTIALLY_REFUNDED", "REFUNDED"},
        "unpaid": totals.captured(it).presentment.amount == 0,
        "capturable": bool(totals.open_authorizations(it)),
        "fulfillable": left > 0,
        "refundable": totals.captured(it).presentment.amount > totals.refunded(it).presentment.amount,
        "restockable": left > 0,
        "requiresShipping": any(line.ships for line in it.lines),
    }


def _amounts(it: Order) -> Json:
    discounts = total([line.discount for line in it.lines], it.zero)
    subtotal = total([line.net for line in it.lines], it.zero)
    taken, back, now = totals.captured(it), totals.refunded(it), totals.current_total(it)
    promised = total([entry.amount for entry in totals.open_authorizations(it)], it.zero)
    gone = [line for made in it.refunds for line in made.lines]
    shipping = it.shipping.minus(total([made.shipping for made in it.refunds], it.zero))
    paid_shipping = shipping if shipping.shop.amount > 0 else it.zero
    sets = {
        "currentSubtotalPriceSet": subtotal.minus(total([line.subtotal for line in gone], it.zero)).minus(
            total([line.removed for line in it.lines], it.zero)
        ),
        "currentShippingPriceSet": paid_shipping,
        "currentTotalDiscountsSet": discounts,
        "currentTotalPriceSet": now,
        "currentTotalTaxSet": it.zero
        if it.cancelled_at
        else it.tax.minus(total([line.tax for line in gone], it.zero)),
        "netPaymentSet": taken.minus(back),
        "originalTotalPriceSet": it.original_total,
        "subtotalPriceSet": subtotal,
        "totalCapturableSet": promised,
        "totalDiscountsSet": discounts,
        "totalOutstandingSet": now.minus(taken).plus(back),
        "totalPriceSet": it.total,
        "totalReceivedSet": taken,
        "totalRefundedSet": back,
        "totalRefundedShippingSet": total([made.shipping for made in it.refunds], it.zero),
        "totalShippingPriceSet": it.shipping,
        "totalTaxSet": it.tax,
        "totalTipReceivedSet": it.zero,
    }
    rounding = {"paymentSet": bag(it.zero), "refundSet": bag(it.zero)}
    return {**{name: bag(amount) for name, amount in sets.items()}, "totalCashRoundingAdjustment": rounding}


def _people(it: Order) -> Json:
    address = people.address(it.ship_to, it.id)
    return {
        "customer": people.customer(it.customer),
        "email": it.customer.email,
        "phone": it.customer.phone,
        "shippingAddress": _withheld if it.withheld else address,
        "billingAddress": address,
        "billingAddressMatchesShippingAddress": True,
    }


def _withheld(_info: object) -> Json:
    """What an app is told that was not approved for the data that names people."""
    message = "This app is not approved to access the shippingAddress field. See https://shopify.dev/docs/apps/launch/protected-customer-data"
    raise problem(message, "ACCESS_DENIED")


def _parts(shop: Shop, it: Order) -> Json:
    unshipped = [line for line in it.lines if not line.ships]
    rate = lines.tax_lines(it.tax, it)
    return {
        "lineItems": lambda _info, **args: page(it.lines, lambda line: lines.line(shop, it, line), args),
        "nonFulfillableLineItems": lambda _info, **args: page(
            unshipped, lambda line: lines.line(shop, it, line), args
        ),
        "subtotalLineItemsQuantity": sum(line.quantity for line in it.lines),
        "currentSubtotalLineItemsQuantity": sum(line.current for line in it.lines),
        "shippingLine": lines.shipping(it),
        "shippingLines": lambda _info, **args: page([it], lines.shipping, args),
        "taxLines": rate,
        "currentTaxLines": rate,
        "transactions": lambda _info, **args: transactions.listed(shop, it, args),
        "transactionsCount": {"count": len(it.transactions), "precision": "EXACT"},
        "fulfillmentOrders": lambda _info, **args: page(
            it.fulfillment_orders, lambda asked: fulfillment.asked(shop, it, asked), args
        ),
        "fulfillments": lambda _info, **args: [
            fulfillment.made(shop, it, made) for made in it.fulfillments[: args.get("first")]
        ],
        "fulfillmentsCount": {"count": len(it.fulfillments), "precision": "EXACT"},
        "refunds": lambda _info, **args: [
            transactions.refund(shop, it, made) for made in it.refunds[: args.get("first")]
        ],
    }


def _risk(it: Order) -> Json:
    """The shop's own assessment, at the level of the payment's risk; a gateway's score it neither knows nor shows."""
    level = it.risk["level"] if it.risk else "LOW"
    facts = []
    if it.risk and level in FACTS:
        description, sentiment = FACTS[level]
        facts = [{"description": description, "sentiment": sentiment}]
    assessment = {"facts": facts, "provider": None, "riskLevel": level}
    return {"assessments": [assessment], "recommendation": ADVICE[level]}
