"""Who may use a database: one process on a file of SQLite, any number on PostgreSQL, but one at a time brings it up."""

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa

from core.errors import ConfigError
from core.store.database_file import database_file, tighten
from core.store.server_address import connect

_STARTING = 0x63726F7373646F63
"""The key of the advisory lock under which a process starts."""
STARTING = "crossdock starting"
"""What a connection calls itself by which a process waits for its turn to start: it does nothing else."""


@contextlib.contextmanager
def single_instance(url: str) -> Iterator[None]:
    """Hold a database of SQLite for one serving process: a second one would take the claims of the first for dead.

    Raises:
        ConfigError: another process serves on it.
    """
    database = database_file(url)
    if database is None:
        yield
        return
    with _lock_file(Path(f"{database}.lock")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"another crossdock serves on {database}; stop it first, or use PostgreSQL for several processes"
            ) from None
        yield


def _lock_file(path: Path) -> TextIO:
    tighten(path)
    try:
        return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}); check CROSSDOCK_DATABASE_URL"
        ) from error


@contextlib.asynccontextmanager
async def one_at_a_time(url: str) -> AsyncIterator[None]:
    """Let processes that start together bring a PostgreSQL database up to date one after another.

    Raises:
        ConfigError: what is set for the connection fits no server.
    """
    if sa.make_url(url).get_backend_name() != "postgresql":
        yield
        return
    connection = await connect(url, STARTING)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _STARTING)
        yield
    finally:
        await connection.close()
