"""What the verbs print before they do anything that buys, cancels, refunds or writes to a channel, and the yes they want."""

import argparse
import sys

from commands.arguments import UsageError
from core.errors import HubError, RefusedError
from core.services.plans import Plan


def add_confirm_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a verb that asks before it does something."""
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def agree(arguments: argparse.Namespace, plan: Plan) -> None:
    """Print what will be done, on standard error, and ask; with ``--yes``, do neither.

    Raises:
        RefusedError: it may not be done now, and why.
        UsageError: nobody is there to ask, and ``--yes`` was not said.
        HubError: the answer was no.
    """
    if plan.refused:
        raise RefusedError(plan.refused)
    if arguments.yes:
        return
    for line in lines_of(plan):
        print(line, file=sys.stderr)
    if not sys.stdin.isatty():
        raise UsageError("nothing was done: say --yes to have it done without being asked")
    print("Do it? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise HubError("nothing was done")


def lines_of(plan: Plan) -> list[str]:
    """Return a plan as lines."""
    costs = [
        f"  {cost.what}: {'about ' if cost.about else ''}{cost.amount.text()} {cost.amount.currency}"
        for cost in plan.costs
    ]
    return [plan.title, *(f"  {text}" for text in plan.does), *costs, f"  The way back: {plan.back}"]
