"""``crossdock links``: the review of links, its CSV file, and taking the last import back."""

import argparse
from collections.abc import Sequence
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import add_confirm_options, agree
from commands.output import Rows
from commands.running import ACTOR, csv_of, for_merchant, show_for_merchant
from core.domain.link_proposals import describe
from core.engine.hub import Hub
from core.services import links
from core.services.link_review import LinkReview, review_pages
from core.services.stock_plans import import_plan, undo_import_plan, unlink_plan

_VERBS = ("list", "conflicts", "export", "preview", "import", "undo", "unlink")
_WANTED = {"preview": ("FILE",), "import": ("FILE",), "unlink": ("CONNECTION", "LISTING")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    add_confirm_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=_VERBS)
    parser.add_argument("words", nargs="*", help="preview|import FILE; unlink CONNECTION LISTING")


def run(arguments: argparse.Namespace) -> int:
    """List links, or do what is asked with them."""
    wanted = _WANTED.get(arguments.do, ())
    if len(arguments.words) != len(wanted):
        raise UsageError(f"{arguments.do} wants {' '.join(wanted) or 'no more words'}")
    if arguments.do != "export":
        return show_for_merchant(arguments, partial(_done, arguments))
    for_merchant(arguments, _exported)
    return 0


async def _exported(hub: Hub, merchant: str) -> None:
    async for page in links.exported(hub, merchant):
        print(page, end="")


async def _done(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    """Do what is asked; return what is to be shown.

    Raises:
        HubError: it cannot be done; every wrong line of a file is named.
    """
    do, words = arguments.do, arguments.words
    match do:
        case "preview":
            return _changes(await links.preview(hub, merchant, csv_of(words[0])))
        case "import":
            text = csv_of(words[0])
            agree(arguments, await import_plan(hub, merchant, text))
            return _changes(await links.import_file(hub, merchant, text, actor=ACTOR))
        case "undo":
            agree(arguments, await undo_import_plan(hub, merchant))
            return [{"taken back": f"{await links.undo(hub, merchant)} listings"}]
        case "unlink":
            agree(arguments, await unlink_plan(hub, merchant, words[0], words[1]))
            await links.unlink(hub, merchant, words[0], words[1])
    reviews = [review async for review in review_pages(hub, merchant)]
    return _conflicts(reviews) if do == "conflicts" else _listed(reviews)


def _conflicts(reviews: Sequence[LinkReview]) -> Rows:
    # The same names may stand on several pages.
    found = dict.fromkeys(c for review in reviews for c in review.conflicts)
    return [
        {"where": c.connection or "-", "names": ", ".join(c.names), "what": c.what, "do": c.do} for c in found
    ]


def _listed(reviews: Sequence[LinkReview]) -> Rows:
    open_ones = [
        {
            "connection": offer.connection,
            "listing": offer.listing,
            "of": "",
            "could be": describe(found[0].of) if found else "",
            "score": found[0].score if found else "",
            "why": found[0].detail if found else "",
        }
        for review in reviews
        for offer, found in review.unlinked
    ]
    linked = [(o.connection, o.listing, o.of) for review in reviews for o in review.linked]
    gone = [one for review in reviews for one in review.gone]
    return open_ones + [
        {"connection": c, "listing": name, "of": describe(of), "could be": "", "score": "", "why": ""}
        for c, name, of in (*linked, *gone)
    ]


def _changes(changes: tuple[links.Change, ...]) -> Rows:
    return [
        {
            "connection": c.connection,
            "listing": c.listing,
            "now": describe(c.before),
            "then": describe(c.after),
        }
        for c in changes
    ]
