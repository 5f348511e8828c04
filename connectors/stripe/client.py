"""Stripe's API through its own SDK: one method per endpoint, under the vendor's name."""

import logging
from collections.abc import Awaitable, Mapping
from typing import Any

import stripe
from pydantic import SecretStr

from connectors.stripe.errors import error_of
from core.http import Client, Response, open_client, send

Answer = dict[str, Any]

_INTENT = ["latest_charge", "review"]
_CHARGE = ["payment_intent", "review"]
_OURS = {"user-agent": f"Crossdock stripe-python/{stripe.VERSION}"}
_TOLD_ON_US = frozenset({"user-agent", "x-stripe-client-user-agent", "x-stripe-client-telemetry"})


class StripeApi:
    """The endpoints of one account that the hub uses; nothing is retried here, each call is made once."""

    def __init__(self, connection: str, key: SecretStr, *, api_version: str, base: str | None = None) -> None:
        _hush()
        self._connection = connection
        self._http = _HubClient(open_client(), connection)
        self._stripe = stripe.StripeClient(
            key.get_secret_value(),
            stripe_version=api_version,
            base_addresses={"api": base} if base else {},
            max_network_retries=0,
            http_client=self._http,
        )

    async def close(self) -> None:
        """Close the connections to Stripe."""
        await self._http.close_async()

    async def retrieve_payment_intent(self, intent: str) -> Answer:
        """GET /v1/payment_intents/{intent}, with its latest charge and its review."""
        params: Any = {"expand": _INTENT}
        return await self._read(
            "payment_intents.retrieve", self._stripe.v1.payment_intents.retrieve_async(intent, params)
        )

    async def retrieve_charge(self, charge: str) -> Answer:
        """GET /v1/charges/{charge}, with its payment intent and its review."""
        params: Any = {"expand": _CHARGE}
        return await self._read("charges.retrieve", self._stripe.v1.charges.retrieve_async(charge, params))

    async def list_payment_intents(self, limit: int) -> Answer:
        """GET /v1/payment_intents: the newest first."""
        params: Any = {"limit": limit}
        return await self._read("payment_intents.list", self._stripe.v1.payment_intents.list_async(params))

    async def _read(self, what: str, call: Awaitable[stripe.StripeObject]) -> Answer:
        try:
            return (await call).to_dict()
        except stripe.StripeError as error:
            raise error_of(error, connection=self._connection, what=what) from error


def verify_header(body: bytes, header: str, secret: str) -> bool:
    """Say whether ``header`` signs ``body`` with ``secret``; whatever is hostile in them is a no. Checks no time."""
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None))
    except (stripe.SignatureVerificationError, TypeError, ValueError):
        # TypeError: a signature that is not ASCII; ValueError: a body that is not UTF-8, a time that is no number.
        return False


def _hush() -> None:
    """Keep the SDK from reporting on this machine, and from logging what Stripe quotes of a request."""
    stripe.enable_telemetry = False
    logging.getLogger("stripe").setLevel(logging.WARNING)


class _Answered(Exception):  # noqa: N818  an answer on its way to the SDK, no error
    """An answer other than 2xx, whose body says why: the SDK reads it."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class _HubClient(stripe.HTTPClient):
    """The SDK's HTTP client over the hub's own: its limits, its pool, its errors by what may have happened."""

    name = "crossdock"

    def __init__(self, client: Client, connection: str) -> None:
        super().__init__()
        client.event_hooks = {"response": [_surface]}
        self._client = client
        self._connection = connection

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send the SDK's request once.

        Raises:
            ConnectorError: no answer came.
        """
        sent = {name: value for name, value in headers.items() if name.lower() not in _TOLD_ON_US} | _OURS
        try:
            response = await send(
                self._client,
                method,
                url,
                connection=self._connection,
                may_act=False,  # the hub reads only
                what="stripe",
                headers=sent,
                content=post_data or None,
            )
        except _Answered as answered:
            response = answered.response
        return response.content, response.status_code, response.headers

    async def close_async(self) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _surface(response: Response) -> None:
    """Bring an error's body up to the SDK, past ``send``, which would tell its status only."""
    if response.is_error:
        await response.aread()
        raise _Answered(response)
