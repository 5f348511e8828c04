"""What each of Stripe's operations does with its form."""

from collections.abc import Mapping
from typing import Final, TypeVar

from aiohttp import web

from sandbox.stripe import objects
from sandbox.stripe.forms import Form
from sandbox.stripe.objects import Endpoint, Payment, Refund
from sandbox.stripe.refusals import Refused, missing, unexpected_state
from sandbox.stripe.state import Stripe
from sandbox.values import Json, token

EXPANDABLE: Final[Mapping[str, frozenset[str]]] = {
    "payment_intent": frozenset({
        "latest_charge", "latest_charge.refunds", "latest_charge.review", "latest_charge.outcome.rule",
        "latest_charge.balance_transaction", "customer", "payment_method", "review",
    }),
    "charge": frozenset({"payment_intent", "refunds", "review", "outcome.rule", "balance_transaction", "customer"}),
    "refund": frozenset({"charge", "payment_intent", "balance_transaction"}),
    "other": frozenset(),
}  # fmt: skip
DECLINES: Final[Mapping[str, str]] = {
    "pm_card_visa_chargeDeclined": "generic_decline",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
}
RISKS: Final[Mapping[str, tuple[str, int]]] = {
    "pm_card_riskLevelElevated": ("elevated", 70),
    "pm_card_riskLevelHighest": ("highest", 90),
}
Known = TypeVar("Known")
MOST: Final = 100
USUAL_PAGE: Final = 10


def create_intent(state: Stripe, _request: web.Request, form: Form) -> Json:
    """Make a payment intent, and confirm it when asked to."""
    form.needed("amount")
    amount, currency = form.integer("amount"), form.needed("currency")
    manual = form.one_of("capture_method", ("automatic", "automatic_async", "manual")) == "manual"
    expand = _expand(form, "payment_intent")
    method = form.text("payment_method")
    payment = state.open(amount or 0, currency, manual=manual, metadata=form.metadata())
    payment.description = form.text("description")
    payment.receipt_email = form.text("receipt_email")
    if method is None:
        return objects.intent(payment, expand=expand)
    payment.payment_method = method
    payment.status = "requires_confirmation"
    if form.flag("confirm"):
        _confirm(state, payment, method)
    return objects.intent(payment, expand=expand)


def _confirm(state: Stripe, payment: Payment, method: str) -> None:
    if method in DECLINES:
        payment.status = "requires_payment_method"
        payment.decline_code = DECLINES[method]
        state.announce("payment_intent.payment_failed", objects.intent(payment))
        more = {"decline_code": payment.decline_code, "payment_intent": objects.intent(payment)}
        message = "Your card was declined."
        raise Refused(402, message, kind="card_error", code="card_declined", saved=True, more=more)
    payment.risk_level, payment.risk_score = RISKS.get(method, ("normal", 10))
    state.confirm(payment, method=method)


def retrieve_intent(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show a payment intent."""
    return objects.intent(_intent(state, request), expand=_expand(form, "payment_intent"))


def list_intents(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show the payment intents, newest first."""
    return _page([objects.intent(each) for each in _newest(state)], request, form)


def capture_intent(state: Stripe, request: web.Request, form: Form) -> Json:
    """Capture what was authorized."""
    payment = _intent(state, request)
    amount = form.integer("amount_to_capture")
    if not form.flag("final_capture", usual=True):
        raise unexpected_state("This payment cannot be captured more than once.")
    state.capture(payment, amount, by="api")
    payment.metadata.update(form.metadata())
    return objects.intent(payment, expand=_expand(form, "payment_intent"))


def cancel_intent(state: Stripe, request: web.Request, form: Form) -> Json:
    """Let a payment go."""
    payment = _intent(state, request)
    reasons = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
    state.cancel(payment, form.one_of("cancellation_reason", reasons))
    return objects.intent(payment, expand=_expand(form, "payment_intent"))


def retrieve_charge(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show a charge."""
    payment = state.find_charge(request.match_info["charge"], param="id")
    expand = _expand(form, "charge")
    shown = objects.charge(payment, expand=expand)
    if "payment_intent" in expand:
        shown["payment_intent"] = objects.intent(payment)
    return shown


def capture_charge(state: Stripe, request: web.Request, form: Form) -> Json:
    """Refuse: every charge here belongs to a payment intent, which alone can capture it."""
    form.integer("amount")
    payment = state.find_charge(request.match_info["charge"])
    message = f"This charge belongs to the PaymentIntent {payment.id}; capture it through that."
    raise unexpected_state(message, intent=objects.intent(payment))


def list_charges(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show the charges, newest first."""
    wanted = [
        each for each in _newest(state) if each.charged and form.text("payment_intent") in (None, each.id)
    ]
    return _page([objects.charge(each) for each in wanted], request, form)


def create_refund(state: Stripe, _request: web.Request, form: Form) -> Json:
    """Give money back."""
    payment = _refundable(state, form)
    amount = form.integer("amount")
    reason = form.one_of("reason", ("duplicate", "fraudulent", "requested_by_customer"))
    given = state.give_back(payment, amount, reason=reason, metadata=form.metadata())
    return objects.refund(payment, given, expand=_expand(form, "refund"))


def _refundable(state: Stripe, form: Form) -> Payment:
    intent, charge = form.text("payment_intent"), form.text("charge")
    if intent is not None:
        return _of_id(state.payments, intent, "payment_intent", param="payment_intent")
    if charge is not None:
        return state.find_charge(charge)
    message = "One of the following params should be provided for this request: payment_intent or charge."
    raise Refused(400, message, code="parameter_missing")


def list_refunds(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show the refunds, newest first."""
    intent, charge = form.text("payment_intent"), form.text("charge")
    wanted = [
        objects.refund(payment, given)
        for payment, given in _refunds(state)
        if intent in (None, payment.id) and charge in (None, payment.charge)
    ]
    return _page(wanted, request, form)


def create_endpoint(state: Stripe, _request: web.Request, form: Form) -> Json:
    """Subscribe to events; the secret is shown now and never again."""
    name = state.name("we_1")
    subscriber = Endpoint(
        id=name, url=form.needed("url"), secret="whsec_" + token("secret", name, length=32),
        events=form.many("enabled_events"), created=state.now(), api_version=form.text("api_version"),
        description=form.text("description"), metadata=form.metadata(), live=state.live,
    )  # fmt: skip
    form.needed("enabled_events")
    if not subscriber.url.startswith(("http://", "https://")):
        message = "Invalid URL: an explicit scheme must be provided."
        raise Refused(400, message, code="url_invalid", param="url")
    state.endpoints[name] = subscriber
    return objects.endpoint(subscriber, with_secret=True)


def list_endpoints(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show who subscribed."""
    newest = [objects.endpoint(each) for each in reversed(state.endpoints.values())]
    return _page(newest, request, form)


def retrieve_event(state: Stripe, request: web.Request, _form: Form) -> Json:
    """Show an event."""
    return _of_id(state.events, request.match_info["id"], "event", param="id")


def list_disputes(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show the disputes, those of one charge when it is named."""
    charge, intent = form.text("charge"), form.text("payment_intent")
    wanted = [
        objects.dispute(each)
        for each in _newest(state)
        if each.dispute is not None and charge in (None, each.charge) and intent in (None, each.id)
    ]
    return _page(wanted, request, form)


def _intent(state: Stripe, request: web.Request) -> Payment:
    return state.find(request.match_info["intent"])


def _of_id(known: Mapping[str, Known], name: str, kind: str, *, param: str) -> Known:
    if name not in known:
        raise missing(kind, name, param=param)
    return known[name]


def _newest(state: Stripe) -> list[Payment]:
    return list(reversed(state.payments.values()))


def _refunds(state: Stripe) -> list[tuple[Payment, Refund]]:
    pairs = [(payment, given) for payment in state.payments.values() for given in payment.refunds]
    return sorted(pairs, key=lambda pair: pair[1].created, reverse=True)


def _expand(form: Form, kind: str) -> frozenset[str]:
    wanted = frozenset(form.many("expand"))
    for name in sorted(wanted - EXPANDABLE[kind]):
        raise Refused(400, f"This property cannot be expanded ({name}).", param="expand")
    parents = {name.partition(".")[0] for name in wanted}
    return wanted | parents


def _page(items: list[Json], request: web.Request, form: Form) -> Json:
    limit = form.integer("limit") or USUAL_PAGE
    if limit > MOST:
        raise Refused(400, f"Invalid limit: must be at most {MOST}", param="limit")
    after, before = form.text("starting_after"), form.text("ending_before")
    names = [item["id"] for item in items]
    for param, name in (("starting_after", after), ("ending_before", before)):
        if name is not None and name not in names:
            raise missing("object", name, param=param)
    if after is not None:
        items = items[names.index(after) + 1 :]
    elif before is not None:
        items = items[: names.index(before)][-limit:]
    return objects.listed(items[:limit], request.path, more=len(items) > limit)
