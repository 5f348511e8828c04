"""A merchant's consent in Seller Central, and the tokens that follow from it (Login with Amazon).

https://developer-docs.amazon.com/sp-api/docs/website-authorization-workflow (read 2026-11). The redirect is not signed:
it is bound to us by ``state``, which core compares.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.amazon.errors import refusal
from connectors.amazon.marketplaces import MARKETPLACES
from connectors.amazon.settings import AmazonSettings
from core.errors import AuthError, RejectedError, SignatureError, UnavailableError
from core.http import Response, open_client, send
from core.ports import Connection, Token

LOGIN = "https://api.amazon.com"
MARGIN_S = 60
"""A token counts as expired this much early, so that none runs out on its way."""


class AmazonAuthorizer:
    """The round trip to Seller Central."""

    def __init__(self, connection: Connection, settings: AmazonSettings) -> None:
        self._connection = connection
        self._settings = settings

    def consent_url(self, *, state: str, redirect_uri: str) -> str:
        """Return Seller Central's page on which the merchant consents."""
        usual = f"https://{MARKETPLACES[self._settings.marketplaces[0]].consent}"
        base = self._connection.endpoints.get("consent", usual).rstrip("/")
        query = {
            "application_id": self._connection.app["application_id"],
            "state": state,
            "redirect_uri": redirect_uri,
        }
        if self._settings.draft:
            query["version"] = "beta"
        return f"{base}/apps/authorize/consent?{urlencode(query)}"

    async def complete(self, query: Mapping[str, str], *, redirect_uri: str) -> Token:
        """Exchange the code that the merchant came back with.

        Raises:
            SignatureError: the redirect carries no code or no account, or another account than ``seller`` names.
            AuthError: the code is spent or older than its five minutes.
        """
        name = self._connection.name
        account, code = query.get("selling_partner_id"), query.get("spapi_oauth_code")
        if not account or not code:
            raise SignatureError("the redirect carries no code or no account", connection=name)
        if self._settings.seller and account != self._settings.seller:
            raise SignatureError("another seller consented than `seller` names", connection=name)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        token = await _token(self._connection, form)
        if token.refresh is None:
            raise RejectedError("Login with Amazon gave no refresh token", connection=name)
        return replace(token, account=account)

    async def refresh(self, token: Token) -> Token:
        """Exchange the refresh token; it and the account stay as they are.

        Raises:
            AuthError: the merchant took the app away (``invalid_grant``), or there is no refresh token.
        """
        if token.refresh is None:
            raise AuthError("no refresh token; connect again", connection=self._connection.name)
        form = {"grant_type": "refresh_token", "refresh_token": token.refresh}
        newer = await _token(self._connection, form)
        return replace(newer, refresh=newer.refresh or token.refresh, account=token.account)


async def grantless_token(connection: Connection, scope: str) -> Token:
    """Return the application's own token for operations that belong to no seller."""
    return await _token(connection, {"grant_type": "client_credentials", "scope": scope})


async def _token(connection: Connection, form: Mapping[str, str]) -> Token:
    """Ask Login with Amazon; nothing is lost where it does not answer, for neither token rotates."""
    url = connection.endpoints.get("lwa", LOGIN).rstrip("/") + "/auth/o2/token"
    credentials = {
        "client_id": connection.app["client_id"],
        "client_secret": connection.app["client_secret"],
    }

    async def refuse(response: Response) -> None:
        if not response.is_success:
            await response.aread()
            raise refusal(response, connection=connection.name, operation="token", may_act=False)

    async with open_client() as client:
        client.event_hooks = {"response": [refuse]}
        response = await send(
            client,
            "POST",
            url,
            connection=connection.name,
            may_act=False,
            what="token",
            data={**form, **credentials},
        )
    return _read(connection, response)


def _read(connection: Connection, response: Response) -> Token:
    try:
        told: Any = response.json()
        access, expires_in = str(told["access_token"]), int(told["expires_in"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnavailableError(
            "Login with Amazon answered without a token", connection=connection.name
        ) from error
    refresh = told.get("refresh_token")
    return Token(
        access=access,
        refresh=str(refresh) if refresh else None,
        expires_at=connection.clock.now() + timedelta(seconds=max(0, expires_in - MARGIN_S)),
    )
