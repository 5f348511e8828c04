"""Whether the process lives, whether it can work, and its figures for a monitor."""

import hmac
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from core.config.environ import setting
from core.engine.hub import Hub
from core.errors import ConfigError
from core.services.vital_signs import reasons_not_ready
from core.store.figures import Figures, figures
from web.cached import Cached
from web.keys import HUB, SETTINGS
from web.problems import problem

METRICS_TOKEN = "CROSSDOCK_METRICS_TOKEN"  # noqa: S105 - the variable's name
_SHORTEST_TOKEN = 16
READY_FOR_S = 1.0
FIGURES_FOR_S = 5.0
READINESS = web.AppKey("READINESS", Cached[tuple[str, ...]])
FIGURES = web.AppKey("FIGURES", Cached[Figures])


def metrics_token(environ: Mapping[str, str]) -> str | None:
    """Return what a monitor shows to be told the figures; None where nobody is told.

    Raises:
        ConfigError: it is so short that it could be guessed.
    """
    token = setting(environ, METRICS_TOKEN)
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise ConfigError(
            f"{METRICS_TOKEN}: at least {_SHORTEST_TOKEN} characters; `openssl rand -hex 16` makes one"
        )
    return token


def add(app: web.Application, hub: Hub) -> None:
    """Serve the three addresses of a monitor."""
    app[READINESS] = Cached(lambda: reasons_not_ready(hub), for_s=READY_FOR_S)
    app[FIGURES] = Cached(lambda: hub.store.read(figures, list(hub.merchants)), for_s=FIGURES_FOR_S)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)


async def alive(request: web.Request) -> web.Response:
    """Say that the process lives."""
    del request
    return web.json_response({"ok": True})


async def ready(request: web.Request) -> web.Response:
    """Say whether the hub can work: something was written and a stored key opened, within the last second."""
    reasons = await request.app[READINESS].value()
    if reasons:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "; ".join(reasons), reasons=reasons)
    return web.json_response({"ok": True, "merchants": len(request.app[HUB].merchants)})


async def metrics(request: web.Request) -> web.Response:
    """Return orders by stage and what is stuck, in the text format of Prometheus; no merchant's name in it."""
    token = request.app[SETTINGS].metrics_token
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    known = token is not None and hmac.compare_digest(shown.encode("utf-8", "replace"), token.encode())
    if scheme.lower() != "bearer" or not known:
        answer = problem(
            HTTPStatus.UNAUTHORIZED,
            f"show the token of {METRICS_TOKEN} of this process: Authorization: Bearer <token>",
        )
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    return web.Response(text=_text(await request.app[FIGURES].value()), content_type="text/plain")


def _text(found: Figures) -> str:
    """Return figures as Prometheus reads them."""
    lines = ["# TYPE crossdock_orders gauge"]
    lines += [f'crossdock_orders{{stage="{stage}"}} {count}' for stage, count in sorted(found.stages.items())]
    parked = {
        "orders": found.parked_orders,
        "jobs": found.parked_jobs,
        "deliveries": found.parked_deliveries,
    }
    lines += ["# TYPE crossdock_errands gauge", f"crossdock_errands {found.jobs}"]
    lines += ["# HELP crossdock_parked What waits for a person: it is not tried again by itself."]
    lines += ["# TYPE crossdock_parked gauge"]
    lines += [f'crossdock_parked{{kind="{kind}"}} {count}' for kind, count in parked.items()]
    lines += ["# TYPE crossdock_errands_parked gauge", f"crossdock_errands_parked {found.parked_jobs}"]
    return "\n".join(lines) + "\n"
