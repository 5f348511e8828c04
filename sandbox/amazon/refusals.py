"""Amazon's refusals: the error list of the Selling Partner API."""

from typing import Final

from sandbox import http

DENIED: Final = "Access to requested resource is denied."


class Refused(http.Refused):
    """A request that Amazon turns down."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        error = {"code": code, "message": message, "details": details}
        super().__init__(status, message, {"errors": [error]})


def invalid(message: str) -> Refused:
    """The request itself is wrong (400)."""
    return Refused(400, "InvalidInput", message)


def not_offered(what: str) -> Refused:
    """Amazon has that operation or parameter, and this stand-in has not (400)."""
    return Refused(
        400, "InvalidInput", f"{what} is not offered here.", "crossdock sandbox --fidelity tells what is."
    )


def unauthorized(details: str) -> Refused:
    """The token does not open this (403)."""
    return Refused(403, "Unauthorized", DENIED, details)


def not_found(message: str) -> Refused:
    """There is no such thing (404)."""
    return Refused(404, "NotFound", message)


def over_quota() -> Refused:
    """The operation's usage plan is used up (429)."""
    return Refused(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")


def broken() -> Refused:
    """Amazon itself failed (500)."""
    message = "We encountered an internal error. Please try again."
    return Refused(500, "InternalFailure", message, "Nothing was done.")
