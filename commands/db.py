"""``crossdock db``: the database's tables brought up to date, or every order's row computed again."""

import argparse
import asyncio
import os

from assembly import database_url, up_to_date
from commands.running import in_hub
from core.engine.hub import Hub
from core.store.rebuild import rebuild
from core.store.schema import upgrade


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("do", choices=("upgrade", "rebuild"))


def run(arguments: argparse.Namespace) -> int:
    """Care for the database."""
    if arguments.do == "upgrade":
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
