"""Assembles what every process of the hub opens: the configurations, the store, and each merchant's connections.

What serves opens all of it at once. A verb of the command opens a connection only where it asks one: its vendor's
SDK is loaded then, and its secrets are needed then.
"""

import asyncio
import contextlib
import functools
import importlib
import inspect
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import asyncpg
import sqlalchemy as sa
from pydantic import BaseModel

from core.clock import Clock, clock_of
from core.config import load
from core.config.environ import setting
from core.config.installation import Apps, apps
from core.config.merchant import ConnectionConfig, MerchantConfig
from core.config.problems import ConfigFileError
from core.engine.hub import Connections, Hub
from core.engine.process_name import process_name
from core.engine.session import set_clock
from core.errors import ConfigError
from core.log import Redactor
from core.outgoing.addresses import HOSTS, NONE, AllowedHosts, allowed_hosts
from core.ports import Connection, Connector, Ports, Token, Tokens, as_read
from core.store.configs import save_config
from core.store.database_file import check_file, checked_url, database_file
from core.store.engine import database
from core.store.keyring_file import begin_keys, check_keys, given_keys
from core.store.products import first_skus
from core.store.quota import Limit, quota_of
from core.store.schema import upgrade
from core.store.sealing import Keyring
from core.store.single_instance import one_at_a_time
from core.store.store import Store
from core.store.vault import StaticTokens, VaultTokens

ROOT = Path(__file__).resolve().parent
DATABASE_URL = "sqlite:///crossdock.db"
_SKUS_AT_ONCE = 5000
CONFIG = "crossdock.yaml"


def connectors() -> dict[str, Connector]:
    """Return every connector: the folders of ``connectors/``, and of ``CROSSDOCK_CONNECTORS`` where it is set."""
    folders = [ROOT / "connectors"]
    extra = os.environ.get("CROSSDOCK_CONNECTORS")
    if extra:
        folders.append(Path(extra))
        sys.path.insert(0, str(Path(extra).parent))
    found: dict[str, Connector] = {}
    for folder in folders:
        for place in sorted(p for p in folder.iterdir() if (p / "__init__.py").is_file()):
            module = importlib.import_module(f"{folder.name}.{place.name}")
            if isinstance(getattr(module, "CONNECTOR", None), Connector):
                found[module.CONNECTOR.key] = module.CONNECTOR
    return found


def configs(
    environ: Mapping[str, str], known: Mapping[str, Connector], *, without_secrets: bool = False
) -> tuple[MerchantConfig, ...]:
    """Return every merchant's configuration; each error says file, line and column.

    ``without_secrets``: a variable of the environment may be missing; its connection cannot be opened then.
    """
    path = Path(setting(environ, "CROSSDOCK_CONFIG") or CONFIG)
    if not path.exists():
        raise ConfigError(f"{path}: no such file; copy crossdock.example.yaml or set CROSSDOCK_CONFIG")
    settings: dict[str, type[BaseModel]] = {key: connector.settings for key, connector in known.items()}
    return load(path, environ, settings, without_secrets=without_secrets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What all merchants of this installation share."""

    store: Store
    keys: Keyring
    clock: Clock
    owner: str
    """The name under which this process claims work."""
    connectors: Mapping[str, Connector]
    apps: Callable[[], Apps]
    """Read when it is first asked for."""
    outgoing_hosts: AllowedHosts = NONE
    """What addresses that merchants write may lead to beside public ones."""


KINDS = frozenset({
    "channel", "levels", "shipment_notifier", "channel_payments", "gateway", "carrier", "label_files", "notifier",
    "hooks", "authorizer",
})  # fmt: skip
"""The ports by which people tell connections apart: those of ``Ports`` that depend on no setting."""


class _Port:
    """A port of a connection that nobody asked yet: what is asked of it opens the connection."""

    def __init__(self, opened: Callable[[], object]) -> None:
        self._opened = opened

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened(), name)


class _Unopened:
    """What a connection can do, as far as it can be told without its vendor's SDK and its secrets."""

    def __init__(self, connector: Connector, config: ConnectionConfig, opened: Callable[[], Ports]) -> None:
        self._connector, self._config, self._opened = connector, config, opened

    def __getattr__(self, name: str) -> Any:
        if name == "mode":
            with_, mode_of = self._config.with_, self._connector.mode_of
            return None if with_ is None or mode_of is None else mode_of(with_, self._config.endpoints)
        if name not in KINDS:
            return getattr(self._opened(), name)
        return _Port(lambda: getattr(self._opened(), name)) if name in self._connector.offers else None


class _OnDemand(Mapping[str, Ports]):
    """The ports of a merchant's connections, each opened when something is first asked of it."""

    def __init__(
        self, merchant: MerchantConfig, known: Mapping[str, Connector], build: Callable[[str], Ports]
    ) -> None:
        self._merchant, self._known, self._build = merchant, known, build
        self.opened: dict[str, Ports] = {}

    def __getitem__(self, name: str) -> Ports:
        config = self._merchant.connections[name]
        connector = self._known[config.use]
        if name in self.opened or not connector.offers:
            return self.open(name)
        return cast(Ports, _Unopened(connector, config, lambda: self.open(name)))

    def open(self, name: str) -> Ports:
        """Build what a connection can do, once."""
        if name not in self.opened:
            self.opened[name] = self._build(name)
        return self.opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._merchant.connections)

    def __len__(self) -> int:
        return len(self._merchant.connections)

    def __contains__(self, name: object) -> bool:
        return name in self._merchant.connections


def connections_of(
    installation: Installation, config: MerchantConfig, *, serves: bool = False
) -> Connections:
    """Return what a merchant's connections can do: each with its tokens, quotas and endpoints, opened when it is asked.

    What ``serves`` has all of them open at once.
    """
    ports = _OnDemand(
        config, installation.connectors, lambda name: _ports(installation, config, config.connections[name])
    )
    for name in config.connections if serves else ():
        ports.open(name)
    return Connections(
        config=config,
        ports=ports,
        connectors={name: installation.connectors[c.use] for name, c in config.connections.items()},
    )


def _ports(installation: Installation, merchant: MerchantConfig, config: ConnectionConfig) -> Ports:
    if config.with_ is None:
        raise ConfigFileError(merchant.unset)
    connector = installation.connectors[config.use]
    built: list[Ports] = []
    tokens: Tokens
    if config.token is not None:
        tokens = StaticTokens(config.token, connection=config.name)
    else:
        tokens = tokens_of(installation, merchant.merchant, config.name, built)
    connection = Connection(
        merchant=merchant.merchant,
        name=config.name,
        settings=config.with_,
        app=installation.apps().get(config.use, {}),
        endpoints=config.endpoints,
        tokens=tokens,
        quota=quota_of(
            installation.store.db,
            merchant=merchant.merchant,
            app=config.use,
            connection=config.name,
            limits={
                name: Limit(rate_per_s=rate, burst=burst) for name, (rate, burst) in connector.limits.items()
            },
            clock=installation.clock,
        ),
        clock=installation.clock,
        outgoing_hosts=installation.outgoing_hosts,
        overrides=merchant.maps.get(config.use, as_read),
    )
    built.append(connector.build(connection))
    return built[0]


def tokens_of(
    installation: Installation, merchant: str, connection: str, built: Sequence[Ports] = ()
) -> VaultTokens:
    """Return the vault's token of a connection; it is renewed by the connection's own authorizer."""

    async def refresh(token: Token) -> Token:
        authorizer = built[0].authorizer if built else None
        if authorizer is None:
            raise ConfigError(f"{connection} has no authorizer: nothing renews its token")
        return await authorizer.refresh(token)

    return VaultTokens(
        installation.store.db,
        installation.keys,
        clock=installation.clock,
        merchant=merchant,
        connection=connection,
        refresh=refresh,
        process=installation.owner,
    )


def database_url(environ: Mapping[str, str]) -> str:
    """Return the database that is meant: by default a file of SQLite in this folder.

    Raises:
        ConfigError: the address is none, or its file is not what it was.
    """
    url = checked_url(setting(environ, "CROSSDOCK_DATABASE_URL") or DATABASE_URL)
    check_file(url)
    return url


def products_known(environ: Mapping[str, str], merchant: str) -> frozenset[str]:
    """Return the SKUs that a merchant's database has; none where there is no database yet, or it does not answer."""
    try:
        url = database_url(environ)
    except ConfigError:
        return frozenset()
    file = database_file(url)
    if file is not None and not file.is_file():
        return frozenset()
    return asyncio.run(_products(url, merchant))


async def _products(url: str, merchant: str) -> frozenset[str]:
    db = database(url)
    try:
        found: list[str] = []
        while page := await db.read(
            first_skus, merchant, limit=_SKUS_AT_ONCE, after=found[-1] if found else ""
        ):
            found += page
        return frozenset(found)
    except (OSError, OverflowError, ValueError, sa.exc.SQLAlchemyError):
        return frozenset()
    finally:
        await db.close()


@contextlib.asynccontextmanager
async def open_hub(
    environ: Mapping[str, str] = os.environ, redactor: Redactor | None = None, *, serves: bool = False
) -> AsyncIterator[tuple[Hub, Installation]]:
    """Open the store (brought up to date first) and every merchant's connections; ``redactor`` learns every secret.

    What ``serves`` needs every secret and builds every connection at once; else each is built when it is asked.
    """
    url = database_url(environ)
    outgoing_hosts = allowed_hosts(setting(environ, HOSTS))
    known = connectors()
    loaded = configs(environ, known, without_secrets=not serves)
    if redactor is not None:
        redactor.hide(*_secrets(url, loaded))
    keys = await opened_keys(environ, url, serves=serves)
    if redactor is not None:
        redactor.hide(*keys.text().split(","))

    @functools.cache
    def credentials() -> Apps:
        found = apps(environ, {key: c.app_keys for key, c in known.items()})
        if redactor is not None:
            redactor.hide(*_secrets_of_apps(found))
        return found

    owner = process_name()
    store = await Store.open(url, keys=keys, name=owner)
    clock = clock_of(environ)
    await set_clock(clock, store.db)
    installation = Installation(
        store=store, keys=keys, clock=clock, owner=owner, connectors=known, apps=credentials,
        outgoing_hosts=outgoing_hosts,
    )  # fmt: skip
    hub = Hub(store=store, clock=clock, owner=owner)
    try:
        for config in loaded:
            hub.merchants[config.merchant] = connections_of(installation, config, serves=serves)
            await store.write(save_config, config.merchant, config.digest, config.text, now=hub.clock.now())
        yield hub, installation
    finally:
        await _close(hub)
        await store.close()


async def opened_keys(environ: Mapping[str, str], url: str, *, serves: bool = False) -> Keyring:
    """Bring the database up to date and return the keys that open it; an empty one of SQLite begins with fresh keys.

    Raises:
        ConfigError: the keys do not open what is stored (nothing was changed), or the database cannot be used.
    """
    given = given_keys(environ, url)
    async with up_to_date(url):
        db = database(url)
        try:
            await db.read(check_keys, given, url)
        finally:
            await db.close()
        await upgrade(url, serves=serves)
    return given or begin_keys(url)


def _secrets(url: str, loaded: Sequence[MerchantConfig]) -> Iterator[str | None]:
    """Yield everything that must never be read in a log, besides keys and the secrets of apps."""
    yield sa.make_url(url).password
    for config in loaded:
        yield from config.secrets


def _secrets_of_apps(credentials: Apps) -> Iterator[str]:
    for app in credentials.values():
        # An id of ours says nothing; short words of a region or a queue would tear other lines apart.
        yield from (value for key, value in app.items() if "secret" in key or "key" in key)


@contextlib.asynccontextmanager
async def up_to_date(url: str) -> AsyncIterator[None]:
    """Let one process at a time prepare the database.

    Raises:
        ConfigError: the database does not answer, or is no database.
    """
    with answering(url):
        async with one_at_a_time(url):
            yield


@contextlib.contextmanager
def answering(url: str) -> Iterator[None]:
    """Say in one line that a database cannot be used; nobody waits for another meanwhile.

    Raises:
        ConfigError: it does not answer, or is no database.
    """
    try:
        yield
    except (OSError, sqlite3.Error, sa.exc.SQLAlchemyError, asyncpg.PostgresError) as error:
        place = url.rpartition("@")[2]
        why = getattr(error, "orig", error) if url.startswith("sqlite") else None
        raise ConfigError(
            f"the database at {place} cannot be used ({why or type(error).__name__}); check CROSSDOCK_DATABASE_URL"
        ) from error


async def _close(hub: Hub) -> None:
    for connections in hub.merchants.values():
        opened = connections.ports.opened if isinstance(connections.ports, _OnDemand) else connections.ports
        for ports in opened.values():
            ended = ports.close() if ports.close is not None else None
            if inspect.isawaitable(ended):
                await ended
