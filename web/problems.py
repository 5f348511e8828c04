"""Errors as answers: problem+json (RFC 9457), which console/errors.py shows to people; never a trace or a value."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from core.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    HubError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    RejectedError,
    SignatureError,
)
from core.services.golive.opening import MistakesError
from core.services.links_file import LinksError

PROBLEM = "application/problem+json"

_STATUS: tuple[tuple[type[HubError], HTTPStatus], ...] = (
    (SignatureError, HTTPStatus.UNAUTHORIZED),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (RefusedError, HTTPStatus.CONFLICT),
    (ConfigError, HTTPStatus.SERVICE_UNAVAILABLE),
    (RateLimitError, HTTPStatus.SERVICE_UNAVAILABLE),
    (AuthError, HTTPStatus.BAD_GATEWAY),
    (RejectedError, HTTPStatus.BAD_GATEWAY),
    (ConnectorError, HTTPStatus.BAD_GATEWAY),
)


def problem(status: HTTPStatus, detail: str, **more: Any) -> web.Response:
    """Return an error answer that says what is wrong and what to do."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **more}
    return web.Response(status=status, body=json.dumps(body).encode(), content_type=PROBLEM)


def status_of(error: HubError) -> HTTPStatus:
    """Return the HTTP status that an error of ours is answered with."""
    return next((s for kind, s in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every error of ours, and every wrong request, as a problem."""
    try:
        return await handler(request)
    except ValidationError as error:
        wrong = [
            {"where": "/".join(str(part) for part in e["loc"]), "what": e["msg"]}
            for e in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the request does not fit its schema", errors=wrong)
    except MistakesError as error:
        told = [{"where": f"line {m.line}", "what": m.what} for m in error.mistakes]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing was loaded; correct these", errors=told)
    except LinksError as error:
        told = [{"where": where, "what": what} for where, what in error.wrong]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing was linked; correct these", errors=told)
    except HubError as error:
        return problem(status_of(error), str(error))
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        answer = problem(HTTPStatus(error.status), error.reason)
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
