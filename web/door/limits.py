"""How much a stranger may take of the process before anybody knows who he is."""

import ipaddress
import re
import resource
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp.web import BaseRequest

from core.config.environ import setting
from core.errors import ConfigError

PROXIES = "CROSSDOCK_PROXIES"
_LOOPBACK = ("127.0.0.0/8", "::1/128")
MOST_CONNECTIONS = 1000
_FOR_OTHERS = 200
"""File descriptors that stay for the database, the vendors and the log, whatever comes through the door."""
_MOST_PROXIES = 8
"""Of ours, one behind the other; further back nobody looks in a header that may name thousands."""
_WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|([^:]+):\d{1,5}", re.ASCII)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one connection, one address and all of them together may take; seconds, bytes and counts.

    docs/how-to/behind-a-proxy.md names the settings of nginx and Caddy that belong to them.
    """

    head_s: float = 10.0
    """From the first byte of a request (or the connection, where it is the first) to the end of its head."""
    body_s: float = 30.0
    """From there to the end of its body."""
    write_s: float = 30.0
    """How long an answer may wait for a client that does not read."""
    idle_s: float = 75.0
    """Between two requests of a connection: longer than the 60 s of nginx, so that it is the proxy that ends it."""
    connections: int = MOST_CONNECTIONS
    per_address: int = 100
    """Connections of one address (of one /64 network of IPv6); those of ``proxies`` speak for many, uncounted."""
    unanswered_bytes: int = 64 * 1024 * 1024
    """Of all requests that are not answered yet: what every connection may send unread, and the bodies that are read."""
    proxies: tuple[Network, ...] = tuple(ipaddress.ip_network(text) for text in _LOOPBACK)

    def caller(self, request: BaseRequest) -> str:
        """Return the host that a request comes from; that of the proxy where it does not say for whom it asks."""
        return self.caller_known(request) or host_of(request.remote or "")

    def caller_known(self, request: BaseRequest) -> str | None:
        """Return the host that a request comes from: behind a proxy of ours, what the proxy says of it.

        None where it is the proxy itself: it names nobody, or what it names is no address.
        """
        peer = request.remote or ""
        if not self.is_proxy(peer):
            return host_of(peer)
        # Lines of one name are one list. Each proxy appends the address that it saw: the last one that is none of our
        # own proxies counts, and what stands before it anybody can write.
        named = ",".join(request.headers.getall("X-Forwarded-For", ()))
        for text in reversed(named.rsplit(",", _MOST_PROXIES)):
            address = _without_port(text.strip())
            if not _is_address(address):
                return None
            if not self.is_proxy(address):
                return host_of(address)
        return None

    def is_proxy(self, address: str) -> bool:
        """Return whether an address speaks for many; what is no IP address (a socket of the machine) does."""
        try:
            known = _known(address)
        except ValueError:
            return True
        return any(known in network for network in self.proxies)


def host_of(address: str) -> str:
    """Return what one host has for itself: an address, of IPv6 the network of 64 bits in which it takes any it likes."""
    try:
        known = _known(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    return str(ipaddress.IPv6Network((known, 64), strict=False))


def _known(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address as it is meant: a socket of both kinds shows one of IPv4 as one of IPv6.

    Raises:
        ValueError: it is no address.
    """
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    return mapped or known


def _is_address(text: str) -> bool:
    try:
        _known(text)
    except ValueError:
        return False
    return True


def _without_port(text: str) -> str:
    """Return an address as some proxies write it, ``203.0.113.8:40001`` or ``[2001:db8::1]:443``, without its port."""
    found = _WITH_PORT.fullmatch(text)
    return text if found is None else found[1] or found[2]


def limits_of(environ: Mapping[str, str]) -> Limits:
    """Return the limits of this process: as many connections as its file descriptors allow.

    Raises:
        ConfigError: ``CROSSDOCK_PROXIES`` names what is no address, or the process may open hardly any files.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft - _FOR_OTHERS
    if room < 1:
        raise ConfigError(
            f"this process may open {soft} files; {_FOR_OTHERS + 100} are needed: ulimit -n 4096"
        )
    named = setting(environ, PROXIES)
    shared = min(room, MOST_CONNECTIONS)
    if named is None:
        return Limits(connections=shared)
    return Limits(connections=shared, proxies=tuple(_network(text.strip()) for text in named.split(",")))


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ConfigError(
            f"{PROXIES}: {text!r} is no address or network; write 10.0.0.5 or 10.0.0.0/24, with commas between"
        ) from error
