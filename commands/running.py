"""What the verbs share in doing their work: the hub that is opened for it, whose merchant is meant, and files."""

import argparse
import asyncio
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from commands.arguments import UsageError
from commands.closed_pipe import nobody_reads
from commands.output import Rows, show
from core.csv_text import UnreadableCsvError, decode
from core.engine.hub import Hub
from core.errors import HubError
from core.log import Redactor, start_logging
from core.model.actions import Action
from core.store.failures import DATABASE_ERRORS, is_infrastructure, name_of

T = TypeVar("T")

ACTOR = "person:command"
"""What the timeline calls whoever uses the command."""


def log_from(level: int) -> Redactor:
    """Log to standard error from a level on; return what hides secrets."""
    redactor = Redactor()
    start_logging(sys.stderr, redactor, level=level)
    for chatty in ("alembic", "apscheduler", "httpcore", "httpx", "pgqueuer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return redactor


def in_hub(work: Callable[[Hub], Awaitable[T]]) -> T:
    """Open the hub, do one thing, close it."""
    from assembly import open_hub  # noqa: PLC0415 - loads every vendor's SDK

    async def run() -> T:
        async with open_hub(redactor=log_from(logging.WARNING)) as (hub, _):
            return await work(hub)

    with database_told():
        return asyncio.run(run())


@contextlib.contextmanager
def database_told() -> Iterator[None]:
    """Say what to look at where our own database or machine fails.

    Raises:
        HubError: it failed.
    """
    try:
        yield
    except DATABASE_ERRORS as error:
        if not is_infrastructure(error) or (isinstance(error, BrokenPipeError) and nobody_reads()):
            raise
        raise HubError(
            f"the database does not answer, or cannot be written ({name_of(error)}); see that it runs, that its disk "
            "is not full and that CROSSDOCK_DATABASE_URL is right, then say it again"
        ) from error


def for_merchant(arguments: argparse.Namespace, work: Callable[[Hub, str], Awaitable[T]]) -> T:
    """Do one thing for the merchant that is meant."""

    async def run(hub: Hub) -> T:
        return await work(hub, _merchant_of(hub, arguments.merchant))

    return in_hub(run)


def show_for_merchant(arguments: argparse.Namespace, rows: Callable[[Hub, str], Awaitable[Rows]]) -> int:
    """Print rows about the merchant that is meant."""
    show(for_merchant(arguments, rows), as_json=arguments.json)
    return 0


def _merchant_of(hub: Hub, named: str | None) -> str:
    if named:
        hub.connections(named)
        return named
    if len(hub.merchants) == 1:
        return next(iter(hub.merchants))
    raise HubError(f"name one of the merchants: --merchant {' | '.join(hub.merchants)}")


def actions_named(names: Sequence[str]) -> list[Action]:
    """Return the kinds of action that are named; none named means all of them.

    Raises:
        UsageError: there is no such kind.
    """
    known = [action.value for action in Action]
    for name in names:
        if name not in known:
            raise UsageError(f"{name!r} is no kind of action; there is {', '.join(known)}")
    return [Action(name) for name in names] or list(Action)


def csv_of(path: str) -> str:
    """Return what a CSV file says.

    Raises:
        HubError: there is no such file, or it is none.
    """
    try:
        return decode(Path(path).read_bytes())
    except OSError as error:
        raise HubError(f"{path}: cannot be read ({error.strerror}); check the path and its rights") from error
    except UnreadableCsvError as error:
        raise HubError(f"{path}: {error}") from error
