"""The two child processes: the stand-ins, and the hub, which can be killed and started again."""

import asyncio
import base64
import json
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
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
    """The hub's process; ``log`` is where its lines go."""

    environ: Mapping[str, str]
    port: int
    log: Path
    child: Process | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as lines:
            self.child = await asyncio.create_subprocess_exec(
                sys.executable, str(CLI), "serve", "--port", str(self.port),
                env=dict(self.environ), stdout=lines, stderr=lines, stdin=DEVNULL,
            )  # fmt: skip
        await self._ready()

    async def _ready(self) -> None:
        end = time.monotonic() + _STARTS_WITHIN_S
        async with aiohttp.ClientSession() as http:
            while time.monotonic() < end:
                if self.child is not None and self.child.returncode is not None:
                    raise RuntimeError(f"the hub ended at once; its last lines:\n{self.last_lines()}")
                try:
                    async with http.get(f"{self.url}/readyz") as answer:
                        if answer.ok:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
        raise RuntimeError(f"the hub is not ready; its last lines:\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.child is not None and self.child.returncode is None:
            self.child.send_signal(signal.SIGKILL)
            await self.child.wait()

    async def stop(self) -> None:
        """Tell it to end; kill it where it does not."""
        await stop(self.child)


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


_KEPT = {"CROSSDOCK_DEMO_DATABASE_URL"}
