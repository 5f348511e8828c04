"""The child processes: the stand-ins, and those of the hub, which can be killed and started again."""

import asyncio
import base64
import json
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

CLI = Path(__file__).resolve().parent.parent / "cli.py"
_STARTS_WITHIN_S = 60.0
T = TypeVar("T")


def run_told(doing: Coroutine[Any, Any, T]) -> T:
    """Run something to its end; a signal to end counts as Ctrl-C, so that no child stays behind.

    Raises:
        KeyboardInterrupt: it was told to end.
    """

    async def told() -> T:
        task = asyncio.ensure_future(doing)
        for name in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        return await task

    try:
        return asyncio.run(told())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def start_sandbox(start: str | None, seed: int) -> tuple[Process, dict[str, Any]]:
    """Start the stand-ins on a clock that stands until it is moved, or on the machine's own where no start is given.

    Return the process and where they are.
    """
    words = (*(("--stepped", "--start", start) if start else ()), "--seed", str(seed))
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CLI), "sandbox", "--json", "--port", "0", *words,
        stdout=PIPE, stderr=None, stdin=DEVNULL,
    )  # fmt: skip
    if child.stdout is None:
        raise RuntimeError("the stand-ins have no standard output")
    line = await asyncio.wait_for(child.stdout.readline(), _STARTS_WITHIN_S)
    if not line:
        raise RuntimeError("the stand-ins did not start; see above")
    ready: dict[str, Any] = json.loads(line)
    return child, ready


async def run_cli(environ: Mapping[str, str], *words: str) -> str:
    """Run a command of the hub to its end and return what it printed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CLI), *words, env=dict(environ), stdout=PIPE, stdin=DEVNULL
    )
    out, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"crossdock {words[0]} ended with {child.returncode}")
    return out.decode()


@dataclass(slots=True)
class Served:
    """The hub's processes; the first one answers everybody. ``log`` is where their lines go."""

    environ: Mapping[str, str]
    port: int
    log: Path
    roles: Sequence[str] = ("all",)
    children: dict[int, Process] = field(default_factory=dict)
    """By the place in ``roles``."""
    ports: dict[int, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start what does not run, and wait until all of it is ready."""
        for place, role in enumerate(self.roles):
            child = self.children.get(place)
            if child is None or child.returncode is not None:
                await self._start(place, role)
        for place in self.children:
            await self._ready(place)

    async def _start(self, place: int, role: str) -> None:
        self.ports[place] = self.port if place == 0 else free_port()
        option = "--port" if place == 0 else "--monitor-port"
        words = ("--role", role, option, str(self.ports[place]))
        with self.log.open("ab") as lines:
            self.children[place] = await asyncio.create_subprocess_exec(
                sys.executable, str(CLI), "serve", *words,
                env=dict(self.environ), stdout=lines, stderr=lines, stdin=DEVNULL,
            )  # fmt: skip

    async def _ready(self, place: int) -> None:
        end = time.monotonic() + _STARTS_WITHIN_S
        async with aiohttp.ClientSession() as http:
            while time.monotonic() < end:
                if self.children[place].returncode is not None:
                    raise RuntimeError(f"the hub ended at once; its last lines:\n{self.last_lines()}")
                try:
                    async with http.get(f"http://127.0.0.1:{self.ports[place]}/readyz") as answer:
                        if answer.ok:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
        raise RuntimeError(f"the hub is not ready; its last lines:\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    async def kill(self, place: int = 0) -> None:
        """End one process at once, as a power cut would."""
        child = self.children.get(place)
        if child is not None and child.returncode is None:
            child.send_signal(signal.SIGKILL)
            await child.wait()

    async def stop(self) -> None:
        """Tell all of it to end; kill what does not."""
        await asyncio.gather(*(stop(child) for child in self.children.values()))


async def stop(child: Process | None) -> None:
    """Tell a child to end, and wait; one that does not is killed."""
    if child is None or child.returncode is not None:
        return
    child.terminate()
    try:
        await asyncio.wait_for(child.wait(), 15)
    except TimeoutError:
        child.kill()
        await child.wait()


def environ_of(
    folder: Path, ready: Mapping[str, Any], vendors: Mapping[str, Any], port: int
) -> dict[str, str]:
    """Return the hub's environment: its files, its clock, its app's credentials."""
    shopify, amazon = vendors["shopify"], vendors["amazon"]
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("CROSSDOCK_") or k in _KEPT},
        "CROSSDOCK_DATABASE_URL": os.environ.get(
            "CROSSDOCK_DEMO_DATABASE_URL", f"sqlite:///{folder}/crossdock.db"
        ),
        "CROSSDOCK_CONFIG": str(folder / "crossdock.yaml"),
        # Of this run only: its database goes with it.
        "CROSSDOCK_SECRET_KEYS": base64.b64encode(os.urandom(32)).decode(),
        "CROSSDOCK_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CROSSDOCK_CLOCK": str(ready["clock"]),
        "CROSSDOCK_APP_SHOPIFY_CLIENT_ID": shopify["client_id"],
        "CROSSDOCK_APP_SHOPIFY_CLIENT_SECRET": shopify["client_secret"],
        "CROSSDOCK_APP_AMAZON_CLIENT_ID": amazon["client_id"],
        "CROSSDOCK_APP_AMAZON_CLIENT_SECRET": amazon["client_secret"],
        "CROSSDOCK_APP_AMAZON_APPLICATION_ID": amazon["application_id"],
        "CROSSDOCK_APP_AMAZON_QUEUE_URL": amazon["queue"],
        "CROSSDOCK_APP_AMAZON_QUEUE_ARN": amazon["queue_arn"],
        "CROSSDOCK_APP_AMAZON_AWS_ACCESS_KEY_ID": "AKIASANDBOX",
        "CROSSDOCK_APP_AMAZON_AWS_SECRET_ACCESS_KEY": "sandbox-only",
        "CROSSDOCK_APP_AMAZON_AWS_REGION": "us-east-1",
        "STRIPE_KEY": vendors["stripe"]["key"],
        "EASYPOST_KEY": vendors["easypost"]["key"],
        "EASYPOST_WEBHOOK_SECRET": "easypost-webhook-secret-of-the-demo",
        "SMTP_URL": vendors["mail"]["smtp"],
    }


_KEPT = {"CROSSDOCK_DEMO_DATABASE_URL", "CROSSDOCK_METRICS_TOKEN"}
