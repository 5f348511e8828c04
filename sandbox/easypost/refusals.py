"""What EasyPost answers when it refuses, in its own shape."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from sandbox import http


class Refused(http.Refused):
    """A request that EasyPost turns down."""

    def __init__(self, status: int, code: str, message: str, *, errors: Sequence[Any] = ()) -> None:
        error = {"code": code, "message": message, "errors": list(errors)}
        super().__init__(status, message, {"error": error})


def blank(*fields: str) -> Refused:
    """The 422 for parameters that are missing."""
    errors = [{"field": field, "message": "cannot be blank"} for field in fields]
    return Refused(422, "PARAMETER.REQUIRED", "Missing required parameter.", errors=errors)


def mistyped(field: str, kind: str) -> Refused:
    """The 422 for a field of another kind, in the shape that was recorded for carrier_accounts/register (2025-03)."""
    message = "The request was understood, but cannot be processed."
    errors = [{"field": field, "message": f"must be {kind}"}]
    return Refused(422, "UNPROCESSABLE_ENTITY", message, errors=errors)


def not_offered(what: str) -> Refused:
    """The 422 for what EasyPost has and this stand-in has not; `crossdock sandbox --fidelity` tells what is offered."""
    errors = [{"field": what, "message": "is not offered here"}]
    return Refused(422, "UNPROCESSABLE_ENTITY", f"{what} is not offered here.", errors=errors)


def missing() -> Refused:
    """The 404 for an object that does not exist."""
    return Refused(404, "NOT_FOUND", "The requested resource could not be found.")


def wrong_method() -> Refused:
    """The 405 for a method that a path has not (https://docs.easypost.com/guides/errors-guide, read 2026-11)."""
    return Refused(
        405, "METHOD_NOT_ALLOWED", "The request method is not supported for the requested resource."
    )


def unprocessable(message: str) -> Refused:
    """The 422 for a request that makes no sense in the object's state."""
    return Refused(422, "UNPROCESSABLE_ENTITY", message)


def throttled() -> web.Response:
    """EasyPost's 429."""
    return Refused(429, "RATE_LIMITED", "Too many requests, slow down.").response()


def failed() -> web.Response:
    """EasyPost's 500; nothing was done."""
    return Refused(500, "INTERNAL_SERVER_ERROR", "Something went wrong on our side.").response()
