"""Whether the process lives, whether it can work, and its figures for a monitor."""

import hmac
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from core.config.environ import setting
from core.engine.hub import Hub
from core.errors import ConfigError
from core.services.vital_signs import reasons_not_ready
from core.store.figures import figures, level_figures
from web.cached import Cached
from web.figures_text import written, written_levels
from web.keys import HUB, SETTINGS
from web.problems import problem

METRICS_TOKEN = "CROSSDOCK_METRICS_TOKEN"  # noqa: S105 - the variable's name
_SHORTEST_TOKEN = 16
READY_FOR_S = 1.0
FIGURES_FOR_S = 5.0
READINESS = web.AppKey("READINESS", Cached[tuple[str, ...]])
LEVELS_FOR_S = 60.0
"""Every listing is looked at for them."""
FIGURES = web.AppKey("FIGURES", Cached[str])
LEVELS = web.AppKey("LEVELS", Cached[str])


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


def add(app: web.Application, hub: Hub, *, counts: bool = True) -> None:
    """Serve the three addresses of a monitor; ``counts``: what lies in the database is counted too."""
    app[READINESS] = Cached(lambda: reasons_not_ready(hub), for_s=READY_FOR_S)
    merchants = list(hub.merchants) if counts else []

    async def counted() -> str:
        return written(await hub.store.read(figures, merchants, hub.clock.now())) if counts else ""

    async def counted_listings() -> str:
        return written_levels(await hub.store.read(level_figures, merchants)) if counts else ""

    app[FIGURES] = Cached(counted, for_s=FIGURES_FOR_S)
    app[LEVELS] = Cached(counted_listings, for_s=LEVELS_FOR_S)
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
    """Return what is counted and what this process measured, as Prometheus reads it; no merchant's name in it."""
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
    found = await request.app[FIGURES].value() + await request.app[LEVELS].value()
    return web.Response(text=found + request.app[HUB].telemetry.text(), content_type="text/plain")
