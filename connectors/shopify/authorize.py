"""Connecting a shop in the browser: ShopifyAPI builds and verifies, we exchange.

The SDK's own exchange cannot ask for expiring tokens, drops the refresh token and has no time limit.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from shopify import Session
from shopify.utils import shop_url

from connectors.shopify.client import Admin
from connectors.shopify.settings import SCOPES
from core import http
from core.errors import AuthError, RejectedError, SignatureError, UnavailableError
from core.ports import Token


class ShopifyAuthorizer:
    """Sends the merchant to Shopify's consent page and takes tokens from what comes back."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._app = admin.connection.app

    def consent_url(self, *, state: str, redirect_uri: str) -> str:
        """Return the shop's page on which the merchant consents."""
        session = self._session("")(self._admin.store, self._admin.version)
        url: str = session.create_permission_url(list(SCOPES), redirect_uri, state)
        # The SDK writes https and the shop's own host; an endpoint of the configuration stands in their place.
        parts = urlsplit(url)
        return f"{self._admin.base}{parts.path}?{parts.query}"

    async def complete(self, query: Mapping[str, str], *, redirect_uri: str) -> Token:  # noqa: ARG002  Shopify wants none
        """Verify the redirect and exchange its code for a token that expires.

        Raises:
            SignatureError: not signed with our secret, or of another shop.
            AuthError: Shopify does not take the code: it is used up, or older than a minute.
        """
        if not any(self._signed(query, secret) for secret in self._secrets()):
            raise self._forged("the redirect is not signed with the app's secret")
        if shop_url.sanitize_shop_domain(query.get("shop")) != self._admin.store:
            raise self._forged("the redirect names another shop")
        return await self._token({"code": query.get("code", ""), "expiring": "1"}, "access_token")

    async def refresh(self, token: Token) -> Token:
        """Exchange the refresh token for a new pair.

        The former refresh token lives until the new one is used, so a lost answer is simply asked for again.
        """
        if token.refresh is None:
            raise AuthError(
                "the token cannot be renewed; connect again", connection=self._admin.connection.name
            )
        return await self._token(
            {"grant_type": "refresh_token", "refresh_token": token.refresh}, "refresh_token"
        )

    async def _token(self, form: Mapping[str, str], what: str) -> Token:
        name = self._admin.connection.name
        app = {
            "client_id": self._app.get("client_id", ""),
            "client_secret": self._app.get("client_secret", ""),
        }
        try:
            response = await http.send(
                self._admin.client,
                "POST",
                f"{self._admin.base}/admin/oauth/access_token",
                connection=name,
                may_act=False,
                what=what,
                data={**app, **form},
                headers={"accept": "application/json"},
            )
        except RejectedError as error:
            said = f"{what}: Shopify does not accept it; connect the shop again"
            raise AuthError(said, connection=name, code=error.code, request_id=error.request_id) from error
        try:
            granted = response.json()
            return self._granted(granted)
        except (ValueError, KeyError, TypeError) as error:
            raise UnavailableError(f"{what}: no token in the answer", connection=name) from error

    def _granted(self, granted: Mapping[str, Any]) -> Token:
        lives_s = granted.get("expires_in")
        now = self._admin.connection.clock.now()
        return Token(
            access=str(granted["access_token"]),
            refresh=granted.get("refresh_token"),
            expires_at=None if lives_s is None else now + timedelta(seconds=int(lives_s)),
            scopes=tuple(scope for scope in str(granted.get("scope", "")).split(",") if scope),
            account=self._admin.store,
        )

    def _signed(self, query: Mapping[str, str], secret: str) -> bool:
        # The SDK raises whatever a malformed query makes of it (a list for hmac, odd characters): all of that is unsigned.
        try:
            return bool(self._session(secret).validate_hmac(dict(query)))
        except (ValueError, TypeError, AttributeError, KeyError):
            return False

    def _session(self, secret: str) -> type[Session]:
        """Return the SDK's session class with our keys on a class of its own: on the SDK's they would be global."""
        keys = {"api_key": self._app.get("client_id", ""), "secret": secret}
        return type("AppSession", (Session,), keys)

    def _secrets(self) -> list[str]:
        return [self._app[key] for key in ("client_secret", "client_secret_old") if self._app.get(key)]

    def _forged(self, message: str) -> SignatureError:
        return SignatureError(message, connection=self._admin.connection.name)
