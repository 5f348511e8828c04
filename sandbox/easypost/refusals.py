"""What EasyPost answers when it refuses, in its own shape."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from sandbox.values import Json


class Refused(Exception):  # noqa: N818  a refusal is an answer, not a fault of ours
    """A request that EasyPost turns down."""

    def __init__(self, status: int, code: str, message: str, *, errors: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"error": {"code": code, "message": message, "errors": list(errors)}}


def blank(*fields: str) -> Refused:
    """The 422 for parameters that are missing."""
    errors = [{"field": field, "message": "cannot be blank"} for field in fields]
    return Refused(422, "PARAMETER.REQUIRED", "Missing required parameter.", errors=errors)


def missing() -> Refused:
    """The 404 for an object that does not exist."""
    return Refused(404, "NOT_FOUND", "The requested resource could not be found.")


def unprocessable(message: str) -> Refused:
    """The 422 for a request that makes no sense in the object's state."""
    return Refused(422, "UNPROCESSABLE_ENTITY", message)


def throttled(_request: web.Request) -> web.Response:
    """EasyPost's 429."""
    error = {"code": "RATE_LIMITED", "message": "Too many requests, slow down.", "errors": []}
    return web.json_response({"error": error}, status=429)


def failed(_request: web.Request) -> web.Response:
    """EasyPost's 500; nothing was done."""
    error = {"code": "INTERNAL_SERVER_ERROR", "message": "Something went wrong on our side.", "errors": []}
    return web.json_response({"error": error}, status=500)
