"""Login with Amazon: the seller's consent, and the tokens that follow from it.

https://developer-docs.amazon.com/sp-api/docs/website-authorization-workflow, /docs/authorization-errors (read 2026-11).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sandbox.amazon.fidelity import LOGIN, ROWS
from sandbox.amazon.refusals import Refused, unauthorized
from sandbox.environment import Environment
from sandbox.parameters import left_out

EXPIRES_IN: Final = 3600
CODE_LIFE: Final = 300
NETWORK: Final = 10.0
"""A fast clock leaves a code or a token at least this many real seconds: the network is not faster for it."""
GRANTLESS_SCOPES: Final = frozenset({"sellingpartnerapi::notifications", "sellingpartnerapi::migration"})


@dataclass(frozen=True)
class Access:
    """What an access token opens."""

    scope: str | None
    """None: a seller's data; else the grantless scope."""
    until: datetime


class Login:
    """One application, registered with Amazon, and what was granted to it."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self.application_id = "amzn1.sp.solution.00000000-0000-4000-8000-00000000cd0c"
        self.client_id = "amzn1.application-oa2-client.0000000000000000000000000000cd0c"
        self.client_secret = "amzn1.oa2-cs.v1.sandbox-not-a-secret"  # noqa: S105  a fixed test value
        self.self_authorized = "Atzr|sandbox-self-authorized"
        self._codes: dict[str, tuple[datetime, str | None]] = {}
        self._refresh: set[str] = {self.self_authorized}
        self._access: dict[str, Access] = {}
        self.refreshes = 0
        """How often a refresh token was used."""

    def code(self, back: str | None = None) -> str:
        """A fresh authorization code, good for five minutes and once; `back` is where the seller was sent with it."""
        code = secrets.token_hex(10)
        self._codes[code] = (self._until(CODE_LIFE), back)
        return code

    def redeem(self, code: str, back: str | None = None) -> str | None:
        """The refresh token for a code, or none when it is unknown, used, old, or was sent to another address."""
        until, sent_to = self._codes.pop(code, (None, None))
        if until is None or self._env.clock.now() > until or (back and sent_to and back != sent_to):
            return None
        token = f"Atzr|sandbox-{secrets.token_hex(24)}"
        self._refresh.add(token)
        return token

    def knows_refresh(self, token: str) -> bool:
        """Whether the seller's grant behind a refresh token still stands."""
        return token in self._refresh

    def access(self, scope: str | None) -> str:
        """A fresh access token, good for an hour."""
        token = f"Atza|sandbox-{secrets.token_hex(24)}"
        self._access[token] = Access(scope, self._until(EXPIRES_IN))
        return token

    def revoke(self) -> None:
        """The seller disables the application: every grant and every token is dead."""
        self._refresh.clear()
        self._access = {token: access for token, access in self._access.items() if access.scope is not None}

    def restore(self) -> None:
        """The seller authorizes the application again: its own refresh token is good once more."""
        self._refresh.add(self.self_authorized)

    def _age(self) -> None:
        """A fault of the day: every token of the seller has expired, and only a refresh helps."""
        past = self._env.clock.start - timedelta(days=1)
        for token, access in self._access.items():
            if access.scope is None:
                self._access[token] = Access(None, past)

    def admit(self, request: web.Request, operation: str, *, grantless: bool | None) -> None:
        """Let the request in, or refuse it with Amazon's 403; `grantless` None: any of Amazon's tokens will do."""
        token = request.headers.get("x-amz-access-token")
        if not token:
            raise Refused(
                403,
                "MissingAuthenticationToken",
                "Access to requested resource is denied.",
                "Access token is missing.",
            )
        if self._env.scripted_faults.token_dies("amazon"):
            self._age()
        access = self._access.get(token)
        if access is None:
            raise unauthorized("The access token you provided is revoked, malformed or invalid.")
        dead = access.until < self._env.clock.now()
        if dead or self._env.faults.strike("token_dead", f"amazon token {operation}"):
            # Kept, and never good again: a second try with it gets the same answer.
            self._access[token] = Access(access.scope, self._env.clock.start - timedelta(days=1))
            raise unauthorized("The access token you provided has expired.")
        if grantless is True and access.scope != "sellingpartnerapi::notifications":
            raise unauthorized("The operation needs a grantless token of the scope notifications.")
        if grantless is False and access.scope is not None:
            raise unauthorized("The operation needs a token that a selling partner has granted.")

    def _until(self, seconds: int) -> datetime:
        clock = self._env.clock
        return clock.now() + timedelta(seconds=max(float(seconds), NETWORK * clock.rate))


def consent_page(login: Login, request: web.Request, *, seller: str) -> web.Response:
    """The Seller Central page that consents by itself: back to the application with a code."""
    query = request.query
    strange = left_out(ROWS[f"{LOGIN}.consent"], query)
    if strange:
        return _problem("MD1000", f"{escape(strange[0])} is not offered here.")
    if query.get("application_id") != login.application_id:
        return _problem("MD1000", "No application has this application_id.")
    if not query.get("state"):
        return _problem("MD9010", "The parameter state is missing.")
    back = query.get("redirect_uri", "")
    if urlsplit(back).scheme not in {"http", "https"} or not urlsplit(back).netloc:
        return _problem("MD5101", "The redirect_uri is not one of the application's.")
    answer = {"spapi_oauth_code": login.code(back), "state": query["state"], "selling_partner_id": seller}
    joint = "&" if urlsplit(back).query else "?"
    raise web.HTTPFound(f"{back}{joint}{urlencode(answer)}")


async def token(login: Login, request: web.Request) -> web.Response:
    """POST /auth/o2/token."""
    form = await request.post()
    given = {name: str(value) for name, value in form.items()}
    strange = left_out(ROWS[f"{LOGIN}.token"], given)
    if strange:
        return _refused(400, "invalid_request", f"The parameter {strange[0]} is not offered here.")
    if given.get("client_id") != login.client_id or given.get("client_secret") != login.client_secret:
        return _refused(401, "invalid_client", "Client authentication failed")
    match given.get("grant_type"):
        case "authorization_code":
            return _redeemed(login, given)
        case "refresh_token":
            return _refreshed(login, given.get("refresh_token", ""))
        case "client_credentials":
            return _grantless(login, given.get("scope", ""))
        case None:
            return _refused(
                400, "invalid_request", "The request is missing a required parameter : grant_type"
            )
        case _:
            return _refused(400, "unsupported_grant_type", "The authorization grant type is not supported")


def _redeemed(login: Login, given: dict[str, str]) -> web.Response:
    refresh = login.redeem(given.get("code", ""), given.get("redirect_uri"))
    if refresh is None:
        return _refused(400, "invalid_grant", "The request has an invalid grant parameter : code")
    return _granted(login.access(None), refresh_token=refresh)


def _refreshed(login: Login, refresh: str) -> web.Response:
    if not login.knows_refresh(refresh):
        words = "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
        return _refused(400, "invalid_grant", words)
    login.refreshes += 1
    return _granted(login.access(None), refresh_token=refresh)


def _grantless(login: Login, scope: str) -> web.Response:
    if scope not in GRANTLESS_SCOPES:
        return _refused(400, "invalid_scope", "The request has an invalid parameter : scope")
    return _granted(login.access(scope))


def _granted(access: str, **more: str) -> web.Response:
    return web.json_response(
        {"access_token": access, "token_type": "bearer", "expires_in": EXPIRES_IN, **more}
    )


def _refused(status: int, error: str, words: str) -> web.Response:
    answer = {"error": error, "error_description": words, "request_id": secrets.token_hex(8)}
    return web.json_response(answer, status=status)


def _problem(code: str, words: str) -> web.Response:
    page = f"<html><title>Seller Central</title><body><h1>Error {code}</h1><p>{words}</p></body></html>"
    return web.Response(text=page, content_type="text/html", status=400)
