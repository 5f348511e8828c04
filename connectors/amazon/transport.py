"""What carries the SDK's calls: our HTTP client, our token, our limits, our judgment of the answer.

The SDK's own transport has no timeout, takes a 503 page for success and sends a wrong Host header; its token cache mixes
merchants up beyond ten. So it is given this transport and this token instead (vendor behaviour measured 2026-11).
"""

import math
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from connectors.amazon.errors import refusal
from connectors.amazon.limits import RATES
from core.errors import OutcomeUnknownError, RejectedError, UnavailableError
from core.http import Client, Response, open_client, request_id_of, send
from core.ports import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an operation: with which access token, and whether Amazon might change something."""

    operation: str
    access: str = field(repr=False)
    may_act: bool


CALL: ContextVar[Call] = ContextVar("call")
"""The call under way in this task: the SDK asks for its token and its transport without saying for which call."""


class CurrentToken:
    """What the SDK takes for its token client: gives the access token of the call under way."""

    def __init__(self, **_settings: Any) -> None:
        """Take the SDK's own settings and need none."""

    async def get_auth(self) -> SimpleNamespace:
        """Return the token of the call under way."""
        return SimpleNamespace(access_token=CALL.get().access)

    async def get_grantless_auth(self, _scope: str) -> SimpleNamespace:
        """Return the token of the call under way; whoever calls a grantless operation put a grantless one there."""
        return SimpleNamespace(access_token=CALL.get().access)


class HubTransport:
    """Sends the SDK's requests through the hub's client, and raises what an answer means."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # Amazon counts the seconds of its own clock, which a demonstration's stand-in lets run faster than the machine's.
        self._rates = {operation: rate for operation, (rate, _burst) in RATES.items()}
        self._learned: dict[str, float] = {}
        self.client: Client = open_client()
        self.client.event_hooks = {"response": [self._refuse]}

    async def request(  # the SDK's signature
        self,
        method: str,
        url: str,
        *,
        params: dict[str, Any] | None = None,
        data: Any = None,
        content: str | bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109, ARG002  the SDK gives none; ours is the client's
    ) -> Response:
        """Send one request of the call under way; return its 2xx answer."""
        call = CALL.get()
        response = await send(
            self.client,
            method,
            url,
            connection=self._connection.name,
            may_act=call.may_act,
            what=call.operation,
            params=params or None,
            data=data,
            content=content,
            # The SDK's own Host header cuts the address wrongly.
            headers={name: value for name, value in (headers or {}).items() if name.lower() != "host"},
        )
        self._check(response, call)
        await self._learn(response, call.operation)
        return response

    async def fetch(self, method: str, url: str, **options: Any) -> bytes:
        """Put to or get from a presigned address, which takes no token and changes nothing by itself.

        Raises:
            UnavailableError: whatever it was; the address may have lapsed, and a new one is asked for next time.
        """
        operation = CALL.get().operation
        try:
            response = await send(
                self.client,
                method,
                url,
                connection=self._connection.name,
                may_act=False,
                what=operation,
                **options,
            )
        except RejectedError as error:
            raise UnavailableError(f"{operation}: refused", connection=self._connection.name) from error
        return bytes(response.content)

    async def aclose(self) -> None:
        """Close every connection."""
        await self.client.aclose()

    async def _refuse(self, response: Response) -> None:
        """Raise what an answer other than 2xx means, while its body is at hand."""
        if response.is_success:
            return
        call = CALL.get()
        await response.aread()
        if "x-amz-access-token" not in response.request.headers:
            raise UnavailableError(
                f"{call.operation}: the document store answered {response.status_code}",
                connection=self._connection.name,
            )
        raise refusal(
            response,
            connection=self._connection.name,
            operation=call.operation,
            may_act=call.may_act,
            rate_per_s=self._rates.get(call.operation, 1.0),
        )

    def _check(self, response: Response, call: Call) -> None:
        """Refuse a 2xx answer that is no JSON object, or that lists errors: the SDK would take it for done."""
        if response.status_code == HTTPStatus.NO_CONTENT:
            return
        request_id = request_id_of(response)
        lost = OutcomeUnknownError if call.may_act else UnavailableError
        try:
            told = response.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            said = f"{call.operation}: answered {response.status_code} without a JSON object"
            raise lost(said, connection=self._connection.name, request_id=request_id)
        if told.get("errors"):
            said = f"{call.operation}: answered {response.status_code} with errors"
            raise RejectedError(said, connection=self._connection.name, request_id=request_id)

    async def _learn(self, response: Response, operation: str) -> None:
        """Take over the rate that the answer names, once as long as it stays the same."""
        try:
            rate = float(response.headers.get("x-amzn-ratelimit-limit", ""))
        except ValueError:
            return
        if 0 < rate < math.inf and rate != self._learned.get(operation):
            self._learned[operation] = self._rates[operation] = rate
            burst = RATES.get(operation, (rate, 1))[1]
            await self._connection.quota.learn(operation, rate_per_s=rate, burst=burst)
