"""How calls are made: our transport and tokens in the SDK's classes, and what every answer means."""

import logging
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx
import yaml
from pydantic import ValidationError

from connectors.amazon import CONNECTOR
from connectors.amazon.errors import CODES, TOKEN_EXPIRED
from connectors.amazon.limits import RATES
from connectors.amazon.settings import AmazonSettings
from core.clock import ScaledClock
from core.errors import (
    AuthError,
    ConnectorError,
    MappingError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from core.ports import Fence
from tests.connectors.amazon.account import API, an_account, selling
from tests.contracts import ROOT
from tests.contracts_amazon import _operations, check_request
from tests.sandbox.amazon_stand import KARL, SELLER, US

ORDER = f"{API}/orders/2026-01-01/orders/112-1"
CONFIRM = f"{API}/orders/v0/orders/112-1/shipmentConfirmation"
EXPIRED = {
    "code": "Unauthorized",
    "message": "Access to requested resource is denied.",
    "details": "The access token you provided has expired.",
}


def errors(code: str, *, details: str = "") -> dict[str, Any]:
    return {"errors": [{"code": code, "message": "m", "details": details}]}


def order() -> httpx.Response:
    return httpx.Response(200, json={"order": {"orderId": "112-1"}})


@respx.mock
async def test_a_call_goes_out_as_the_model_says() -> None:
    route = respx.get(ORDER).mock(return_value=order())
    await an_account().client().get_order("112-1")
    request = route.calls.last.request

    assert request.headers["x-amz-access-token"] == "Atza|canary-access"
    assert request.headers["host"] == "sellingpartnerapi-na.amazon.com"
    assert request.url.params["includedData"] == (
        "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES,TAX"
    )
    path = request.url.raw_path.decode().split("?")[0]
    assert check_request("orders_2026-01-01", "GET", path, request.url.params.multi_items()) == "getOrder"
    assert request.extensions["timeout"]["read"] == 10.0


@respx.mock
async def test_the_sdks_host_header_that_cuts_an_http_address_is_not_sent() -> None:
    route = respx.get("http://127.0.0.1:9/orders/2026-01-01/orders/112-1").mock(return_value=order())

    await an_account(endpoints={"api": "http://127.0.0.1:9"}).client().get_order("112-1")

    assert route.calls.last.request.headers["host"] == "127.0.0.1:9"


@respx.mock
async def test_the_sdks_environment_cannot_move_the_marketplace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SP_API_DEFAULT_MARKETPLACE", "DE")
    route = respx.get(f"{API}/orders/2026-01-01/orders").respond(json={"orders": []})

    await (
        an_account().client().search_orders(last_updated_after="2026-11-30T16:00:00Z", pagination_token=None)
    )

    assert route.calls.last.request.url.params["marketplaceIds"] == US


@pytest.mark.req("R66")
@respx.mock
async def test_no_token_reaches_the_log_however_loud(caplog: pytest.LogCaptureFixture) -> None:
    respx.get(ORDER).mock(return_value=order())
    client = an_account().client()
    for name in ("", "sp_api.asyncio.base.client"):
        caplog.set_level(logging.DEBUG, logger=name or None)

    await client.get_order("112-1")

    assert "canary" not in caplog.text


def test_a_connection_prints_no_secret() -> None:
    account = an_account()

    assert "canary" not in repr((account.connection, account.tokens.token))


@pytest.mark.parametrize("status", [403, 401])
@respx.mock
async def test_a_refused_token_is_renewed_once_and_the_call_made_again(status: int) -> None:
    refused = httpx.Response(status, json={"errors": [EXPIRED]})
    route = respx.get(ORDER).mock(side_effect=[refused, order()])
    account = an_account()

    assert await account.client().get_order("112-1") == {"orderId": "112-1"}
    assert account.tokens.renewed == 1
    assert [call.request.headers["x-amz-access-token"] for call in route.calls] == [
        "Atza|canary-access",
        "Atza|newer-1",
    ]


@respx.mock
async def test_a_new_token_refused_as_expired_is_amazons_trouble_not_the_merchants() -> None:
    respx.get(ORDER).respond(403, json={"errors": [EXPIRED]})
    account = an_account()

    with pytest.raises(UnavailableError):
        await account.client().get_order("112-1")

    assert account.tokens.renewed == 1


@respx.mock
async def test_a_missing_role_does_not_renew() -> None:
    respx.get(ORDER).respond(403, json=errors("Unauthorized"))
    account = an_account()

    with pytest.raises(AuthError):
        await account.client().get_order("112-1")

    assert account.tokens.renewed == 0


READS = [
    (httpx.Response(400, json=errors("InvalidInput")), RejectedError),
    (httpx.Response(403, json={"message": "Forbidden"}), AuthError),
    (httpx.Response(404, json=errors("NotFound")), RejectedError),
    (httpx.Response(413, text="<html>"), RejectedError),
    (httpx.Response(429, text="slow down"), RateLimitError),
    (httpx.Response(429, json=errors("QuotaExceeded")), RateLimitError),
    (httpx.Response(500, json={"errors": []}), UnavailableError),
    (httpx.Response(500, json={"errors": {}}), UnavailableError),
    (httpx.Response(502, content=b""), UnavailableError),
    (httpx.Response(503, text="<html>"), UnavailableError),
    (httpx.Response(302, headers={"Location": "https://elsewhere.test"}), RejectedError),
    (httpx.Response(200, text="<html>"), UnavailableError),
    (httpx.Response(200, json=[1]), UnavailableError),
    (httpx.Response(200, json=errors("InvalidInput")), RejectedError),
    (httpx.Response(200, json={}), MappingError),
]


@pytest.mark.parametrize(("answer", "error"), READS)
@respx.mock
async def test_every_answer_to_a_read_has_its_meaning(answer: httpx.Response, error: type[Exception]) -> None:
    respx.get(ORDER).mock(return_value=answer)

    with pytest.raises(error) as raised:
        await an_account().client().get_order("112-1")

    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500, json=errors("InternalFailure")), OutcomeUnknownError),
        (httpx.Response(502, content=b""), OutcomeUnknownError),
        (httpx.Response(503, text="<html>"), UnavailableError),
        (httpx.Response(200, text="<html>"), OutcomeUnknownError),
        (httpx.Response(400, json=errors("InvalidInput")), RejectedError),
        (httpx.ReadTimeout("late"), OutcomeUnknownError),
        (httpx.ConnectError("refused"), UnavailableError),
    ],
)
@respx.mock
async def test_every_end_of_a_confirmation_says_whether_amazon_may_have_acted(
    answer: httpx.Response | Exception, error: type[ConnectorError]
) -> None:
    respx.post(CONFIRM).mock(side_effect=[answer])

    with pytest.raises(error) as raised:
        await an_account().client().confirm_shipment("112-1", marketplace=US, package={})

    assert type(raised.value) is error


@pytest.mark.req("R63")
@respx.mock
async def test_the_named_rate_is_learned_and_a_quota_without_grants_sends_nothing() -> None:
    route = respx.get(ORDER).respond(json={"order": {}}, headers={"x-amzn-RateLimit-Limit": "0.25"})
    account = an_account()
    client = account.client()
    await client.get_order("112-1")
    await client.get_order("112-1")
    account.quota.most["getOrder"] = 2
    with pytest.raises(RateLimitError):
        await client.get_order("112-1")

    assert account.quota.learned == {"getOrder": (0.25, 30)}
    assert route.call_count == 2


@respx.mock
async def test_a_rate_counts_the_seconds_of_amazons_clock() -> None:
    respx.get(ORDER).respond(json={"order": {}}, headers={"x-amzn-RateLimit-Limit": "0.25"})
    account = an_account(clock=ScaledClock(datetime(2026, 11, 30, 16, 0, tzinfo=UTC), 0.0, 60.0))

    await account.client().get_order("112-1")

    assert account.quota.learned == {"getOrder": (15.0, 30)}


@pytest.mark.parametrize(("headers", "pause"), [({"Retry-After": "7"}, 7.0), ({}, 2.0)])
@respx.mock
async def test_a_throttled_call_names_its_pause(headers: dict[str, str], pause: float) -> None:
    respx.get(ORDER).respond(
        429, json=errors("QuotaExceeded"), headers={**headers, "x-amzn-RequestId": "r-1"}
    )

    with pytest.raises(RateLimitError) as throttled:
        await an_account().client().get_order("112-1")

    assert (throttled.value.retry_after_s, throttled.value.request_id) == (pause, "r-1")


def test_every_status_and_code_that_amazon_documents_is_named() -> None:
    documented = {
        "InvalidInput", "Unauthorized", "AccessDenied", "MissingAuthenticationToken", "InvalidSignature", "NotFound",
        "Conflict", "RequestTooLarge", "UnsupportedMediaType", "QuotaExceeded", "InternalFailure",
        "ServiceUnavailable", "invalid_grant", "invalid_client", "invalid_request", "invalid_scope",
        "unauthorized_client", "unsupported_grant_type",
    }  # fmt: skip

    assert documented <= set(CODES)
    assert TOKEN_EXPIRED not in CODES


def test_the_limits_are_those_of_amazons_models() -> None:
    models = ("orders_2026-01-01", "ordersV0", "listingsItems_2021-08-01", "feeds_2021-06-30", "fbaInventory",
              "notifications")  # fmt: skip
    known = {name for model in models for name in _operations(model)}

    assert set(RATES) <= known
    assert CONNECTOR.limits == RATES


async def test_token_trouble_in_the_middle_of_work_heals_by_itself() -> None:
    async with selling() as sold:
        assert sold.ports.channel is not None
        sold.stand.amazon.place(KARL)
        login = sold.stand.amazon.login
        login._access.clear()
        fetched = await sold.ports.channel.fetch_order(KARL["id"])

    assert fetched.order.order_id == KARL["id"]
    assert sold.account.tokens.renewed == 1


@pytest.mark.req("R72")
def test_the_connector_says_what_it_is() -> None:
    assert {name: one.fence for name, one in CONNECTOR.operations.items()} == {
        "set_levels": Fence.ABSOLUTE,
        "tell_shipped": Fence.ABSOLUTE,
    }
    ports = CONNECTOR.build(an_account().connection)
    assert (ports.channel_payments, ports.gateway, ports.carrier) == (None, None, None)
    without_queue = CONNECTOR.build(an_account(app={"client_id": "c", "client_secret": "s"}).connection)
    assert (without_queue.notifications, without_queue.subscriber) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"marketplaces": []},
        {"marketplaces": ["NOWHERE"]},
        {"marketplaces": ["A1PA6795UKMFR9"]},
        {"marketplaces": [US], "speed": 1},
        {"marketplaces": [US], "feed_threshold": 0},
    ],
)
def test_settings_refuse_what_they_do_not_know(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AmazonSettings.model_validate(wrong)


def test_quality_names_every_rule_with_a_status() -> None:
    rules = yaml.safe_load((ROOT / "connectors" / "amazon" / "quality.yaml").read_text(encoding="utf-8"))
    wanted = {
        "signature-verified", "idempotent", "rate-limit", "paging", "errors-table", "secrets-redacted",
        "sandbox-tested", "api-version-pinned", "samples", "docs-setup", "docs-limits", "uninstall",
    }  # fmt: skip

    assert set(rules) == wanted
    assert all(one == "done" or one["exempt"] for one in rules.values())


async def test_the_seller_is_the_one_who_consented_or_the_one_set() -> None:
    account = an_account()

    assert await account.client().seller() == SELLER
    assert await an_account(seller="A2SET").client().seller() == "A2SET"
    assert datetime(2026, 11, 30, 16, 0, tzinfo=UTC) == account.connection.clock.now()
