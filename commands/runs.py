"""``crossdock runs``: what rules did: every run with its trigger, of one what came of each step, and retrying it from one."""

import argparse
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import add_confirm_options, agree
from commands.output import Rows
from commands.running import ACTOR, show_for_merchant
from core.engine.hub import Hub
from core.services.actions import order_named
from core.services.run_retries import retry_plan, retry_run
from core.services.runs import run_trace
from core.store.run_history import page_of_runs

_MOST = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=("list", "show", "retry"))
    parser.add_argument("words", nargs="*", help="show RUN; retry RUN --from STEP")
    parser.add_argument(
        "--from", dest="start", metavar="STEP", help="retry: the step's id or path, as then.1"
    )
    add_confirm_options(parser)
    parser.add_argument("--rule", help="runs of this rule alone")
    parser.add_argument("--order", help="runs about this order alone, by its id or number")
    parser.add_argument("--outcome", choices=("open", "done", "stopped", "failed"))


def run(arguments: argparse.Namespace) -> int:
    """List runs, show one, or retry one."""
    work, wanted, count = {
        "list": (_listed, "no more words", 0),
        "show": (_shown, "RUN", 1),
        "retry": (_retried, "RUN and --from STEP", 1),
    }[arguments.do]
    if len(arguments.words) != count or (arguments.do == "retry") != (arguments.start is not None):
        raise UsageError(f"{arguments.do} wants {wanted}")
    return show_for_merchant(arguments, partial(work, arguments))


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


async def _retried(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    """Say what retrying a run will do, have it confirmed, and do it; return the run that repeats it."""
    run_id, start = arguments.words[0], arguments.start
    agree(arguments, await retry_plan(hub, merchant, run_id, start))
    trace = await retry_run(hub, merchant, run_id, start, ACTOR)
    return [{"run": trace.run.run_id, "rule": trace.run.rule, "from": trace.run.next, "again of": run_id}]
