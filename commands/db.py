"""``crossdock db``: the database's tables brought up to date, or every order's row computed again."""

import argparse
import asyncio
import os
from dataclasses import asdict

from assembly import database_url, up_to_date
from commands.arguments import UsageError
from commands.output import print_json, table
from commands.running import in_hub
from core.engine.hub import Hub
from core.store.rebuild import rebuild
from core.store.rehearsal import Rehearsal, rehearse
from core.store.schema import upgrade


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("do", choices=("upgrade", "rebuild"))
    parser.add_argument("--dry-run", action="store_true", help="upgrade: rehearse it, and change nothing")
    parser.add_argument("--json", action="store_true", help="the rehearsal as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Care for the database; 1 where a rehearsal found a problem."""
    if arguments.dry_run or arguments.json:
        if arguments.do != "upgrade" or not arguments.dry_run:
            raise UsageError("--dry-run is of upgrade, and --json of its rehearsal")
        return _tell(asyncio.run(_rehearse()), as_json=arguments.json)
    if arguments.do == "upgrade":
        asyncio.run(_upgrade())
        print("the database is up to date")
    else:
        print(f"{in_hub(_rebuild)} orders differed from their facts, and were computed again")
    return 0


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
    url = database_url(os.environ)
    async with up_to_date(url):
        return await rehearse(url)


async def _rebuild(hub: Hub) -> int:
    return await hub.store.write(rebuild)
