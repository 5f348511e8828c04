"""The seller's consent and the tokens of Login with Amazon."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sp_api.auth.exceptions import AuthorizationError
from sp_api.base.exceptions import SellingApiForbiddenException

from tests.sandbox.amazon_stand import KARL, Stand, browser, served

BACK = "http://127.0.0.1:9/connect/callback/amazon"


async def consent(stand: Stand, **changes: str) -> tuple[int, str]:
    wanted = {
        "application_id": stand.amazon.login.application_id,
        "state": "s-1",
        "redirect_uri": BACK,
        "version": "beta",
        **changes,
    }
    async with (
        browser() as http,
        http.get(f"{stand.url}/apps/authorize/consent", params=wanted, allow_redirects=False) as answer,
    ):
        return answer.status, answer.headers.get("Location", "")


async def tokens(stand: Stand, **form: str) -> tuple[int, Any]:
    login = stand.amazon.login
    whole = {"client_id": login.client_id, "client_secret": login.client_secret, **form}
    async with browser() as http, http.post(f"{stand.url}/auth/o2/token", data=whole) as answer:
        return answer.status, await answer.json()


async def test_the_consent_page_sends_the_seller_back_with_a_code() -> None:
    async with served() as stand:
        status, location = await consent(stand)

    answer = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert status == 302
    assert location.startswith(BACK + "?")
    assert answer["state"] == "s-1"
    assert answer["selling_partner_id"] == "A1KENDRA"
    assert len(answer["spapi_oauth_code"]) == 20


@pytest.mark.parametrize(
    "changes",
    [
        {"application_id": "amzn1.other"},
        {"state": ""},
        {"redirect_uri": ""},
        {"redirect_uri": "javascript:1"},
    ],
)
async def test_a_wrong_consent_request_is_not_consented_to(changes: dict[str, str]) -> None:
    async with served() as stand:
        status, location = await consent(stand, **changes)

    assert (status, location) == (400, "")


async def test_a_code_is_good_once_and_gives_a_grant_that_opens_the_api() -> None:
    async with served() as stand:
        _status, location = await consent(stand)
        code = parse_qs(urlsplit(location).query)["spapi_oauth_code"][0]
        client = stand.orders()
        granted = await client._auth.authorize_auth_code(code)
        with pytest.raises(AuthorizationError) as again:
            await client._auth.authorize_auth_code(code)
        status, refreshed = await tokens(
            stand, grant_type="refresh_token", refresh_token=granted["refresh_token"]
        )

    assert granted["token_type"] == "bearer"
    assert granted["expires_in"] == 3600
    assert granted["refresh_token"].startswith("Atzr|")
    assert again.value.error_code == "invalid_grant"
    assert status == 200
    assert refreshed["access_token"].startswith("Atza|")


async def test_a_wrong_secret_is_an_invalid_client() -> None:
    async with served() as stand:
        status, answer = await tokens(
            stand, grant_type="refresh_token", refresh_token="x", client_secret="wrong"
        )

    assert (status, answer["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "Atzr|unknown"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "unknown"}, "invalid_grant"),
        ({"grant_type": "client_credentials", "scope": "everything"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
    ],
)
async def test_wrong_grants_are_refused_in_amazons_words(form: dict[str, str], error: str) -> None:
    async with served() as stand:
        status, answer = await tokens(stand, **form)

    assert (status, answer["error"]) == (400, error)
    assert answer["error_description"]


async def test_a_seller_who_disables_the_application_ends_its_grant() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        client = stand.orders()
        await client.get_order(KARL["id"])
        stand.amazon.login.revoke()
        with pytest.raises(SellingApiForbiddenException):
            await client.get_order(KARL["id"])
        status, answer = await tokens(
            stand, grant_type="refresh_token", refresh_token=stand.amazon.login.self_authorized
        )

    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("token", "code", "details"),
    [
        (None, "MissingAuthenticationToken", "Access token is missing."),
        ("Atza|made-up", "Unauthorized", "The access token you provided is revoked, malformed or invalid."),
    ],
)
async def test_a_call_without_a_good_token_is_forbidden(token: str | None, code: str, details: str) -> None:
    async with served() as stand, browser() as http:
        headers = {"x-amz-access-token": token} if token else {}
        async with http.get(f"{stand.url}/orders/2026-01-01/orders/1", headers=headers) as answer:
            status, body = answer.status, await answer.json()

    assert status == 403
    assert (body["errors"][0]["code"], body["errors"][0]["details"]) == (code, details)


async def test_an_access_token_dies_after_an_hour() -> None:
    async with served(rate=36_000) as stand:
        token = stand.amazon.login.access(None)
        # Ten real seconds at least, so that a fast clock does not outrun the network.
        stand.world.clock._unix -= 11
        async with browser() as http:
            url, headers = f"{stand.url}/orders/2026-01-01/orders/1", {"x-amz-access-token": token}
            async with http.get(url, headers=headers) as answer:
                status, body = answer.status, await answer.json()

    assert status == 403
    assert body["errors"][0]["details"] == "The access token you provided has expired."


async def test_grantless_and_granted_tokens_open_different_doors() -> None:
    async with served() as stand, browser() as http:
        granted = {"x-amz-access-token": stand.amazon.login.access(None)}
        grantless = {"x-amz-access-token": stand.amazon.login.access("sellingpartnerapi::notifications")}
        async with http.get(f"{stand.url}/notifications/v1/destinations", headers=granted) as answer:
            wrong_for_destinations = answer.status
        async with http.get(f"{stand.url}/notifications/v1/destinations", headers=grantless) as answer:
            right_for_destinations = answer.status
        async with http.get(f"{stand.url}/orders/2026-01-01/orders/1", headers=grantless) as answer:
            wrong_for_orders = answer.status

    assert (wrong_for_destinations, right_for_destinations, wrong_for_orders) == (403, 200, 403)


async def test_a_dead_token_stays_dead_and_a_fresh_one_works() -> None:
    async with served(spec="token_dead:1") as stand, browser() as http:
        stand.amazon.place(KARL)
        url = f"{stand.url}/orders/2026-01-01/orders/{KARL['id']}"
        headers = {"x-amz-access-token": stand.amazon.login.access(None)}
        async with http.get(url, headers=headers) as answer:
            first = answer.status
        stand.world.faults.quiet()
        async with http.get(url, headers=headers) as answer:
            second = answer.status
        headers = {"x-amz-access-token": stand.amazon.login.access(None)}
        async with http.get(url, headers=headers) as answer:
            third = answer.status

    assert (first, second, third) == (403, 403, 200)
    assert stand.world.faults.injected == {"token_dead": 1}
