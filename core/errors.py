"""Every error the hub raises, grouped by what is done next.

HubError
├── ConfigError             refuse to start; the message names file, line, column and the nearest right name
├── MappingError            park the work; the payload does not fit the mapping
├── NotFoundError           answer 404; nothing of that name belongs to this merchant
├── RefusedError            answer 409; the request is understood and may not be done now
└── ConnectorError          a vendor call failed; carries connection, the vendor's code and request id
    ├── SignatureError      answer 401 and store nothing
    ├── AuthError           suspend the connection and say so
    ├── VendorPausedError   note one pause at once and wait; the vendor does this for nobody of the account until it is mended
    ├── RateLimitError      retry after retry_after_s; does not count as an attempt
    ├── NotYetError         retry after retry_after_s, for as long as whoever raised it gives it; no attempt
    ├── UnavailableError    retry with backoff, pause what serves nobody; the vendor did nothing
    ├── OutcomeUnknownError look up before anything else; the vendor may have acted
    └── RejectedError       park the work; the vendor understood and refused
"""


class HubError(Exception):
    """Base of every error the hub raises on purpose."""


class ConfigError(HubError):
    """A config file is wrong; the message says file:line:col, what is wrong and the nearest right name."""


class NotFoundError(HubError):
    """Nothing of that name belongs to this merchant."""


class RefusedError(HubError):
    """The request is understood and may not be done now; the message says why and what to do first."""


class MappingError(HubError):
    """A vendor payload does not fit its mapping.

    Args:
        path: where in the payload, as in ``lineItems[0].sku``.
        reason: what was expected and what kind of thing was found, never the value itself.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ConnectorError(HubError):
    """A vendor call failed.

    Args:
        message: what failed, without secrets, bodies or personal data.
        connection: the connection's name in crossdock.yaml.
        code: the vendor's own error code, if it gave one.
        request_id: the vendor's request id, for its support desk.
    """

    def __init__(
        self, message: str, *, connection: str, code: str | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(f"{connection}: {message}")
        self.connection = connection
        self.code = code
        self.request_id = request_id
        self.operation: str | None = None
        """What was asked, once that is known: see ``core.engine.pauses.asked``."""


class SignatureError(ConnectorError):
    """A webhook's signature is missing, wrong or too old."""


class AuthError(ConnectorError):
    """The vendor does not accept the connection's credentials; a person must connect it again."""


class VendorPausedError(ConnectorError):
    """The vendor does nothing of this kind for the whole account (no money, frozen, off); no single order is to blame."""


class RateLimitError(ConnectorError):
    """The vendor asks for a pause of ``retry_after_s`` seconds; it did nothing."""

    def __init__(
        self,
        message: str,
        *,
        connection: str,
        retry_after_s: float,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, connection=connection, code=code, request_id=request_id)
        self.retry_after_s = retry_after_s


class NotYetError(ConnectorError):
    """The vendor will do it later, in hours or days: ask again after ``retry_after_s`` seconds."""

    def __init__(
        self, message: str, *, connection: str, retry_after_s: float, code: str | None = None
    ) -> None:
        super().__init__(message, connection=connection, code=code)
        self.retry_after_s = retry_after_s


class UnavailableError(ConnectorError):
    """The call never reached the vendor, or the vendor answered that it did nothing."""


class OutcomeUnknownError(ConnectorError):
    """The request was sent and no usable answer came: the vendor may have acted."""


class RejectedError(ConnectorError):
    """The vendor understood the request and refused it."""
