"""The Stripe connector over HTTP against its stand-in, and what went over the wire."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from connectors.stripe import CONNECTOR
from core.clock import SteppedClock
from core.model.money import Money, Side
from core.ports import Connection, Gateway, Ports, Token
from sandbox.clock import Clock
from sandbox.house import usual
from sandbox.stripe import Stripe
from sandbox.stripe import build as build_stripe
from sandbox.world import World
from tests.sandbox.stand import a_world, served

NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
SECRET, OLDER_SECRET = "whsec_first", "whsec_older"


class Nobody:
    """Neither tokens nor quota: a Stripe connection asks for none."""

    async def current(self) -> Token:
        raise AssertionError("asked for a token")

    async def renew(self, refused: Token) -> Token:
        raise AssertionError("asked for a token")

    async def take(self, operation: str, *, cost: int = 1) -> None:
        raise AssertionError("asked for a grant")

    async def learn(
        self, operation: str, *, rate_per_s: float, burst: float, left: float | None = None, back: float = 0.0
    ) -> None:
        raise AssertionError("told of a quota")


def a_connection(url: str, *, key: str = "sk_test_sandbox") -> Connection:
    settings = CONNECTOR.settings.model_validate({"key": key, "webhook_secret": [SECRET, OLDER_SECRET]})
    nobody = Nobody()
    return Connection(
        merchant="kendra",
        name="pay",
        settings=settings,
        app={},
        endpoints={"api": url},
        tokens=nobody,
        quota=nobody,
        clock=SteppedClock(NOON),
    )


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD", side=Side.PRESENTMENT)


@dataclass
class Wire:
    """Every request that reached the stand-in: operation, parameter names, headers."""

    requests: list[tuple[str, frozenset[str], dict[str, str]]] = field(default_factory=list)

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _names, _headers in self.requests]


@dataclass
class Stand:
    state: Stripe
    gateway: Gateway
    ports: Ports
    wire: Wire
    url: str

    def pays(
        self, amount: int, *, capture: bool = True, risk_level: str = "normal", risk_score: int = 12
    ) -> dict[str, str]:
        return self.state.take(amount, "usd", capture=capture, risk_level=risk_level, risk_score=risk_score)


def opened(url: str, *, key: str) -> tuple[Gateway, Ports]:
    ports = CONNECTOR.build(a_connection(url, key=key))
    assert ports.gateway is not None
    return ports.gateway, ports


async def closed(ports: Ports) -> None:
    assert ports.close is not None
    closing = ports.close()
    assert isinstance(closing, Awaitable)
    await closing


@asynccontextmanager
async def standing(clock: Clock | None = None) -> AsyncIterator[Stand]:
    world = a_world(start=NOON) if clock is None else World(clock, house=usual())
    app = build_stripe(world.stripe)
    wire = Wire()
    app.middlewares.insert(0, _keeping(wire))
    async with served(app) as url:
        gateway, ports = opened(url, key=world.stripe.key)
        yield Stand(world.stripe, gateway, ports, wire, url)
        await closed(ports)
        await world.close()


def _keeping(wire: Wire) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def keep(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        text = (await request.read()).decode() if request.method == "POST" else request.query_string
        names = frozenset(re.sub(r"\[.*", "", name) for name, _value in parse_qsl(text))
        info = request.match_info.get_info()
        wire.requests.append(
            (f"{request.method} {info.get('formatter', request.path)}", names, dict(request.headers))
        )
        return await handler(request)

    return keep


@asynccontextmanager
async def answering(
    status: int, body: str, *, headers: dict[str, str] | None = None
) -> AsyncIterator[Gateway]:
    """A gateway whose Stripe answers everything like this."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers=headers, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    async with served(app) as url:
        gateway, ports = opened(url, key="sk_test_planted")
        yield gateway
        await closed(ports)


AN_INTENT: dict[str, Any] = {
    "id": "pi_1", "object": "payment_intent", "amount": 9291, "amount_received": 0, "amount_capturable": 9291,
    "currency": "usd", "status": "requires_capture", "livemode": False, "cancellation_reason": None, "review": None,
    "latest_charge": {
        "id": "ch_1", "object": "charge", "amount_refunded": 0, "captured": False, "disputed": False, "fraud_details": {},
        "outcome": {"risk_level": "normal", "risk_score": 12}, "payment_method_details": {"card": {}},
    },
}  # fmt: skip
