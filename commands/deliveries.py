"""``crossdock deliveries``: what the vendors told us, listed or replayed."""

import argparse
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.output import Rows
from commands.running import show_for_merchant
from core.engine.hub import Hub
from core.store.inbox import list_deliveries, replay_delivery


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=("list", "replay"))
    parser.add_argument("words", nargs="*", help="replay CONNECTION EVENT")


def run(arguments: argparse.Namespace) -> int:
    """List or replay."""
    wanted, count = ("CONNECTION EVENT", 2) if arguments.do == "replay" else ("no more words", 0)
    if len(arguments.words) != count:
        raise UsageError(f"{arguments.do} wants {wanted}")
    return show_for_merchant(arguments, partial(_listed, arguments.words))


async def _listed(replayed: list[str], hub: Hub, merchant: str) -> Rows:
    """Replay what is named; return the newest 100 deliveries."""
    if replayed:
        connection, event = replayed
        await hub.store.write(replay_delivery, merchant, connection, event, now=hub.clock.now())
    return [
        {
            "received": delivery.received_at.isoformat(timespec="seconds"),
            "connection": delivery.connection,
            "topic": delivery.topic,
            "event": delivery.event_id,
            "state": delivery.state,
        }
        for delivery in (await hub.store.read(list_deliveries, merchant, limit=100)).items
    ]
