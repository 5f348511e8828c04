"""The memory of a hub as it is served: one ``crossdock serve`` with every connector loaded, on SQLite.

Its vendors are another process; they tell it of changes by webhook, as real ones do.
"""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from benchmarks import vendors
from benchmarks.children import child, cpu_s_of, resident_mb
from benchmarks.merchant import CONFIG, LOCATIONS_TEXT, MERCHANT
from benchmarks.rounds import Figure, Scale, load_now
from benchmarks.running import PATIENCE_S, SKUS, Prepared, prepared, rest, sold
from benchmarks.vendors import asking, take_notifications
from benchmarks.worker import keyring
from connectors.bogus.webhooks import HEADER, signature_of
from core.store.store import Store

ORDERS = 10_000
MOST_MB = 200.0
HOURS_S = 4 * 3600.0
"""How long so many orders may take."""
ROOT = Path(__file__).resolve().parent.parent
_SECRET = "bogus"  # noqa: S105 - what the bogus vendors sign with


async def memory(scale: Scale) -> Figure:
    """Return the resident memory of a ``serve`` process after 10,000 orders, in megabytes; measured once."""
    load, count = load_now(), scale.of(ORDERS, least=4)
    async with (
        prepared("sqlite", SKUS, to_serve=True) as before,
        child(vendors.serve, before.catalogue) as selling,
    ):
        port = await selling.answer()
        async with _served(before, port) as (pid, site), _webhooks(port, site):
            looking = await Store.open(before.url, keys=keyring(before.keys))
            await rest(looking)
            at_rest, cpu_s = resident_mb(pid), cpu_s_of(pid)
            sales = await sold(selling, HOURS_S, count)
            await rest(looking)
            await looking.close()
            after, peak, cpu_s = resident_mb(pid), resident_mb(pid, "VmHWM"), cpu_s_of(pid) - cpu_s
    details = {"at_rest_mb": at_rest, "peak_mb": peak, "orders": sales.placed}
    details |= {"cpu_ms_per_order": cpu_s * 1000 / sales.placed}
    details |= {"per_s": sales.placed / (sales.last_s - sales.began_s)}
    return Figure(
        name="memory",
        value=after,
        unit="MB",
        ratio=after / at_rest,
        floor=MOST_MB,
        better="lower",
        judged="value",
        details=details,
        load=load,
    )


@contextlib.asynccontextmanager
async def _served(before: Prepared, port: int) -> AsyncIterator[tuple[int, str]]:
    """Serve the hub on a prepared database; gives the process and its address, once it answers that it is ready."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        listening = free.getsockname()[1]
        free.close()
        config = Path(folder) / "crossdock.yaml"
        remote = f"use: bogus, with: {{endpoints: {{vendors: 'http://127.0.0.1:{port}'}}, "
        told = f"{CONFIG}{LOCATIONS_TEXT}".replace("use: bogus, with: {", remote)
        config.write_text(told, encoding="utf-8")
        environ = os.environ | {
            "CROSSDOCK_CONFIG": str(config),
            "CROSSDOCK_CONNECTORS": str(Path(__file__).parent / "served" / "remote"),
            "CROSSDOCK_DATABASE_URL": before.url,
            "CROSSDOCK_SECRET_KEYS": before.keys,
        }
        serving = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "cli.py"), "serve", "--port", str(listening), env=environ,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            site = f"http://127.0.0.1:{listening}"
            await _ready(site, serving)
            yield serving.pid, site
        finally:
            with contextlib.suppress(ProcessLookupError):
                serving.terminate()
            await serving.wait()


async def _ready(site: str, serving: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE_S):
        while serving.returncode is None:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{site}/readyz") as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.1)
    raise RuntimeError(f"serve ended by itself with {serving.returncode}")


@contextlib.asynccontextmanager
async def _webhooks(port: int, site: str) -> AsyncIterator[None]:
    """Send the hub a webhook of whatever the vendors tell."""
    posting = asyncio.create_task(_post_all(port, site))
    try:
        yield
    finally:
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)


async def _post_all(port: int, site: str) -> None:
    sending: set[asyncio.Task[None]] = set()
    async with asking(port) as asked, aiohttp.ClientSession(site) as http:
        while True:
            for connection, notification in await take_notifications(asked):
                body = notification.model_dump_json().encode()
                sent = asyncio.create_task(_post(http, connection, body))
                sending.add(sent)
                sent.add_done_callback(sending.discard)


async def _post(http: aiohttp.ClientSession, connection: str, body: bytes) -> None:
    headers = {HEADER: signature_of(_SECRET, body), "content-type": "application/json"}
    async with http.post(f"/webhooks/{MERCHANT}/{connection}", data=body, headers=headers) as answer:
        answer.raise_for_status()
