"""The page Runs: what rules did, and why."""

from typing import Literal
from urllib.parse import quote

from aiohttp import web

from core.model.rule_runs import RunOutcome
from core.services.actions import order_named
from core.services.run_retries import retry_plan, retry_run, retry_steps
from core.services.runs import due, run_trace
from core.store.run_history import page_of_runs
from web.api.endpoint import Answer, RunCursor
from web.console.confirm import in_two_steps
from web.console.page import page
from web.console.pages import asked_of, form_of, hub_of

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
    retries = await retry_steps(hub, merchant, trace)
    return page("run.html", request, trace=trace, due=due(trace), outcomes=OUTCOMES, retries=retries)


async def retry(request: web.Request) -> web.Response:
    """Retry a run from a step, in two steps."""
    hub, merchant, actor = hub_of(request)
    form, run_id = await form_of(request), request.match_info["run"]
    start = str(form.get("from", ""))
    return await in_two_steps(
        request,
        form,
        await retry_plan(hub, merchant, run_id, start),
        lambda _: retry_run(hub, merchant, run_id, start, actor),
        back_to=f"/runs/{quote(run_id, safe='')}",
    )


def add(app: web.Application) -> None:
    """Serve the pages."""
    app.router.add_get("/runs", show_runs)
    app.router.add_get("/runs/{run}", show_run)
    app.router.add_post("/runs/{run}", retry)
