"""The hub's processes, each started again when it ends, as a supervisor does."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.children import CLI

RESTARTS_AFTER_S = 0.5
_FAKETIME = Path("/usr/lib")


@dataclass(slots=True)
class Supervised:
    """One process of the hub."""

    name: str
    words: tuple[str, ...]
    environ: Mapping[str, str]
    log: Path
    child: Process | None = None
    killed: int = 0
    ended: int = 0
    """How often it ended by itself."""
    began_at: int = 0
    """Where in the log its present life begins (bytes)."""
    _watching: "asyncio.Task[None] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Run it from now on."""
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            with self.log.open("ab") as lines:
                self.began_at = lines.tell()
                self.child = await asyncio.create_subprocess_exec(
                    sys.executable, str(CLI), "serve", *self.words,
                    env=dict(self.environ), stdout=lines, stderr=lines, stdin=DEVNULL,
                )  # fmt: skip
            before = self.killed
            await self.child.wait()
            self.ended += self.killed == before
            await asyncio.sleep(RESTARTS_AFTER_S)

    @property
    def serves(self) -> bool:
        """Whether it runs, and said so."""
        if self.child is None or self.child.returncode is not None:
            return False
        with self.log.open("rb") as lines:
            lines.seek(self.began_at)
            return b"crossdock serves" in lines.read()

    @property
    def has_clock(self) -> bool:
        """Whether its clock is one that may be set: libfaketime is installed."""
        return "LD_PRELOAD" in self.environ

    def set_clock(self, ahead_s: float) -> None:
        """Set the clock of this process alone, ahead of the machine's by so much."""
        Path(self.environ["FAKETIME_TIMESTAMP_FILE"]).write_text(f"{ahead_s:+.1f}s\n", encoding="ascii")

    def send(self, what: signal.Signals) -> None:
        """Send it a signal."""
        if self.child is not None and self.child.returncode is None:
            self.killed += what is signal.SIGKILL
            self.child.send_signal(what)

    async def stop(self) -> None:
        """End it for good."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self.child is not None and self.child.returncode is None:
            self.child.kill()
            await self.child.wait()


def with_a_clock(environ: Mapping[str, str], file: Path) -> Mapping[str, str]:
    """Return an environment in which a process reads its clock from a file, where libfaketime is installed."""
    library = next(_FAKETIME.glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        return environ
    file.write_text("+0s\n", encoding="ascii")
    return {
        **environ,
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
