"""``crossdock replay``: an order's stored facts under the rules in force, or under another file; nobody is asked."""

import argparse
from functools import partial

from commands.other_file import DIFFERS, add_other_file, other_file
from commands.output import print_json
from commands.replay_text import replay_lines
from commands.running import for_merchant
from core.config.merchant import MerchantConfig
from core.engine.hub import Hub
from core.services import actions
from core.services.explained import OrderReplay
from core.services.replays import replay_view


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("order", help="its number, or connection:id")
    add_other_file(parser)


def run(arguments: argparse.Namespace) -> int:
    """Replay an order; 2 where another file was given and something differs."""
    other = other_file(arguments)
    found = for_merchant(arguments, partial(_replayed, arguments, other))
    if arguments.json:
        print_json(found.model_dump(mode="json"))
    else:
        for line in replay_lines(found):
            print(line)
    return DIFFERS if found.differences else 0


async def _replayed(
    arguments: argparse.Namespace, other: MerchantConfig | None, hub: Hub, merchant: str
) -> OrderReplay:
    order_id = await actions.order_named(hub, merchant, arguments.order)
    return await replay_view(hub, merchant, order_id, other)
