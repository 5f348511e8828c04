"""Money: taken, captured, given back, let go; Stripe's part moves at Stripe."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sandbox.shopify import announcing
from sandbox.shopify.money import Bag, Money
from sandbox.shopify.records import Order, Transaction
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.shopify.totals import TAKEN, children, open_authorizations, refundable
from sandbox.stripe.refusals import Refused
from sandbox.values import Json

HELD_FOR: Final = timedelta(days=7)
RISKS: Final = {"normal": "LOW", "elevated": "MEDIUM", "highest": "HIGH"}
"""What the shop's own judgment comes to; it says nothing where the gateway assessed nothing."""
GATEWAYS: Final = {"store_credit": "shopify_store_credit"}
"""Gateways that the shop calls otherwise than a day does."""


@dataclass(frozen=True)
class Capture:
    """A spec to take authorized money; no amount means all of it."""

    parent: int | None
    amount: int | None = None
    currency: str | None = None


def take(shop: Shop, order: Order, payment: Json, *, at: datetime | None = None) -> Transaction:
    """Take or authorize one payment of a shopper, now or `at` an earlier instant; the order's risk is the worst one's."""
    now, later = at or shop.now(), payment.get("capture") == "later"
    gateway = str(payment["gateway"])
    entry = Transaction(
        shop.next_id(), "AUTHORIZATION" if later else "SALE", GATEWAYS.get(gateway, gateway),
        _bag(order, payment["amount"], payment.get("currency", order.presentment)), now,
    )  # fmt: skip
    if later:
        named = payment.get("capture_before")
        entry.expires_at = datetime.fromisoformat(named) if named else now + HELD_FOR
    risk = payment.get("risk") or {}
    if entry.gateway == "stripe":
        _take_at_stripe(shop, order, entry, risk=risk, at=at)
    else:
        entry.authorization = f"{entry.gateway}_{shop.env.rng.randbytes(8).hex()}"
        entry.receipt = {"id": entry.authorization}
    if entry.gateway == "manual":
        # Pending until somebody marks the order as paid, which is what a later payment at that gateway is.
        waiting = [one for one in order.transactions if one.status == "PENDING" and one.gateway == "manual"]
        entry.status = "SUCCESS" if waiting else "PENDING"
        entry.parent = waiting[0].id if waiting else None
    score = risk.get("score", 0)
    if risk and (order.risk is None or score > order.risk["score"]):
        order.risk = {"level": RISKS.get(risk["level"], "NONE"), "score": score, "gateway": entry.gateway}
    order.transactions.append(entry)
    return entry


def capture(shop: Shop, order: Order, spec: Capture) -> Transaction:
    """Take authorized money, once per authorization; what is not taken is let go."""
    parent = order.transaction(spec.parent or 0)
    if parent is None or parent not in open_authorizations(order):
        raise Refusal("Parent transaction cannot be captured", "parentTransactionId")
    if parent.expires_at is not None and parent.expires_at <= shop.env.clock.now():
        raise Refusal("The authorization has expired", "parentTransactionId")
    limit = parent.amount.presentment
    amount = limit.amount if spec.amount is None else spec.amount
    if spec.currency not in (None, limit.currency):
        raise Refusal(f"Currency must be {limit.currency}", "currency")
    if not 0 < amount <= limit.amount:
        raise Refusal("Amount must be above 0 and at most what is authorized", "amount")
    if parent.payment_intent is not None:
        try:
            shop.stripe.capture_from_shop(parent.payment_intent, amount)
        except Refused as refused:
            raise Refusal(str(refused), "parentTransactionId") from refused
    taken = _child(shop, parent, "CAPTURE", parent.amount.share(amount, limit.amount))
    order.transactions.append(taken)
    shop.touch(order)
    announcing.paid(shop, order)
    return taken


def give_back(shop: Shop, order: Order, parent: Transaction, amount: int) -> Transaction:
    """Give back some of a sale or capture, in the currency it was paid in."""
    left = refundable(order, parent).presentment
    if not 0 < amount <= left.amount:
        raise Refusal("Amount must be above 0 and at most what is left to refund", "transactions")
    given = _child(shop, parent, "REFUND", parent.amount.share(amount, parent.amount.presentment.amount))
    if parent.payment_intent is not None:
        try:
            given.authorization = shop.stripe.refund_from_shop(parent.payment_intent, amount)
        except Refused as refused:
            raise Refusal(str(refused), "transactions") from refused
    order.transactions.append(given)
    return given


def give_back_all(shop: Shop, order: Order) -> list[Transaction]:
    """Give back everything that was taken and not yet given back."""
    given = []
    for parent in [entry for entry in order.transactions if entry.kind in TAKEN]:
        left = refundable(order, parent).presentment.amount
        if left:
            given.append(give_back(shop, order, parent, left))
    return given


def void_all(shop: Shop, order: Order) -> None:
    """Let every open authorization go."""
    for parent in open_authorizations(order):
        if parent.payment_intent is not None:
            # Captured or cancelled at Stripe itself: for the shop the authorization is over all the same.
            with contextlib.suppress(Refused):
                shop.stripe.cancel_from_shop(parent.payment_intent)
        order.transactions.append(_child(shop, parent, "VOID", parent.amount))


def _take_at_stripe(shop: Shop, order: Order, entry: Transaction, *, risk: Json, at: datetime | None) -> None:
    paid = entry.amount.presentment
    taken = shop.stripe.take(
        paid.amount, paid.currency, capture=entry.kind == "SALE",
        risk_level=risk.get("level", "normal"), risk_score=risk.get("score", 10),
        metadata={"order": order.name}, capture_before=entry.expires_at, at=at,
    )  # fmt: skip
    entry.payment_intent = taken["payment_intent"]
    entry.authorization = taken["charge"]
    entry.receipt = {"id": taken["payment_intent"], "latest_charge": taken["charge"]}


def _child(shop: Shop, parent: Transaction, kind: str, amount: Bag) -> Transaction:
    return Transaction(
        shop.next_id(), kind, parent.gateway, amount, shop.now(), parent=parent.id,
        authorization=parent.authorization, receipt=parent.receipt, payment_intent=parent.payment_intent,
        by=shop.actor,
    )  # fmt: skip


def _bag(order: Order, amount: int, currency: str) -> Bag:
    if currency == order.presentment:
        paid = order.total.share(amount, order.total.presentment.amount).shop
        same = order.currency == order.presentment
        return Bag(Money(amount, currency) if same else paid, Money(amount, currency))
    return Bag(Money(amount, order.currency), Money(amount, currency))


def capturable(order: Order, entry: Transaction) -> bool:
    """Whether the transaction is an authorization that can still be captured."""
    return entry.kind == "AUTHORIZATION" and not children(order, entry, "CAPTURE", "VOID")
