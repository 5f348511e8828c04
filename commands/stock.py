"""``crossdock stock``: list stock and listings, or say what was counted, received, added or linked."""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from commands import opening
from commands.arguments import UsageError, add_merchant_options, whole_number
from commands.confirm import add_confirm_options, agree
from commands.output import Rows
from commands.running import ACTOR, show_for_merchant
from core.engine.hub import Hub
from core.model.products import Product
from core.services import actions
from core.services.product_mistakes import mistakes_in
from core.services.stock_plans import link_plan, stock_plan
from core.store.listing_pages import page_of_listings
from core.store.paging import each
from core.store.products import save_products
from core.store.stock import page_of_stock

_WANTED = {
    "list": "no more words",
    "listings": "no more words",
    "count": "SKU LOCATION UNITS",
    "receive": "SKU LOCATION UNITS",
    "product": "SKU TITLE GRAMS LxWxH, as in: product CHEF-8 'Chef knife' 300 380x70x30",
    "link": "CONNECTION LISTING SKU=UNITS ...",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    add_confirm_options(parser)
    parser.add_argument(
        "do",
        nargs="?",
        default="list",
        choices=("list", "count", "receive", "product", "listings", "link", "opening", "adopt"),
    )
    parser.add_argument("--preview", action="store_true", help="opening, adopt: only say what would change")
    parser.add_argument(
        "words",
        nargs="*",
        help="count|receive SKU LOCATION UNITS; product SKU TITLE GRAMS LxWxH; link CONNECTION LISTING SKU=UNITS ...;"
        " opening FILE | undo [NUMBER]; adopt CONNECTION [LOCATION]",
    )


def run(arguments: argparse.Namespace) -> int:
    """Change what is asked, then list what there is."""
    if arguments.do in ("opening", "adopt"):
        return opening.run(arguments)
    change = _change(arguments)
    listed = _listings if arguments.do in ("link", "listings") else _stock

    async def rows(hub: Hub, merchant: str) -> Rows:
        await change(hub, merchant)
        return await listed(hub, merchant)

    return show_for_merchant(arguments, rows)


def _change(arguments: argparse.Namespace) -> Callable[[Hub, str], Awaitable[None]]:
    """Return what is to be done before stock is listed; wrong words are found before the hub is opened."""
    do, words = arguments.do, arguments.words
    match do, words:
        case "product", [sku, title, grams, size] if size.count("x") == 2:  # noqa: PLR2004 - length, width, height
            product = _product(sku, title, grams, size)
            return lambda hub, merchant: hub.store.write(save_products, merchant, [product])
        case (("count" | "receive"), [sku, location, units]):
            return partial(_counted, arguments, (sku, location, whole_number(units, "units")))
        case "link", [connection, listing, _, *_]:
            pairs = [part.partition("=") for part in words[2:]]
            twice = [sku for sku, _, _ in pairs if [other for other, _, _ in pairs].count(sku) > 1]
            if twice:
                raise UsageError(f"{twice[0]} is named twice; write its units once")
            made_of = {sku: whole_number(units, f"units of {sku}") for sku, _, units in pairs}
            return partial(_linked, arguments, connection, listing, made_of)
        case (("list" | "listings"), []):
            return _nothing
    raise UsageError(f"{do} wants {_WANTED[do]}")


async def _counted(
    arguments: argparse.Namespace, line: tuple[str, str, int], hub: Hub, merchant: str
) -> None:
    receive = arguments.do == "receive"
    plan, seen = await stock_plan(hub, merchant, [line], receive=receive)
    agree(arguments, plan)
    change = actions.receive if receive else actions.count
    await change(hub, merchant, [line], actor=ACTOR, seen=None if arguments.yes else seen)


async def _linked(  # noqa: PLR0917 - what is linked to what, and whose
    arguments: argparse.Namespace,
    connection: str,
    listing: str,
    made_of: Mapping[str, int],
    hub: Hub,
    merchant: str,
) -> None:
    agree(arguments, await link_plan(hub, merchant, connection, listing, made_of))
    await actions.link(hub, merchant, connection, listing, made_of)


def _product(sku: str, title: str, grams: str, size: str) -> Product:
    length, width, height = (whole_number(side, "a side in mm") for side in size.split("x"))
    product = Product(
        sku=sku, title=title, weight_g=whole_number(grams, "grams"), size_mm=(length, width, height)
    )
    for wrong in mistakes_in([product]):
        raise UsageError(f"{wrong.field.upper()}: {wrong.what}")
    return product


async def _nothing(hub: Hub, merchant: str) -> None:
    """Change nothing."""


async def _listings(hub: Hub, merchant: str) -> Rows:
    """Return every listing with what it shows and should show."""
    return [
        {
            "connection": row.connection,
            "listing": row.listing,
            "location": row.location,
            "shown": row.last_read,
            "wanted": row.wanted_last,
        }
        async for row in each(hub.store, page_of_listings, merchant)
    ]


async def _stock(hub: Hub, merchant: str) -> Rows:
    """Return what every location holds."""
    return [
        {
            "sku": row.sku,
            "location": row.location,
            "on_hand": row.on_hand,
            "committed": row.committed,
            "available": row.available,
        }
        async for row in each(hub.store, page_of_stock, merchant)
    ]
