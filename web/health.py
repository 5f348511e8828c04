"""Whether the process lives, whether it can work, and its figures for a monitor."""

from collections import Counter
from http import HTTPStatus

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from core.store.claims import due_orders
from core.store.jobs import list_jobs
from core.store.orders import counts_by_stage
from core.store.parked import count_parked
from web.keys import HUB
from web.problems import problem

routes = web.RouteTableDef()


@routes.get("/healthz")
async def alive(request: web.Request) -> web.Response:
    """Say that the process lives."""
    del request
    return web.json_response({"ok": True})


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """Say whether the database answers and a configuration is loaded."""
    hub = request.app[HUB]
    if not hub.merchants:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "no crossdock.yaml is loaded")
    if hub.health.troubles:
        told = "; ".join(f"{what}: {why}" for what, why in sorted(hub.health.troubles.items()))
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, told)
    try:
        await hub.store.read(due_orders, hub.clock.now(), limit=1, per_merchant=1)
    except (OSError, SQLAlchemyError):
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer")
    return web.json_response({"ok": True, "merchants": len(hub.merchants)})


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Return orders by stage and what is stuck, in the text format of Prometheus; no merchant's name in it."""
    hub = request.app[HUB]
    stages: dict[str, int] = {}
    parked = waiting = 0
    needs: Counter[str] = Counter()
    for merchant in hub.merchants:
        for stage, number in (await hub.store.read(counts_by_stage, merchant)).items():
            stages[stage.value] = stages.get(stage.value, 0) + number
        jobs = await hub.store.read(list_jobs, merchant)
        parked += sum(1 for e in jobs if e.parked_at is not None)
        waiting += len(jobs)
        of_it = await hub.store.read(count_parked, merchant)
        needs.update({"orders": of_it.orders, "jobs": of_it.jobs, "deliveries": of_it.deliveries})
    lines = ["# TYPE crossdock_orders gauge"]
    lines += [f'crossdock_orders{{stage="{stage}"}} {number}' for stage, number in sorted(stages.items())]
    lines += ["# TYPE crossdock_errands gauge", f"crossdock_errands {waiting}"]
    lines += ["# TYPE crossdock_errands_parked gauge", f"crossdock_errands_parked {parked}"]
    lines += ["# TYPE crossdock_parked gauge"]
    lines += [f'crossdock_parked{{kind="{kind}"}} {number}' for kind, number in sorted(needs.items())]
    return web.Response(text="\n".join(lines) + "\n", content_type="text/plain")
