"""What Stripe answers when it refuses, in its own shape."""

from aiohttp import web

from sandbox.values import Json


class Refused(Exception):  # noqa: N818  a refusal is an answer, not a fault of ours
    """A request that Stripe turns down."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error",
        code: str | None = None, param: str | None = None, saved: bool = False, more: Json | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.saved = saved
        """Whether a repeat under the same idempotency key gets this very answer again."""
        error: Json = {"message": message, "type": kind}
        if code is not None:
            error["code"] = code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param is not None:
            error["param"] = param
        self.body: Json = {"error": {**error, **(more or {})}}


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


def throttled(_request: web.Request) -> web.Response:
    """Stripe's 429."""
    body = {
        "error": {
            "message": "Request rate limit exceeded.",
            "type": "invalid_request_error",
            "code": "rate_limit",
            "doc_url": "https://stripe.com/docs/error-codes/rate-limit",
        }
    }
    return web.json_response(body, status=429, headers={"Stripe-Should-Retry": "false"})


def failed(_request: web.Request) -> web.Response:
    """Stripe's 500; nothing was done."""
    body = {"error": {"message": "An unknown error occurred", "type": "api_error"}}
    return web.json_response(body, status=500)
