"""``crossdock plan``: what another file would do to the last stored orders, and what else differs between the files."""

import argparse
import gc
from collections.abc import Iterator
from functools import partial

from assembly import connectors
from commands.arguments import UsageError, whole_number
from commands.conflicts import searched
from commands.other_file import DIFFERS, add_other_file, other_file
from commands.output import print_json
from commands.running import for_merchant
from core.config.merchant import MerchantConfig
from core.domain.rules.differences import Differing
from core.engine.hub import Hub
from core.model.money import Money
from core.services.backtests import USUAL_ORDERS, Backtest, Change, Postage, backtest
from core.services.rules_in_force import config_in_force
from core.services.vendor_changes import vendor_changes

_NAMED = 10
_SINCE = (Differing.HOLD, Differing.ROUTE, Differing.LABEL)
"""Of these it says much what came of the orders since."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_other_file(parser)
    parser.add_argument(
        "--orders", metavar="N", default=str(USUAL_ORDERS), help=f"the last N ({USUAL_ORDERS})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare another file with the one in force over the last stored orders; 2 where anything would be otherwise."""
    other, orders = other_file(arguments), whole_number(arguments.orders, "--orders")
    if other is None:
        raise UsageError("name the file that is planned: --config FILE")
    conflicts, undecided = ([str(one) for one in told] for told in searched([other]))
    found, vendors = for_merchant(arguments, partial(_planned, other, orders))
    if arguments.json:
        told = {"conflicts": conflicts, "undecided": undecided, "vendors": vendors}
        print_json({**found.model_dump(mode="json"), **told})
    else:
        for line in (*conflicts, *undecided, *vendors, *plan_lines(found)):
            print(line)
    return DIFFERS if found.differs or vendors else 0


async def _planned(
    other: MerchantConfig, orders: int, hub: Hub, merchant: str
) -> tuple[Backtest, tuple[str, ...]]:
    """Return what another file would do to orders, and what it wants of vendors."""
    before = await config_in_force(hub, merchant)
    vendors = await vendor_changes(hub, merchant, before, other, connectors())
    gc.freeze()  # what is loaded already is not gone through again and again while orders come and go
    try:
        return await backtest(hub, merchant, other, orders=orders), vendors
    finally:
        gc.unfreeze()


def plan_lines(found: Backtest) -> Iterator[str]:
    """Yield a plan line by line."""
    yield from found.file
    yield f"{found.orders} orders looked at: to {found.touched} something comes or goes"
    for change in found.changes:
        yield _change(change)
    for currency, one in found.postage.items():
        yield _postage(currency, one)
    for why, orders in found.not_compared.items():
        yield f"not known of {orders}: {why}"


def _postage(currency: str, one: Postage) -> str:
    before, after, more = (
        Money(minor=minor, currency=currency).text()
        for minor in (one.before_minor, one.after_minor, one.after_minor - one.before_minor)
    )
    return f"postage of {one.orders} orders: {before} {currency} -> {after} {currency}, {'' if more.startswith('-') else '+'}{more}"


def _change(change: Change) -> str:
    words = Differing(change.kind).words
    sign, more = ("+", "") if change.comes else ("-", " no more")
    named = ", ".join(change.named[:_NAMED])
    rest = f" and {change.orders - _NAMED} more" if change.orders > _NAMED else ""
    since = ", ".join(f"{orders} {what}" for what, orders in change.since.items())
    came = f"; of these {since} since" if change.kind in _SINCE else ""
    return f"{sign} {change.orders} {words}{more}, {change.of}: {named}{rest}{came}"
