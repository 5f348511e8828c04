"""Stands before PostgreSQL and cuts the connection while COMMIT is under way: after it landed, or before it got there.

Of each kind of transaction that writes (which rows of which tables it changes) the first one is cut, once.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

Kind = frozenset[str]
"""What a transaction writes: ``INSERT facts``."""
_WRITES = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)")
_HEADER_BYTES = 5
_NO_TLS = b"N"
_ASKS_FOR_TLS = (80877103).to_bytes(4, "big")
_READY = b"Z"


@dataclass(slots=True)
class _Session:
    """What a client has under way."""

    statements: dict[bytes, str] = field(default_factory=dict)
    writes: set[str] = field(default_factory=set)

    def hears(self, kind: bytes, body: bytes) -> str | None:
        """Take in a message of the client; return the text of a plain statement."""
        if kind == b"P":
            name, text, *_ = body.split(b"\0", 2)
            self.statements[name] = text.decode()
        elif kind == b"B":
            _, name, *_ = body.split(b"\0", 2)
            self._note(self.statements.get(name, ""))
        elif kind == b"Q":
            return body.rstrip(b"\0").decode()
        return None

    def _note(self, text: str) -> None:
        found = _WRITES.match(text)
        if found:
            self.writes.add(f"{found[1].split()[0]} {found[2]}")


@dataclass(slots=True)
class CutAtCommit:
    """A server before the server."""

    host: str
    port: int
    landed: bool
    cut: list[Kind] = field(default_factory=list)
    """What was cut, in order."""

    async def serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(self.host, self.port)
        back: asyncio.Task[None] | None = None
        try:
            to_server.write(await _start_up(from_client, to_client))
            back = asyncio.create_task(_carry(from_server, to_client))
            await self._forth(from_client, to_server, back, from_server)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # one of them has gone
        finally:
            if back is not None:
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
            for end in (to_server, to_client):
                end.transport.abort()

    async def _forth(
        self,
        client: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        back: "asyncio.Task[None]",
        from_server: asyncio.StreamReader,
    ) -> None:
        """Carry what the client says until a COMMIT is to be cut."""
        session = _Session()
        while True:
            kind, body = await _message(client)
            text = session.hears(kind, body)
            if text is not None and text.startswith("COMMIT") and self._is_new(session.writes):
                back.cancel()
                if self.landed:
                    server.write(_packed(kind, body))
                    while (await _message(from_server))[0] != _READY:
                        pass
                return
            if text is not None:
                session.writes.clear()
            server.write(_packed(kind, body))

    def _is_new(self, writes: set[str]) -> bool:
        kind = frozenset(writes)
        if not kind or kind in self.cut:
            return False
        self.cut.append(kind)
        return True


async def _start_up(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> bytes:
    """Return the client's first message; it is not talked to in secret, or nobody here could read along."""
    while True:
        size = await client.readexactly(4)
        rest = await client.readexactly(int.from_bytes(size, "big") - 4)
        if rest != _ASKS_FOR_TLS:
            return size + rest
        to_client.write(_NO_TLS)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    header = await reader.readexactly(_HEADER_BYTES)
    return header[:1], await reader.readexactly(int.from_bytes(header[1:], "big") - 4)


def _packed(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def cutting(url: str, *, landed: bool) -> AsyncIterator[tuple[CutAtCommit, str]]:
    """Give what cuts, and the URL of the same database behind it."""
    plain = sa.make_url(url)
    cuts = CutAtCommit(plain.host or "", plain.port or 5432, landed)
    async with await asyncio.start_server(cuts.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield cuts, plain.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
