"""Calls of Amazon's stand-in over plain HTTP, by the operation's name: what no client library would ever send, too."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from sandbox.amazon.app import OPERATIONS
from sandbox.amazon.fidelity import LOGIN, SQS
from sandbox.amazon.limits import Limits
from sandbox.amazon.sqs import SIGNED
from tests.contracts_amazon import operations
from tests.sandbox.amazon_stand import FBA, KARL, KRIS, SELLER, US, Stand, served

GRANTLESS = frozenset(f"{one.api}.{one.name}" for one in OPERATIONS if one.grantless)
STANDING = 1e-9
"""The rate of a clock that all but stands: what happens in a test happens at one moment."""
ITEM = "00000100000011"
PENDING: dict[str, Any] = {**KRIS, "id": "112-4000003-0000003", "status": "PENDING"}
PACKAGE: dict[str, Any] = {
    "packageReferenceId": "1",
    "carrierCode": "FedEx",
    "trackingNumber": "794600000001",
    "shipDate": "2026-12-01T01:30:00Z",
    "orderItems": [{"orderItemId": ITEM, "quantity": 1}],
}
PLACES = {
    "orderId": KARL["id"],
    "sellerId": SELLER,
    "sku": "KK-CHEF8-FBM",
    "notificationType": "ORDER_CHANGE",
}


@dataclass(frozen=True)
class Answer:
    """What was answered; `shown` is the body as JSON, or as text where it is none."""

    status: int
    shown: Any


@dataclass
class Caller:
    """Calls one served stand-in."""

    stand: Stand
    http: aiohttp.ClientSession

    async def ask(
        self,
        operation: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """Call an operation, as the API names it: of the Selling Partner API, of SQS, or of the login."""
        self.stand.amazon.limits = Limits(1.0)  # how fast one may call is not what is asked here
        api, _, name = operation.rpartition(".")
        if api == SQS:
            headers = {"X-Amz-Target": f"AmazonSQS.{name}", "Authorization": SIGNED}
            return await self._send("POST", "/", headers=headers, body=body or {})
        if api == LOGIN:
            where = ("GET", "/apps/authorize/consent") if name == "consent" else ("POST", "/auth/o2/token")
            return await self._send(*where, query=query, form=body)
        method, template = operations(api)[name]
        places = {key: quote(value, safe="") for key, value in {**PLACES, **(path or {})}.items()}
        scope = "sellingpartnerapi::notifications" if operation in GRANTLESS else None
        headers = {"x-amz-access-token": self.stand.amazon.login.access(scope)}
        return await self._send(
            method, template.format_map(_Places(places)), headers=headers, query=query, body=body
        )

    async def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        form: Any = None,
    ) -> Answer:
        sent = form if body is None else json.dumps(body).encode()
        async with self.http.request(
            method, self.stand.url + path, headers=headers, params=query, data=sent, allow_redirects=False
        ) as answer:
            text = await answer.text()
            try:
                return Answer(answer.status, json.loads(text) if text else None)
            except ValueError:
                return Answer(answer.status, answer.headers.get("Location", text))


class _Places(dict[str, str]):
    """Names of path parameters; one that is not given is there all the same."""

    def __missing__(self, name: str) -> str:
        return f"no-{name}"


@asynccontextmanager
async def calling(*, filled: bool = True) -> AsyncIterator[Caller]:
    """A served stand-in with one order of each kind, and a caller."""
    async with served(rate=STANDING) as stand, aiohttp.ClientSession() as http:
        caller = Caller(stand, http)
        if filled:
            await _fill(caller)
        yield caller


async def _fill(caller: Caller) -> None:
    """KARL is shipped and asked to be cancelled, KRIS is open, PENDING is not paid, FBA is Amazon's own to ship.

    The tongs are sold out.
    """
    caller.stand.amazon.listings["KK-TONGS-NEW"].quantity = 2
    for order in (KARL, KRIS, PENDING, FBA):
        caller.stand.amazon.place(order)
    taken = await caller.ask("ordersV0.confirmShipment", body={"marketplaceId": US, "packageDetail": PACKAGE})
    assert taken.status == 204, taken.shown
    caller.stand.amazon.play("request_cancel", {"order": KARL["id"], "reason": "NO_LONGER_NEEDED"})
