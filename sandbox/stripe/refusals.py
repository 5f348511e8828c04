"""What Stripe answers when it refuses, in its own shape."""

from typing import Final

from aiohttp import web

from sandbox import http
from sandbox.values import Json

NOT_OFFERED: Final = "not_offered_here"
"""The error code of the stand-in's own refusals; no code of Stripe's."""


class Refused(http.Refused):
    """A request that Stripe turns down."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error",
        code: str | None = None, param: str | None = None, saved: bool = False, more: Json | None = None,
    ) -> None:  # fmt: skip
        self.saved = saved
        """Whether a repeat under the same idempotency key gets this very answer again."""
        error: Json = {"message": message, "type": kind}
        if code is not None:
            error["code"] = code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param is not None:
            error["param"] = param
        challenge = (
            {"WWW-Authenticate": 'Bearer realm="Stripe"'}
            if status == web.HTTPUnauthorized.status_code
            else None
        )
        super().__init__(status, message, {"error": {**error, **(more or {})}}, headers=challenge)


def missing(
    kind: str, name: str, *, param: str, other_mode: tuple[str, str] | None = None, status: int = 404
) -> Refused:
    """The refusal of an object that does not exist, or only in the other mode (that mode, and the key's).

    It is 404 where the path names the object and 400 where a parameter does, as in recordings of 2021 to 2025
    (pay-rails: `POST /v1/subscriptions` with an unknown price, `POST /v1/payment_methods/abcd/attach`).
    """
    message = f"No such {kind}: '{name}'"
    if other_mode is not None:
        there, here = other_mode
        message += (
            f"; a similar object exists in {there} mode, but a {here} mode key was used to make this request."
        )
    return Refused(status, message, code="resource_missing", param=param)


def not_offered(what: str, *, param: str | None = None) -> Refused:
    """The refusal of what Stripe does and this stand-in does not: never left out in silence."""
    message = f"Not offered here: {what}. Stripe itself would take this; its stand-in does not."
    return Refused(400, message, code=NOT_OFFERED, param=param)


def unexpected_state(message: str, *, intent: Json | None = None) -> Refused:
    """The 400 for a payment intent that is past what is asked."""
    more = {"payment_intent": intent} if intent is not None else None
    return Refused(400, message, code="payment_intent_unexpected_state", saved=True, more=more)


def unrecognized(method: str, path: str) -> Refused:
    """The 404 for what is no operation at all, a wrong method on a right path included.

    Its words: https://github.com/exercism/website/issues/7474 (2025-02-09), devgpt-labs/devgpt#70 (2023-09-12).
    """
    hint = (
        " If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make "
        "sure you passed a valid (non-empty) identifier in your code."
    )
    see = " Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
    return Refused(
        404, f"Unrecognized request URL ({method}: {path}).{hint if path.endswith('/') else ''}{see}"
    )


def broken(*, saved: bool = False) -> Refused:
    """Stripe's 500; nothing was done."""
    return Refused(500, "An unknown error occurred", kind="api_error", saved=saved)


def throttled() -> web.Response:
    """Stripe's 429."""
    refused = Refused(429, "Request rate limit exceeded.", code="rate_limit").response()
    refused.headers["Stripe-Should-Retry"] = "false"
    return refused


def failed() -> web.Response:
    """Stripe's 500 as an answer."""
    return broken().response()
