"""``crossdock orders``: list orders, show one, or act on one."""

import argparse
import json
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import agree
from commands.order_asks import ASKS, add_ask_options, ask
from commands.output import Rows, show
from commands.running import ACTOR, for_merchant, show_for_merchant
from core.domain.state import OrderState
from core.engine.hub import Hub
from core.model.facts import Fact
from core.services import actions
from core.services.plans import release_all_plan
from core.services.waiting import Waiting, waiting_of
from core.store.orders import facts_of, list_orders


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=("list", "show", *ASKS))
    parser.add_argument("order", nargs="?", help="its number, or connection:id; release: all of them")
    parser.add_argument("reason", nargs="?", help="release: which hold; void: which parcel's label")
    add_ask_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """List, show, or act."""
    do, order = arguments.do, arguments.order
    if do == "list":
        return show_for_merchant(arguments, _listed)
    if not order:
        raise UsageError(f"{do} wants an order: its number, or connection:id")
    if do == "release" and not arguments.reason:
        raise UsageError("release wants the hold that is released, as in: release KK-1001 risk")
    if do == "release" and order == "all":
        return show_for_merchant(arguments, partial(_release_all, arguments))
    _show_order(*for_merchant(arguments, partial(_act, arguments)), as_json=arguments.json)
    return 0


async def _listed(hub: Hub, merchant: str) -> Rows:
    """Return the newest 200 orders."""
    rows = (await hub.store.read(list_orders, merchant, limit=200)).items
    waits = await waiting_of(hub, merchant, [row.order_id for row in rows])
    return [
        {
            "order": row.number,
            "connection": row.connection,
            "placed": row.placed_at.isoformat(timespec="seconds"),
            "stage": row.stage.value,
            "held": ", ".join(row.holds),
            "total_minor": row.total_minor,
            "currency": row.currency,
            "waits_for": waits[row.order_id].line,
        }
        for row in rows
    ]


async def _release_all(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    reason = arguments.reason
    agree(arguments, await release_all_plan(hub, merchant, reason))
    released = await actions.release_all(hub, merchant, reason, "all", ACTOR)
    return [{"released": order_id, "hold": reason} for order_id in released]


async def _act(
    arguments: argparse.Namespace, hub: Hub, merchant: str
) -> tuple[str, OrderState, list[Fact], Waiting]:
    """Do what is asked with an order; return where it stands then."""
    order_id = await actions.order_named(hub, merchant, arguments.order)
    if arguments.do in ASKS:
        await ask(arguments, hub, merchant, order_id)
    state = await hub.store.load(merchant, order_id) or OrderState()
    waits = (await waiting_of(hub, merchant, [order_id]))[order_id]
    return order_id, state, await hub.store.read(facts_of, merchant, order_id), waits


def _show_order(
    order_id: str, state: OrderState, facts: list[Fact], waits: Waiting, *, as_json: bool
) -> None:
    if as_json:
        told = [fact.model_dump(mode="json") for fact in facts]
        shown = {"order": order_id, "stage": state.stage, "waits_for": waits.told, "facts": told}
        print(json.dumps(shown))
        return
    held = "".join(f"\n  held: {reason}: {detail}" for reason, detail in state.holds.items())
    print(f"{order_id}: {state.stage}{held}\n  waits for {waits.line}")
    show([{"at": f.at.isoformat(), "actor": f.actor, "fact": f.kind} for f in facts], as_json=False)
