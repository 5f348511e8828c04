"""``crossdock db keys|new-key|rotate-keys``: the keys of the installation, looked at and changed while the hub serves."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from assembly import answering, database_url, opened_keys
from commands.output import show
from core.config.environ import setting
from core.errors import ConfigError
from core.store.database_file import keys_file
from core.store.engine import Database, database
from core.store.keyring_file import put_first
from core.store.rotation import count_wrapped, rotate
from core.store.sealing import SECRET_KEYS, Key, Keyring

T = TypeVar("T")


def show_keys(arguments: argparse.Namespace) -> int:
    """Print each key by its id: whether it seals, and how many stored keys it wraps."""
    rows = _with_keys(_counted)
    show(rows, as_json=arguments.json)
    return 0


async def _counted(db: Database, keys: Keyring) -> list[dict[str, object]]:
    wrapped = await db.read(count_wrapped)
    return [
        {
            "key": key.key_id,
            "seals": "yes" if key == keys.current else "no",
            "wraps": wrapped.get(key.key_id, 0),
            "needed": "yes" if key == keys.current or wrapped.get(key.key_id) else "no",
            "from": keys.source,
        }
        for key in keys.keys
    ]


def new_key(arguments: argparse.Namespace) -> int:
    """Put a fresh key in front of the keys file; processes that read it seal under it at once.

    Raises:
        ConfigError: the keys are in a variable, which no command can change.
    """
    del arguments
    environ, url = os.environ, database_url(os.environ)
    named = environ.get(f"{SECRET_KEYS}_FILE")
    if setting(environ, SECRET_KEYS) is not None and not named:
        raise ConfigError(
            f"the keys are in {SECRET_KEYS}, which only you can change: see docs/how-to/rotate-keys.md"
        )
    file = Path(named) if named else keys_file(url)
    asyncio.run(opened_keys(environ, url))
    if file is None:
        raise ConfigError(f"{SECRET_KEYS} is not set")
    key = Key.fresh()
    put_first(file, key)
    print(
        f"key {key.key_id} is the first in {file} now; keep a copy of the file, then: crossdock db rotate-keys"
    )
    return 0


def rotate_keys(arguments: argparse.Namespace) -> int:
    """Wrap every stored key by the first one, and say which of the others nothing needs any more."""
    del arguments
    print(_with_keys(_rotated))
    return 0


async def _rotated(db: Database, keys: Keyring) -> str:
    done = await rotate(db, keys)
    idle = [key.key_id for key in keys.keys if key != keys.current]
    told = f"{done} stored keys were wrapped anew; all are wrapped by {keys.current.key_id}"
    if not idle:
        return told
    return (
        f"{told}\nno longer needed by the database: {', '.join(idle)}; take them out of {keys.source} once every "
        "process has the new one and no backup of keys older than now is left"
    )


def _with_keys(work: Callable[[Database, Keyring], Awaitable[T]]) -> T:
    """Open the database and its keys, do one thing, close it."""

    async def run() -> T:
        url = database_url(os.environ)
        keys = await opened_keys(os.environ, url)
        db = database(url)
        try:
            with answering(url):
                return await work(db, keys)
        finally:
            await db.close()

    return asyncio.run(run())
