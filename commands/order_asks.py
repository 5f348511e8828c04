"""What ``crossdock orders`` does with an order: it says first what that will do and cost, and asks."""

import argparse

from commands.confirm import add_confirm_options, agree
from commands.running import ACTOR
from core.engine.hub import Hub
from core.model.asks import Ask
from core.services import actions
from core.services.plans import OrderPlan, plan

ASKS = tuple(ask.value for ask in Ask)


def add_ask_options(parser: argparse.ArgumentParser) -> None:
    """Add what asking something of an order takes besides its name."""
    add_confirm_options(parser)
    parser.add_argument("--note", default="", help="kept on the order's timeline; no personal data")


async def ask(arguments: argparse.Namespace, hub: Hub, merchant: str, order_id: str) -> None:
    """Say what is asked of an order will do and cost, have it confirmed, and do it.

    Raises:
        RefusedError: it may not be done now, or the order moved on meanwhile.
        HubError: it was not confirmed.
    """
    asked = Ask(arguments.do)
    of = arguments.reason or "" if asked in (Ask.RELEASE, Ask.VOID) else ""
    planned = await plan(hub, merchant, order_id, asked, of, ask_rates=not arguments.yes)
    agree(arguments, planned)
    await _do(arguments, hub, (merchant, order_id), planned)


async def _do(arguments: argparse.Namespace, hub: Hub, order: tuple[str, str], planned: OrderPlan) -> None:
    merchant, order_id = order
    note = arguments.note
    # Said in one breath, it is done on the order as it is; confirmed, on the order that was shown.
    seen = None if arguments.yes else planned.version
    match planned.ask:
        case Ask.RELEASE:
            await actions.release(hub, merchant, order_id, planned.of, ACTOR, note=note, seen=seen)
        case Ask.REJECT:
            why = note or arguments.reason or "rejected by command"
            await actions.reject(hub, merchant, order_id, why, ACTOR, seen=seen)
        case Ask.LABEL:
            await actions.ask_label(hub, merchant, order_id, ACTOR, note=note, seen=seen)
        case Ask.RETRY:
            await actions.retry(hub, merchant, order_id, ACTOR, note=note, seen=seen)
        case Ask.HOLD:
            await actions.hold(hub, merchant, order_id, ACTOR, note=note, seen=seen)
        case Ask.VOID:
            await actions.void(hub, merchant, order_id, planned.of, ACTOR, note=note, seen=seen)
