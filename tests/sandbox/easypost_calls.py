"""Calls of EasyPost's stand-in over plain HTTP, by the library's names; every answer is held against the recordings."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.easypost.calls import NAMES
from sandbox.easypost.fidelity import NOT_OFFERED
from sandbox.easypost.objects import account
from tests.contracts_easypost import check_answer
from tests.sandbox.amazon_calls import STANDING
from tests.sandbox.easypost_stand import OUNCES_2150_G, PORTLAND, RENO, TORONTO, Stand, opened

PLACES = {names[0]: tuple(place.split()) for place, names in NAMES.items()} | dict(NOT_OFFERED)
PARCEL = {"length": 16.5, "width": 12.6, "height": 3.1, "weight": OUNCES_2150_G}
SHIPMENT: dict[str, Any] = {"from_address": RENO, "to_address": PORTLAND, "parcel": PARCEL}
ITEM = {
    "description": "Knife", "quantity": 1, "value": "89.00", "weight": 10.58, "hs_tariff_number": "821192",
    "origin_country": "US", "currency": "USD", "code": "CHEF-8",
}  # fmt: skip
ABROAD: dict[str, Any] = {
    **SHIPMENT,
    "to_address": TORONTO,
    "customs_info": {"contents_type": "merchandise", "customs_items": [ITEM]},
}
FEDEX, UPS = account("FedEx"), account("UPS")


@dataclass(frozen=True)
class Answer:
    status: int
    shown: Any


@dataclass
class Caller:
    """Calls one served stand-in with its key."""

    stand: Stand

    async def ask(
        self, operation: str, *, name: str = "none", query: Mapping[str, str] | None = None, body: Any = None
    ) -> Answer:
        method, template = PLACES[operation]
        path = template.format(id=name, payload=name, kind=name)
        url = self.stand.url + path
        headers = {"Authorization": f"Bearer {self.stand.state.key}"}
        sent = None if body is None else json.dumps(body).encode()
        async with self.stand.http.request(
            method, url, params=query, data=sent, headers=headers, skip_auto_headers=("Content-Type",)
        ) as answer:
            text = await answer.text()
            try:
                shown = json.loads(text, parse_constant=_not_json)
            except ValueError:
                shown = text
            assert answer.headers.get("X-Ep-Request-Uuid") or answer.status >= 500
        if operation not in NOT_OFFERED and answer.status < 500:
            check_answer(operation, answer.status, shown)
        return Answer(answer.status, shown)

    async def made(self, **changes: Any) -> Any:
        """A shipment that was made."""
        return (await self.ask("shipment.create", body={"shipment": {**SHIPMENT, **changes}})).shown

    async def bought(self, service: str = "FEDEX_GROUND", **changes: Any) -> Any:
        """A shipment whose label was bought."""
        return await self.made(service=service, **changes)


def _not_json(word: str) -> None:
    raise ValueError(word)


@asynccontextmanager
async def calling() -> AsyncIterator[Caller]:
    """A served stand-in with nothing in it yet, and a caller."""
    async with opened(rate=STANDING) as stand:
        yield Caller(stand)
