"""Orders, their shoppers and addresses."""

from sandbox.shopify import totals
from sandbox.shopify.graph import filters, fulfillment, lines, transactions
from sandbox.shopify.graph.asking import found
from sandbox.shopify.graph.values import bag, gid, identified, page, problem, some, when
from sandbox.shopify.money import total
from sandbox.shopify.names import first_last
from sandbox.shopify.payloads import gateways
from sandbox.shopify.records import Customer, Order
from sandbox.shopify.state import Shop
from sandbox.values import Json

ADVICE = {"NONE": "NONE", "LOW": "ACCEPT", "MEDIUM": "INVESTIGATE", "HIGH": "CANCEL"}
FACTS = {
    "LOW": ("Characteristics of this order are similar to non-fraudulent orders observed in the past", "POSITIVE"),
    "MEDIUM": ("Some characteristics of this order are unusual", "NEUTRAL"),
    "HIGH": ("Characteristics of this order are similar to fraudulent orders observed in the past", "NEGATIVE"),
}  # fmt: skip


def order(shop: Shop, it: Order) -> Json:
    """An Order."""
    return {
        **identified("Order", it.id),
        "name": it.name,
        "createdAt": when(it.created_at),
        "processedAt": when(it.created_at),
        "updatedAt": when(it.updated_at),
        "cancelledAt": when(it.cancelled_at),
        "cancelReason": it.cancel_reason,
        "cancellation": {"staffNote": it.staff_note} if it.cancelled_at else None,
        "displayFinancialStatus": totals.financial_status(it, shop.now()),
        "displayFulfillmentStatus": totals.fulfillment_status(it),
        "requiresShipping": any(line.ships for line in it.lines),
        "currencyCode": it.currency,
        "presentmentCurrencyCode": it.presentment,
        "taxesIncluded": it.taxes_included,
        "test": it.test,
        "sourceName": "web",
        "customAttributes": [{"key": key, "value": value} for key, value in it.attributes.items()],
        "paymentGatewayNames": gateways(it),
        "risk": _risk(it),
        "customer": customer(it.customer),
        "email": it.customer.email,
        "shippingAddress": _withheld if it.withheld else _address(it.ship_to, it.id),
        **_amounts(it),
        **_parts(shop, it),
    }


def _amounts(it: Order) -> Json:
    taken, back, now = totals.captured(it), totals.refunded(it), totals.current_total(it)
    returned_tax = total([line.tax for made in it.refunds for line in made.lines], it.zero)
    sets = {
        "currentTotalPriceSet": now,
        "currentTotalTaxSet": it.zero if it.cancelled_at else it.tax.minus(returned_tax),
        "totalDiscountsSet": total([line.discount for line in it.lines], it.zero),
        "totalOutstandingSet": now.minus(taken).plus(back),
        "totalPriceSet": it.total,
        "totalShippingPriceSet": it.shipping,
        "totalTaxSet": it.tax,
        "totalTipReceivedSet": it.zero,
    }
    rounding = {"totalCashRoundingAdjustment": {"paymentSet": bag(it.zero)}}
    return {name: bag(amount) for name, amount in sets.items()} | rounding


def _parts(shop: Shop, it: Order) -> Json:
    taxes = lines.tax_lines(it.tax)
    return {
        "lineItems": lambda _info, args: page(it.lines, lambda line: lines.line(shop, it, line), args),
        "shippingLines": lambda _info, args: page([it], lines.shipping, args),
        "tags": list(it.tags),
        "taxLines": taxes,
        "currentTaxLines": taxes,
        "transactions": lambda _info, args: transactions.listed(it, args),
        "fulfillmentOrders": lambda info, args: page(
            found(info, filters.FULFILLMENT_ORDERS, it.fulfillment_orders, args),
            lambda asked: fulfillment.asked(shop, it, asked),
            args,
        ),
        "fulfillments": lambda info, args: [
            fulfillment.made(shop, it, made)
            for made in some(found(info, filters.FULFILLMENTS, it.fulfillments, args), args)
        ],
        "refunds": lambda _info, args: [
            transactions.refund(shop, it, made) for made in some(it.refunds, args)
        ],
    }


def customer(it: Customer) -> Json:
    """A Customer; the number of orders counts the one at hand."""
    first, _last = first_last(it.name)
    name = it.name or it.email or ""
    return {
        **identified("Customer", it.id),
        "displayName": name,
        "firstName": first,
        "numberOfOrders": str(it.orders),
    }


def _address(it: Json | None, of: int) -> Json | None:
    """A MailingAddress."""
    if it is None:
        return None
    same = {key: it.get(key) for key in ("name", "company", "city", "zip", "phone")}
    return {
        "id": gid("MailingAddress", of),
        **same,
        "address1": it.get("street1"),
        "address2": it.get("street2"),
        "provinceCode": it.get("state"),
        "countryCodeV2": it.get("country"),
    }


def _withheld(_info: object, _args: object) -> Json:
    """What an app gets that was not approved for the data that names people."""
    message = "This app is not approved to access the shippingAddress field. See https://shopify.dev/docs/apps/launch/protected-customer-data"
    raise problem(message, "ACCESS_DENIED")


def _risk(it: Order) -> Json:
    """The shop's own assessment, at the level of the payment's risk; a gateway's score it neither knows nor shows."""
    level = it.assessed
    facts = []
    if it.risk and level in FACTS:
        description, sentiment = FACTS[level]
        facts = [{"description": description, "sentiment": sentiment}]
    assessment = {"facts": facts, "riskLevel": level}
    return {"assessments": [assessment], "recommendation": ADVICE[level]}
