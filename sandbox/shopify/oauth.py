"""Authorization: a consent page that agrees by itself, codes, and expiring tokens that rotate."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from sandbox.clock import Clock
from sandbox.http import Refused
from sandbox.shopify.keys import CLIENT_ID, CLIENT_SECRET, SCOPES
from sandbox.values import Json

CODE_LIFE: Final = timedelta(minutes=1)
NETWORK: Final = timedelta(seconds=10)
"""A fast clock leaves a code at least this much real time: the network is not faster for it."""
ACCESS_LIFE: Final = timedelta(seconds=3600)
REFRESH_LIFE: Final = timedelta(days=90)
CREDENTIALS_LIFE: Final = timedelta(seconds=86_399)
"""A token for the app's own credentials lives a day, and nothing renews it but asking again."""
AUTHORIZE: Final = frozenset({"client_id", "scope", "redirect_uri", "state"})
EXCHANGE: Final = frozenset({
    "client_id", "client_secret", "code", "expiring", "grant_type", "refresh_token",
})  # fmt: skip
"""What the two pages look at; what else the vendor knows there is refused by name."""
REFUSED: Final = frozenset({
    "grant_options[]", "subject_token", "subject_token_type", "requested_token_type",
})  # fmt: skip
"""Tokens of single members of the staff, and those for a session token of an embedded app."""
PERMANENT: Final = "shpat_sandbox_custom_app"


class Denied(Refused):
    """A refused token request."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(status, description, {"error": error, "error_description": description})


@dataclass
class Grant:
    """One access token; `scopes` is what it may do."""

    scopes: frozenset[str]
    expires_at: datetime | None


@dataclass
class Refresh:
    """One refresh token; the one before it lives until this one is used."""

    scopes: frozenset[str]
    expires_at: datetime
    before: str | None


class Tokens:
    """What the shop handed out to the app."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.permanent = PERMANENT
        self.cut = False
        """The merchant threw the app out: its permanent token opens nothing."""
        self.access: dict[str, Grant] = {}
        self.refreshes: dict[str, Refresh] = {}
        self._codes: dict[str, tuple[frozenset[str], datetime]] = {}

    def consent(self, query: Mapping[str, str], domain: str) -> str:
        """The address the merchant's browser is sent back to, signed."""
        _refuse_others(query)
        if query.get("client_id") != CLIENT_ID:
            raise Denied(400, "invalid_request", "Could not find Shopify API application with api_key")
        back = query.get("redirect_uri", "")
        if urlsplit(back).scheme not in {"http", "https"}:
            raise Denied(400, "invalid_request", "The redirect_uri is not whitelisted")
        code, now = _secret("code_"), self._clock.now()
        scopes = frozenset(query.get("scope", "").replace(" ", "").split(",")) - {""}
        self._codes[code] = (scopes, now + max(CODE_LIFE, NETWORK * self._clock.rate))
        store = domain.partition(".")[0]
        answer = {
            "code": code,
            "host": base64.b64encode(f"admin.shopify.com/store/{store}".encode()).decode().rstrip("="),
            "shop": domain,
            "timestamp": str(int(now.timestamp())),
        }
        if "state" in query:
            answer["state"] = query["state"]
        answer["hmac"] = query_signature(answer)
        return f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}"

    def exchange(self, form: Mapping[str, str]) -> Json:
        """A token for a code, for a refresh token, or for the app's own credentials."""
        _refuse_others(form)
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            raise Denied(401, "invalid_client", "Client authentication failed")
        grant = form.get("grant_type", "authorization_code")
        if grant == "refresh_token":
            return self._refreshed(form.get("refresh_token", ""))
        if grant == "client_credentials":
            return self._of_the_app()
        if grant != "authorization_code":
            raise Denied(400, "unsupported_grant_type", f"grant_type {grant} is not offered here")
        if form.get("expiring", "0") not in ("0", "1"):
            raise Denied(400, "invalid_request", "expiring is 0 or 1")
        scopes, until = self._codes.pop(form.get("code", ""), (frozenset(), None))
        if until is None or until < self._clock.now():
            raise Denied(400, "invalid_request", "The authorization code was not found or was already used")
        if form.get("expiring") == "1":
            return self._issued(scopes, before=None)
        token = _secret("shpat_")
        self.access[token] = Grant(scopes, None)
        return {"access_token": token, "scope": ",".join(sorted(scopes))}

    def scopes(self, token: str | None) -> frozenset[str] | None:
        """What a token may do; None if it opens nothing (unknown, expired, revoked)."""
        if token is not None and hmac.compare_digest(token.encode(), self.permanent.encode()):
            return None if self.cut else frozenset({"*"})
        grant = self.access.get(token or "")
        if grant is None:
            return None
        if grant.expires_at is not None and grant.expires_at <= self._clock.now():
            return None
        return grant.scopes

    def age(self, token: str | None) -> None:
        """Let every access token die before its time; a permanent one, when it is the one in use, for good."""
        self.cut = self.cut or token == self.permanent
        self.access.clear()

    def kill(self, token: str | None) -> bool:
        """Let one access token die before its time; only a refresh helps. False if there was none to kill."""
        return self.access.pop(token or "", None) is not None

    def revoke(self) -> None:
        """Forget everything: the app is uninstalled."""
        self.cut = True
        self.access.clear()
        self.refreshes.clear()
        self._codes.clear()

    def _of_the_app(self) -> Json:
        """A token without any merchant's consent page; only where the app is installed."""
        if self.cut:
            raise Denied(400, "shop_not_permitted", "Client credentials cannot be performed on this shop.")
        token = _secret("shpat_")
        self.access[token] = Grant(SCOPES, self._clock.now() + CREDENTIALS_LIFE)
        life_s = int(CREDENTIALS_LIFE.total_seconds())
        return {"access_token": token, "scope": ",".join(sorted(SCOPES)), "expires_in": life_s}

    def _refreshed(self, token: str) -> Json:
        known = self.refreshes.get(token)
        if known is None or known.expires_at <= self._clock.now():
            raise Denied(400, "invalid_grant", "The refresh token is invalid, expired or revoked")
        if known.before is not None:
            self.refreshes.pop(known.before, None)
            known.before = None
        return self._issued(known.scopes, before=token)

    def _issued(self, scopes: frozenset[str], *, before: str | None) -> Json:
        now = self._clock.now()
        access, refresh = _secret("shpat_"), _secret("shprt_")
        self.access[access] = Grant(scopes, now + ACCESS_LIFE)
        self.refreshes[refresh] = Refresh(scopes, now + REFRESH_LIFE, before)
        return {
            "access_token": access,
            "scope": ",".join(sorted(scopes)),
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": refresh,
            "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        }


def _refuse_others(given: Mapping[str, str]) -> None:
    """Refuse what would change the answer and is not looked at; what the vendor does not know either is no matter."""
    asked = sorted(name for name in REFUSED if given.get(name))
    if asked:
        raise Denied(400, "invalid_request", f"{', '.join(asked)} is not offered here")


def _secret(prefix: str) -> str:
    """A token nobody can guess."""
    return prefix + secrets.token_hex(16)


def query_signature(query: Mapping[str, str]) -> str:
    """The hexadecimal signature of a query, its own parameter left out."""
    pairs = [
        f"{_escaped(key).replace('=', '%3D')}={_escaped(value)}"
        for key, value in sorted(query.items())
        if key != "hmac"
    ]
    return hmac.new(CLIENT_SECRET.encode(), "&".join(pairs).encode(), hashlib.sha256).hexdigest()


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("&", "%26")
