"""Amazon's refusals: the error list of the Selling Partner API."""

from typing import Final

from aiohttp import web

DENIED: Final = "Access to requested resource is denied."


class RefusedError(Exception):
    """Amazon says no; the answer carries status, code and words."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    def response(self) -> web.Response:
        """The refusal as Amazon writes it."""
        error = {"code": self.code, "message": str(self), "details": self.details}
        return web.json_response({"errors": [error]}, status=self.status)


def invalid(message: str, details: str = "") -> RefusedError:
    """The request itself is wrong (400)."""
    return RefusedError(400, "InvalidInput", message, details)


def unauthorized(details: str) -> RefusedError:
    """The token does not open this (403)."""
    return RefusedError(403, "Unauthorized", DENIED, details)


def not_found(message: str) -> RefusedError:
    """There is no such thing (404)."""
    return RefusedError(404, "NotFound", message)


def over_quota() -> RefusedError:
    """The operation's usage plan is used up (429)."""
    return RefusedError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")


def broken() -> RefusedError:
    """Amazon itself failed (500)."""
    return RefusedError(
        500, "InternalFailure", "We encountered an internal error. Please try again.", "Nothing was done."
    )
