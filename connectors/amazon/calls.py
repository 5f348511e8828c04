"""How a call to Amazon is made: through the SDK's classes, with our transport, token, quota and second try.

Access tokens come from the connection's token store: current for every call, renewed once where Amazon refuses one.
"""

import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

# The order matters: sp_api.asyncio.auth first would be a circular import.
import sp_api.asyncio.api  # noqa: F401  isort: skip
from sp_api.base.credential_provider import FromCodeCredentialProvider

from connectors.amazon.authorize import grantless_token
from connectors.amazon.errors import TOKEN_EXPIRED, TOKEN_INVALID
from connectors.amazon.transport import CALL, Call, CurrentToken, HubTransport
from core.errors import AuthError, MappingError, OutcomeUnknownError, UnavailableError
from core.ports import Connection, Token

NOTIFICATIONS_SCOPE = "sellingpartnerapi::notifications"

Json = dict[str, Any]


class _NoDebug(logging.Filter):
    """Drops what is below INFO: the SDK logs its headers there, access token included."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO


_NO_DEBUG = _NoDebug()


@dataclass(slots=True)
class _Grantless:
    """The application's own token for notifications, kept as long as Amazon said."""

    access: str = field(default="", repr=False)
    until: datetime | None = None


class Calls:
    """The calls of one connection."""

    def __init__(self, connection: Connection, *, region: str, marketplace: str) -> None:
        self._connection = connection
        self._region = region
        self._marketplace = marketplace
        self._transport = HubTransport(connection)
        self._grantless = _Grantless()
        logging.getLogger("sp_api.asyncio.base.client").addFilter(_NO_DEBUG)

    def api(self, kind: Callable[..., Any], **version: str) -> Any:
        """Return one of the SDK's clients, made to go where and how the hub goes."""
        place = SimpleNamespace(
            endpoint=self._connection.endpoints.get(
                "api", f"https://sellingpartnerapi-{self._region}.amazon.com"
            ).rstrip("/"),
            marketplace_id=self._marketplace,
            region=self._region,
        )
        unused = "kept by the hub"
        api = kind(
            marketplace=place,
            credentials={"refresh_token": unused, "lwa_app_id": unused, "lwa_client_secret": unused},
            credential_providers=[FromCodeCredentialProvider],
            auth_token_client_class=CurrentToken,
            # Never used, and cheap: the SDK would load all certificates for each of its clients.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            **version,
        )
        # An environment variable of the SDK's may have put another marketplace in its place.
        api.endpoint, api.marketplace_id, api.region = place.endpoint, place.marketplace_id, place.region
        api._transport = self._transport  # noqa: SLF001  the SDK has no other seam for its transport
        return api

    async def call(
        self,
        operation: str,
        ask: Callable[[], Awaitable[Any]],
        *,
        may_act: bool = False,
        grantless: bool = False,
        needs: str | None = None,
        many: bool = False,
    ) -> Json:
        """Return the payload of one call, which has ``needs`` in it; a refused token is renewed, once."""
        token = await self._token(grantless=grantless)
        await self._connection.quota.take(operation)
        try:
            payload = await self._once(operation, ask, access=token.access, may_act=may_act)
        except AuthError as error:
            if error.code not in {TOKEN_EXPIRED, TOKEN_INVALID}:
                raise
            newer = await self._renewed(token, grantless=grantless)
            payload = await self._again(operation, ask, access=newer.access, may_act=may_act)
        if many:
            return {"payload": payload if isinstance(payload, list) else []}
        if not isinstance(payload, dict) or (needs and needs not in payload):
            if may_act:
                raise OutcomeUnknownError(
                    f"{operation}: answered without {needs}", connection=self._connection.name
                )
            raise MappingError(f"{operation}.{needs}", "missing in the answer")
        return payload

    async def _once(
        self, operation: str, ask: Callable[[], Awaitable[Any]], *, access: str, may_act: bool
    ) -> Any:
        mark = CALL.set(Call(operation=operation, access=access, may_act=may_act))
        try:
            answer = await ask()
        finally:
            CALL.reset(mark)
        # The SDK takes the pagination out of the payload.
        if answer.next_token and isinstance(answer.payload, dict):
            return {**answer.payload, "nextToken": answer.next_token}
        return answer.payload

    async def _again(
        self, operation: str, ask: Callable[[], Awaitable[Any]], *, access: str, may_act: bool
    ) -> Any:
        try:
            return await self._once(operation, ask, access=access, may_act=may_act)
        except AuthError as error:
            if error.code != TOKEN_EXPIRED:
                raise
            # Minted a moment ago: the grant stands, so this is Amazon's trouble and no reason to connect again.
            raise UnavailableError(
                f"{operation}: a new token is refused as expired", connection=self._connection.name
            ) from error

    async def fetch(self, method: str, url: str, **options: Any) -> bytes:
        """Put to or get from a presigned address."""
        mark = CALL.set(Call(operation="feed document", access="", may_act=False))
        try:
            return await self._transport.fetch(method, url, **options)
        finally:
            CALL.reset(mark)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _token(self, *, grantless: bool) -> Token:
        if not grantless:
            return await self._connection.tokens.current()
        kept, now = self._grantless, self._connection.clock.now()
        if kept.until is None or now >= kept.until:
            token = await grantless_token(self._connection, NOTIFICATIONS_SCOPE)
            kept.access, kept.until = token.access, token.expires_at or now + timedelta(minutes=1)
        return Token(access=kept.access)

    async def _renewed(self, refused: Token, *, grantless: bool) -> Token:
        if not grantless:
            return await self._connection.tokens.renew(refused)
        self._grantless.until = None
        return await self._token(grantless=True)
