"""The EasyPost connector over HTTP against its stand-in."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from connectors.easypost import CONNECTOR
from core.clock import SteppedClock
from core.model.address import Address
from core.model.money import Money
from core.model.shipment import CustomsItem, Label, Parcel, Quotes
from core.ports import Carrier, Connection, LabelFiles, Ports, Token
from sandbox.easypost import EasyPost
from sandbox.easypost import build as build_easypost
from sandbox.world import World
from tests.sandbox.stand import a_world, served

NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
SECRET = "hook-secret"

RENO = Address(name="Kendra Reno", street1="1 Depot Way", city="Reno", state="NV", zip="89502", country="US")
KARA = Address(
    name="Kara Kline", street1="100 Test Kitchen Way", city="Portland", state="OR", zip="97205", country="US"
)
KOFI = KARA.model_copy(update={"city": "Toronto", "state": "ON", "zip": "M5V 2T6", "country": "CA"})


def a_parcel(gross_g: int = 2150) -> Parcel:
    return Parcel(
        parcel_id="reno-1",
        location="reno",
        box="M",
        size_mm=(420, 320, 80),
        gross_g=gross_g,
        lines=(("1", 1),),
    )


def a_board() -> CustomsItem:
    return CustomsItem(
        sku="BOARD-WAL",
        title="Walnut board",
        units=1,
        value=usd(8900),
        weight_g=1600,
        hs="4419.19",
        origin="US",
    )


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


class Nobody:
    """Neither tokens nor quota: an EasyPost connection asks for none."""

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


def opened(url: str, *, key: str = "EZTKplanted", **more: Any) -> Ports:
    settings = CONNECTOR.settings.model_validate({"key": key, "webhook_secret": SECRET, **more})
    nobody = Nobody()
    return CONNECTOR.build(
        Connection(
            merchant="kendra",
            name="post",
            settings=settings,
            app={},
            endpoints={"api": f"{url}/v2"},
            tokens=nobody,
            quota=nobody,
            clock=SteppedClock(NOON),
        )
    )


async def closed(ports: Ports) -> None:
    assert ports.close is not None
    closing = ports.close()
    assert isinstance(closing, Awaitable)
    await closing


@dataclass
class Stand:
    world: World
    state: EasyPost
    carrier: Carrier
    files: LabelFiles
    url: str
    asked: list[tuple[str, Any]]

    async def quoted(
        self,
        *,
        to: Address = KARA,
        parcel: Parcel | None = None,
        customs: Sequence[CustomsItem] = (),
        budget_s: float = 4.0,
        exemption: str = "",
    ) -> Quotes:
        return await self.carrier.quote(
            reference="KK-1001/reno-1",
            parcel=parcel or a_parcel(),
            sender=RENO,
            recipient=to,
            customs=customs,
            budget_s=budget_s,
            exemption=exemption,
        )

    async def bought(self, service: str = "FEDEX_GROUND", *, label_format: str = "PNG") -> Label:
        quotes = await self.quoted()
        label = await self.carrier.buy(
            quotes.shipment_id, rate_of(quotes, service), label_format=label_format
        )
        assert isinstance(label, Label)
        return label


def rate_of(quotes: Quotes, service: str) -> str:
    return next(rate.rate_id for rate in quotes.rates if rate.service == service)


@asynccontextmanager
async def standing(rate: float = 1.0) -> AsyncIterator[Stand]:
    world = a_world(start=NOON, rate=rate)
    app = build_easypost(world.easypost)
    asked: list[tuple[str, Any]] = []

    @web.middleware
    async def keep(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        asked.append(
            (f"{request.method} {request.path}", await request.json() if request.can_read_body else None)
        )
        return await handler(request)

    app.middlewares.insert(0, keep)
    async with served(app) as url:
        ports = opened(url, key=world.easypost.key)
        assert ports.carrier is not None
        assert ports.label_files is not None
        yield Stand(world, world.easypost, ports.carrier, ports.label_files, url, asked)
        await closed(ports)
        await world.close()


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(answer: Answer, **more: Any) -> AsyncIterator[Ports]:
    """The connector with an EasyPost that answers everything like this."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    async with served(app) as url:
        ports = opened(url, **more)
        yield ports
        await closed(ports)


def saying(status: int, body: str, headers: dict[str, str] | None = None) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=headers, content_type="application/json")

    return answer
