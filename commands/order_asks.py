"""What ``crossdock orders`` does with an order: it says first what that will do and cost, and asks."""

import argparse

from commands.arguments import plain_note
from commands.confirm import add_confirm_options, agree
from commands.running import ACTOR
from core.engine.hub import Hub
from core.errors import RefusedError
from core.model.asks import Ask
from core.model.base import plain
from core.services.carrying_out import carry_out
from core.services.plans import plan

ASKS = tuple(ask.value for ask in Ask)


def add_ask_options(parser: argparse.ArgumentParser) -> None:
    """Add what asking something of an order takes besides its name."""
    add_confirm_options(parser)
    parser.add_argument(
        "--note", type=plain_note, default="", help="kept on the order's timeline; no personal data"
    )


async def ask(arguments: argparse.Namespace, hub: Hub, merchant: str, order_id: str) -> None:
    """Say what is asked of an order will do and cost, have it confirmed, and do it.

    Raises:
        RefusedError: it may not be done now, or the order moved on meanwhile.
        HubError: it was not confirmed.
    """
    asked, written = Ask(arguments.do), _plain_reason(arguments)
    of = arguments.reason or "" if asked in (Ask.RELEASE, Ask.VOID) else ""
    planned = await plan(hub, merchant, order_id, asked, of, ask_rates=not arguments.yes)
    agree(arguments, planned)
    why = arguments.note or written or "rejected by command"
    # Said in one breath, it is done on the order as it is; confirmed, on the order that was shown.
    seen = None if arguments.yes else planned.version
    await carry_out(hub, merchant, order_id, planned, ACTOR, note=arguments.note, why=why, seen=seen)


def _plain_reason(arguments: argparse.Namespace) -> str:
    try:
        return plain(arguments.reason or "")
    except ValueError as error:
        raise RefusedError(f"the reason has {error}") from error
