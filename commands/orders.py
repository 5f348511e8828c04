"""``crossdock orders``: list orders, show one, or act on one."""

import argparse
from collections.abc import Mapping
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import agree
from commands.order_annotations import WANTS, annotate, check_words
from commands.order_asks import ASKS, add_ask_options, ask
from commands.order_text import holds_json, order_json, order_lines, total_of, when
from commands.output import Rows, print_json, show
from commands.parked import retried
from commands.running import ACTOR, for_merchant, show_for_merchant
from core.domain.state import OrderState, Stage
from core.engine.hub import Hub
from core.model.facts import Fact
from core.model.holds import Hold
from core.model.people import called
from core.model.stock import MOST_UNITS
from core.services import actions
from core.services.order_search import search_orders
from core.services.parked import chosen, parked_work
from core.services.people import names_of
from core.services.plans import release_all_plan
from core.services.waiting import Waiting, waiting_of
from core.store.order_notes import note_texts
from core.store.orders import OrderRow, facts_of

_FILTERS = ("stage", "hold", "connection", "tag", "assignee", "search", "limit")
_USUAL = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=("list", "show", *ASKS, *WANTS))
    parser.add_argument(
        "order", nargs="?", help="its number, or connection:id; release and retry: all of them"
    )
    parser.add_argument(
        "reason", nargs="?", help="release: which hold; void: which parcel's label; or what is written"
    )
    parser.add_argument("more", nargs="*", help="tag: more tags, as +urgent or -later")
    add_ask_options(parser)
    stages, holds = [stage.value for stage in Stage], [hold.value for hold in Hold]
    parser.add_argument("--stage", choices=stages, metavar="STAGE", help=f"list: {', '.join(stages)}")
    parser.add_argument("--hold", choices=holds, metavar="REASON", help=f"list: {', '.join(holds)}")
    parser.add_argument("--connection", metavar="NAME", help="list: only orders of this channel")
    parser.add_argument("--tag", metavar="TAG", help="list: only orders with this tag")
    parser.add_argument("--assignee", metavar="NAME", help="list: only orders of this name; none: of nobody")
    parser.add_argument(
        "--search",
        metavar="TEXT",
        help="list: the beginning of a number; or a whole tracking number, SKU, payment reference or mail address",
    )
    parser.add_argument("--limit", type=int, metavar="N", help=f"list: at most so many ({_USUAL})")


def run(arguments: argparse.Namespace) -> int:
    """List, show, or act."""
    do, order = arguments.do, arguments.order
    if arguments.more and do != "tag":
        raise UsageError(f"what is {' '.join(arguments.more)}? Put quotes around a text of several words")
    if do == "list":
        return _list(arguments)
    given = [f"--{name}" for name in _FILTERS if getattr(arguments, name) is not None]
    if given:
        raise UsageError(f"{', '.join(given)} is for the list of orders")
    _check(arguments)
    if do == "retry" and order == "all":
        return show_for_merchant(arguments, partial(_retry_all, arguments))
    if do == "release" and order == "all":
        return show_for_merchant(arguments, partial(_release_all, arguments))
    order_id, state, facts, notes, waits, names = for_merchant(arguments, partial(_act, arguments))
    if arguments.json:
        print_json({**order_json(order_id, state, facts, notes), "waits_for": waits.told})
    else:
        head, *rest = order_lines(order_id, state, facts, names, notes)
        for line in (head, f"waits for {waits.line}", *rest):
            print(line)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse words that name no order, or not what is done with it."""
    if not arguments.order:
        raise UsageError(f"{arguments.do} wants an order: its number, or connection:id")
    if arguments.do == "release" and not arguments.reason:
        raise UsageError("release wants the hold that is released, as in: release KK-1001 risk")
    if arguments.do in WANTS:
        check_words(arguments)


def _list(arguments: argparse.Namespace) -> int:
    if arguments.order:
        raise UsageError("list wants no more words; to look for an order: --search TEXT")
    if arguments.limit is not None and not 1 <= arguments.limit <= MOST_UNITS:
        raise UsageError("--limit: a number of at least 1 is wanted")
    found, more, waits, names = for_merchant(arguments, partial(_found, arguments))
    if arguments.json:
        print_json([{**_row(row, state), "waits_for": waits[row.order_id].told} for row, state in found])
        return 0
    annotated = any(row.tags or row.assignee for row, _ in found)
    show(
        [_words(row, waits[row.order_id], names, annotated=annotated) for row, _ in found],
        as_json=False,
        empty="no orders",
    )
    if more:
        print(f"there are more than these {len(found)}: --limit N, --stage, --hold or --search")
    return 0


async def _found(
    arguments: argparse.Namespace, hub: Hub, merchant: str
) -> tuple[list[tuple[OrderRow, OrderState]], bool, dict[str, Waiting], dict[str, str]]:
    found, more = await search_orders(
        hub,
        merchant,
        stage=Stage(arguments.stage) if arguments.stage else None,
        hold=Hold(arguments.hold) if arguments.hold else None,
        connection=arguments.connection,
        tag=arguments.tag,
        assignee=arguments.assignee,
        text=arguments.search,
        limit=arguments.limit or _USUAL,
    )
    waits = await waiting_of(hub, merchant, [row.order_id for row, _ in found])
    return found, more, waits, await names_of(hub, merchant)


def _row(row: OrderRow, state: OrderState) -> dict[str, object]:
    return {
        "order": row.number,
        "order_id": row.order_id,
        "connection": row.connection,
        "placed": row.placed_at.isoformat(timespec="seconds"),
        "stage": row.stage.value,
        "held": ", ".join(row.holds),
        "holds": holds_json(state),
        "tags": state.tags,
        "assignee": state.assignee,
        "parked": state.parked.message if state.parked else None,
        "total": total_of(row.total_minor, row.currency),
        "total_minor": row.total_minor,
        "currency": row.currency,
    }


def _words(row: OrderRow, waits: Waiting, names: Mapping[str, str], *, annotated: bool) -> dict[str, object]:
    """Return an order as a line; what people wrote on it has columns where they wrote on any."""
    written = {"tags": " ".join(row.tags), "assigned to": called(row.assignee, names) if row.assignee else ""}
    return {
        "order": row.number,
        "channel": row.connection,
        "placed": when(row.placed_at),
        "stage": row.stage.words,
        "total": total_of(row.total_minor, row.currency) or "unknown",
        **(written if annotated else {}),
        "waits for": waits.line,
    }


async def _release_all(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    reason = arguments.reason
    agree(arguments, await release_all_plan(hub, merchant, reason))
    released = await actions.release_all(hub, merchant, reason, "all", ACTOR)
    return [{"released": order_id, "hold": reason} for order_id in released]


async def _retry_all(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    return await retried(arguments, hub, merchant, chosen(await parked_work(hub, merchant), orders="all"))


async def _act(
    arguments: argparse.Namespace, hub: Hub, merchant: str
) -> tuple[str, OrderState, list[Fact], dict[str, str], Waiting, dict[str, str]]:
    """Do what is asked with an order; return where it stands then."""
    order_id = await actions.order_named(hub, merchant, arguments.order)
    if arguments.do in ASKS:
        await ask(arguments, hub, merchant, order_id)
    elif arguments.do in WANTS:
        await annotate(arguments, hub, merchant, order_id)
    state = await hub.store.load(merchant, order_id) or OrderState()
    waits = (await waiting_of(hub, merchant, [order_id]))[order_id]
    facts = await hub.store.read(facts_of, merchant, order_id)
    notes = await hub.store.read(note_texts, hub.store.keys, merchant, order_id)
    return order_id, state, facts, notes, waits, await names_of(hub, merchant)
