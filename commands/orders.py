"""``crossdock orders``: list orders, show one, or act on one."""

import argparse
import json
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.output import Rows, show
from commands.running import ACTOR, for_merchant, show_for_merchant
from core.domain.state import OrderState
from core.engine.hub import Hub
from core.model.facts import Fact
from core.services import actions
from core.store.orders import facts_of, list_orders


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument(
        "do", nargs="?", default="list", choices=("list", "show", "release", "reject", "label", "retry")
    )
    parser.add_argument("order", nargs="?", help="its number, or connection:id; release: all of them")
    parser.add_argument("reason", nargs="?", help="release: which hold")


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
        return show_for_merchant(arguments, partial(_release_all, reason=arguments.reason))
    _show_order(*for_merchant(arguments, partial(_act, arguments)), as_json=arguments.json)
    return 0


async def _listed(hub: Hub, merchant: str) -> Rows:
    """Return the newest 200 orders."""
    return [
        {
            "order": row.number,
            "connection": row.connection,
            "placed": row.placed_at.isoformat(timespec="seconds"),
            "stage": row.stage.value,
            "held": ", ".join(row.holds),
            "total_minor": row.total_minor,
            "currency": row.currency,
        }
        for row in (await hub.store.read(list_orders, merchant, limit=200)).items
    ]


async def _release_all(hub: Hub, merchant: str, *, reason: str) -> Rows:
    released = await actions.release_all(hub, merchant, reason, "all", ACTOR)
    return [{"released": order_id, "hold": reason} for order_id in released]


async def _act(arguments: argparse.Namespace, hub: Hub, merchant: str) -> tuple[str, OrderState, list[Fact]]:
    """Do what is asked with an order; return where it stands then."""
    order_id = await actions.order_named(hub, merchant, arguments.order)
    match arguments.do:
        case "release":
            await actions.release(hub, merchant, order_id, arguments.reason, ACTOR)
        case "reject":
            await actions.reject(hub, merchant, order_id, arguments.reason or "rejected by command", ACTOR)
        case "label":
            await actions.ask_label(hub, merchant, order_id, ACTOR)
        case "retry":
            await actions.retry(hub, merchant, order_id, ACTOR)
    state = await hub.store.load(merchant, order_id) or OrderState()
    return order_id, state, await hub.store.read(facts_of, merchant, order_id)


def _show_order(order_id: str, state: OrderState, facts: list[Fact], *, as_json: bool) -> None:
    if as_json:
        told = [fact.model_dump(mode="json") for fact in facts]
        print(json.dumps({"order": order_id, "stage": state.stage, "facts": told}))
        return
    print(f"{order_id}: {state.stage}" + "".join(f"\n  held: {r}: {d}" for r, d in state.holds.items()))
    show([{"at": f.at.isoformat(), "actor": f.actor, "fact": f.kind} for f in facts], as_json=False)
