"""What each SMTP reply means to the hub (RFC 5321, section 4.2, and RFC 4954, section 6)."""

from collections.abc import Mapping

from core.errors import AuthError, ConnectorError, RejectedError, UnavailableError, VendorPausedError

CODES: Mapping[int, type[ConnectorError]] = {
    421: UnavailableError,  # the server is closing
    450: UnavailableError,  # the mailbox is busy
    451: UnavailableError,  # trouble at the server
    452: UnavailableError,  # no room
    454: UnavailableError,  # authentication is not possible for now
    455: UnavailableError,
    500: RejectedError,
    501: RejectedError,
    502: RejectedError,
    503: RejectedError,
    504: RejectedError,
    530: AuthError,  # authentication is required
    534: AuthError,  # a stronger mechanism is required
    535: AuthError,  # wrong user or password
    538: AuthError,  # not without encryption
    550: RejectedError,  # no such mailbox, or refused by policy
    551: RejectedError,
    552: RejectedError,  # too large
    553: RejectedError,  # the address is not allowed
    554: RejectedError,
    555: RejectedError,
}

_PERMANENT = 500


def error_of(reply: int, *, connection: str, what: str, everybody: bool = False) -> ConnectorError:
    """Return what a refusing reply means; the server's own words are left out, for they quote addresses.

    ``everybody``: the server had not been told of any one mail yet (the greeting, the sign-in, the sender).
    """
    kind = CODES.get(reply) or (RejectedError if reply >= _PERMANENT else UnavailableError)
    if everybody and kind is RejectedError:
        kind = VendorPausedError
    return kind(f"{what}: answered {reply}", connection=connection, code=str(reply))
