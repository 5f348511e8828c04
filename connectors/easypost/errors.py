"""What each of EasyPost's refusals means to the hub.

Codes: https://docs.easypost.com/docs/errors (read 2026-11). A code that stands in no table is judged by the answer's
status alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus

from core.errors import (
    AuthError,
    ConnectorError,
    MappingError,
    OutcomeUnknownError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.http import failure

EXISTS = "SHIPMENT.POSTAGE.EXISTS"

CODES: Mapping[str, type[ConnectorError]] = {
    "APIKEY.INACTIVE": AuthError,
    "APIKEY.REQUIRED": AuthError,
    "UNAUTHORIZED": AuthError,
    "FORBIDDEN": AuthError,
    "MODE.UNAUTHORIZED": AuthError,
    "USER.UNAUTHORIZED": AuthError,
    # The wallet is empty, or its funding failed: everything waits for a person, no order is to blame.
    "PAYMENT_REQUIRED": VendorPausedError,
    "INSUFFICIENT_FUNDS": VendorPausedError,
    "PAYMENT_GATEWAY.ERROR": VendorPausedError,
    "BANK_ACCOUNT.CHARGE.FAILURE": VendorPausedError,
    "CREDIT_CARD.CHARGE.FAILURE": VendorPausedError,
    # Somebody is buying this very label, or its carrier fell silent in the middle: look before buying again.
    "SHIPMENT.PURCHASE.IN_PROGRESS": OutcomeUnknownError,
    "SHIPMENT.POSTAGE.NO_RESPONSE": OutcomeUnknownError,
    "SHIPMENT.POSTAGE.TIMED_OUT": OutcomeUnknownError,
    "REFUND.NO_RESPONSE": OutcomeUnknownError,
    "SERVICE_UNAVAILABLE": UnavailableError,
    "NOT_FOUND": RejectedError,
    EXISTS: RejectedError,
}
"""Codes that say more than their status does."""

REFUSALS = frozenset({
    "SHIPMENT.POSTAGE.FAILURE", "SHIPMENT.POSTAGE.INVALID_FORMAT", "SHIPMENT.POSTAGE.FORMAT_UNAVAILABLE",
    "SHIPMENT.POSTAGE.ASCII", "SHIPMENT.PURCHASE.FAILURE", "SHIPMENT.INVALID", "SHIPMENT.INVALID_PARAMS",
    "SHIPMENT.OPTIONS.INVALID", "SHIPMENT.MISSING_RATE", "SHIPMENT.MISSING_INFORMATION", "SHIPMENT.RATES.UNAVAILABLE",
    "SHIPMENT.RATE.STAMP_UNAVAILABLE", "SHIPMENT.RATE.BARCODE_UNAVAILABLE",
    "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID", "SHIPMENT.CARRIER_ACCOUNTS.CONFLICT",
    "SHIPMENT.CUSTOMS_INFO.REQUIRED", "SHIPMENT.CUSTOMS_INFO.DESCRIPTION_REQUIRED",
    "CUSTOMS_INFO.PARAMETERS.INVALID", "CUSTOMS_ITEM.PARAMETERS.INVALID", "CUSTOMS_ITEM.ORIGIN_COUNTRY.REQUIRED",
    "CUSTOMS_ITEM.CURRENCY.ONE_CURRENCY_SUPPORTED", "ADDRESS.PARAMETERS.INVALID",
    "ADDRESS.PARAMETERS.INVALID_CHARACTER", "ADDRESS.COUNTRY.INVALID", "PARCEL.PARAMETERS.INVALID",
    "DOCUMENT.COMMERCIAL_INVOICE.FAILURE",
})  # fmt: skip
"""Codes with which a label of this parcel at this rate is refused: a value, not an error."""

VOID_REFUSALS = frozenset(
    {"SHIPMENT.REFUND.UNAVAILABLE", "SHIPMENT.REFUND.FAILURE", "REFUND.FAILURE", "UNPROCESSABLE_ENTITY"}
)
"""Codes with which a label is not taken back: a value, not an error."""

_NUMBERS = re.compile(r"\d{5,}")
_MAIL = re.compile(r"\S+@\S+")
_LONGEST = 200


def error_of(
    *,
    connection: str,
    what: str,
    may_act: bool,
    status: int,
    code: str | None = None,
    fields: Sequence[str] = (),
    retry_after: str | None = None,
    answered_at: str | None = None,
    request_id: str | None = None,
) -> ConnectorError:
    """Return what a refusal means; the vendor's own words are left out, for they may quote an address."""
    if code is None and status == HTTPStatus.PAYMENT_REQUIRED:
        code = "PAYMENT_REQUIRED"
    said = f"{what}: answered {status}" + (f" {code}" if code else "")
    said += f", fields: {', '.join(fields)}" if fields else ""
    kind = CODES.get(code or "")
    if kind is OutcomeUnknownError and not may_act:
        kind = UnavailableError
    if kind is not None:
        return kind(said, connection=connection, code=code, request_id=request_id)
    return failure(
        connection=connection,
        status=status,
        said=said,
        may_act=may_act,
        retry_after=retry_after,
        answered_at=answered_at,
        code=code,
        request_id=request_id,
    )


def plain(words: object, *, hide: Iterable[str] = ()) -> str:
    """Return a carrier's words without what may identify a person: long numbers, mail addresses and ``hide``."""
    text = words if isinstance(words, str) else ""
    for part in sorted({h for h in hide if len(h) > 2}, key=len, reverse=True):  # noqa: PLR2004
        text = re.sub(re.escape(part), "…", text, flags=re.IGNORECASE)
    return _MAIL.sub("…", _NUMBERS.sub("…", text))[:_LONGEST].strip()


@contextmanager
def readable(what: str, *, connection: str, acted: bool = False) -> Iterator[None]:
    """Turn an answer that lacks what it must hold into an error; ``acted``: EasyPost has done what was asked.

    Raises:
        OutcomeUnknownError: where ``acted``.
        MappingError: where nothing was to be changed.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        if acted:
            raise OutcomeUnknownError(f"{what}: cannot read the answer", connection=connection) from error
        raise MappingError(what, f"not the shape that was expected ({type(error).__name__})") from error
