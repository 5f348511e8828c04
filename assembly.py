"""Assembles what every process of the hub opens: the configurations, the store, and each merchant's connections.

What serves opens all of it at once. A verb of the command opens a connection only where it asks one: its vendor's
SDK is loaded then, and its secrets are needed then.
"""

import asyncio
import contextlib
import functools
import importlib
import inspect
import logging
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from pydantic import BaseModel

from core.clock import clock_of
from core.config import load
from core.config.environ import setting
from core.config.installation import Apps, apps
from core.config.loader import read
from core.config.merchant import MerchantConfig
from core.engine.hub import Hub
from core.engine.opening import Installation, OnDemand, connections_of, reopened
from core.engine.process_name import process_name
from core.engine.session import set_clock
from core.errors import ConfigError
from core.log import Redactor
from core.outgoing.addresses import HOSTS, allowed_hosts
from core.ports import Connector
from core.store.configs import applied_over, save_config
from core.store.database_file import check_file, checked_url, database_file
from core.store.engine import database
from core.store.keyring_file import begin_keys, check_keys, given_keys
from core.store.products import first_skus
from core.store.schema import upgrade
from core.store.sealing import Keyring
from core.store.single_instance import one_at_a_time
from core.store.store import Store

ROOT = Path(__file__).resolve().parent
LOG = logging.getLogger("crossdock.config")
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

    owner = process_name()
    store = await Store.open(url, keys=keys, name=owner)
    clock = clock_of(environ)
    await set_clock(clock, store.db)
    installation = Installation(
        store=store, keys=keys, clock=clock, owner=owner, connectors=known, apps=functools.cache(partial(_credentials, environ, known, redactor)),
        outgoing_hosts=outgoing_hosts,
    )  # fmt: skip
    hub = Hub(
        store=store, clock=clock, owner=owner,
        read_config=partial(read_stored, environ=environ, known=known, without_secrets=not serves),
        reopened=partial(reopened, installation) if serves else None,
    )  # fmt: skip
    try:
        for file in loaded:
            config = await _in_force(hub, file, serves=serves)
            hub.merchants[file.merchant] = connections_of(installation, config, serves=serves)
        yield hub, installation
    finally:
        await _close(hub)
        await store.close()


def read_stored(
    text: str, *, environ: Mapping[str, str], known: Mapping[str, Connector], without_secrets: bool
) -> MerchantConfig:
    """Return the configuration that a text describes which the store keeps.

    Raises:
        ConfigFileError: with every problem of it.
    """
    settings: dict[str, type[BaseModel]] = {key: connector.settings for key, connector in known.items()}
    return read(text, file=CONFIG, environ=environ, known=settings, without_secrets=without_secrets)


async def _in_force(hub: Hub, file: MerchantConfig, *, serves: bool) -> MerchantConfig:
    """Keep a file that a process begins with; return what it goes by: what was applied over it, else the file.

    Raises:
        ConfigError: what was applied cannot be read by this process.
    """
    hub.files[file.merchant] = file
    await hub.store.write(save_config, file.merchant, file.digest, file.text, now=hub.clock.now())
    text = await hub.store.read(applied_over, file.merchant, file.digest)
    if text is None or hub.read_config is None:
        return file
    if serves:
        _note_applied(file.merchant, file.file)
    try:
        return hub.read_config(text)
    except ConfigError as error:
        says = f"{file.merchant}: what was applied over {file.file} cannot be read here: {error}"
        raise ConfigError(says) from error


def _note_applied(merchant: str, file: str) -> None:
    LOG.warning(
        "%s: %s is an earlier version; what was applied over it runs on (crossdock config lists the versions)",
        merchant,
        file,
    )


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


def _credentials(
    environ: Mapping[str, str], known: Mapping[str, Connector], redactor: Redactor | None
) -> Apps:
    found = apps(environ, {key: c.app_keys for key, c in known.items()})
    if redactor is not None:
        redactor.hide(*_secrets_of_apps(found))
    return found


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
        ports_of = connections.ports
        opened = ports_of.opened if isinstance(ports_of, OnDemand) else ports_of
        replaced = ports_of.replaced if isinstance(ports_of, OnDemand) else []
        for ports in (*opened.values(), *replaced):
            ended = ports.close() if ports.close is not None else None
            if inspect.isawaitable(ended):
                await ended
