"""What Stripe does and its stand-in must do as well: what is saved, what comes later, what an event tells."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.clock import SteppedClock
from sandbox.house import usual
from sandbox.stripe import build
from sandbox.stripe.fidelity import OPERATIONS
from sandbox.stripe.forms import Form
from sandbox.stripe.refusals import Refused
from sandbox.world import World
from tests.contracts import contracts
from tests.sandbox.stand import MONDAY_NOON, served
from tests.sandbox.stripe_contract import unfit, unfit_error
from tests.sandbox.stripe_stand import Stand, opened, stand_of

pytestmark = [
    pytest.mark.req("R110"),
    # The library hands its form to httpx the old way.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]

PAID = {"amount": "5000", "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with opened() as made:
        yield made


@pytest.fixture
async def stepped(tmp_path: Path) -> AsyncIterator[Stand]:
    """A stand-in whose clock is moved by hand."""
    world = World(SteppedClock(MONDAY_NOON, tmp_path / "clock"), house=usual())
    async with served(build(world.stripe)) as url, stand_of(world, url) as made:
        yield made


def told(stand: Stand, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in stand.state.events.values() if event["type"] in kinds]


async def pay(stand: Stand, **more: str) -> dict[str, Any]:
    status, body, _ = await stand.call("POST", "/v1/payment_intents", form={**PAID, **more})
    assert status == 200, body
    return body


async def later(stand: Stand, **by: float) -> None:
    await stand.world.clock.move_to(stand.world.clock.now() + timedelta(**by))


# https://docs.stripe.com/api/idempotent_requests (read 2026-11): "including `500` errors".
@pytest.mark.req("R42")
async def test_a_500_is_saved_and_the_same_key_gets_it_again(stand: Stand) -> None:
    payment = stand.paid()
    form = {"payment_intent": payment, "amount": "100"}
    stand.world.faults.arm("error:1")
    status, first, headers = await stand.call("POST", "/v1/refunds", form=form, key="refund:1")
    assert (status, first["error"]["type"], "Idempotent-Replayed" in headers) == (500, "api_error", False)
    stand.world.faults.quiet()
    status, again, headers = await stand.call("POST", "/v1/refunds", form=form, key="refund:1")
    assert (status, again, headers["Idempotent-Replayed"]) == (500, first, "true")
    assert stand.state.books()["payments"][payment]["refunded"] == 0
    status, _, _ = await stand.call("POST", "/v1/refunds", form=form, key="refund:2")
    assert (status, stand.state.books()["payments"][payment]["refunded"]) == (200, 100)


async def test_a_500_of_a_call_without_a_key_is_gone_with_the_next(stand: Stand) -> None:
    payment = stand.paid()
    stand.world.faults.arm("error:1")
    status, body, _ = await stand.call("GET", f"/v1/payment_intents/{payment}")
    assert (status, body["error"]["message"]) == (500, "An unknown error occurred")
    stand.world.faults.quiet()
    assert (await stand.call("GET", f"/v1/payment_intents/{payment}"))[0] == 200


@pytest.mark.req("R42")
async def test_a_key_is_free_again_after_a_day_and_never_longer_than_255(stepped: Stand) -> None:
    payment = stepped.paid()
    form = {"payment_intent": payment, "amount": "100"}
    for hours, refunded in ((0, 100), (23, 100), (1, 200)):
        await later(stepped, hours=hours)
        await stepped.call("POST", "/v1/refunds", form=form, key="refund:1")
        assert stepped.state.books()["payments"][payment]["refunded"] == refunded
    status, body, _ = await stepped.call("POST", "/v1/refunds", form=form, key="k" * 256)
    assert (status, body["error"]["type"]) == (400, "idempotency_error")
    assert stepped.state.books()["payments"][payment]["refunded"] == 200


async def test_a_dispute_is_made_when_it_is_made_and_says_until_when_to_answer(stepped: Stand) -> None:
    payment = stepped.paid()
    await later(stepped, days=3)
    stepped.state.dispute(payment)
    _, body, _ = await stepped.call("GET", f"/v1/disputes?payment_intent={payment}")
    [dispute] = body["data"]
    assert dispute["created"] == int(datetime(2026, 12, 3, 20, 0, tzinfo=UTC).timestamp())
    due = int(datetime(2026, 12, 12, 23, 59, 59, tzinfo=UTC).timestamp())
    assert (dispute["evidence_details"]["due_by"], dispute["status"]) == (due, "needs_response")
    [withdrawn] = dispute["balance_transactions"]
    assert (withdrawn["amount"], withdrawn["fee"], withdrawn["net"]) == (-11610, 1500, -13110)
    kinds = [
        event["type"] for event in told(stepped, "charge.dispute.created", "charge.dispute.funds_withdrawn")
    ]
    assert kinds == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


# https://docs.stripe.com/error-codes#charge-disputed (read 2026-11)
@pytest.mark.req("R15")
@pytest.mark.parametrize("named", ["payment_intent", "charge"])
async def test_a_charge_that_was_charged_back_gives_no_refund(stand: Stand, named: str) -> None:
    payment = stand.paid()
    stand.state.dispute(payment)
    name = payment if named == "payment_intent" else stand.state.payments[payment].charge
    status, body, _ = await stand.call("POST", "/v1/refunds", form={named: name, "amount": "100"})
    assert (status, body["error"]["code"]) == (400, "charge_disputed")
    assert stand.state.books()["payments"][payment]["refunded"] == 0
    assert told(stand, "refund.created", "charge.refunded") == []


async def test_an_inquiry_takes_no_money_and_can_be_refunded(stand: Stand) -> None:
    payment = stand.paid()
    stand.state.dispute(payment, inquiry=True)
    _, body, _ = await stand.call("GET", f"/v1/disputes?payment_intent={payment}")
    [dispute] = body["data"]
    shown = (dispute["status"], dispute["is_charge_refundable"], dispute["balance_transactions"])
    assert shown == ("warning_needs_response", True, [])
    status, _, _ = await stand.call("POST", "/v1/refunds", form={"payment_intent": payment})
    assert (status, stand.state.books()["payments"][payment]["refunded"]) == (200, 11610)
    assert told(stand, "charge.dispute.funds_withdrawn") == []


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "lost_card"),
    ],
)
async def test_a_decline_leaves_a_failed_charge_and_tells_it(stand: Stand, card: str, code: str) -> None:
    status, body, _ = await stand.call("POST", "/v1/payment_intents", form={**PAID, "payment_method": card})
    error = body["error"]
    intent = error["payment_intent"]
    assert (status, error["decline_code"], error["charge"]) == (402, code, intent["latest_charge"])
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    assert intent["last_payment_error"]["decline_code"] == code
    _, charge, _ = await stand.call("GET", f"/v1/charges/{error['charge']}")
    assert [charge[name] for name in ("status", "paid", "captured", "failure_code", "amount_captured")] == [
        "failed", False, False, "card_declined", 0,
    ]  # fmt: skip
    assert (charge["outcome"]["type"], charge["outcome"]["reason"]) == ("issuer_declined", code)
    _, listed, _ = await stand.call("GET", f"/v1/charges?payment_intent={intent['id']}")
    assert [each["id"] for each in listed["data"]] == [error["charge"]]
    kinds = [event["type"] for event in stand.state.events.values()]
    assert kinds == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    status, body, _ = await stand.call("POST", "/v1/refunds", form={"charge": error["charge"]})
    assert (status, body["error"]["code"]) == (400, "payment_intent_unexpected_state")


# https://docs.stripe.com/testing#refunds (read 2026-11)
@pytest.mark.parametrize(
    ("card", "begins", "ends", "kinds"),
    [
        ("pm_card_visa", "succeeded", "succeeded", []),
        ("pm_card_pendingRefund", "pending", "succeeded", ["refund.updated", "charge.refund.updated"]),
        ("pm_card_refundFail", "succeeded", "failed", ["refund.failed", "charge.refund.updated"]),
    ],
)
async def test_a_refund_may_end_otherwise_than_it_began(
    stepped: Stand, card: str, begins: str, ends: str, kinds: list[str]
) -> None:
    given_back = 0 if ends == "failed" else 2000
    payment = await pay(stepped, payment_method=card)
    _, refund, _ = await stepped.call(
        "POST", "/v1/refunds", form={"payment_intent": payment["id"], "amount": "2000"}
    )
    assert (refund["status"], refund.get("pending_reason")) == (
        begins,
        "processing" if begins == "pending" else None,
    )
    _, charge, _ = await stepped.call("GET", f"/v1/charges/{payment['latest_charge']}")
    assert charge["amount_refunded"] == 2000
    await later(stepped, hours=1)
    _, listed, _ = await stepped.call("GET", "/v1/refunds")
    _, charge, _ = await stepped.call("GET", f"/v1/charges/{payment['latest_charge']}")
    assert (listed["data"][0]["status"], charge["amount_refunded"]) == (ends, given_back)
    assert stepped.state.books()["payments"][payment["id"]]["refunded"] == given_back
    events = told(stepped, "refund.updated", "refund.failed", "charge.refund.updated")
    assert [event["type"] for event in events] == kinds
    if ends == "failed":
        assert events[0]["data"]["object"]["failure_reason"] == "expired_or_canceled_card"
        assert "previous_attributes" not in events[0]["data"]
        before = {"status": "succeeded", "failure_reason": None, "failure_balance_transaction": None}
        assert events[1]["data"]["previous_attributes"] == before
    elif begins == "pending":
        before = {"status": "pending", "pending_reason": "processing", "balance_transaction": None}
        assert all(event["data"]["previous_attributes"] == before for event in events)


async def test_what_failed_to_be_given_back_can_be_given_back_again(stepped: Stand) -> None:
    payment = await pay(stepped, payment_method="pm_card_refundFail")
    form = {"payment_intent": payment["id"]}
    await stepped.call("POST", "/v1/refunds", form=form)
    status, body, _ = await stepped.call("POST", "/v1/refunds", form=form)
    assert (status, body["error"]["code"]) == (400, "charge_already_refunded")
    await later(stepped, hours=1)
    status, again, _ = await stepped.call("POST", "/v1/refunds", form=form)
    assert (status, again["amount"]) == (200, 5000)


async def test_an_event_tells_how_it_was_before_and_who_asked(stand: Stand) -> None:
    payment = stand.authorized()
    path = f"/v1/payment_intents/{payment}/capture"
    _, _, headers = await stand.call("POST", path, form={"amount_to_capture": "9000"}, key="capture:1")
    await stand.call("POST", "/v1/refunds", form={"payment_intent": payment, "amount": "9000"})
    [captured], [refunded] = told(stand, "charge.captured"), told(stand, "charge.refunded")
    assert captured["request"] == {"id": headers["Request-Id"], "idempotency_key": "capture:1"}
    before = captured["data"]["previous_attributes"]
    assert {name: before[name] for name in ("captured", "amount_captured", "balance_transaction")} == {
        "captured": False, "amount_captured": 0, "balance_transaction": None,
    }  # fmt: skip
    assert refunded["data"]["previous_attributes"] == {"amount_refunded": 0, "refunded": False}
    [made] = told(stand, "payment_intent.created")
    assert made["request"] == {"id": None, "idempotency_key": None}
    assert "previous_attributes" not in made["data"]


async def test_an_asynchronous_capture_gets_its_balance_transaction_later(stepped: Stand) -> None:
    payment = await pay(stepped)
    assert payment["capture_method"] == "automatic_async"
    _, charge, _ = await stepped.call("GET", f"/v1/charges/{payment['latest_charge']}")
    assert charge["balance_transaction"] is None
    await later(stepped, hours=1)
    [updated] = told(stepped, "charge.updated")
    assert updated["data"]["previous_attributes"] == {"balance_transaction": None}
    assert updated["data"]["object"]["balance_transaction"].startswith("txn_")


async def test_an_event_stays_as_it_was_told_and_a_refused_capture_leaves_no_word(stand: Stand) -> None:
    payment = stand.authorized()
    path = f"/v1/payment_intents/{payment}/capture"
    refused, _, _ = await stand.call(
        "POST",
        path,
        form={"amount_to_capture": "9292", "metadata[a]": "b", "statement_descriptor_suffix": "X"},
    )
    _, read, _ = await stand.call("GET", f"/v1/payment_intents/{payment}")
    assert (refused, read["metadata"], read["statement_descriptor_suffix"]) == (
        400,
        {"order": "KK-1002"},
        None,
    )
    await stand.call("POST", path, form={"metadata[a]": "b"})
    [made], [done] = told(stand, "payment_intent.created"), told(stand, "payment_intent.succeeded")
    assert made["data"]["object"]["metadata"] == {"order": "KK-1002"}
    assert done["data"]["object"]["metadata"] == {"order": "KK-1002", "a": "b"}


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("DELETE", "/v1/payment_intents/pi_1", False),
        ("PUT", "/v1/refunds", False),
        ("PATCH", "/v1/charges/ch_1", False),
        ("GET", "/v1/payment_intents/", True),
        ("POST", "/v1/nonsense", False),
    ],
)
async def test_what_is_no_operation_is_refused_in_stripe_s_shape(
    stand: Stand, method: str, path: str, hint: bool
) -> None:
    status, body, headers = await stand.call(method, path)
    assert (status, unfit_error(body)) == (404, None)
    assert body["error"]["message"].startswith(f"Unrecognized request URL ({method}: {path}).")
    assert ("remove the trailing slash" in body["error"]["message"]) is hint
    assert headers["Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"payment_method": ""}, "parameter_invalid_empty", "payment_method"),
        ({"payment_method": "pm_nothing"}, "resource_missing", "payment_method"),
        ({"payment_method": "pm_card_authenticationRequired"}, "not_offered_here", "payment_method"),
        ({"customer": "nobody"}, "resource_missing", "customer"),
        ({"amount": "100000000"}, "amount_too_large", "amount"),
        ({"amount": "0"}, "parameter_invalid_integer", "amount"),
        ({"currency": "xyz"}, None, "currency"),
        ({"payment_method_types[]": "klarna"}, "not_offered_here", "payment_method_types"),
        ({"statement_descriptor": "KENDRA"}, None, "statement_descriptor"),
        ({"shipping[name]": "Kelly"}, "parameter_missing", "shipping[address][line1]"),
        ({"confirm": "false", "off_session": "true"}, None, "off_session"),
        ({"payment_method_types[]": "card", "automatic_payment_methods[enabled]": "true"}, None, None),
    ],
)
async def test_a_payment_that_stripe_would_not_make_is_not_made(
    stand: Stand, more: dict[str, str], code: str | None, param: str | None
) -> None:
    status, body, _ = await stand.call("POST", "/v1/payment_intents", form={**PAID, **more})
    error = body["error"]
    assert (status, error.get("code"), error.get("param")) == (400, code, param)
    assert (stand.state.payments, stand.state.events) == ({}, {})


async def test_a_confirmation_wants_a_card(stand: Stand) -> None:
    form = {"amount": "5000", "currency": "usd", "confirm": "true"}
    status, body, _ = await stand.call("POST", "/v1/payment_intents", form=form)
    assert (status, body["error"]["code"]) == (400, "payment_intent_unexpected_state")
    assert stand.state.payments == {}


async def test_what_a_parameter_names_and_is_not_there_gets_400_and_what_the_path_names_404(
    stand: Stand,
) -> None:
    status, body, _ = await stand.call("POST", "/v1/refunds", form={"payment_intent": "pi_nothing"})
    assert (status, body["error"]["code"], body["error"]["param"]) == (
        400,
        "resource_missing",
        "payment_intent",
    )
    status, body, _ = await stand.call("POST", "/v1/payment_intents/pi_nothing/capture")
    assert (status, body["error"]["code"], body["error"]["param"]) == (404, "resource_missing", "intent")
    one, other = stand.paid(), stand.paid()
    form = {"payment_intent": one, "charge": stand.state.payments[other].charge}
    status, body, _ = await stand.call("POST", "/v1/refunds", form=form)
    assert (status, body["error"]["param"]) == (400, "charge")
    assert [each["refunded"] for each in stand.state.books()["payments"].values()] == [0, 0]


async def test_parameters_in_the_address_of_a_post_count_as_well(stand: Stand) -> None:
    payment = stand.paid()
    await stand.call("POST", "/v1/refunds?amount=100", form={"payment_intent": payment})
    assert stand.state.books()["payments"][payment]["refunded"] == 100


async def test_a_review_is_opened_shown_on_the_payment_and_closed(stand: Stand) -> None:
    payment = stand.paid()
    review = stand.state.open_review(payment)
    _, read, _ = await stand.call("GET", f"/v1/payment_intents/{payment}?expand[]=review")
    assert (read["review"]["id"], read["review"]["open"], unfit(read["review"])) == (review, True, None)
    stand.state.close_review(payment)
    _, read, _ = await stand.call("GET", f"/v1/payment_intents/{payment}?expand[]=latest_charge.review")
    closed = read["latest_charge"]["review"]
    assert (closed["open"], closed["closed_reason"], read["review"]) == (False, "approved", review)
    assert [event["type"] for event in told(stand, "review.opened", "review.closed")] == [
        "review.opened", "review.closed",
    ]  # fmt: skip


async def test_every_event_and_what_it_is_about_is_what_stripe_s_own_types_say(stepped: Stand) -> None:
    for card in ("pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"):
        given_back = (await pay(stepped, payment_method=card))["id"]
        await stepped.call("POST", "/v1/refunds", form={"payment_intent": given_back, "amount": "100"})
    await stepped.call(
        "POST", "/v1/payment_intents", form={**PAID, "payment_method": "pm_card_visa_chargeDeclined"}
    )
    disputed = await pay(stepped, payment_method="pm_card_createDispute")
    stepped.state.open_review(disputed["id"])
    stepped.authorized()
    await stepped.call("POST", f"/v1/payment_intents/{stepped.authorized()}/capture")
    await later(stepped, days=8)
    wrong = {event["type"]: unfit(event) for event in stepped.state.events.values()}
    assert set(wrong.values()) == {None}, wrong
    assert set(wrong) == {
        "payment_intent.created", "payment_intent.succeeded", "payment_intent.amount_capturable_updated",
        "payment_intent.canceled", "payment_intent.payment_failed", "charge.succeeded", "charge.captured", "charge.failed",
        "charge.expired", "charge.updated", "charge.refunded", "charge.refund.updated", "refund.created", "refund.updated",
        "refund.failed", "charge.dispute.created", "charge.dispute.funds_withdrawn", "review.opened",
    }  # fmt: skip


LEFT_OUT = {
    "charge.destination", "charge.dispute", "charge.order",  # no type of Stripe's has them any more
    "charge.refunds",  # shown because these recordings ask for it
    "payment_intent.payment_details",  # of invoices' payments
    "payment_intent.payment_method_configuration_details.id",  # of an account that takes more than cards
    "payment_intent.payment_method_configuration_details.parent",
    "payment_intent.automatic_payment_methods.allow_redirects", "payment_intent.automatic_payment_methods.enabled",
    "charge.payment_method_details.card.capture_before",  # of authorizations only
}  # fmt: skip
"""What recordings show and these three objects do not, each for its reason."""


async def test_every_field_of_the_recorded_objects_is_shown_here(stand: Stand) -> None:
    payment = stand.paid()
    _, refund, _ = await stand.call("POST", "/v1/refunds", form={"payment_intent": payment})
    _, intent, _ = await stand.call("GET", f"/v1/payment_intents/{payment}?expand[]=latest_charge")
    charge = intent.pop("latest_charge")
    ours = {path for shown in (intent | {"latest_charge": None}, charge, refund) for path in _paths(shown)}
    recorded = list(_recorded())
    assert {shown["object"] for shown in recorded} == {"payment_intent", "charge", "refund"}
    missing = {path for shown in recorded for path in _paths(shown)} - ours
    other_methods = {path for path in missing if path.startswith("payment_intent.payment_method_options.")}
    assert missing - other_methods - {p for p in missing if p.startswith(tuple(LEFT_OUT))} == set()
    assert not any(".card" in path for path in other_methods)


@pytest.mark.parametrize(
    "operation", [row.operation for row in OPERATIONS if row.compared_with == "recordings"]
)
def test_what_is_compared_with_recordings_was_recorded_and_nothing_recorded_is_unknown_here(
    operation: str,
) -> None:
    method, path = operation.split()
    place = re.compile(re.sub(r"{\w+}", r"\\w+", path))
    asked = []
    for _version, request, answer in _exchanges():
        url = urlsplit(request["url"])
        if request["method"] == method and place.fullmatch(url.path) and answer["status"] == 200:
            asked.append(f"{url.query}&{request.get('body') or ''}".strip("&"))
    assert asked
    codes = set()
    for form in asked:
        try:
            Form(form, operation)
        except Refused as refused:
            codes.add(refused.body["error"].get("code"))
    assert codes <= {"not_offered_here"}


def _paths(shown: dict[str, Any]) -> set[str]:
    """Every field of an object by its path, those of objects within it left out."""
    found, waiting = set(), [(str(shown["object"]), shown)]
    while waiting:
        way, inside = waiting.pop()
        for name, value in inside.items():
            if "<" in name or name == "metadata":
                continue
            found.add(f"{way}.{name}")
            if isinstance(value, dict) and "object" not in value:
                waiting.append((f"{way}.{name}", value))
    return found


def _recorded() -> list[dict[str, Any]]:
    """Every intent, charge and refund in the recordings of 2025-10-29.clover and later."""
    found: list[dict[str, Any]] = []
    for version, _request, answer in _exchanges():
        waiting: list[Any] = (
            [json.loads(answer["body"])] if version >= "2025-10" and answer["status"] == 200 else []
        )
        while waiting:
            each = waiting.pop()
            if isinstance(each, dict):
                waiting.extend(each.values())
                if each.get("object") in ("payment_intent", "charge", "refund") and "created" in each:
                    found.append(each)
            elif isinstance(each, list):
                waiting.extend(each)
    return found


def _exchanges() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every recorded exchange: API version, request, answer."""
    for path in sorted((contracts() / "stripe" / "exchanges" / "pay-rails").glob("*.json")):
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]:
            answer = exchange["response"]
            yield answer["headers"].get("stripe-version", ""), exchange["request"], answer
