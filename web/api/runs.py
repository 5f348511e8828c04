"""Runs of rules: what started each, what its condition looked at, what came of each step."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from core.model.rule_facts import RuleStepped
from core.services.actions import order_named
from core.services.run_retries import retry_run
from core.services.runs import RunTrace, due, run_trace
from core.store.run_history import ListedRun, page_of_runs
from web.api.endpoint import Answer, Call, Endpoint, RunCursor
from web.keys import HUB

MOST_RUNS = 200


class RunView(Answer):
    """A run of a rule; ``outcome`` is null while it goes on."""

    run_id: str
    rule: str
    trigger: str
    about: str
    """order, stock, connection or schedule."""
    subject: str
    """The order's id, the SKU, the connection, or the rule that the clock started."""
    outcome: str | None
    started_at: datetime
    ended_at: datetime | None


class RunList(Answer):
    """Runs, the newest first; ``after`` is handed back for the next page."""

    runs: tuple[RunView, ...]
    after: str | None = None


class RunStepView(Answer):
    """A step of a run, and what came of it."""

    step: str
    name: str | None
    action: str
    outcome: str
    at: datetime
    result: dict[str, Any]
    """What later steps may use of it: ids, numbers and codes that the rule names."""
    code: str
    message: str
    due_at: datetime | None


class RunTraceView(RunView):
    """A run with its trigger, what its condition looked at, and its steps."""

    digest: str
    """Of the file that it goes on under."""
    where: str
    event: dict[str, Any]
    looked_at: dict[str, Any]
    steps: tuple[RunStepView, ...]
    waits_for: str | None
    """A trigger, time, label, or acceptance while nothing of the merchant is accepted."""
    due_at: datetime | None
    again_of: str | None
    """The run that it repeats."""
    retried_as: str | None
    """The run that repeats it."""


class RunRetryAsk(Answer):
    """From which step a run is retried."""

    from_: str = Field(
        alias="from", min_length=1, max_length=200, description="the step's id or path, as then.1"
    )


class RunsAsked(Answer):
    """Which runs are listed."""

    rule: str | None = None
    order: str | None = None
    """An order's id or number."""
    outcome: Literal["open", "done", "stopped", "failed"] | None = None
    after: RunCursor | None = None
    limit: int = Field(default=50, ge=1, le=MOST_RUNS)


async def list_runs(call: Call) -> RunList:
    """Return a page of the runs."""
    hub, asked = call.request.app[HUB], call.query
    order = None if asked.order is None else await order_named(hub, call.merchant, asked.order)
    page = await hub.store.read(
        page_of_runs,
        call.merchant,
        rule=asked.rule,
        subject=order,
        outcome=asked.outcome,
        after=asked.after,
        limit=asked.limit,
    )
    return RunList(runs=tuple(RunView(**_listed(run)) for run in page.items), after=page.after)


async def show_run(call: Call) -> RunTraceView:
    """Return a run with its steps."""
    trace = await run_trace(call.request.app[HUB], call.merchant, call.path["run"])
    return view_of(trace)


def view_of(trace: RunTrace) -> RunTraceView:
    """Return a run as the API tells it."""
    return RunTraceView(
        **_listed(trace.run),
        digest=trace.run.digest,
        where=trace.where,
        event=trace.event.model_dump(mode="json", exclude_none=True),
        looked_at=dict(trace.looked_at),
        steps=tuple(_step(step) for step in trace.steps),
        waits_for=trace.waits_for,
        due_at=due(trace),
        again_of=trace.again_of,
        retried_as=trace.past.retried_as,
    )


async def post_retry(call: Call) -> RunTraceView:
    """Retry a run that failed or was stopped, from one of its steps."""
    hub = call.request.app[HUB]
    return view_of(await retry_run(hub, call.merchant, call.path["run"], call.body.from_, call.actor))


def _listed(run: ListedRun) -> dict[str, Any]:
    return {name: getattr(run, name) for name in RunView.model_fields}


def _step(step: RuleStepped) -> RunStepView:
    return RunStepView(
        step=step.step,
        name=step.name,
        action=step.action,
        outcome=step.outcome.value,
        at=step.at,
        result=step.result,
        code=step.code,
        message=step.message,
        due_at=step.due_at,
    )


ENDPOINTS = (
    Endpoint(
        name="listRuns",
        method="GET",
        path="/runs",
        summary="Runs of rules, the newest first",
        gives=RunList,
        run=list_runs,
        query=RunsAsked,
    ),
    Endpoint(
        name="getRun",
        method="GET",
        path="/runs/{run}",
        summary="A run of a rule: what started it, what its condition looked at, what came of each step",
        gives=RunTraceView,
        run=show_run,
    ),
    Endpoint(
        name="retryRun",
        method="POST",
        path="/runs/{run}/retry",
        summary="Retry a run that failed or was stopped, from one of its steps; what was done is not done again",
        gives=RunTraceView,
        run=post_retry,
        takes=RunRetryAsk,
        example={"from": "then.0"},
    ),
)
