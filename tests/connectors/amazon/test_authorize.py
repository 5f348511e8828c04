"""Consent in Seller Central, and the tokens of Login with Amazon."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx

from core.errors import (
    AuthError,
    ConnectorError,
    RateLimitError,
    RejectedError,
    SignatureError,
    UnavailableError,
)
from core.ports import Token
from tests.connectors.amazon.account import an_account, selling
from tests.sandbox.amazon_stand import MONDAY, SELLER, browser

BACK = "https://hub.test/connect/amz/callback"
LOGIN = "https://api.amazon.com/auth/o2/token"


@pytest.mark.parametrize(("draft", "version"), [(True, ["beta"]), (False, None)])
def test_the_consent_page_is_the_marketplaces_own(draft: bool, version: list[str] | None) -> None:
    url = urlsplit(
        an_account(marketplaces=["A2EUQ1WTGCTBG2"], draft=draft)
        .authorizer()
        .consent_url(state="s-1", redirect_uri=BACK)
    )
    query = parse_qs(url.query)

    assert (url.netloc, url.path) == ("sellercentral.amazon.ca", "/apps/authorize/consent")
    assert (query["application_id"], query["state"], query["redirect_uri"]) == (
        ["amzn1.sp.solution.test"],
        ["s-1"],
        [BACK],
    )
    assert query.get("version") == version


async def test_a_merchant_consents_and_the_token_is_used_and_renewed() -> None:
    async with selling() as sold, browser() as web:
        authorizer = sold.ports.authorizer
        assert authorizer is not None
        url = authorizer.consent_url(state="s-1", redirect_uri=BACK)
        async with web.get(url, allow_redirects=False) as page:
            back = urlsplit(page.headers["Location"])
        query = {name: values[0] for name, values in parse_qs(back.query).items()}
        token = await authorizer.complete(query, redirect_uri=BACK)
        newer = await authorizer.refresh(token)
        with pytest.raises(AuthError) as spent:
            await authorizer.complete(query, redirect_uri=BACK)

    assert (query["state"], token.account, newer.account) == ("s-1", SELLER, SELLER)
    assert token.expires_at == MONDAY + timedelta(seconds=3600 - 60)
    assert newer.access != token.access
    assert newer.refresh == token.refresh
    assert spent.value.code == "invalid_grant"


async def test_a_revoked_grant_asks_to_connect_again() -> None:
    async with selling() as sold:
        assert sold.ports.authorizer is not None
        sold.stand.amazon.login.revoke()
        with pytest.raises(AuthError) as revoked:
            await sold.ports.authorizer.refresh(await sold.account.tokens.current())

    assert revoked.value.code == "invalid_grant"


@pytest.mark.parametrize(
    "query",
    [
        {"selling_partner_id": SELLER},
        {"spapi_oauth_code": "c"},
        {"spapi_oauth_code": "c", "selling_partner_id": "A9OTHER"},
    ],
)
async def test_a_redirect_of_another_account_or_without_a_code_is_refused_unasked(
    query: dict[str, str],
) -> None:
    with respx.mock, pytest.raises(SignatureError):
        await an_account(seller=SELLER).authorizer().complete(query, redirect_uri=BACK)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), AuthError),
        (httpx.Response(401, json={"error": "invalid_client"}), AuthError),
        (httpx.Response(400, json={"error": "invalid_scope"}), RejectedError),
        (httpx.Response(429, json={"error": "slow_down"}), RateLimitError),
        (httpx.Response(503, text="<html>"), UnavailableError),
        (httpx.Response(500, text=""), UnavailableError),
        (httpx.Response(200, text="<html>"), UnavailableError),
        (httpx.Response(200, json={"access_token": "Atza|x"}), UnavailableError),
    ],
)
@respx.mock
async def test_every_answer_of_the_login_has_its_meaning(
    answer: httpx.Response, error: type[ConnectorError]
) -> None:
    respx.post(LOGIN).mock(return_value=answer)

    with pytest.raises(error) as raised:
        await an_account().authorizer().refresh(Token(access="", refresh="Atzr|canary-refresh"))

    assert "canary" not in str(raised.value)


async def test_without_a_refresh_token_nobody_is_asked() -> None:
    with respx.mock, pytest.raises(AuthError):
        await an_account().authorizer().refresh(Token(access="a"))
