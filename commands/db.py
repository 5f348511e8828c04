"""``crossdock db``: tables brought up to date, orders computed again, keys rotated, backups taken and brought back."""

import argparse
import asyncio
import os
import signal
from dataclasses import asdict

from assembly import database_url, up_to_date
from commands import db_backup, db_keys
from commands.arguments import UsageError
from commands.output import print_json, table
from commands.running import in_hub
from core.engine.hub import Hub
from core.store.rebuild import rebuild
from core.store.rehearsal import Rehearsal, rehearse
from core.store.schema import upgrade

TERMINATED = 143
"""What a shell says of a command that was told to end (128 + SIGTERM)."""
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
        "--keys",
        metavar="NAME",
        help="restore: which set of keys; the newest where it is not given",
    )
    parser.add_argument(
        "--check", action="store_true", help="restore: only say whether it could be brought back"
    )
    parser.add_argument("--dry-run", action="store_true", help="upgrade: rehearse it, and change nothing")
    parser.add_argument(
        "--json", action="store_true", help="not of rebuild, nor of upgrade without --dry-run"
    )


def run(arguments: argparse.Namespace) -> int:
    """Care for the database; 1 where a rehearsal found a problem."""
    do: str = arguments.do
    _refuse_words(arguments)
    if do in _OF_FOLDER:
        return _OF_FOLDER[do](arguments)
    if do in _OF_KEYS:
        return _OF_KEYS[do](arguments)
    if arguments.dry_run:
        return _dry_run(as_json=arguments.json)
    if do == "upgrade":
        asyncio.run(_upgrade())
        print("the database is up to date")
    else:
        print(f"{in_hub(_rebuild)} orders differed from their facts, and were computed again")
    return 0


def _refuse_words(arguments: argparse.Namespace) -> None:
    """Return if the words belong together.

    Raises:
        UsageError: one is of another thing to do.
    """
    do: str = arguments.do
    if (do in _OF_FOLDER) != bool(arguments.folder):
        raise UsageError(f"{do} wants a folder" if do in _OF_FOLDER else f"{do} wants no folder")
    if do != "restore" and (arguments.at or arguments.keys or arguments.check):
        raise UsageError("--at, --keys and --check are of restore")
    if do != "upgrade" and arguments.dry_run:
        raise UsageError("--dry-run is of upgrade")
    if arguments.json and (do == "rebuild" or (do == "upgrade" and not arguments.dry_run)):
        raise UsageError("--json is of the rehearsal (--dry-run), of keys and of backups")


def _dry_run(*, as_json: bool) -> int:
    try:
        found = asyncio.run(_rehearse())
    except asyncio.CancelledError:
        return TERMINATED
    return _tell(found, as_json=as_json)


def _tell(found: Rehearsal, *, as_json: bool) -> int:
    if as_json:
        print_json(asdict(found))
        return 1 if found.problems else 0
    print(f"from revision {found.before or 'none'} to {found.after}, in {found.seconds:.1f} s")
    rows = [
        {"table": name, "rows before": _told(before), "after": _told(after)}
        for name, (before, after) in found.rows.items()
    ]
    for line in table(rows):
        print(line)
    if found.differing:
        of = f"{found.differing} of the {found.compared} orders that were placed first"
        print(f"{of} differ from their facts: run crossdock db rebuild after the upgrade")
    for problem in found.problems:
        print(f"problem: {problem}")
    print("nothing was changed; the upgrade would " + ("be refused" if found.problems else "go through"))
    return 1 if found.problems else 0


def _told(rows: int | None) -> str:
    return "-" if rows is None else str(rows)


async def _upgrade() -> None:
    url = database_url(os.environ)
    async with up_to_date(url):
        await upgrade(url)


async def _rehearse() -> Rehearsal:
    url, this = database_url(os.environ), asyncio.current_task()
    if this is not None:
        # The copy of the database is deleted before the process ends; SIGINT is asyncio's own.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    async with up_to_date(url):
        return await rehearse(url)


async def _rebuild(hub: Hub) -> int:
    return await hub.store.write(rebuild)
