"""What stands between aiohttp and the network in one call: it gives addresses and sockets, and refuses both."""

import asyncio
import errno
import functools
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from aiohttp import AddrInfoType, ClientSession, TraceConfig, TraceConnectionCreateEndParams
from aiohttp.abc import AbstractResolver, ResolveResult

from core.outgoing.addresses import AllowedHosts, is_of_this_machine, is_public
from core.outgoing.target import Target, not_public, refusal

# Beside the threads that everything else shares: a merchant's name server may be slow on purpose.
_LOOK_UPS = ThreadPoolExecutor(8, "outgoing-names")


class Guard(AbstractResolver):
    """Resolves the name of one call and makes its socket, each time judging the very address that will be connected to.

    A name that changes between two look-ups gains nothing: there is one, and the socket is made to what it gave.
    aiohttp asks no resolver for an address in numbers, but asks for its socket as for any other.
    """

    def __init__(self, target: Target, *, connection: str, allowed: AllowedHosts) -> None:
        self._target = target
        self._connection = connection
        self._allowed = allowed
        self.connected = False
        """A connection stood: from then on the host may have read the request."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return every address of the name, unless one of them is refused."""
        self._once()
        # The dot at the end keeps the system from trying the name inside the operator's own domains.
        name = self._target.host if self._target.listed else f"{self._target.host}."
        look_up = functools.partial(socket.getaddrinfo, name, port, family=family, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(_LOOK_UPS, look_up)
        numbers = {str(where[0]): kind for kind, _, _, _, where in found}
        self._judge(list(numbers), port)
        return [
            ResolveResult(
                hostname=host, host=number, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for number, kind in numbers.items()
        ]

    def socket_for(self, where: AddrInfoType) -> socket.socket:
        """Return a socket for an address that is about to be connected to."""
        self._once()
        family, kind, protocol, _, address = where
        self._judge([str(address[0])], int(address[1]))
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """Do nothing: there is nothing that stays open."""

    def traced(self) -> TraceConfig:
        """Return what tells this guard that a connection stands: with https, after the certificate was verified."""
        trace = TraceConfig()
        trace.on_connection_create_end.append(self._note_connected)
        return trace

    def _judge(self, numbers: Sequence[str], port: int) -> None:
        if self._target.listed:
            return
        judged = [number for number in numbers if not self._allowed.holds(number, port)]
        if not all(is_public(number) for number in judged) or any(map(is_of_this_machine, judged)):
            raise refusal(not_public(self._target.host), connection=self._connection)

    def _once(self) -> None:
        """Refuse a second connection: aiohttp sends some requests again where the first was cut, and only the work retries."""
        if self.connected:
            raise OSError(errno.ECONNABORTED, "the connection was cut")

    async def _note_connected(
        self, _session: ClientSession, _context: SimpleNamespace, _told: TraceConnectionCreateEndParams
    ) -> None:
        self.connected = True
