"""The page Runs: what rules did, and why."""

from typing import Literal

from aiohttp import web

from core.model.rule_runs import RunOutcome
from core.services.actions import order_named
from core.services.runs import due, run_trace
from core.store.run_history import page_of_runs
from web.api.endpoint import Answer, RunCursor
from web.console.page import page
from web.console.pages import asked_of, hub_of

OUTCOMES = {"open": "goes on", **{outcome.value: outcome.words for outcome in RunOutcome}}


class RunsShown(Answer):
    """Which runs the page shows."""

    rule: str = ""
    order: str = ""
    outcome: Literal["", "open", "done", "stopped", "failed"] = ""
    after: RunCursor | None = None


async def show_runs(request: web.Request) -> web.Response:
    """Show the runs of rules, the newest first."""
    hub, merchant, _ = hub_of(request)
    asked = asked_of(request, RunsShown)
    order = await order_named(hub, merchant, asked.order) if asked.order else None
    found = await hub.store.read(
        page_of_runs,
        merchant,
        rule=asked.rule or None,
        subject=order,
        outcome=asked.outcome or None,
        after=asked.after,
        limit=100,
    )
    return page("runs.html", request, rows=found.items, after=found.after, asked=asked, outcomes=OUTCOMES)


async def show_run(request: web.Request) -> web.Response:
    """Show one run: what started it, what its condition looked at, what came of each step."""
    hub, merchant, _ = hub_of(request)
    trace = await run_trace(hub, merchant, request.match_info["run"])
    return page("run.html", request, trace=trace, due=due(trace), outcomes=OUTCOMES)


def add(app: web.Application) -> None:
    """Serve the pages."""
    app.router.add_get("/runs", show_runs)
    app.router.add_get("/runs/{run}", show_run)
