"""The tables of steps and jobs with each row measured; the wiring hands them to the worker so."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from core.engine.hub import Hub
from core.engine.job import JobKind, Jobs, Reschedule
from core.engine.run import Run
from core.engine.step import Step, Steps
from core.store.jobs import Job


def measured_jobs(jobs: Jobs) -> Jobs:
    """Return the same kinds of jobs; each run is a figure and a span."""
    return {name: replace(kind, run=_measured_job(kind)) for name, kind in jobs.items()}


def _measured_job(kind: JobKind) -> Callable[[Hub, Job], Awaitable[Reschedule | None]]:
    async def run(hub: Hub, job: Job) -> Reschedule | None:
        with hub.telemetry.job(kind.kind, job.merchant, job.connection, job.subject):
            return await kind.run(hub, job)

    return run


def measured_steps(steps: Steps) -> Steps:
    """Return the same steps; each is a figure and a span."""
    return {name: replace(step, run=_measured_step(step)) for name, step in steps.items()}


def _measured_step(step: Step) -> Callable[[Run], Awaitable[None]]:
    async def run(run: Run) -> None:
        with run.hub.telemetry.step(step.name, run.merchant, run.order_id):
            await step.run(run)

    return run


async def measured_run(run: Run, advancing: Awaitable[None]) -> None:
    """Measure a run over an order, and note the stage to which it brings it."""
    before = run.state.stage
    with run.hub.telemetry.order_run(run.merchant, run.order_id):
        await advancing
    after = run.state.stage
    if after is not before and run.state.order is not None:
        placed_s = (run.now - run.state.order.placed_at).total_seconds()
        run.hub.telemetry.reached(after.value, placed_s)
