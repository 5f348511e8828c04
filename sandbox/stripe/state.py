"""What Stripe does with an account: payments, refunds, disputes, reviews, and what it announces of them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from sandbox.environment import Environment
from sandbox.stripe import books, objects
from sandbox.stripe.announcing import Announcing
from sandbox.stripe.keys import Keys
from sandbox.stripe.records import CARD, Capture, Dispute, Endpoint, Payment, Refund, Review
from sandbox.stripe.refusals import Refused, missing, unexpected_state
from sandbox.values import Json, token

KEYS: Final = {True: "sk_live_sandboxOnlyNoRealAccount", False: "sk_test_sandboxOnlyNoRealAccount"}
"""The account's key in live and in test mode; it opens a stand-in and nothing else."""
HOLD: Final = timedelta(days=7)
"""How long a card's authorization lasts."""
SETTLES: Final = timedelta(hours=1)
"""After this long comes what Stripe does later: a refund ends, an asynchronous capture gets its balance transaction."""
PENDING_REFUND: Final = "pm_card_pendingRefund"
"""Its refunds begin as pending and succeed later; https://docs.stripe.com/testing#refunds (read 2026-11)."""
FAILING_REFUND: Final = "pm_card_refundFail"
"""Its refunds begin as succeeded and fail later; the same page."""


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
        self._forget()
        self.twin: Stripe = live_side or Stripe(env, live_side=self)

    def clear(self) -> None:
        """Forget every payment of both modes; who subscribed stays."""
        self._forget()
        self.twin._forget()  # noqa: SLF001  the same class

    def _forget(self) -> None:
        self.payments: dict[str, Payment] = {}
        self.by_charge: dict[str, Payment] = {}
        self.announcing = Announcing(self.env, self.endpoints, self.payments, live=self.live, name=self.name)
        self.keys = Keys()
        self.asked: Counter[str] = Counter()
        """How often payments of an order were fetched, by order."""

    def everything(self) -> list[Payment]:
        """The payments of both modes."""
        return [*self.payments.values(), *self.twin.payments.values()]

    @property
    def events(self) -> dict[str, Json]:
        """Every event, by its id."""
        return self.announcing.events

    def side(self) -> "Stripe":
        """The mode the house sells in."""
        return self.twin if self.live and self.env.house.get("mode") == "test" else self

    # -- what the shop does with the same account

    def take(
        self, amount: int, currency: str, *, capture: bool, risk_level: str = "normal", risk_score: int = 10,
        metadata: Mapping[str, str] | None = None, capture_before: datetime | None = None,
        at: datetime | None = None, method: str = CARD,
    ) -> dict[str, str]:  # fmt: skip
        """A shopper pays in the shop's checkout; gives the ids of payment intent and charge.

        With `at` it happened then, and nothing of it is announced now.
        """
        side = self.side()
        with side.announcing.muted(at is not None):
            how = "automatic" if capture else "manual"
            payment = side.open(amount, currency, capture_method=how, metadata=metadata or {}, at=at)
            payment.risk_level, payment.risk_score = risk_level, risk_score
            side.confirm(payment, method=method, by="shop", capture_before=capture_before, at=at)
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
        self, amount: int, currency: str, *, capture_method: str, metadata: Mapping[str, str],
        at: datetime | None = None, customer: str | None = None, said: Json | None = None,
    ) -> Payment:  # fmt: skip
        """A payment intent that nothing was paid on yet."""
        payment = Payment(
            id=self.name("pi_3"), charge=self.name("ch_3"), amount=amount, currency=currency.lower(),
            created=at or self.now(), capture_method=capture_method, metadata=dict(metadata), live=self.live,
            customer=customer, said=said or {},
        )  # fmt: skip
        self.payments[payment.id] = payment
        self.announce("payment_intent.created", objects.intent(payment))
        return payment

    def confirm(
        self, payment: Payment, *, method: str, by: str = "api", capture_before: datetime | None = None,
        at: datetime | None = None,
    ) -> None:  # fmt: skip
        """Ask the card for the money: charged, or only authorized where the capture is manual."""
        payment.payment_method = method
        now = payment.charged_at = at or self.now()
        self.by_charge[payment.charge] = payment
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
        if payment.capture_method == "automatic_async":
            self.env.at(now + SETTLES, lambda: self._settle(payment))
        else:
            payment.balance_transaction = self.name("txn_3")
        self.announce("charge.succeeded", objects.charge(payment))
        self.announce("payment_intent.succeeded", objects.intent(payment))

    def decline(self, payment: Payment, *, method: str, code: str) -> None:
        """The card says no: the charge stays, as failed, and the intent waits for another card."""
        payment.charged_at, payment.declined_method, payment.decline_code = self.now(), method, code
        payment.status, payment.payment_method = "requires_payment_method", None
        self.by_charge[payment.charge] = payment
        self.announce("charge.failed", objects.charge(payment))
        self.announce("payment_intent.payment_failed", objects.intent(payment))

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
        before = objects.charge(payment)
        taken = Capture(wanted, by, self.now())
        payment.captures.append(taken)
        payment.booked.extend(books.as_booked(self.env.sabotage, payment, taken, by))
        payment.status = "succeeded"
        payment.balance_transaction = self.name("txn_3")
        self.announce("charge.captured", objects.charge(payment), before=before)
        self.announce("payment_intent.succeeded", objects.intent(payment))

    def cancel(self, payment: Payment, reason: str | None) -> None:
        """Let the payment go before it is captured."""
        if payment.status in {"succeeded", "canceled"}:
            raise unexpected_state(
                f"You cannot cancel this PaymentIntent because it has a status of {payment.status}.",
                intent=objects.intent(payment),
            )
        payment.status = "canceled"
        payment.canceled_at = self.now()
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
        if payment.dispute is not None and not payment.dispute.inquiry:
            # https://docs.stripe.com/error-codes#charge-disputed (read 2026-11)
            message = f"Charge {payment.charge} has been charged back; cannot issue a refund."
            raise Refused(400, message, code="charge_disputed", saved=True)
        if left == 0:
            message = f"Charge {payment.charge} has already been refunded."
            raise Refused(400, message, code="charge_already_refunded", saved=True)
        wanted = left if amount is None else amount
        if wanted > left:
            message = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})"
            raise Refused(400, message, param="amount", saved=True)
        before = objects.charge(payment)
        given = Refund(self.name("re_3"), wanted, self.now(), reason, dict(metadata))
        if payment.payment_method == PENDING_REFUND:
            given.status = "pending"
        else:
            given.balance_transaction = self.name("txn_3")
        payment.refunds.append(given)
        self.announce("refund.created", objects.refund(payment, given))
        self.announce("charge.refunded", objects.charge(payment), before=before)
        ending: Mapping[str | None, Literal["succeeded", "failed"]]
        ending = {PENDING_REFUND: "succeeded", FAILING_REFUND: "failed"}
        if payment.payment_method in ending:
            end = ending[payment.payment_method]
            self.env.at(self.now() + SETTLES, lambda: self._end_refund(payment, given, end))
        return given

    def dispute(self, payment: str, *, reason: str = "fraudulent", inquiry: bool = False) -> str:
        """The cardholder disputes the payment, or only asks about it; gives the dispute's id."""
        if payment in self.twin.payments:
            return self.twin.dispute(payment, reason=reason, inquiry=inquiry)
        disputed = self.find(payment)
        if disputed.captured == 0:
            raise ValueError(f"nothing was captured on {payment}")
        denied = Dispute(self.name("du_1"), reason, self.now(), disputed.captured, inquiry)
        disputed.dispute = denied
        if not inquiry:
            denied.balance_transaction = self.name("txn_1")
        self.announce("charge.dispute.created", objects.dispute(disputed, denied))
        if not inquiry:
            self.announce("charge.dispute.funds_withdrawn", objects.dispute(disputed, denied))
        return denied.id

    def open_review(self, payment: str) -> str:
        """One of the merchant's rules wants a person to look at the payment; gives the review's id."""
        side = self._holding(payment)
        looked_at = side.find(payment)
        looked_at.review = Review(side.name("prv_1"), side.now())
        side.announce("review.opened", objects.review(looked_at, looked_at.review))
        return looked_at.review.id

    def close_review(self, payment: str, reason: str = "approved") -> None:
        """Somebody has looked at it."""
        side = self._holding(payment)
        looked_at = side.find(payment)
        if looked_at.review is None:
            raise ValueError(f"nobody is to look at {payment}")
        looked_at.review.closed_reason = reason
        side.announce("review.closed", objects.review(looked_at, looked_at.review))

    def find(self, payment: str, *, param: str = "intent", status: int = 404) -> Payment:
        """The payment of that intent's id."""
        if payment not in self.payments:
            there = self._elsewhere(payment in self.twin.payments)
            raise missing("payment_intent", payment, param=param, other_mode=there, status=status)
        return self.payments[payment]

    def find_charge(self, charge: str, *, param: str = "charge", status: int = 404) -> Payment:
        """The payment of that charge's id."""
        if charge not in self.by_charge:
            there = self._elsewhere(charge in self.twin.by_charge)
            raise missing("charge", charge, param=param, other_mode=there, status=status)
        return self.by_charge[charge]

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

    def announce(self, kind: str, subject: Json, *, before: Json | None = None) -> None:
        """Make an event of what is so now, and of how it was before, and send it to whoever subscribed to its type."""
        self.announcing.announce(kind, subject, before=before)

    def books(self) -> Json:
        """What truly moved."""
        return {
            "payments": {each.id: books.of(each) for each in self.everything()},
            "stripe_calls": dict(self.asked + self.twin.asked),
            **self.env.counts("stripe"),
        }

    def credentials(self, url: str) -> Json:
        """What a client needs: the key of the mode that the house sells in."""
        return {"url": url, "key": self.side().key, "keys": {"live": KEYS[True], "test": KEYS[False]}}

    # -- what comes by itself

    def _lapse(self, payment: Payment) -> None:
        if payment.status == "requires_capture":
            self.cancel(payment, "expired")

    def _settle(self, payment: Payment) -> None:
        before = objects.charge(payment)
        payment.balance_transaction = self.name("txn_3")
        self.announce("charge.updated", objects.charge(payment), before=before)

    def _end_refund(self, payment: Payment, given: Refund, end: Literal["succeeded", "failed"]) -> None:
        """A refund ends otherwise than it began; what failed is no longer given back.

        Which events come: https://docs.stripe.com/testing#refunds (read 2026-11). What stood in `charge.refund.updated`
        of a refund that failed: a recorded event of 2020-05-14 (zulip, zerver/webhooks/stripe/fixtures/refund_event.json).
        """
        before = objects.refund(payment, given)
        given.status = end
        if end == "failed":
            given.failure_balance_transaction = self.name("txn_3")
        else:
            given.balance_transaction = self.name("txn_3")
        after = objects.refund(payment, given)
        self.announce("refund.failed" if end == "failed" else "refund.updated", after, before=before)
        self.announce("charge.refund.updated", after, before=before)
