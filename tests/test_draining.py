"""Workers and web processes that are told to stop: not ready from then on, and what they had is finished or free."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from core.errors import ConfigError
from core.store.orders import facts_of
from core.store.tables import jobs, processes
from server import drain_s_of
from tests.databases import fresh_database
from tests.installed import MERCHANT, free_port, installed
from tests.test_lost_database import STANDS_STILL, Fleet, open_shop, until
from tests.test_server import CLI, ended, ready, serving

ENDS = ["this process: it was told to end"]


@pytest.fixture
async def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[dict[str, str], Fleet]]:
    """A database, and what its processes are started with; the vendor keeps who first asks for an order waiting."""
    place = tmp_path / "vendors" / "still"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(STANDS_STILL, encoding="utf-8")
    monkeypatch.setenv("CROSSDOCK_CONNECTORS", str(tmp_path / "vendors"))
    async with fresh_database("postgres", tmp_path) as database:
        environ = installed(tmp_path, database=database, use="still") | {
            "CROSSDOCK_CONNECTORS": str(tmp_path / "vendors"),
            "PYTHONPATH": str(CLI.parent),
            "CROSSDOCK_DRAIN_S": "6",
        }
        await open_shop(environ)
        fleet = Fleet(place, f"http://127.0.0.1:{free_port()}", database)
        yield environ, fleet
        await fleet.db.close()


@contextlib.asynccontextmanager
async def running(environ: Mapping[str, str], fleet: Fleet, *words: str) -> AsyncIterator[Process]:
    """Give a process of the fleet."""
    async with serving(environ, *words) as child:
        fleet.children[child.pid] = child
        yield child


@contextlib.asynccontextmanager
async def a_worker(environ: Mapping[str, str], fleet: Fleet) -> AsyncIterator[tuple[Process, str]]:
    """Give a worker that is ready, and where a monitor asks it."""
    port = free_port()
    async with running(environ, fleet, "--role", "worker", "--monitor-port", str(port)) as child:
        await ready(f"http://127.0.0.1:{port}", 60)
        yield child, f"http://127.0.0.1:{port}"


async def readiness(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/readyz") as answer:
        told = await answer.json(content_type=None)
        return answer.status, told.get("reasons", told)


async def not_ready(url: str) -> None:
    """Wait until a process that was told to end says so: what it said before is at most a second old."""

    async def says_so() -> bool:
        return await readiness(url) == (503, ENDS)

    await until(says_so, 5)


async def asked_by_command(url: str) -> tuple[int | None, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CLI), "ready", "--port", url.rpartition(":")[2], stdout=PIPE, stderr=PIPE
    )
    out, err = await child.communicate()
    return child.returncode, (out + err).decode().strip()


def is_ended(conn: sa.Connection, child: Process) -> bool:
    """Return whether a process said that it ends: whatever it still holds is free."""
    theirs = processes.c.owner.like(f"%-{child.pid}-%")
    return conn.execute(sa.select(processes.c.beat_at).where(theirs)).scalar_one() is None


def fetches(conn: sa.Connection) -> list[tuple[str, int]]:
    """Return the fetches of orders that are not ended: subject and attempts that failed."""
    query = sa.select(jobs.c.subject, jobs.c.attempts).where(
        jobs.c.merchant == MERCHANT, jobs.c.kind == "fetch"
    )
    return [(subject, attempts) for subject, attempts in conn.execute(query)]


@pytest.mark.req("R02", "R42")
async def test_a_worker_that_is_told_to_stop_finishes_what_it_can_and_the_next_one_takes_the_rest_at_once(
    shop: tuple[dict[str, str], Fleet],
) -> None:
    environ, fleet = shop

    async def none_left() -> bool:
        return await fleet.db.read(fetches) == []

    async with running(environ, fleet, "--role", "web", "--port", fleet.url.rpartition(":")[2]) as web:
        await ready(fleet.url, 60)
        async with a_worker(environ, fleet) as (first, url):
            for subject in ("kk-2", "kk-3"):
                await fleet.sold(subject)
                await fleet.asked(subject)
            assert await asked_by_command(url) == (0, "ready")
            first.send_signal(signal.SIGTERM)
            (fleet.folder / "kk-2.go").touch()
            await not_ready(url)
            assert (await ended(first))[0] == 0
        # Nobody else works here: the order whose channel answered was taken by the one that was told to stop.
        told = {number: await fleet.db.read(facts_of, MERCHANT, f"shop:kk-{number}") for number in (2, 3)}
        assert ([fact.kind for fact in told[2]].count("received"), told[3]) == (1, [])
        assert ("shop:kk-3", 0) in await fleet.db.read(fetches)
        assert await fleet.db.read(is_ended, first)

        async with a_worker(environ, fleet) as (second, _):
            # The claim of the first would have lasted for three minutes.
            kinds = await fleet.known("kk-3"), await fleet.known("kk-2")
            await until(none_left, 60)
            second.send_signal(signal.SIGTERM)
            assert (await ended(second))[0] == 0
        assert [[told.count(kind) for kind in ("received", "payment_checked")] for told in kinds] == [
            [1, 1]
        ] * 2
        assert await fleet.db.read(fetches) == []

        web.send_signal(signal.SIGTERM)
        await not_ready(fleet.url)
        # It is not ready, and whoever asks all the same is answered.
        await fleet.sold("kk-1")
        code, log = await ended(web)
    assert code == 0
    assert "Traceback" not in log
    assert await fleet.db.read(fetches) == [("shop:kk-1", 0)]


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (503, b'{"reasons": ["the database cannot be read", "it is full"]}', "not ready: the database cannot be read; it is full"),
        (503, b"[]", "not ready: 503"),
        (502, b"a proxy's page", "not ready: 502"),
    ],
)  # fmt: skip
async def test_the_command_gives_every_reason(status: int, body: bytes, says: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readline()).split()[:2] == [b"GET", b"/readyz"]
        writer.write(b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await asked_by_command(f"http://127.0.0.1:{port}") == (1, f"crossdock: {says}")
    said = await asked_by_command(f"http://127.0.0.1:{port}")
    assert said == (1, f"crossdock: nobody answers at port {port} (ConnectionRefusedError)")


@pytest.mark.parametrize("text", ["-1", "61", "soon", "nan"])
def test_a_length_of_time_that_is_none_is_refused(text: str) -> None:
    assert drain_s_of({}) == 0
    assert drain_s_of({"CROSSDOCK_DRAIN_S": "2.5"}) == 2.5
    with pytest.raises(ConfigError, match=r"CROSSDOCK_DRAIN_S: .* is no number of seconds from 0 to 60"):
        drain_s_of({"CROSSDOCK_DRAIN_S": text})
