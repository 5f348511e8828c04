"""Which addresses are everybody's, and which others an operator allows.

Whatever is not known to be public is refused. The lists are IANA's registries of special-purpose addresses (RFC 6890,
https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry), with what clouds keep for
themselves among public addresses. Python's own ``is_global`` is not asked: it differs between the versions we run on.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import ConfigError

HOSTS = "CROSSDOCK_OUTGOING_HOSTS"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_NOT_PUBLIC_4 = _networks(
    "0.0.0.0/8",  # this network; 0.0.0.0 is the machine itself
    "10.0.0.0/8",
    "100.64.0.0/10",  # shared by a provider's customers; Alibaba's metadata
    "127.0.0.0/8",
    "168.63.129.16/32",  # public by number, and Azure's own in every machine there
    "169.254.0.0/16",  # link-local; the metadata of most clouds
    "172.16.0.0/12",
    "192.0.0.0/24",  # protocol assignments; Oracle's metadata
    "192.0.2.0/24",
    "192.88.99.0/24",  # relays of 6to4
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
)
_GLOBAL_6 = ipaddress.ip_network("2000::/3")
"""All that is given out to networks of the world; what lies elsewhere is local, mapped, multicast or nobody's."""
_NOT_PUBLIC_6 = _networks(
    "2001::/23",  # Teredo, benchmarks, ORCHID and other protocols
    "2001:db8::/32",
    "2002::/16",  # 6to4: an address of IPv4 stands in it
    "3fff::/20",
    "3ffe::/16",
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFFFFFF

_ENTRY = re.compile(r"(\[[^\]]+\]|[^\[\]:]+)(?::([1-9][0-9]{0,4}))?")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_LAST_PORT = 65535


def is_public(text: str) -> bool:
    """Return whether an address is one that everybody reaches; text that is no address is not."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not _lies_in(address, _NOT_PUBLIC_4)
    if address in _NAT64:
        # A gateway calls the address of IPv4 in its end: networks of IPv6 alone reach all of IPv4 that way.
        return is_public(str(ipaddress.IPv4Address(int(address) & _LAST_32_BITS)))
    return address.scope_id is None and address in _GLOBAL_6 and not _lies_in(address, _NOT_PUBLIC_6)


def is_of_this_machine(text: str) -> bool:
    """Return whether an address is one of this machine's own, public ones too: no firewall stands before those.

    Nothing is sent: the system names the address that it would send from.
    """
    address = ipaddress.ip_address(text)
    family = socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((text, 9))
        except OSError:
            return False
        return ipaddress.ip_address(probe.getsockname()[0]) == address


def _lies_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedHosts:
    """What may be called beside public addresses: names and networks, each at one port or at any that is not refused."""

    names: frozenset[tuple[str, int | None]] = frozenset()
    """In small letters, without a dot at the end. Whatever such a name resolves to may be called."""
    networks: tuple[tuple[Network, int | None], ...] = ()

    def lists(self, host: str, port: int) -> bool:
        """Return whether a host is allowed by its name."""
        return not self.names.isdisjoint({(host, None), (host, port)})

    def holds(self, address: str, port: int) -> bool:
        """Return whether an address is allowed by its number."""
        return any(at in (None, port) and _is_in(address, network) for network, at in self.networks)

    def opens(self, host: str, port: int) -> bool:
        """Return whether a host is allowed at just this port: only so it may be one that is else refused."""
        return (host, port) in self.names or any(
            at == port and _is_in(host, network) for network, at in self.networks
        )


def _is_in(text: str, network: Network) -> bool:
    try:
        return ipaddress.ip_address(text) in network
    except ValueError:
        return False


NONE = AllowedHosts()
"""Public addresses alone."""


def allowed_hosts(said: str | None) -> AllowedHosts:
    """Return what ``CROSSDOCK_OUTGOING_HOSTS`` allows by what it says; None where it is not set.

    Raises:
        ConfigError: an entry is neither a host, with or without a port, nor a network.
    """
    names: set[tuple[str, int | None]] = set()
    networks: list[tuple[Network, int | None]] = []
    for text in (said or "").split(","):
        entry = text.strip().lower()
        if not entry:
            continue
        known = _network_of(entry)
        if known is None:
            names.add(_name_of(entry))
        else:
            networks.append(known)
    return AllowedHosts(names=frozenset(names), networks=tuple(networks))


def _network_of(entry: str) -> tuple[Network, int | None] | None:
    """Return an entry that is a network or an address, the latter with the port it may bear."""
    host = entry
    port: int | None = None
    split = _ENTRY.fullmatch(entry)
    if split is not None:
        host, port = split[1].strip("[]"), _port_of(entry, split[2])
    try:
        return ipaddress.ip_network(host), port
    except ValueError as error:
        if "/" in entry:
            raise _mistake(entry) from error
        return None


def _name_of(entry: str) -> tuple[str, int | None]:
    split = _ENTRY.fullmatch(entry)
    host = "" if split is None else split[1].removesuffix(".")
    # What ends in a number is an address that is written wrongly: ``10.0.0`` would be listed and match nothing.
    if split is None or not _NAME.fullmatch(host) or host.rpartition(".")[2].isdigit():
        raise _mistake(entry)
    return host, _port_of(entry, split[2])


def _port_of(entry: str, digits: str | None) -> int | None:
    if digits is None:
        return None
    if int(digits) > _LAST_PORT:
        raise _mistake(entry)
    return int(digits)


def _mistake(entry: str) -> ConfigError:
    return ConfigError(
        f"{HOSTS}: {entry!r} is no host or network; write tools.example, tools.example:8080, 10.0.0.5:8080, [fd00::5]:8080 "
        "or 10.0.0.0/24, with commas between"
    )
