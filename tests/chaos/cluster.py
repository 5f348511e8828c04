"""A PostgreSQL cluster of the run's own, which may be cut off and restarted as one likes."""

import asyncio
import contextlib
import errno
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
DISK_MB = 1500
_BINARIES = Path("/usr/lib/postgresql")
_SETTINGS = {"listen_addresses": "127.0.0.1", "max_wal_size": "256MB", "min_wal_size": "80MB"}
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster in a folder; initdb refuses root, so that of root is run by the user postgres."""

    folder: Path
    port: int
    has_disk: bool
    """It lies on a small disk of its own, which may be filled."""

    @classmethod
    async def start(cls, folder: Path) -> Self:
        """Make a cluster with an empty database, and start it."""
        made = cls(folder, free_port(), await _mounted(folder))
        _give(folder)
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
        try:
            await self._control("stop", "-m", "immediate")
        finally:
            if self.has_disk:
                await _run("umount", "--lazy", str(self.folder), as_root=True)

    async def dump(self, file: Path) -> None:
        """Write down what is in the database, for whoever looks for what went wrong."""
        await _run("pg_dump", self._url(DATABASE), "-f", str(file), as_root=True)

    async def write_nothing(self, seconds: float) -> None:
        """Have the server refuse every write for so long."""
        try:
            await self._set_read_only("on")
            await asyncio.sleep(seconds)
        finally:
            await self._set_read_only("off")

    async def fill(self, seconds: float) -> None:
        """Leave no byte on its disk for so long; a server that ended meanwhile is started again."""
        ballast = self.folder / "ballast"
        try:
            await asyncio.to_thread(_write_all, ballast)
            await asyncio.sleep(seconds)
        finally:
            ballast.unlink(missing_ok=True)
        while not await self._answers():
            with contextlib.suppress(RuntimeError):
                await self._control("start")
            await asyncio.sleep(1)

    async def _answers(self) -> bool:
        try:
            server = await asyncpg.connect(self._url("postgres"), timeout=5)
            await server.close()
        except asyncpg.CannotConnectNowError:
            return True  # it recovers
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    async def _set_read_only(self, value: Literal["on", "off"]) -> None:
        while True:
            try:
                server = await asyncpg.connect(
                    self._url("postgres"), server_settings={"default_transaction_read_only": "off"}
                )
                await server.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
                await server.execute("SELECT pg_reload_conf()")
                await server.close()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                if value == "on":
                    return
                await asyncio.sleep(0.5)
            else:
                return

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
        given = f"-p {self.port} -k {self.folder} " + " ".join(f"-c {k}={v}" for k, v in _SETTINGS.items())
        log = str(self.folder / "log")
        await _run("pg_ctl", "-D", str(self.data), "-l", log, "-o", given, "-w", *words)


async def _mounted(folder: Path) -> bool:
    """Make a folder; return whether a small disk in memory could be mounted there."""
    await asyncio.to_thread(folder.mkdir)
    try:
        await _run("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder), as_root=True)
    except (OSError, RuntimeError):
        return False
    return True


def _write_all(file: Path) -> None:
    """Write until there is no room."""
    with file.open("wb", buffering=0) as ballast:
        for size in (1024 * 1024, 1024):
            try:
                while ballast.write(bytes(size)):
                    pass
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise


def _give(folder: Path) -> None:
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def _found(program: str) -> str:
    newest = sorted(_BINARIES.glob(f"*/bin/{program}"))
    return str(newest[-1]) if newest else shutil.which(program) or program


async def _run(program: str, *words: str, as_root: bool = False) -> None:
    """Run a program to its end, as root would or as the user of PostgreSQL.

    Raises:
        RuntimeError: it failed; its words are in the message.
    """
    as_postgres = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 and not as_root else ()
    # A server that is started keeps what it is given open: its own log is a file, and nobody waits for it here.
    child = await asyncio.create_subprocess_exec(
        *as_postgres, _found(program), *words, cwd="/", stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
    if await child.wait():
        told = await child.stderr.read(2000) if child.stderr is not None else b""
        raise RuntimeError(f"{program} {words[-1]} failed: {told.decode(errors='replace')}")
