"""``crossdock runs``: what rules did: every run with its trigger, and of one what came of each step."""

import argparse
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.output import Rows
from commands.running import show_for_merchant
from core.engine.hub import Hub
from core.services.actions import order_named
from core.services.runs import run_trace
from core.store.run_history import page_of_runs

_MOST = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=("list", "show"))
    parser.add_argument("words", nargs="*", help="show RUN")
    parser.add_argument("--rule", help="runs of this rule alone")
    parser.add_argument("--order", help="runs about this order alone, by its id or number")
    parser.add_argument("--outcome", choices=("open", "done", "stopped", "failed"))


def run(arguments: argparse.Namespace) -> int:
    """List runs, or show one."""
    wanted, count = ("RUN", 1) if arguments.do == "show" else ("no more words", 0)
    if len(arguments.words) != count:
        raise UsageError(f"{arguments.do} wants {wanted}")
    return show_for_merchant(arguments, partial(_shown if arguments.do == "show" else _listed, arguments))


async def _listed(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    """Return the newest 100 runs."""
    order = None if arguments.order is None else await order_named(hub, merchant, arguments.order)
    found = await hub.store.read(
        page_of_runs,
        merchant,
        rule=arguments.rule,
        subject=order,
        outcome=arguments.outcome,
        limit=_MOST,
    )
    return [
        {
            "run": one.run_id,
            "began": one.started_at.isoformat(timespec="seconds"),
            "rule": one.rule,
            "trigger": one.trigger,
            "about": one.subject,
            "outcome": one.outcome or "open",
        }
        for one in found.items
    ]


async def _shown(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    """Return what came of each step of a run."""
    trace = await run_trace(hub, merchant, arguments.words[0])
    return [
        {
            "at": step.at.isoformat(timespec="seconds"),
            "step": step.name or step.step,
            "action": step.action,
            "outcome": step.outcome.value,
            "result": ", ".join(f"{name} {value}" for name, value in step.result.items()),
            "message": step.message,
        }
        for step in trace.steps
    ]
