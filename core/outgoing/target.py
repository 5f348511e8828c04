"""The address that a merchant wrote, read as the client reads it: where it leads, or why it is refused."""

import ipaddress
import re
from dataclasses import dataclass

from yarl import URL

from core.errors import RejectedError
from core.outgoing.addresses import AllowedHosts, is_public

REFUSED = "address_refused"
"""The code of every refusal of an address, before or after its name was looked up."""
LONGEST = 8000
"""Characters of an address; most servers take no longer one."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_URL = re.compile(r"(?i:https?)://(?P<authority>[^/?#]*)(?:[/?#].*)?")
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:%\\\s]+)(?::[1-9][0-9]{0,4})?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST_NAME = 253
# Whatever ends so is an address of IPv4 to browsers and to most systems: 2130706433, 0x7f.1, 127.1 (WHATWG URL, 3.5).
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_OPEN_PORTS = frozenset({80, 443})
_FIRST_FREE_PORT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a call leads. ``host`` is what errors may name of it; the rest of an address may hold secrets."""

    url: URL
    host: str
    port: int
    listed: bool
    """An operator allows the host by its name, whatever that resolves to."""


def target_of(text: str, *, connection: str, allowed: AllowedHosts) -> Target:
    """Return where an address leads. Nothing is looked up yet; what the name resolves to is judged at the call.

    Raises:
        RejectedError: ``address_refused``: it cannot be read in one way only, or leads where nobody may.
    """
    url = _read(text, connection=connection)
    host = (url.raw_host or "").removesuffix(".")
    port = url.port or 0
    listed = allowed.lists(host, port)
    reason = _refused_for(host, port, listed=listed, allowed=allowed)
    if reason is not None:
        raise refusal(reason, connection=connection)
    return Target(url=url.with_host(host), host=host, port=port, listed=listed)


def refusal(reason: str, *, connection: str) -> RejectedError:
    """Return the error of an address that is refused."""
    return RejectedError(reason, connection=connection, code=REFUSED)


def not_public(host: str) -> str:
    """Say that a host leads to an address that is not everybody's."""
    return f"{host} leads into a private network or to the hub's own machine; only public addresses are called, or what the operator allows"


def _read(text: str, *, connection: str) -> URL:
    """Return an address in the one reading that every client shares; what others might read otherwise is refused."""
    if len(text) > LONGEST or _CONTROL.search(text):
        raise refusal(
            f"the address has control characters or more than {LONGEST} characters", connection=connection
        )
    found = _URL.fullmatch(text)
    if found is None:
        raise refusal("the address does not begin with http:// or https:// and a host", connection=connection)
    if "@" in found["authority"]:
        raise refusal(
            "the address has a user or a password before its host; send them in a header",
            connection=connection,
        )
    if not _AUTHORITY.fullmatch(found["authority"]):
        raise refusal("the address has no host and port that can be read", connection=connection)
    try:
        return URL(text)
    except ValueError as error:
        raise refusal("the address cannot be read", connection=connection) from error


def _refused_for(host: str, port: int, *, listed: bool, allowed: AllowedHosts) -> str | None:
    """Say why a host and port may not be called, as far as that shows without looking the host up."""
    number = _is_number(host)
    if number is None or (not number and not _is_name(host)):
        return (
            "the address has no host that can be read; an address in numbers is written in full, as 192.0.2.1"
        )
    if port not in _OPEN_PORTS and port < _FIRST_FREE_PORT and not allowed.opens(host, port):
        return f"{host}: port {port} is not called; 80, 443 and those from {_FIRST_FREE_PORT} are"
    if listed:
        return None
    if number:
        return None if is_public(host) or allowed.holds(host, port) else not_public(host)
    if "." not in host or host.endswith(".localhost"):
        return not_public(host)
    return None


def _is_number(host: str) -> bool | None:
    """Return whether a host is an address in numbers; None where it is one in a spelling that is refused."""
    if ":" not in host and not _ENDS_IN_A_NUMBER.fullmatch(host):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return True


def _is_name(host: str) -> bool:
    return len(host) <= _LONGEST_NAME and _NAME.fullmatch(host) is not None
