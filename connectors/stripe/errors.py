"""What each of Stripe's refusals means to the hub.

Error types: https://docs.stripe.com/api/errors; codes: https://docs.stripe.com/error-codes (both read 2026-11).
A code that stands in neither table is judged by the answer's status alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

import stripe

from core.errors import (
    AuthError,
    ConnectorError,
    MappingError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.http import failure

CODES: Mapping[str, type[ConnectorError]] = {
    "api_key_expired": AuthError,
    "platform_api_key_expired": AuthError,
    "secret_key_required": AuthError,
    # The account is not activated, or was restricted: it moves no real money until a person answers Stripe.
    "testmode_charges_only": VendorPausedError,
    "livemode_mismatch": RejectedError,
    "resource_missing": RejectedError,
    "lock_timeout": UnavailableError,
}
"""Codes that say more than their status does."""


def error_of(error: stripe.StripeError, *, connection: str, what: str) -> ConnectorError:
    """Return what an error of the SDK means; Stripe's own words are left out, for they may quote what was sent."""
    code, status = _field_of(error, "code"), error.http_status
    said = f"{what}: answered {status}" + (f" {code}" if code else "")
    kind = CODES.get(code or "")
    if kind is not None and status != HTTPStatus.TOO_MANY_REQUESTS:
        return kind(said, connection=connection, code=code, request_id=error.request_id)
    if isinstance(error, stripe.RateLimitError):
        status = HTTPStatus.TOO_MANY_REQUESTS
    if status is None or status < HTTPStatus.BAD_REQUEST:
        return UnavailableError(
            f"{what}: no usable answer", connection=connection, request_id=error.request_id
        )
    headers = error.headers or {}
    return failure(
        connection=connection,
        status=status,
        said=said,
        may_act=False,
        retry_after=headers.get("retry-after"),
        answered_at=headers.get("date"),
        code=code,
        request_id=error.request_id,
    )


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn an answer that lacks what it must hold into an error.

    Raises:
        MappingError: it is not the shape that was expected.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise MappingError(what, f"not the shape that was expected ({type(error).__name__})") from error


def _field_of(error: stripe.StripeError, part: str) -> str | None:
    """Return a part of Stripe's own error object: the SDK's exceptions leave out some codes (409, 429)."""
    body = error.json_body
    told = body.get("error") if isinstance(body, dict) else None
    text = told.get(part) if isinstance(told, dict) else None
    return text if isinstance(text, str) else None
