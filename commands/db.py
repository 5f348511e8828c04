"""``crossdock db``: tables brought up to date, orders computed again, keys rotated, backups taken and brought back."""

import argparse
import asyncio
import os

from assembly import database_url, up_to_date
from commands import db_backup, db_keys
from commands.arguments import UsageError
from commands.running import in_hub
from core.engine.hub import Hub
from core.store.rebuild import rebuild
from core.store.schema import upgrade

_OF_FOLDER = {"backup": db_backup.back_up, "restore": db_backup.bring_back}
_OF_KEYS = {"keys": db_keys.show_keys, "new-key": db_keys.new_key, "rotate-keys": db_keys.rotate_keys}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("do", choices=("upgrade", "rebuild", *_OF_KEYS, *_OF_FOLDER))
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="of backup and restore")
    parser.add_argument(
        "--at", metavar="NAME", help="restore: which backup; the newest where it is not given"
    )
    parser.add_argument(
        "--check", action="store_true", help="restore: only say whether it could be brought back"
    )
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Care for the database."""
    do: str = arguments.do
    if (do in _OF_FOLDER) != bool(arguments.folder):
        raise UsageError(f"{do} wants a folder" if do in _OF_FOLDER else f"{do} wants no folder")
    if do != "restore" and (arguments.at or arguments.check):
        raise UsageError("--at and --check are of restore")
    if do in _OF_FOLDER:
        return _OF_FOLDER[do](arguments)
    if do in _OF_KEYS:
        return _OF_KEYS[do](arguments)
    if do == "upgrade":
        asyncio.run(_upgrade(database_url(os.environ)))
        print("the database is up to date")
    else:
        print(f"{in_hub(_rebuild)} orders differed from their facts, and were computed again")
    return 0


async def _upgrade(url: str) -> None:
    async with up_to_date(url):
        await upgrade(url)


async def _rebuild(hub: Hub) -> int:
    return await hub.store.write(rebuild)
