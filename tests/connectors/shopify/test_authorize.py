"""Connecting a shop: the consent page, the signed redirect, tokens that rotate."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from connectors.shopify.settings import SCOPES
from core.errors import AuthError, SignatureError
from core.ports import Token
from sandbox.shopify.oauth import query_signature
from tests.connectors.shopify.shop import APP, NOON, STORE, Shop, a_shop, connected

BACK = "https://hub.test/connect/callback/shopify"


async def consented(shop: Shop, state: str = "st-1") -> dict[str, str]:
    """Follow the consent page like a browser, and return the query it comes back with."""
    page = shop.authorizer.consent_url(state=state, redirect_uri=BACK)
    async with aiohttp.ClientSession() as browser, browser.get(page, allow_redirects=False) as answer:
        assert answer.status == 302
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def signed(query: Mapping[str, str]) -> dict[str, str]:
    return {**query, "hmac": query_signature(query)}


def test_the_consent_page_is_the_shops_own_and_carries_state_and_scopes() -> None:
    parts = urlsplit(a_shop(None).authorizer.consent_url(state="st-1", redirect_uri=BACK))
    query = dict(parse_qsl(parts.query))

    assert (parts.scheme, parts.netloc, parts.path) == ("https", STORE, "/admin/oauth/authorize")
    assert query["state"] == "st-1"
    assert query["redirect_uri"] == BACK
    assert query["client_id"] == APP["client_id"]
    assert query["scope"] == ",".join(SCOPES)


@pytest.mark.req("S29")
async def test_a_merchants_consent_gives_a_token_that_expires_and_opens_the_shop() -> None:
    async with connected() as (stand, shop):
        query = await consented(shop)

        token = await shop.authorizer.complete(query, redirect_uri=BACK)

        assert query["state"] == "st-1"
        assert token.account == STORE
        assert token.refresh is not None
        assert token.expires_at == NOON + timedelta(hours=1)
        assert set(token.scopes) == set(SCOPES)
        with_it = a_shop(stand.url, token.access)
        assert len(await with_it.levels.list_locations()) == 2
        await with_it.close()


async def test_a_token_is_renewed_with_its_refresh_token() -> None:
    async with connected() as (_, shop):
        token = await shop.authorizer.complete(await consented(shop), redirect_uri=BACK)

        renewed = await shop.authorizer.refresh(token)
        # The answer was lost: the same refresh token serves once more.
        again = await shop.authorizer.refresh(token)

        assert renewed.access != token.access
        assert again.refresh not in {token.refresh, renewed.refresh}


async def test_a_refresh_token_that_is_dead_asks_for_a_person() -> None:
    async with connected() as (_, shop):
        with pytest.raises(AuthError):
            await shop.authorizer.refresh(Token(access="a", refresh="shprt_dead"))
        with pytest.raises(AuthError):
            await shop.authorizer.refresh(Token(access="a"))


async def test_a_code_serves_once() -> None:
    async with connected() as (_, shop):
        query = await consented(shop)
        await shop.authorizer.complete(query, redirect_uri=BACK)

        with pytest.raises(AuthError):
            await shop.authorizer.complete(query, redirect_uri=BACK)


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    "change",
    [
        {"hmac": "0" * 64},
        {"hmac": "é"},
        {"hmac": ""},
        {"code": "another"},
        {"shop": "evil.myshopify.com"},
        {"extra": "1"},
    ],
)
async def test_a_redirect_that_was_changed_is_refused(change: dict[str, str]) -> None:
    async with connected() as (_, shop):
        query = {**await consented(shop), **change}
        with pytest.raises(SignatureError):
            await shop.authorizer.complete(query, redirect_uri=BACK)


@pytest.mark.parametrize(
    "name", ["other.myshopify.com", "evil.com", f"{STORE}.evil.com", f"{STORE}@evil.com", ""]
)
async def test_a_signed_redirect_of_another_shop_is_refused(name: str) -> None:
    async with connected() as (_, shop):
        query = await consented(shop)
        del query["hmac"]
        with pytest.raises(SignatureError):
            await shop.authorizer.complete(signed({**query, "shop": name}), redirect_uri=BACK)


async def test_a_redirect_without_a_signature_is_refused() -> None:
    async with connected() as (_, shop):
        query = await consented(shop)
        del query["hmac"]
        with pytest.raises(SignatureError):
            await shop.authorizer.complete(query, redirect_uri=BACK)


async def test_the_secret_before_still_verifies_while_it_is_replaced() -> None:
    async with connected() as (stand, shop):
        query = await consented(shop)
        rotating = a_shop(
            stand.url, app={**APP, "client_secret": "new", "client_secret_old": APP["client_secret"]}
        )

        # The signature holds; the stand-in then refuses the new secret it has not heard of.
        with pytest.raises(AuthError):
            await rotating.authorizer.complete(query, redirect_uri=BACK)
        await rotating.close()
