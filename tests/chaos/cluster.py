"""A PostgreSQL cluster of the run's own, which may be cut off and restarted as one likes."""

import asyncio
import os
import pwd
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import asyncpg

from demo.children import free_port

DATABASE = "chaos"
USER = "crossdock"
_BINARIES = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster in a folder; initdb refuses root, so that of root is run by the user postgres."""

    folder: Path
    port: int

    @classmethod
    async def start(cls, folder: Path) -> Self:
        """Make a cluster with an empty database, and start it."""
        _make(folder)
        made = cls(folder, free_port())
        await _run("initdb", "-D", str(made.data), "-A", "trust", "-U", USER, "--no-locale", "-E", "UTF8")
        await made._control("start")
        server = await asyncpg.connect(made._url("postgres"))
        await server.execute(f"CREATE DATABASE {DATABASE}")
        await server.close()
        return made

    @property
    def data(self) -> Path:
        """Where its files lie."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """The URL of its database, as the hub takes it."""
        return self._url(DATABASE).replace("postgresql://", "postgresql+asyncpg://")

    async def restart(self, mode: Literal["fast", "immediate"]) -> None:
        """Restart it: every connection is cut; immediate is a crash and a recovery."""
        await self._control("restart", "-m", mode)

    async def stop(self) -> None:
        """End it."""
        await self._control("stop", "-m", "immediate")

    async def cut(self, share: float) -> int:
        """Cut that share of the hub's connections off; return how many that is."""
        server = await asyncpg.connect(self._url("postgres"))
        try:
            cut = await server.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND random() < $2",
                DATABASE,
                share,
            )
            return len(cut)
        finally:
            await server.close()

    def _url(self, name: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    async def _control(self, *words: str) -> None:
        given = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        log = str(self.folder / "log")
        await _run("pg_ctl", "-D", str(self.data), "-l", log, "-o", given, "-w", *words)


def _make(folder: Path) -> None:
    folder.mkdir()
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def _found(program: str) -> str:
    newest = sorted(_BINARIES.glob(f"*/bin/{program}"))
    return str(newest[-1]) if newest else shutil.which(program) or program


async def _run(program: str, *words: str) -> None:
    """Run a program of PostgreSQL to its end.

    Raises:
        RuntimeError: it failed; its words are in the message.
    """
    as_postgres = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()
    # A server that is started keeps what it is given open: its own log is a file, and nobody waits for it here.
    child = await asyncio.create_subprocess_exec(
        *as_postgres, _found(program), *words, cwd="/", stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
    if await child.wait():
        told = await child.stderr.read(2000) if child.stderr is not None else b""
        raise RuntimeError(f"{program} {words[-1]} failed: {told.decode(errors='replace')}")
