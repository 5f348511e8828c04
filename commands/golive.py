"""``crossdock go-live``: what would change, accepting it, and taking it back."""

import argparse
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import add_confirm_options, agree
from commands.output import Rows, show
from commands.running import ACTOR, actions_named, for_merchant, show_for_merchant
from core.engine.hub import Hub
from core.model.actions import Action
from core.services.connection_plans import accept_plan, undo_acceptance_plan
from core.services.golive.accept import Acceptance, accept, acceptances, undo, undo_text
from core.services.golive.document import Differences, differences, page_shown
from core.services.golive.listings import ListingDifference


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    add_confirm_options(parser)
    parser.add_argument(
        "do", nargs="?", default="show", choices=("show", "accept", "accepted", "undo", "file")
    )
    parser.add_argument("words", nargs="*", help="accept [ACTION ...]; undo|file ID")
    parser.add_argument("--connection", action="append", metavar="NAME", help="accept: only of this one")
    parser.add_argument("--id", metavar="ID", help="accept: the differences that were shown")


def run(arguments: argparse.Namespace) -> int:
    """Show what would change, accept it, or take it back."""
    do, words = arguments.do, arguments.words
    if do in ("undo", "file") and len(words) != 1:
        raise UsageError(f"{do} wants the id of what was accepted, as in: {do} 3f0c9a1b2d4e")
    if do in ("show", "accepted") and words:
        raise UsageError(f"{do} wants no more words")
    match do:
        case "accept":
            return show_for_merchant(arguments, partial(_accept, arguments, actions_named(words)))
        case "undo":
            return show_for_merchant(arguments, partial(_undo, arguments, words[0]))
        case "accepted":
            return show_for_merchant(arguments, _accepted)
        case "file":
            for_merchant(arguments, partial(_file, words[0]))
        case _:
            for_merchant(arguments, partial(_show, as_json=arguments.json))
    return 0


async def _accept(arguments: argparse.Namespace, kinds: Sequence[Action], hub: Hub, merchant: str) -> Rows:
    agree(arguments, await accept_plan(hub, merchant, kinds, arguments.connection))
    of = arguments.connection or "all"
    done = await accept(hub, merchant, kinds=kinds, connections=of, document=arguments.id, actor=ACTOR)
    return [_row(done)]


async def _undo(arguments: argparse.Namespace, document: str, hub: Hub, merchant: str) -> Rows:
    agree(arguments, await undo_acceptance_plan(hub, merchant, document))
    return [_row(await undo(hub, merchant, document, actor=ACTOR))]


async def _accepted(hub: Hub, merchant: str) -> Rows:
    return [_row(accepted) for accepted in await acceptances(hub, merchant)]


async def _file(document: str, hub: Hub, merchant: str) -> None:
    async for page in undo_text(hub, merchant, document):
        print(page, end="")


def _row(accepted: Acceptance) -> Mapping[str, Any]:
    return {
        "id": accepted.id,
        "at": accepted.at.isoformat(timespec="seconds"),
        "by": accepted.actor,
        "actions": " ".join(accepted.actions),
        "connections": " ".join(accepted.connections),
        "differ": accepted.shown.listings["differ"],
        "taken back": accepted.undone_at.isoformat(timespec="seconds") if accepted.undone_at else "",
    }


async def _show(hub: Hub, merchant: str, *, as_json: bool) -> None:
    """Print the differences: as JSON with the first listings of many, else all of them, page by page."""
    shown = await differences(hub, merchant)
    if as_json:
        print(json.dumps(shown.model_dump(mode="json")))
        return
    after = shown.after
    show([_listing(row) for row in shown.rows], as_json=False)
    while after is not None:
        rows, after = await page_shown(hub, merchant, shown.id, after)
        show([_listing(row) for row in rows], as_json=False)
    print(f"\n{_summary(shown)}")
    print(f"id: {shown.id}; accept it: crossdock go-live accept --id {shown.id}")


def _listing(row: ListingDifference) -> Mapping[str, Any]:
    return {
        "connection": row.connection,
        "listing": row.listing,
        "location": row.location or "",
        "shows": "-" if row.shows is None else row.shows,
        "wanted": "-" if row.wanted is None else row.wanted,
        "state": row.state,
        "because": row.because,
    }


def _summary(shown: Differences) -> str:
    of, by = shown.listings, shown.of_which
    counts = (
        f"{sum(of.values())} listings: {of['differ']} differ ({by['by_buffer_only']} by buffer only,"
        f" {by['by_count']} by count), {of['equal']} equal, {of['unlinked']} not linked,"
        f" {of['read_only']} kept by the channel, {of['not_counted']} not counted"
    )
    orders = f"{len(shown.open_orders)} open orders from before: {', '.join(shown.open_orders) or 'none'}"
    mails = f"{sum(shown.mails.values())} mails and {shown.money.at_once} captures would follow at once"
    return f"{counts}. {orders}. {mails}. Calls that changed anything so far: {shown.writes_so_far}."
