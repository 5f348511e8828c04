"""What each of Amazon's refusals means to the hub.

Codes of the Selling Partner API: https://developer-docs.amazon.com/sp-api/docs/sp-api-errors; of Login with Amazon:
https://developer-docs.amazon.com/sp-api/docs/authorization-errors; of SQS: its API reference (all read 2026-11).
An answer without a code that stands here is judged by its status only.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from connectors.amazon.limits import pause_s
from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from core.http import Response, failure, request_id_of

TOKEN_EXPIRED = "TokenExpired"  # noqa: S105  our word for the one refusal that a newer token mends
TOKEN_INVALID = "TokenInvalid"  # noqa: S105

CODES: Mapping[str, type[ConnectorError]] = {
    # Selling Partner API
    "InvalidInput": RejectedError,
    "InvalidParameterValue": RejectedError,
    "InvalidRequest": RejectedError,
    "MissingParameter": RejectedError,
    "BadRequest": RejectedError,
    "NotFound": RejectedError,
    "ResourceNotFound": RejectedError,
    "Conflict": RejectedError,
    "StateConflict": RejectedError,
    "RequestTooLarge": RejectedError,
    "UnsupportedMediaType": RejectedError,
    "Unauthorized": AuthError,
    "AccessDenied": AuthError,
    "Forbidden": AuthError,
    "MissingAuthenticationToken": AuthError,
    "InvalidSignature": AuthError,
    "QuotaExceeded": RateLimitError,
    "TooManyRequests": RateLimitError,
    "InternalFailure": OutcomeUnknownError,
    "InternalError": OutcomeUnknownError,
    "ServiceUnavailable": UnavailableError,
    # Login with Amazon
    "invalid_grant": AuthError,
    "invalid_client": AuthError,
    "unauthorized_client": AuthError,
    "access_denied": AuthError,
    "invalid_request": RejectedError,
    "invalid_scope": RejectedError,
    "unsupported_grant_type": RejectedError,
    "server_error": UnavailableError,
    "temporarily_unavailable": UnavailableError,
    "slow_down": RateLimitError,
    # SQS
    "AWS.SimpleQueueService.NonExistentQueue": RejectedError,
    "QueueDoesNotExist": RejectedError,
    "ReceiptHandleIsInvalid": RejectedError,
    "InvalidClientTokenId": AuthError,
    "UnrecognizedClientException": AuthError,
    "SignatureDoesNotMatch": AuthError,
    "InvalidSecurity": AuthError,
    "OverLimit": RateLimitError,
    "RequestThrottled": RateLimitError,
    "ThrottlingException": RateLimitError,
}

_LONGEST_CODE = 100


def refusal(
    response: Response, *, connection: str, operation: str, may_act: bool, rate_per_s: float = 1.0
) -> ConnectorError:
    """Return the error that an answer other than 2xx stands for; its body must have been read."""
    code, words = _refusal_of(response.content)
    if _is_about_the_token(response.status_code, words):
        code = TOKEN_EXPIRED if "expired" in words else TOKEN_INVALID
    said = f"{operation}: answered {response.status_code}" + (f" {code}" if code else "")
    kind = CODES.get(code) if code else None
    retry_after = response.headers.get("retry-after")
    request_id = request_id_of(response)
    throttled = kind is RateLimitError or response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    if throttled and retry_after is None:
        pause = pause_s(rate_per_s)
        return RateLimitError(
            said, connection=connection, retry_after_s=pause, code=code, request_id=request_id
        )
    if kind is None or throttled:
        return failure(
            connection=connection,
            status=HTTPStatus.TOO_MANY_REQUESTS if throttled else response.status_code,
            said=said,
            may_act=may_act,
            retry_after=retry_after,
            answered_at=response.headers.get("date"),
            code=code,
            request_id=request_id,
        )
    if kind is OutcomeUnknownError and not may_act:
        kind = UnavailableError
    return kind(said, connection=connection, code=code, request_id=request_id)


def error_of_code(code: str, *, connection: str, operation: str, may_act: bool) -> ConnectorError:
    """Return the error that a bare code stands for, as SQS gives it."""
    said = f"{operation}: {code if code in CODES else 'refused'}"
    kind = CODES.get(code, RejectedError)
    if kind is RateLimitError:
        return RateLimitError(said, connection=connection, retry_after_s=pause_s(1.0), code=code)
    if kind is OutcomeUnknownError and not may_act:
        kind = UnavailableError
    return kind(said, connection=connection, code=code)


def _refusal_of(body: bytes) -> tuple[str | None, str]:
    """Return the first error's code and its words in lower case; nothing where the body is no error list of Amazon's."""
    try:
        told = json.loads(body)
    except ValueError:
        return None, ""
    if not isinstance(told, dict):
        return None, ""
    errors = told.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else told
    if not isinstance(first, dict):
        return None, ""
    code = first.get("code", first.get("error"))
    words = f"{first.get('message', '')} {first.get('details', '')}".lower()
    return (code if isinstance(code, str) and len(code) <= _LONGEST_CODE else None), words


def _is_about_the_token(status: int, words: str) -> bool:
    """Say whether a newer access token may mend it: Amazon's 403 is the same for a missing role but for its details."""
    return status in {401, 403} and "token" in words and ("expired" in words or "invalid" in words)
