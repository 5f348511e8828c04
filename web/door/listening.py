"""Takes the port that the hub answers on."""

import contextlib
import errno
import ipaddress
import socket

from core.errors import ConfigError
from web.door.server import BACKLOG

HOST = "CROSSDOCK_HOST"
_HIGHEST_PORT = 65535
_NOT_OURS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL, errno.ENODEV})
"""What binding says of an address that this machine does not have, or of a kind that it does not speak."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address of this machine, of IPv4 or IPv6; ``::`` takes both kinds.

    Raises:
        ConfigError: the address is none of this machine, or the port is taken, forbidden or none.
    """
    if not 0 <= port <= _HIGHEST_PORT:
        raise ConfigError(f"there is no port {port}; name one of 1 to {_HIGHEST_PORT}: --port N")
    family, address = _address_of(host, port)
    both = family == socket.AF_INET6 and _is_any(host) and socket.has_dualstack_ipv6()
    try:
        return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        if error.errno in _NOT_OURS:
            raise _not_ours(host, error) from error
        raise _taken(host, port, error) from error


def refuse_meanwhile(listening: socket.socket) -> None:
    """Keep the port, and have connections refused: a start may wait for its database, and would answer nobody."""
    # Linux ends the listening and keeps the port; other systems know no such thing, and there senders wait.
    with contextlib.suppress(OSError):
        listening.shutdown(socket.SHUT_RD)


def listen_at_last(listening: socket.socket) -> None:
    """Listen again.

    Raises:
        ConfigError: another process, which started at the same time, does so already.
    """
    try:
        listening.listen(BACKLOG)
    except OSError as error:
        host, port = listening.getsockname()[:2]
        raise _taken(host, port, error) from error


def _taken(host: str, port: int, error: OSError) -> ConfigError:
    return ConfigError(f"port {port} of {host} cannot be used ({_words_of(error)}); name another: --port N")


def _address_of(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str | int | bytes, ...]]:
    """Return the kind of an address or name, and the address as a socket takes it; of a name that of IPv4 first.

    Raises:
        ConfigError: nobody knows it.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _not_ours(host, error) from error
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, address


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _not_ours(host: str, error: Exception) -> ConfigError:
    why = _words_of(error) if isinstance(error, OSError) else "no name of a machine"
    return ConfigError(
        f"{HOST}: {host!r} is no address of this machine ({why}); write one that it has, 127.0.0.1 for itself alone, "
        "or 0.0.0.0 or :: for all"
    )


def _words_of(error: OSError) -> str:
    # ``create_server`` puts the address behind the words of the system.
    return (error.strerror or str(error)).partition(" (while")[0]
