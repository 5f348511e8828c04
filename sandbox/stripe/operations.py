"""What each of Stripe's operations does with its form."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from aiohttp import web

from sandbox.stripe import objects
from sandbox.stripe.cards import DECLINES, DISPUTES, known, risk_of
from sandbox.stripe.currencies import check_amount
from sandbox.stripe.forms import Form
from sandbox.stripe.pages import Row, page
from sandbox.stripe.records import Endpoint, Payment
from sandbox.stripe.refusals import Refused, missing, not_offered, unexpected_state
from sandbox.stripe.state import Stripe
from sandbox.values import Json, token

ADDRESS: Final = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
SHIPPING: Final = dict.fromkeys(("carrier", "name", "phone", "tracking_number"))
SAID: Final = (
    "confirmation_method", "description", "receipt_email", "setup_future_usage", "statement_descriptor_suffix",
    "transfer_group",
)  # fmt: skip
"""What an intent only shows again."""


def create_intent(state: Stripe, _request: web.Request, form: Form) -> Json:
    """Make a payment intent, and confirm it when asked to."""
    amount, currency = int(form.needed("amount")), form.needed("currency")
    check_amount(amount, currency)
    said, method, confirm = _said(form), form.text("payment_method"), form.flag("confirm")
    if method is not None:
        known(method)
    _check_confirmation(form, confirm=confirm, method=method)
    how = form.text("capture_method") or "automatic_async"
    payment = state.open(
        amount, currency, capture_method=how, metadata=form.metadata(), customer=_customer(form), said=said
    )
    if method is None:
        return objects.intent(payment)
    payment.payment_method, payment.status = method, "requires_confirmation"
    if confirm:
        _confirm(state, payment, method)
    return objects.intent(payment)


def _check_confirmation(form: Form, *, confirm: bool, method: str | None) -> None:
    """Want a card where it is confirmed, and nothing that only a confirmation takes where it is not."""
    if confirm and method is None:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise Refused(400, message, code="payment_intent_unexpected_state")
    for name in ("error_on_requires_action", "off_session", "return_url"):
        if form.text(name) is not None and not confirm:
            # https://docs.stripe.com/api/payment_intents/create (read 2026-11): "can only be used with `confirm=true`"
            raise Refused(400, f"The parameter `{name}` can only be used with `confirm=true`.", param=name)


def _said(form: Form) -> Json:
    """What the maker of an intent says of it and the intent shows again."""
    types, automatic = form.many("payment_method_types"), form.inside("automatic_payment_methods", _AUTOMATIC)
    if types and automatic is not None:
        message = (
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
        )
        raise Refused(400, message)
    for kind in types:
        if kind != "card":
            raise not_offered(f"the payment method type {kind}", param="payment_method_types")
    _refuse_descriptor(form)
    said: Json = {name: form.text(name) for name in SAID if form.text(name) is not None}
    said["automatic_payment_methods"] = None if types else automatic or dict(_AUTOMATIC)
    shipping, address = form.inside("shipping", SHIPPING), form.inside("shipping.address", ADDRESS)
    if shipping is not None:
        form.needed("shipping.address.line1")
        form.needed("shipping.name")
        said["shipping"] = {**shipping, "address": address}
    references = form.inside("payment_details", {"customer_reference": None, "order_reference": None})
    if references is not None:
        said["payment_details"] = references
    return said


_AUTOMATIC: Final[Mapping[str, object]] = {"allow_redirects": "always", "enabled": True}
"""How an intent is shown whose maker names no types; recorded 2025-11-10 (pay-rails, test_connect_direct_charge)."""


def _refuse_descriptor(form: Form) -> None:
    """Refuse a descriptor of its own: with a card "setting this value … returns an error" (API reference, 2026-11)."""
    if form.text("statement_descriptor") is not None:
        message = "A card charge takes no `statement_descriptor`; set `statement_descriptor_suffix` instead."
        raise Refused(400, message, param="statement_descriptor")


def _customer(form: Form) -> str | None:
    """The customer, who is any id of a customer: the stand-in keeps none."""
    customer = form.text("customer")
    if customer is not None and not customer.startswith("cus_"):
        raise missing("customer", customer, param="customer", status=400)
    return customer


def _confirm(state: Stripe, payment: Payment, method: str) -> None:
    if method in DECLINES:
        state.decline(payment, method=method, code=DECLINES[method])
        more = {**(objects.decline(payment) or {}), "payment_intent": objects.intent(payment)}
        message = objects.DECLINED
        raise Refused(402, message, kind="card_error", code="card_declined", saved=True, more=more)
    payment.risk_level, payment.risk_score = risk_of(method)
    state.confirm(payment, method=method)
    if method in DISPUTES and payment.captured:
        reason, inquiry = DISPUTES[method]
        state.dispute(payment.id, reason=reason, inquiry=inquiry)


def retrieve_intent(state: Stripe, request: web.Request, _form: Form) -> Json:
    """Show a payment intent."""
    return objects.intent(_intent(state, request))


def list_intents(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show the payment intents, newest first."""
    customer = form.text("customer")
    rows = [
        Row(each.id, each.created, customer in (None, each.customer), partial(objects.intent, each))
        for each in state.payments.values()
    ]
    return page("payment_intent", rows, request, form)


def capture_intent(state: Stripe, request: web.Request, form: Form) -> Json:
    """Capture what was authorized."""
    payment = _intent(state, request)
    if not form.flag("final_capture", usual=True):
        # "You can only use this setting when multicapture is available": it is not with these cards.
        raise Refused(
            400, "Multicapture is not available for this PaymentIntent.", param="final_capture", saved=True
        )
    _refuse_descriptor(form)
    suffix = form.text("statement_descriptor_suffix")
    said = dict(payment.said)
    if suffix is not None:
        payment.said["statement_descriptor_suffix"] = suffix
    metadata = dict(payment.metadata)
    form.change(payment.metadata)
    try:
        state.capture(payment, form.integer("amount_to_capture"), by="api")
    except Refused:
        payment.said, payment.metadata = said, metadata
        raise
    return objects.intent(payment)


def cancel_intent(state: Stripe, request: web.Request, form: Form) -> Json:
    """Let a payment go."""
    payment = _intent(state, request)
    state.cancel(payment, form.text("cancellation_reason"))
    return objects.intent(payment)


def retrieve_charge(state: Stripe, request: web.Request, _form: Form) -> Json:
    """Show a charge."""
    return objects.charge(state.find_charge(request.match_info["charge"], param="id"))


def capture_charge(state: Stripe, request: web.Request, _form: Form) -> Json:
    """Refuse: every charge here belongs to a payment intent, which alone can capture it."""
    payment = state.find_charge(request.match_info["charge"])
    message = f"This charge belongs to the PaymentIntent {payment.id}; capture it through that."
    raise unexpected_state(message, intent=objects.intent(payment))


def list_charges(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show the charges, newest first."""
    intent, customer, group = form.text("payment_intent"), form.text("customer"), form.text("transfer_group")
    rows = [
        Row(
            each.charge,
            each.charged_at or each.created,
            intent in (None, each.id)
            and customer in (None, each.customer)
            and group in (None, each.said.get("transfer_group")),
            partial(objects.charge, each),
        )
        for each in state.by_charge.values()
    ]
    return page("charge", rows, request, form)


def create_refund(state: Stripe, _request: web.Request, form: Form) -> Json:
    """Give money back."""
    payment = _refundable(state, form)
    reason = form.text("reason")
    given = state.give_back(payment, form.integer("amount"), reason=reason, metadata=form.metadata())
    return objects.refund(payment, given)


def _refundable(state: Stripe, form: Form) -> Payment:
    intent, charge = form.text("payment_intent"), form.text("charge")
    if intent is None and charge is None:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise Refused(400, message, code="parameter_missing")
    named = [] if intent is None else [state.find(intent, param="payment_intent", status=400)]
    if charge is not None:
        named.append(state.find_charge(charge, status=400))
    if named[0] is not named[-1]:
        raise Refused(
            400, f"The charge {charge} does not belong to the PaymentIntent {intent}.", param="charge"
        )
    return named[0]


def list_refunds(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show the refunds, newest first."""
    rows = [
        Row(given.id, given.created, _about(payment, form), partial(objects.refund, payment, given))
        for payment in state.payments.values()
        for given in payment.refunds
    ]
    return page("refund", sorted(rows, key=_created), request, form)


def create_endpoint(state: Stripe, _request: web.Request, form: Form) -> Json:
    """Subscribe to events; the secret is shown now and never again."""
    url, version = form.needed("url"), form.text("api_version")
    form.needed("enabled_events")
    if not url.startswith(("http://", "https://")):
        message = "Invalid URL: an explicit scheme must be provided."
        raise Refused(400, message, code="url_invalid", param="url")
    if version not in (None, objects.API_VERSION):
        raise not_offered(f"events of API version {version[:40]}", param="api_version")
    name = state.name("we_1")
    subscriber = Endpoint(
        id=name, url=url, secret="whsec_" + token("secret", name, length=32), events=form.many("enabled_events"),
        created=state.now(), api_version=version, description=form.text("description"), metadata=form.metadata(),
        live=state.live,
    )  # fmt: skip
    state.endpoints[name] = subscriber
    return objects.endpoint(subscriber, with_secret=True)


def list_endpoints(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show who subscribed."""
    rows = [
        Row(each.id, each.created, wanted=True, show=partial(objects.endpoint, each))
        for each in state.endpoints.values()
    ]
    return page("webhook_endpoint", rows, request, form)


def retrieve_event(state: Stripe, request: web.Request, _form: Form) -> Json:
    """Show an event."""
    name = request.match_info["id"]
    if name not in state.events:
        raise missing("event", name, param="id")
    return state.events[name]


def list_disputes(state: Stripe, request: web.Request, form: Form) -> Json:
    """Show the disputes, newest first."""
    rows = [
        Row(
            each.dispute.id,
            each.dispute.created,
            _about(each, form),
            partial(objects.dispute, each, each.dispute),
        )
        for each in state.payments.values()
        if each.dispute is not None
    ]
    return page("dispute", sorted(rows, key=_created), request, form)


def _intent(state: Stripe, request: web.Request) -> Payment:
    return state.find(request.match_info["intent"])


def _about(payment: Payment, form: Form) -> bool:
    """Whether it is the payment that a list is to be about."""
    intent, charge = form.text("payment_intent"), form.text("charge")
    return intent in (None, payment.id) and charge in (None, payment.charge)


def _created(row: Row) -> datetime:
    return row.created
