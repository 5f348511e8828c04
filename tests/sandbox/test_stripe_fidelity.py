"""Every operation and parameter that Stripe names is honoured by its stand-in, refused aloud, or listed with a reason."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.clock import SteppedClock
from sandbox.house import usual
from sandbox.stripe import build
from sandbox.stripe.calls import OPERATIONS as CALLS
from sandbox.stripe.event_types import EVENT_TYPES
from sandbox.stripe.expanding import EXPANDED, NOT_EXPANDED
from sandbox.stripe.fidelity import OPERATIONS, ROWS
from sandbox.stripe.objects import API_VERSION
from sandbox.stripe.parameters import Choice, Currency, Flag, Many, Own, Text, Whole, kind_of
from sandbox.world import World
from tests.sandbox import stripe_contract
from tests.sandbox.stand import MONDAY_NOON, served

pytestmark = pytest.mark.req("R110")

OFFERED = [row.operation for row in OPERATIONS if row.offered]
EACH_HONOURED = [(row.operation, name) for row in OPERATIONS for name in sorted(row.honoured)]
EACH_REFUSED = [(row.operation, name) for row in OPERATIONS for name in sorted(row.refused)]
EACH_LISTED = [(row.operation, name) for row in OPERATIONS for name in sorted(row.listed)]


PAID = "amount=5000&currency=usd&payment_method=pm_card_visa&confirm=true"
SHIPPED = PAID + "&shipping[name]=Kelly&shipping[address][line1]=1 Way"
UNCONFIRMED = "amount=5000&currency=usd&payment_method=pm_card_visa"
NOON = int(MONDAY_NOON.timestamp())
HOUR = 3600


class Account:
    """An account with payments in it; the same calls make the same ids in every one."""

    def __init__(self, world: World, url: str, http: aiohttp.ClientSession) -> None:
        self.state, self._url, self._http = world.stripe, url, http
        self.ids: dict[str, str] = {"intent": "pi_x", "charge": "ch_x", "id": "evt_x"}
        self.headers: dict[str, str] = {}

    async def call(self, operation: str, form: str = "") -> tuple[int, dict[str, Any]]:
        method, path = operation.split()
        names = {**dict.fromkeys(("refund", "dispute", "review", "webhook_endpoint"), "x"), **self.ids}
        url, text = self._url + path.format(**names), form.format(**self.ids)
        headers = {
            "Authorization": f"Bearer {self.state.key}",
            "Content-Type": "application/x-www-form-urlencoded",
            **self.headers,
        }
        ask: dict[str, Any] = {"data": text} if method == "POST" else {"params": text}
        async with self._http.request(method, url, headers=headers, **ask) as answer:
            return answer.status, await answer.json()

    def kept(self) -> dict[str, Any]:
        """All that a refused call must leave as it was."""
        return {
            "books": {k: v for k, v in self.state.books().items() if k != "calls"},
            "events": list(self.state.events),
            "endpoints": list(self.state.endpoints),
        }


async def _paid(account: Account, clock: SteppedClock, name: str, hours: int, more: str = "") -> None:
    await clock.move_to(MONDAY_NOON + timedelta(hours=hours))
    _status, intent = await account.call("POST /v1/payment_intents", PAID + more)
    account.ids |= {name: intent["id"], f"{name}_charge": intent["latest_charge"]}


@asynccontextmanager
async def an_account(folder: Path) -> AsyncIterator[Account]:
    """Four payments, an hour apart: the first two refunded and disputed, the last one only authorized; three subscribers."""
    clock = SteppedClock(MONDAY_NOON, folder / "clock")
    world = World(clock, house=usual())
    async with served(build(world.stripe)) as url, aiohttp.ClientSession() as http:
        made = Account(world, url, http)
        await _paid(made, clock, "first", 0, "&customer=cus_1&transfer_group=one")
        await _paid(made, clock, "second", 1)
        await _paid(made, clock, "plain", 2)
        await _paid(made, clock, "held", 3, "&capture_method=manual")
        made.ids |= {"intent": made.ids["held"], "charge": made.ids["held_charge"]}
        for number, name in enumerate(("first", "first", "second"), start=1):
            await clock.move_to(MONDAY_NOON + timedelta(hours=3 + number))
            made.ids[f"refund_{number}"] = world.stripe.refund_from_shop(made.ids[name], 100)
        for number, name in enumerate(("first", "second"), start=1):
            await clock.move_to(MONDAY_NOON + timedelta(hours=6 + number))
            made.ids[f"dispute_{number}"] = world.stripe.dispute(made.ids[name])
        for number in (1, 2, 3):
            form = f"url=http://127.0.0.1:1/{number}&enabled_events[]=customer.created"
            _status, endpoint = await made.call("POST /v1/webhook_endpoints", form)
            made.ids[f"endpoint_{number}"] = endpoint["id"]
        made.ids["id"] = next(iter(world.stripe.events))
        yield made
        await world.close()


ENDPOINT = "url=http://127.0.0.1:1/in&enabled_events[]=customer.created"
BASES = {
    "POST /v1/payment_intents": PAID,
    "POST /v1/refunds": "payment_intent={plain}",
    "POST /v1/webhook_endpoints": ENDPOINT,
}
"""What is asked without the parameter that is tried; nothing where nothing is needed."""


def _list(rows: tuple[str, ...], oldest: int, newest: int, expand: str) -> dict[str, str]:
    """How each parameter of a list is tried; `rows` are its objects, the oldest first."""
    return {
        "created": f"created={oldest}",
        "created.gt": f"created[gt]={oldest}",
        "created.gte": f"created[gte]={newest}",
        "created.lt": f"created[lt]={newest}",
        "created.lte": f"created[lte]={oldest}",
        "ending_before": f"ending_before={{{rows[0]}}}",
        "starting_after": f"starting_after={{{rows[-1]}}}",
        "limit": "limit=1",
        "expand": f"expand[]={expand}",
    }


_INTENTS = ("first", "second", "plain", "held")
TRIES: dict[str, dict[str, str]] = {
    "POST /v1/payment_intents": {
        "amount": "amount=5001",
        "automatic_payment_methods.allow_redirects": "automatic_payment_methods[allow_redirects]=never",
        "automatic_payment_methods.enabled": "automatic_payment_methods[enabled]=false",
        "capture_method": "capture_method=manual",
        "confirm": "confirm=false",
        "confirmation_method": "confirmation_method=manual",
        "currency": "currency=eur",
        "customer": "customer=cus_1",
        "description": "description=Pans",
        "expand": "expand[]=latest_charge",
        "metadata": "metadata[order]=KK-1001",
        "payment_details.customer_reference": "payment_details[customer_reference]=K",
        "payment_details.order_reference": "payment_details[order_reference]=KK-1001",
        "payment_method": "payment_method=pm_card_riskLevelHighest",
        "payment_method_types": "payment_method_types[]=card",
        "receipt_email": "receipt_email=kelly@example.test",
        "setup_future_usage": "setup_future_usage=off_session",
        "shipping.address.city": "shipping[address][city]=Reno",
        "shipping.address.country": "shipping[address][country]=US",
        "shipping.address.line1": "shipping[address][line1]=2 Way",
        "shipping.address.line2": "shipping[address][line2]=Flat 2",
        "shipping.address.postal_code": "shipping[address][postal_code]=89501",
        "shipping.address.state": "shipping[address][state]=NV",
        "shipping.carrier": "shipping[carrier]=UPS",
        "shipping.name": "shipping[name]=Kendra",
        "shipping.phone": "shipping[phone]=1",
        "shipping.tracking_number": "shipping[tracking_number]=1Z",
        "statement_descriptor": "statement_descriptor=KENDRA",
        "statement_descriptor_suffix": "statement_descriptor_suffix=KENDRA",
        "transfer_group": "transfer_group=two",
    },
    "GET /v1/payment_intents": {
        **_list(_INTENTS, NOON, NOON + 3 * HOUR, "data.latest_charge"), "customer": "customer=cus_1",
    },
    "GET /v1/payment_intents/{intent}": {"expand": "expand[]=latest_charge.payment_intent"},
    "POST /v1/payment_intents/{intent}/capture": {
        "amount_to_capture": "amount_to_capture=4999",
        "expand": "expand[]=latest_charge",
        "final_capture": "final_capture=false",
        "metadata": "metadata[order]=KK-1002",
        "statement_descriptor": "statement_descriptor=KENDRA",
        "statement_descriptor_suffix": "statement_descriptor_suffix=KENDRA",
    },
    "POST /v1/payment_intents/{intent}/cancel": {
        "cancellation_reason": "cancellation_reason=duplicate", "expand": "expand[]=latest_charge",
    },
    "GET /v1/charges": {
        **_list(tuple(f"{name}_charge" for name in _INTENTS), NOON, NOON + 3 * HOUR, "data.payment_intent"),
        "customer": "customer=cus_1", "payment_intent": "payment_intent={first}",
        "transfer_group": "transfer_group=one",
    },
    "GET /v1/charges/{charge}": {"expand": "expand[]=refunds"},
    "POST /v1/refunds": {
        "amount": "amount=50", "charge": "charge={first_charge}", "expand": "expand[]=charge",
        "metadata": "metadata[order]=KK-1001", "payment_intent": "payment_intent={held}", "reason": "reason=duplicate",
    },
    "GET /v1/refunds": {
        **_list(("refund_1", "refund_2", "refund_3"), NOON + 4 * HOUR, NOON + 6 * HOUR, "data.charge"),
        "charge": "charge={second_charge}", "payment_intent": "payment_intent={second}",
    },
    "POST /v1/webhook_endpoints": {
        "api_version": f"api_version={API_VERSION}", "description": "description=Hub",
        "enabled_events": "enabled_events[]=refund.created", "expand": "expand[]=application",
        "metadata": "metadata[a]=b", "url": "url=https://example.test/in",
    },
    "GET /v1/webhook_endpoints": {
        "ending_before": "ending_before={endpoint_1}", "starting_after": "starting_after={endpoint_3}",
        "limit": "limit=1", "expand": "expand[]=data.application",
    },
    "GET /v1/events/{id}": {"expand": "expand[]=data.object.latest_charge"},
    "GET /v1/disputes": {
        **_list(("dispute_1", "dispute_2"), NOON + 7 * HOUR, NOON + 8 * HOUR, "data.charge"),
        "charge": "charge={second_charge}", "payment_intent": "payment_intent={second}",
    },
}  # fmt: skip
"""A value of each honoured parameter that must show."""
LISTED_TRIES = {
    "amount": "amount=1", "error_on_requires_action": "error_on_requires_action=true", "expand": "expand[]=payment_intent",
    "off_session": "off_session=true", "receipt_email": "receipt_email=k@example.test",
    "return_url": "return_url=https://example.test", "statement_descriptor": "statement_descriptor=KENDRA",
    "statement_descriptor_suffix": "statement_descriptor_suffix=KENDRA", "transfer_group": "transfer_group=one",
}  # fmt: skip


def test_every_operation_of_the_resources_has_its_row_and_every_row_its_answer() -> None:
    assert set(ROWS) == stripe_contract.operations()
    assert set(CALLS) == set(OFFERED)
    assert len(OPERATIONS) == len(ROWS)


@pytest.mark.parametrize("operation", OFFERED)
def test_every_parameter_of_the_descriptions_stands_in_exactly_one_of_the_three(operation: str) -> None:
    row = ROWS[operation]
    named = stripe_contract.parameters(operation)
    for name in named:
        parts = name.split(".")
        above = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
        places = [bool(above & set(names)) for names in (row.honoured, row.refused, row.listed)]
        assert sum(places) == 1, name
    objects = {name.rpartition(".")[0] for name in named} | {name.partition(".")[0] for name in named}
    assert row.honoured | row.refused | set(row.listed) <= set(named) | objects


@pytest.mark.parametrize("operation", OFFERED)
def test_every_value_is_judged_as_the_descriptions_say(operation: str) -> None:
    row = ROWS[operation]
    named = stripe_contract.parameters(operation)
    for name in row.honoured | set(row.listed):
        kind, said = kind_of(operation, name), named.get(name)
        assert said is not None, name
        if isinstance(kind, Many):
            assert said.many, name
            kind, words = kind.of, said.words
        else:
            assert not said.many, name
            words = said.words
        if isinstance(kind, Text):
            assert said.kind in ("string", "array"), name
            assert kind.longest == said.longest or said.longest in (None, 5000), name
            assert said.longest is None or (kind.longest or 0) <= said.longest, name
        elif isinstance(kind, Choice) and name != "enabled_events":
            assert set(kind.words) == set(words), name
        elif isinstance(kind, Whole):
            assert said.kind == "integer", name
        elif isinstance(kind, Flag):
            assert said.kind == "boolean", name
        else:
            assert isinstance(kind, Choice | Currency | Own), name


def test_every_type_of_event_can_be_subscribed_to() -> None:
    assert set(EVENT_TYPES) == stripe_contract.event_types()


BARE: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
"""What each operation answered without the parameter that is tried; the same in every account."""


async def both(operation: str, base: str, more: str, folder: Path) -> list[tuple[int, dict[str, Any]]]:
    """The answers without and with a parameter, each in an account of its own."""
    if (operation, base) not in BARE:
        (folder / "bare").mkdir()
        async with an_account(folder / "bare") as account:
            BARE[operation, base] = await account.call(operation, base)
    async with an_account(folder) as account:
        return [BARE[operation, base], await account.call(operation, f"{base}&{more}" if base else more)]


@pytest.mark.parametrize(("operation", "name"), EACH_HONOURED)
async def test_what_is_honoured_changes_what_is_answered(operation: str, name: str, tmp_path: Path) -> None:
    base = SHIPPED if name.startswith("shipping") else BASES.get(operation, "")
    (status, bare), (_status, tried) = await both(operation, base, TRIES[operation][name], tmp_path)
    assert status == 200
    assert bare != tried
    assert tried.get("error", {}).get("code") not in ("not_offered_here", "parameter_unknown")


@pytest.mark.parametrize(("operation", "name"), EACH_LISTED)
async def test_what_is_listed_is_taken_and_changes_nothing_for_the_reason_given(
    operation: str, name: str, tmp_path: Path
) -> None:
    bare, tried = await both(operation, BASES.get(operation, ""), LISTED_TRIES[name], tmp_path)
    assert bare == tried
    assert len(ROWS[operation].listed[name]) > 20


async def test_what_is_not_offered_says_so_and_changes_nothing(tmp_path: Path) -> None:
    async with an_account(tmp_path) as account:
        before = account.kept()
        for operation, name in EACH_REFUSED:
            inside = [
                each for each in stripe_contract.parameters(operation) if f"{each}.".startswith(f"{name}.")
            ]
            head, *parts = max(inside, key=len).split(".")
            shown = head + "".join(f"[{part}]" for part in parts)
            status, body = await account.call(operation, f"{BASES.get(operation, '')}&{shown}=1")
            error = body["error"]
            assert (status, error["code"], error["param"]) == (400, "not_offered_here", shown), (
                operation,
                name,
            )
            assert error["message"].startswith(f"Not offered here: the parameter {shown} of {operation}.")
        for row in OPERATIONS:
            if not row.offered:
                status, body = await account.call(row.operation)
                assert (status, body["error"]["code"]) == (400, "not_offered_here"), row.operation
                assert f"the operation {row.operation}." in body["error"]["message"]
        assert account.kept() == before


async def test_what_nobody_knows_is_stripe_s_own_unknown_parameter(tmp_path: Path) -> None:
    async with an_account(tmp_path) as account:
        before = account.kept()
        for operation in OFFERED:
            for form, named in (
                ("amuont=1", "amuont"), ("expand[x]=1", "expand[x]"), ("limit[gte]=1", "limit[gte]"),
                ("a[b][]=1", "a[b][]"), ("a[=1", "a["), ("metadta[order]=1", "metadta[order]"),
            ):  # fmt: skip
                status, body = await account.call(operation, f"{BASES.get(operation, '')}&{form}")
                found = (status, body["error"]["code"], body["error"]["param"])
                assert found == (400, "parameter_unknown", named), operation
                assert body["error"]["message"] == f"Received unknown parameter: {named}"
        _, body = await account.call("POST /v1/refunds", "foo=1&bar=2")
        assert body["error"]["message"] == "Received unknown parameters: foo, bar"
        assert account.kept() == before


async def test_a_value_of_the_wrong_kind_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with an_account(tmp_path) as account:
        before = account.kept()
        for operation in OFFERED:
            row = ROWS[operation]
            for name in sorted(row.honoured | set(row.listed)):
                for form, code in wrong(operation, name):
                    base = "" if name in BASES.get(operation, "") else BASES.get(operation, "")
                    status, body = await account.call(operation, f"{base}&{form}")
                    assert (status, body["error"].get("code")) == (400, code), (operation, form[:80])
        assert account.kept() == before


def wrong(operation: str, name: str) -> list[tuple[str, str | None]]:
    """Forms that give the parameter a value it cannot have, with the code of the refusal."""
    head, *parts = name.split(".")
    shown = head + "".join(f"[{part}]" for part in parts)
    kind = kind_of(operation, name)
    if isinstance(kind, Own):
        return [
            (f"metadata[{'a' * 41}]=1", None), (f"metadata[a]={'a' * 501}", None), ("metadata=a", None),
            ("&".join(f"metadata[a{n}]=1" for n in range(51)), None),
        ]  # fmt: skip
    if isinstance(kind, Many):
        wrong_words = [(f"{shown}[]=nonsense", None)] if isinstance(kind.of, Choice) else []
        return [(f"{shown}=charge.captured", None), (f"{shown}[]=", "parameter_invalid_empty"), *wrong_words]
    forms: list[tuple[str, str | None]] = [(f"{shown}=", "parameter_invalid_empty"), (f"{shown}[]=1", None)]
    if isinstance(kind, Whole):
        forms += [
            (f"{shown}={value}", "parameter_invalid_integer") for value in ("abc", "1.5", "1e3", "9" * 5000)
        ]
        if kind.least is not None:
            forms.append((f"{shown}={kind.least - 1}", "parameter_invalid_integer"))
        if kind.most is not None:
            forms.append((f"{shown}={kind.most + 1}", "parameter_invalid_integer"))
    elif isinstance(kind, Flag | Choice | Currency):
        forms.append((f"{shown}=nonsense", None))
    elif kind.longest is not None:
        forms.append((f"{shown}={'a' * (kind.longest + 1)}", None))
    return forms


def test_every_field_that_can_be_expanded_is_expanded_or_refused_aloud() -> None:
    for kind in ("payment_intent", "charge", "refund", "dispute", "review", "webhook_endpoint", "event"):
        told = set(stripe_contract.expandable(kind))
        here = set(EXPANDED[kind]) | NOT_EXPANDED.get(kind, set())
        # What is shown only when it is asked for is no id: the types do not tell it from other objects.
        assert here - {"refunds", "outcome.rule"} == told, kind


@pytest.mark.parametrize(
    ("operation", "path", "message"),
    [
        ("GET /v1/payment_intents/{intent}", "status", "This property cannot be expanded (status)."),
        (
            "GET /v1/payment_intents/{intent}",
            "latest_charge.b",
            "This property cannot be expanded (latest_charge.b).",
        ),
        (
            "GET /v1/charges",
            "payment_intent",
            (
                "This property cannot be expanded (payment_intent). You may want to try expanding "
                "'data.payment_intent' instead."
            ),
        ),
        ("GET /v1/charges", "data.amount", "This property cannot be expanded (data.amount)."),
        ("GET /v1/events/{id}", "data", "This property cannot be expanded (data)."),
        (
            "GET /v1/charges",
            "data.payment_intent.latest_charge.payment_intent.review",
            (
                "You cannot expand more than 4 levels of a property. Property: "
                "data.payment_intent.latest_charge.payment_intent.review"
            ),
        ),
        (
            "GET /v1/payment_intents/{intent}",
            "latest_charge.balance_transaction",
            (
                "Not offered here: expanding latest_charge.balance_transaction. Stripe itself would take this; its stand-in "
                "does not."
            ),
        ),
    ],
)
async def test_an_expansion_that_leads_nowhere_is_refused(
    operation: str, path: str, message: str, tmp_path: Path
) -> None:
    async with an_account(tmp_path) as account:
        status, body = await account.call(operation, f"expand[]={path}")
    assert (status, body["error"]["message"]) == (400, message)


async def test_a_wish_that_leads_nowhere_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    async with an_account(tmp_path) as account:
        before = account.kept()
        status, _body = await account.call("POST /v1/refunds", "payment_intent={plain}&expand[]=amount")
        assert (status, account.kept()) == (400, before)


async def test_expansions_go_four_levels_deep_and_into_lists(tmp_path: Path) -> None:
    async with an_account(tmp_path) as account:
        _, one = await account.call(
            "GET /v1/payment_intents", "customer=cus_1&expand[]=data.latest_charge.refunds.data"
        )
        _, four = await account.call(
            "GET /v1/charges/{charge}", "expand[]=payment_intent.latest_charge.payment_intent"
        )
    [intent] = one["data"]
    assert [each["amount"] for each in intent["latest_charge"]["refunds"]["data"]] == [100, 100]
    inner = four["payment_intent"]["latest_charge"]["payment_intent"]
    assert (inner["id"], inner["latest_charge"]) == (account.ids["held"], account.ids["held_charge"])


@pytest.mark.parametrize(
    ("form", "found", "more"),
    [
        ("", ["held", "plain", "second", "first"], False),
        ("limit=2", ["held", "plain"], True),
        ("starting_after={plain}&limit=1", ["second"], True),
        ("starting_after={first}", [], False),
        ("ending_before={first}", ["held", "plain", "second"], False),
        ("ending_before={first}&limit=2", ["plain", "second"], True),
        ("ending_before={held}", [], False),
        (f"created={NOON + HOUR}", ["second"], False),
        (f"created[gt]={NOON}&created[lte]={NOON + 2 * HOUR}", ["plain", "second"], False),
        (f"created[gte]={NOON + 3 * HOUR}", ["held"], False),
        (f"created[lt]={NOON + HOUR}", ["first"], False),
        ("customer=cus_1", ["first"], False),
        ("customer=cus_2", [], False),
        # A cursor may be any object, whether the filter lets it in or not.
        ("customer=cus_1&starting_after={held}", ["first"], False),
    ],
)
async def test_a_list_shows_exactly_what_its_filters_say(
    form: str, found: list[str], more: bool, tmp_path: Path
) -> None:
    async with an_account(tmp_path) as account:
        for operation, suffix in (("GET /v1/payment_intents", ""), ("GET /v1/charges", "_charge")):
            asked = form.replace("}", f"{suffix}}}")
            status, body = await account.call(operation, asked)
            assert status == 200
            assert [each["id"] for each in body["data"]] == [account.ids[name + suffix] for name in found]
            assert body["has_more"] is more


async def test_a_cursor_that_is_no_object_and_two_cursors_are_refused(tmp_path: Path) -> None:
    async with an_account(tmp_path) as account:
        status, body = await account.call("GET /v1/charges", "starting_after=ch_nothing")
        assert (status, body["error"]["code"], body["error"]["param"]) == (
            400,
            "resource_missing",
            "starting_after",
        )
        status, body = await account.call(
            "GET /v1/charges", "starting_after={first_charge}&ending_before={held_charge}"
        )
        assert (status, body["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Stripe-Version", "2020-08-27", "not_offered_here"),
        ("Stripe-Version", "tomorrow", None),
        ("Stripe-Account", "acct_1", "not_offered_here"),
        ("Stripe-Context", "acct_1", "not_offered_here"),
    ],
)
async def test_a_header_that_would_change_the_answer_is_refused(
    header: str, value: str, code: str | None, tmp_path: Path
) -> None:
    async with an_account(tmp_path) as account:
        account.headers = {header: value}
        status, body = await account.call("POST /v1/refunds", "payment_intent={plain}")
        assert (status, body["error"].get("code")) == (400, code)
        assert account.state.books()["payments"][account.ids["plain"]]["refunded"] == 0
