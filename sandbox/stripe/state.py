"""What Stripe knows: payments, refunds, subscribers and events, and its books."""

import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sandbox.environment import Environment
from sandbox.scripted_faults import Message
from sandbox.stripe import objects
from sandbox.stripe.keys import Keys
from sandbox.stripe.objects import Capture, Endpoint, Payment, Refund
from sandbox.stripe.refusals import Refused, missing, unexpected_state
from sandbox.values import Json, token

KEYS: Final = {True: "sk_live_sandboxOnlyNoRealAccount", False: "sk_test_sandboxOnlyNoRealAccount"}
"""The account's key in live and in test mode; it opens a stand-in and nothing else."""
HOLD: Final = timedelta(days=7)
"""How long a card's authorization lasts."""
RETRIES: Final = (30.0, 120.0, 600.0, 3600.0, 10800.0)


class Stripe:
    """One account in live mode, with its twin in test mode; neither sees what the other has."""

    def __init__(self, env: Environment, *, live_side: "Stripe | None" = None) -> None:
        self.env = env
        self.live = live_side is None
        self.key = KEYS[self.live]
        self.endpoints: dict[str, Endpoint] = {}
        self.cut = False
        """The key was revoked."""
        self._made = 0
        self._muted = False
        self._forget()
        self.twin: Stripe = live_side or Stripe(env, live_side=self)

    def clear(self) -> None:
        """Forget every payment of both modes; who subscribed stays."""
        self._forget()
        self.twin._forget()  # noqa: SLF001  the same class

    def _forget(self) -> None:
        self.payments: dict[str, Payment] = {}
        self.events: dict[str, Json] = {}
        self.keys = Keys()
        self.asked: Counter[str] = Counter()
        """How often payments of an order were fetched, by order."""

    def everything(self) -> list[Payment]:
        """The payments of both modes."""
        return [*self.payments.values(), *self.twin.payments.values()]

    def side(self) -> "Stripe":
        """The mode the house sells in."""
        return self.twin if self.live and self.env.house.get("mode") == "test" else self

    # -- what the shop does with the same account

    def take(
        self, amount: int, currency: str, *, capture: bool, risk_level: str = "normal", risk_score: int = 10,
        metadata: Mapping[str, str] | None = None, capture_before: datetime | None = None,
        at: datetime | None = None,
    ) -> dict[str, str]:  # fmt: skip
        """A shopper pays in the shop's checkout; gives the ids of payment intent and charge.

        With `at` it happened then, and nothing of it is announced now.
        """
        side = self.side()
        side._muted = at is not None  # noqa: SLF001  the same class
        try:
            payment = side.open(amount, currency, manual=not capture, metadata=metadata or {}, at=at)
            payment.risk_level, payment.risk_score = risk_level, risk_score
            side.confirm(payment, method="pm_card_visa", by="shop", capture_before=capture_before, at=at)
        finally:
            side._muted = False  # noqa: SLF001  the same class
        return {"payment_intent": payment.id, "charge": payment.charge}

    def capture_from_shop(self, payment: str, amount: int | None = None) -> None:
        """The shop captures an authorization; raises Refused as the API would."""
        side = self._holding(payment)
        side.capture(side.find(payment), amount, by="shop")

    def refund_from_shop(self, payment: str, amount: int | None = None) -> str:
        """The shop gives money back; gives the refund's id."""
        side = self._holding(payment)
        return side.give_back(side.find(payment), amount, reason="requested_by_customer", metadata={}).id

    def cancel_from_shop(self, payment: str) -> None:
        """The shop lets an authorization go."""
        side = self._holding(payment)
        side.cancel(side.find(payment), "requested_by_customer")

    def _holding(self, payment: str) -> "Stripe":
        return self.twin if payment in self.twin.payments else self

    # -- what anyone does

    def open(
        self,
        amount: int,
        currency: str,
        *,
        manual: bool,
        metadata: Mapping[str, str],
        at: datetime | None = None,
    ) -> Payment:
        """A payment intent that nothing was paid on yet."""
        now = at or self.env.clock.now()
        payment = Payment(
            id=self.name("pi_3"), charge=self.name("ch_3"), amount=amount, currency=currency.lower(),
            created=now, manual=manual, metadata=dict(metadata), live=self.live,
        )  # fmt: skip
        self.payments[payment.id] = payment
        self.announce("payment_intent.created", objects.intent(payment))
        return payment

    def confirm(
        self,
        payment: Payment,
        *,
        method: str,
        by: str = "api",
        capture_before: datetime | None = None,
        at: datetime | None = None,
    ) -> None:
        """Ask the card for the money: charged, or only authorized where the capture is manual."""
        payment.payment_method = method
        now = at or self.env.clock.now()
        if payment.manual:
            payment.status = "requires_capture"
            payment.capture_before = capture_before or now + HOLD
            self.announce("charge.succeeded", objects.charge(payment))
            self.announce("payment_intent.amount_capturable_updated", objects.intent(payment))
            self.env.at(payment.capture_before, lambda: self._lapse(payment))
            return
        payment.status = "succeeded"
        taken = Capture(payment.amount, by, now)
        payment.captures.append(taken)
        payment.booked.append(taken)
        self.announce("charge.succeeded", objects.charge(payment))
        self.announce("payment_intent.succeeded", objects.intent(payment))

    def capture(self, payment: Payment, amount: int | None, *, by: str) -> None:
        """Take authorized money; the rest of the authorization is let go."""
        if payment.status != "requires_capture":
            raise unexpected_state(
                f"This PaymentIntent could not be captured because it has a status of {payment.status}.",
                intent=objects.intent(payment),
            )
        wanted = payment.amount if amount is None else amount
        if wanted > payment.amount:
            message = "The amount to capture is greater than the amount that can be captured."
            raise Refused(400, message, code="amount_too_large", param="amount_to_capture", saved=True)
        taken = Capture(wanted, by, self.env.clock.now())
        payment.captures.append(taken)
        payment.booked.extend(self._as_booked(payment, taken, by))
        payment.status = "succeeded"
        self.announce("charge.captured", objects.charge(payment))
        self.announce("payment_intent.succeeded", objects.intent(payment))

    def cancel(self, payment: Payment, reason: str | None) -> None:
        """Let the payment go before it is captured."""
        if payment.status in {"succeeded", "canceled"}:
            raise unexpected_state(
                f"You cannot cancel this PaymentIntent because it has a status of {payment.status}.",
                intent=objects.intent(payment),
            )
        payment.status = "canceled"
        payment.canceled_at = self.env.clock.now()
        payment.cancellation_reason = reason
        if reason == "expired":
            self.announce("charge.expired", objects.charge(payment))
        self.announce("payment_intent.canceled", objects.intent(payment))

    def give_back(
        self, payment: Payment, amount: int | None, *, reason: str | None, metadata: Mapping[str, str]
    ) -> Refund:
        """Refund captured money, all that is left when no amount is named."""
        left = payment.captured - payment.refunded
        if payment.captured == 0:
            raise unexpected_state(f"The payment {payment.id} has no captured charge to refund.")
        if left == 0:
            message = f"Charge {payment.charge} has already been refunded."
            raise Refused(400, message, code="charge_already_refunded", saved=True)
        wanted = left if amount is None else amount
        if wanted > left:
            message = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})"
            raise Refused(400, message, param="amount", saved=True)
        given = Refund(self.name("re_3"), wanted, self.env.clock.now(), reason, dict(metadata))
        payment.refunds.append(given)
        self.announce("refund.created", objects.refund(payment, given))
        self.announce("charge.refunded", objects.charge(payment))
        return given

    def dispute(self, payment: str, *, reason: str = "fraudulent") -> str:
        """The cardholder disputes the payment; gives the dispute's id."""
        if payment in self.twin.payments:
            return self.twin.dispute(payment, reason=reason)
        disputed = self.find(payment)
        if disputed.captured == 0:
            raise ValueError(f"nothing was captured on {payment}")
        disputed.dispute = self.name("du_1")
        disputed.dispute_reason = reason
        self.announce("charge.dispute.created", objects.dispute(disputed))
        return disputed.dispute

    def find(self, payment: str) -> Payment:
        """The payment of that intent's id."""
        if payment not in self.payments:
            there = self._elsewhere(payment in self.twin.payments)
            raise missing("payment_intent", payment, param="intent", other_mode=there)
        return self.payments[payment]

    def find_charge(self, charge: str, *, param: str = "charge") -> Payment:
        """The payment of that charge's id."""
        for payment in self.payments.values():
            if payment.charge == charge and payment.charged:
                return payment
        there = any(payment.charge == charge for payment in self.twin.payments.values())
        raise missing("charge", charge, param=param, other_mode=self._elsewhere(there))

    def _elsewhere(self, there: bool) -> tuple[str, str] | None:  # noqa: FBT001  the answer to one question
        """The other mode and this one, where the other knows the object."""
        modes = ("test", "live") if self.live else ("live", "test")
        return modes if there else None

    def now(self) -> datetime:
        """The present instant."""
        return self.env.clock.now()

    def name(self, prefix: str) -> str:
        """A new id."""
        self._made += 1
        return prefix + token("stripe" if self.live else "stripe test", prefix, self._made)

    def announce(self, kind: str, subject: Json) -> None:
        """Make an event and send it to whoever subscribed to its type."""
        wanted_by = [each for each in self.endpoints.values() if each.wants(kind) and not self._muted]
        event: Json = {
            "id": self.name("evt_3"), "object": "event", "api_version": objects.API_VERSION,
            "created": objects.unix(self.env.clock.now()), "data": {"object": subject}, "livemode": self.live,
            "pending_webhooks": len(wanted_by), "request": {"id": None, "idempotency_key": None}, "type": kind,
        }  # fmt: skip
        self.events[event["id"]] = event
        for subscriber in wanted_by:
            self._send(subscriber, event)

    def books(self) -> Json:
        """What truly moved."""
        return {
            "payments": {each.id: self._booked(each) for each in self.everything()},
            "stripe_calls": dict(self.asked + self.twin.asked),
            **self.env.counts("stripe"),
        }

    def credentials(self, url: str) -> Json:
        """What a client needs: the key of the mode that the house sells in."""
        return {"url": url, "key": self.side().key, "keys": {"live": KEYS[True], "test": KEYS[False]}}

    def _booked(self, payment: Payment) -> Json:
        return {
            "amount": payment.amount,
            "currency": payment.currency.upper(),
            "captured": sum(each.amount for each in payment.booked),
            "refunded": payment.refunded,
            "status": payment.status,
            "capturable": payment.capturable,
            "order": payment.metadata.get("order"),
            "live": payment.live,
            "created": payment.created.isoformat(),
            "captures": [
                {"amount": each.amount, "by": each.by, "at": each.at.isoformat()} for each in payment.booked
            ],
            "refunds": [{"amount": each.amount, "at": each.created.isoformat()} for each in payment.refunds],
        }

    def _as_booked(self, payment: Payment, taken: Capture, by: str) -> list[Capture]:
        subject = payment.metadata.get("order", payment.id)
        if by == "shop" and self.env.sabotage.hits("capture_lost", subject):
            return []
        if self.env.sabotage.hits("capture_doubled", subject):
            return [taken, taken]
        return [taken]

    def _lapse(self, payment: Payment) -> None:
        if payment.status == "requires_capture":
            self.cancel(payment, "expired")

    def _send(self, subscriber: Endpoint, event: Json) -> None:
        body = json.dumps(event, indent=2).encode()

        def build(_attempt: int) -> tuple[str, Mapping[str, str], bytes]:
            # Signed at the wall clock's time: the vendor's own library compares it with that.
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                "Stripe-Signature": signature(subscriber.secret, body, at=int(time.time())),
            }
            return subscriber.url, headers, body

        subject = event["data"]["object"]
        about = Message("stripe", event["type"], self._order_of(subject))
        self.env.webhook_delivery.post(about, f"{event['type']} {subject['id']}", build, retries=RETRIES)

    def _order_of(self, subject: Json) -> str | None:
        """The order behind an intent, a charge, a refund or a dispute."""
        ids = {subject["id"], subject.get("payment_intent")}
        payments = self.payments.values()
        return next((each.metadata.get("order") for each in payments if {each.id, each.charge} & ids), None)


def signature(secret: str, body: bytes, *, at: int) -> str:
    """The `Stripe-Signature` header of a delivery."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
