"""What Shopify's codes mean for us, and how each changing operation behaves when repeated."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.ports import Fence, Operation

OPERATIONS: Mapping[str, Operation] = {
    "set_levels": Operation(fence=Fence.KEY),
    "tell_shipped": Operation(fence=Fence.OBJECT),
    "capture": Operation(fence=Fence.OBJECT),
    # The cancelling itself is a job that Shopify finishes after it has answered.
    "cancel_order": Operation(fence=Fence.OBJECT, settle_s=30.0),
}

LOST: type[ConnectorError] | None = None
"""Stands in the table for: the vendor may have acted, if the call could act."""

CODES: Mapping[str, type[ConnectorError] | None] = {
    "THROTTLED": RateLimitError,
    "INTERNAL_SERVER_ERROR": LOST,
    "TIMEOUT": LOST,
    "SERVICE_UNAVAILABLE": UnavailableError,
    "ACCESS_DENIED": RejectedError,
    "SHOP_INACTIVE": VendorPausedError,
    "MAX_COST_EXCEEDED": RejectedError,
    "BAD_REQUEST": RejectedError,
    "GRAPHQL_PARSE_FAILED": RejectedError,
    "GRAPHQL_VALIDATION_FAILED": RejectedError,
    "UNPROCESSABLE_ENTITY": RejectedError,
    # Our first call with this key is still at work there: ask again, with the same key.
    "IDEMPOTENCY_CONCURRENT_REQUEST": UnavailableError,
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": RejectedError,
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": RejectedError,
}
"""Codes of top-level errors and of idempotency. Any other is a refusal."""

HTTP: Mapping[int, type[ConnectorError]] = {
    402: VendorPausedError,  # the shop is frozen for want of payment
    404: AuthError,  # no such shop
    423: VendorPausedError,  # the shop is locked
    430: RateLimitError,  # a security rejection, told as a throttle
}
"""Statuses that mean something else here than core.http says."""

DEFAULT_PAUSE_S = 1.0


def error_of(
    errors: Sequence[Mapping[str, Any]],
    *,
    connection: str,
    what: str,
    may_act: bool,
    pause_s: float,
    request_id: str | None,
) -> ConnectorError:
    """Return the error that the first of an answer's top-level errors stands for."""
    code = code_of(errors[0])
    said = f"{what}: {code or 'refused'}"
    kind = CODES.get(code or "", RejectedError)
    if kind is RateLimitError:
        return RateLimitError(
            said, connection=connection, retry_after_s=pause_s, code=code, request_id=request_id
        )
    if kind is None:
        kind = OutcomeUnknownError if may_act else UnavailableError
    return kind(said, connection=connection, code=code, request_id=request_id)


def code_of(error: Mapping[str, Any]) -> str | None:
    """Return ``extensions.code`` of a top-level error."""
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, Mapping) else None
    return code if isinstance(code, str) else None


def refusal_of(
    errors: Sequence[Mapping[str, Any]], *, connection: str, what: str, request_id: str | None
) -> ConnectorError:
    """Return the error that the first of a mutation's user errors stands for; some of them carry no code."""
    first = errors[0]
    code = first.get("code")
    kind = CODES.get(code or "", RejectedError) or RejectedError
    said = f"{what}: {str(first.get('message') or code)[:200]}"
    return kind(said, connection=connection, code=code, request_id=request_id)
