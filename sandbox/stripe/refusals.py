"""What Stripe answers when it refuses, in its own shape."""

from aiohttp import web

from sandbox import http
from sandbox.values import Json


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


def missing(kind: str, name: str, *, param: str, other_mode: tuple[str, str] | None = None) -> Refused:
    """The 404 for an object that does not exist, or only in the other mode (that mode, and the key's)."""
    message = f"No such {kind}: '{name}'"
    if other_mode is not None:
        there, here = other_mode
        message += (
            f"; a similar object exists in {there} mode, but a {here} mode key was used to make this request."
        )
    return Refused(404, message, code="resource_missing", param=param)


def unexpected_state(message: str, *, intent: Json | None = None) -> Refused:
    """The 400 for a payment intent that is past what is asked."""
    more = {"payment_intent": intent} if intent is not None else None
    return Refused(400, message, code="payment_intent_unexpected_state", saved=True, more=more)


def throttled() -> web.Response:
    """Stripe's 429."""
    refused = Refused(429, "Request rate limit exceeded.", code="rate_limit").response()
    refused.headers["Stripe-Should-Retry"] = "false"
    return refused


def failed() -> web.Response:
    """Stripe's 500; nothing was done."""
    return Refused(500, "An unknown error occurred", kind="api_error").response()
