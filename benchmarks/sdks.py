"""A hub with our real connectors, so with the vendors' real SDKs, against the canned vendors; and its calls without it."""

import contextlib
import inspect
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from inspect import iscoroutinefunction
from typing import Any

from benchmarks.merchant import LOCATIONS_TEXT, MERCHANT
from benchmarks.vendors import Recording, asking
from benchmarks.worker import Make, Opened
from connectors.amazon import CONNECTOR as AMAZON
from connectors.easypost import CONNECTOR as EASYPOST
from connectors.shopify import CONNECTOR as SHOPIFY
from connectors.stripe import CONNECTOR as STRIPE
from core.clock import SystemClock
from core.config.loader import read
from core.config.merchant import ConnectionConfig, MerchantConfig
from core.engine.hub import Connections, Hub
from core.ports import Connection, Connector, Ports, Token, Tokens
from core.store.quota import QuotaMemory, quota_of
from core.store.store import Store
from core.store.vault import StaticTokens, VaultTokens

CONFIG = """
version: 1
merchant: bench
connections:
  shop:
    use: shopify
    with: {store: bench.myshopify.com}
    payments: {stripe: pay, "*": channel}
    brake: {percent: 100, zero_percent: 100}
  market: {use: amazon, with: {marketplaces: [ATVPDKIKX0DER], seller: A1BENCH}}
  pay: {use: stripe, with: {key: sk_live_canned}}
  post: {use: easypost, with: {key: EZAKcanned}}
"""
CONNECTORS = {"shop": SHOPIFY, "market": AMAZON, "pay": STRIPE, "post": EASYPOST}
_ENDPOINTS: Mapping[str, Callable[[str], Mapping[str, str]]] = {
    "shop": lambda url: {"admin": url},
    "market": lambda url: {"api": url, "lwa": url},
    "pay": lambda url: {"api": url},
    "post": lambda url: {"api": f"{url}/v2"},
}
_OAUTH = ("shop", "market")
"""Connections that a person authorizes: their tokens are kept in the database, and are read for each call."""

_AT = re.compile(r"^http://127\.0\.0\.1:\d+/")
"""Where a label's file was; made once more, the call goes to where the vendors are now."""

Call = tuple[str, str, str, tuple[Any, ...], dict[str, Any]]
"""(connection, port, method, arguments by place, by name)."""


def config() -> MerchantConfig:
    """Return the merchant's crossdock.yaml."""
    known = {connector.key: connector.settings for connector in CONNECTORS.values()}
    return read(f"{CONFIG}{LOCATIONS_TEXT}", file="crossdock.yaml", environ={}, known=known)


@contextlib.asynccontextmanager
async def sdk_hub(store: Store, port: int) -> AsyncIterator[Opened]:
    """Give a hub whose connections are those of the real connectors; every vendor call is written down."""
    tape, clock, merchant = Tape(), SystemClock(), config()
    tokens = {name: await _tokens_in(store, name) for name in _OAUTH}
    ports = {
        name: connector.build(
            _connection(merchant.connections[name], connector, port, tokens.get(name), store)
        )
        for name, connector in CONNECTORS.items()
    }
    taped = {name: tape.over(name, one) for name, one in ports.items()}
    connections = Connections(config=merchant, ports=taped, connectors=CONNECTORS)
    hub = Hub(store=store, clock=clock, owner=f"worker-{os.getpid()}", merchants={MERCHANT: connections})
    async with asking(port) as ask:
        yield Opened(hub, ask, tape.begin, tape.recorded)
    await _close(ports)


@contextlib.asynccontextmanager
async def sdk_calls(port: int) -> AsyncIterator[Make]:
    """Make the same calls of the same connectors, without a hub."""
    merchant = config()
    ports = {
        name: connector.build(_connection(merchant.connections[name], connector, port, None, None))
        for name, connector in CONNECTORS.items()
    }

    async def make(call: Call) -> object:
        connection, of, name, args, kwargs = call
        here = (_AT.sub(f"http://127.0.0.1:{port}/", a) if isinstance(a, str) else a for a in args)
        return await getattr(getattr(ports[connection], of), name)(*here, **kwargs)

    yield make
    await _close(ports)


def _connection(
    config: ConnectionConfig, connector: Connector, port: int, tokens: Tokens | None, store: Store | None
) -> Connection:
    """Return what a connector is told of its connection; no vendor limits how often it is asked."""
    if config.with_ is None:
        raise ValueError(f"{config.name} has no settings")
    quota = QuotaMemory(connection=config.name, limits={})
    return Connection(
        merchant=MERCHANT,
        name=config.name,
        settings=config.with_,
        app={"client_id": "canned", "client_secret": "canned"},
        endpoints=_ENDPOINTS[config.name](f"http://127.0.0.1:{port}"),
        tokens=tokens or StaticTokens("canned", connection=config.name),
        quota=quota
        if store is None
        else quota_of(store.db, merchant=MERCHANT, app=connector.key, connection=config.name, limits={}),
        clock=SystemClock(),
    )


async def _tokens_in(store: Store, connection: str) -> Tokens:
    async def refresh(_token: Token) -> Token:
        raise RuntimeError("a token that never ends was to be renewed")

    tokens = VaultTokens(
        store.db, store.keys, clock=SystemClock(), merchant=MERCHANT, connection=connection, refresh=refresh
    )
    await tokens.save(Token(access="canned", account="A1BENCH" if connection == "market" else None))
    return tokens


async def _close(ports: Mapping[str, Ports]) -> None:
    for one in ports.values():
        ended = one.close() if one.close is not None else None
        if inspect.isawaitable(ended):
            await ended


@dataclass(slots=True)
class Tape:
    """Every vendor call that was made, to be made again without the hub."""

    calls: list[Call] = field(default_factory=list)

    def begin(self) -> None:
        """Write down what is called from now on."""
        self.calls.clear()

    def recorded(self) -> Recording:
        """Return what was called."""
        return Recording(list(self.calls))

    def over(self, connection: str, ports: Ports) -> Ports:
        """Return the ports with every call written down; what is no port, as the probe, is left as it is."""
        kept = {f.name: getattr(ports, f.name) for f in fields(ports)}
        taped: dict[str, Any] = {
            name: _Taped(self, connection, name, port)
            for name, port in kept.items()
            if port is not None and not callable(port) and not isinstance(port, str)
        }
        return replace(ports, **taped)


@dataclass(frozen=True, slots=True)
class _Taped:
    """A port whose calls are written down."""

    tape: Tape
    connection: str
    port: str
    inner: Any

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        if not iscoroutinefunction(method):
            return method

        async def noted(*args: Any, **kwargs: Any) -> Any:
            self.tape.calls.append((self.connection, self.port, name, args, kwargs))
            return await method(*args, **kwargs)

        return noted
