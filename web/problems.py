"""Errors as answers: problem+json (RFC 9457), which console/errors.py shows to people; never a trace or a value."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from core.store.failures import is_infrastructure, name_of

LOG = logging.getLogger("crossdock.web")

PROBLEM = "application/problem+json"
RETRY_AFTER_S = 5
"""When to ask again while our own infrastructure fails (seconds)."""

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


class WrongRequestError(HubError):
    """A request is understood and wrong: what, and where each mistake stands."""

    def __init__(self, detail: str, mistakes: Sequence[Mapping[str, str]]) -> None:
        super().__init__(detail)
        self.mistakes = tuple(mistakes)


def mistakes_of(error: ValidationError) -> list[dict[str, str]]:
    """Return each mistake of a shape: where it stands, and what it is; never the value."""
    return [
        {
            "where": "/".join(str(part) for part in e["loc"]),
            "what": "unknown field" if e["type"] == "extra_forbidden" else e["msg"],
        }
        for e in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def told_of(error: HubError | ValidationError) -> web.Response:
    """Return what is answered where an error of ours ended a request, or where the request is wrong."""
    match error:
        case ValidationError():
            return wrong_request("the request does not fit its schema", mistakes_of(error))
        case WrongRequestError():
            return wrong_request(str(error), error.mistakes)
        case MistakesError():
            wrong = [{"where": f"line {m.line}", "what": m.what} for m in error.mistakes]
            return wrong_request("nothing was loaded; correct these", wrong)
        case LinksError():
            wrong = [{"where": where, "what": what} for where, what in error.wrong]
            return wrong_request("nothing was linked; correct these", wrong)
        case _:
            return problem(status_of(error), str(error))


def wrong_request(detail: str, errors: Sequence[Mapping[str, str]]) -> web.Response:
    """Return what is answered to a request that is understood and wrong, with each mistake where it stands."""
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=list(errors))


def unanswered(request: web.Request, error: Exception) -> web.Response:
    """Return what is answered while our own database or machine fails: come again; nobody who asked is to blame."""
    LOG.error("%s %s: our own infrastructure failed: %s", request.method, request.path, name_of(error))
    detail = "the hub's own database does not answer just now; ask again in a few seconds"
    answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every error of ours, and every wrong request, as a problem; OPTIONS says what a path offers."""
    try:
        return await handler(request)
    except (HubError, ValidationError) as error:
        return told_of(error)
    except web.HTTPMethodNotAllowed as error:
        return _other_method(request, sorted(error.allowed_methods))
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        detail = error.reason
        if isinstance(error, web.HTTPNotFound):
            detail = f"there is no {request.path}; /api/v1/openapi.json names every path of the API"
        return problem(HTTPStatus(error.status), detail)
    except web.RequestPayloadError:
        return problem(HTTPStatus.BAD_REQUEST, "the body does not come as its headers say")
    except Exception as error:
        if isinstance(error, ConnectionError) and request.transport is None:
            # Whoever asked has left, or was too slow: nobody reads the answer, and nothing of ours is wrong.
            return problem(HTTPStatus.REQUEST_TIMEOUT, "the request did not come whole")
        if is_infrastructure(error):
            return unanswered(request, error)
        # Whoever asked reads a problem like any other; what it was stands in the log alone.
        LOG.exception("%s %s: a fault of ours", request.method, request.path)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of ours; the log of the hub says more")


def _other_method(request: web.Request, offered: Sequence[str]) -> web.Response:
    """Return what is offered at a path: as asked by OPTIONS, or in place of a method that is not."""
    allow = ", ".join([*offered, "OPTIONS"])
    if request.method == "OPTIONS":
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={"Allow": allow})
    answer = problem(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} is not offered here; there is {allow}")
    answer.headers["Allow"] = allow
    return answer
