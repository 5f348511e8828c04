"""What every command shares: opening the hub, whose merchant is meant, and showing rows."""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable

from core.engine.hub import Hub
from core.errors import HubError
from core.log import Redactor, start_logging
from core.words import Rows


def log_from(level: int) -> Redactor:
    """Log to standard error from a level on; return what hides secrets."""
    redactor = Redactor()
    start_logging(sys.stderr, redactor, level=level)
    for chatty in ("apscheduler", "alembic", "httpcore", "httpx", "pgqueuer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return redactor


def in_hub(work: Callable[[Hub], Awaitable[int]]) -> int:
    """Open the hub, do one thing, close it."""
    from server import open_hub  # noqa: PLC0415 - loads every vendor's SDK

    redactor = log_from(logging.WARNING)

    async def run() -> int:
        async with open_hub(redactor=redactor) as (hub, _):
            return await work(hub)

    return asyncio.run(run())


def merchant_of(hub: Hub, asked: argparse.Namespace) -> str:
    """Return the merchant that is meant."""
    if asked.merchant:
        hub.connections(asked.merchant)
        return str(asked.merchant)
    if len(hub.merchants) == 1:
        return next(iter(hub.merchants))
    raise HubError(f"name one of the merchants: --merchant {' | '.join(hub.merchants)}")


def show(rows: Rows, *, as_json: bool) -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        print(json.dumps(list(rows), default=str))
        return
    if not rows:
        print("nothing")
        return
    names = list(rows[0])
    cells = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
