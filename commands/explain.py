"""``crossdock explain``: why an order stands as it stands, why a rate lost, or why a SKU's listings show what they show."""

import argparse
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.explain_text import order_lines, rate_lines, stock_lines
from commands.output import print_json
from commands.running import for_merchant
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.services import actions
from core.services.explained import OrderExplanation, StockExplanation
from core.services.explanations import explain_order, rates_named
from core.services.people import names_of
from core.services.stock_explanations import explain_stock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("what", help="an order (its number, or connection:id), or a SKU")
    parser.add_argument(
        "--rate", metavar="RATE", help='why a rate was taken or lost: its id, or "UPS Ground"'
    )


def run(arguments: argparse.Namespace) -> int:
    """Explain an order, a rate of it, or a SKU; nobody is asked, and nothing changed."""
    found, names = for_merchant(arguments, partial(_explained, arguments))
    if isinstance(found, StockExplanation):
        if arguments.rate is not None:
            raise UsageError(f"--rate is of an order, and {arguments.what} is a SKU")
        lines = stock_lines(found)
    elif arguments.rate is not None:
        rates = rates_named(found, arguments.rate)
        found = found.model_copy(update={"rates": rates})
        lines = rate_lines(rates, found)
    else:
        lines = order_lines(found, names)
    if arguments.json:
        told = found.model_dump(mode="json")
        print_json(told["rates"] if arguments.rate is not None else told)
        return 0
    for line in lines:
        print(line)
    return 0


async def _explained(
    arguments: argparse.Namespace, hub: Hub, merchant: str
) -> tuple[OrderExplanation | StockExplanation, dict[str, str]]:
    try:
        order_id = await actions.order_named(hub, merchant, arguments.what)
    except NotFoundError:
        return await explain_stock(hub, merchant, arguments.what), {}
    return await explain_order(hub, merchant, order_id), await names_of(hub, merchant)
