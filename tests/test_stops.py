"""How the clock stops, and how a hub starts while its database takes no write: quietly, and without end."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from core.store.server_address import plain_address
from scheduler import Tick, scheduler_of, stop
from tests.databases import fresh_database
from tests.installed import free_port, installed
from tests.test_server import ended, ready, serving

pytestmark = pytest.mark.case("F10")


@pytest.mark.parametrize("begun", [True, False], ids=["under way", "only just begun"])
async def test_a_stop_in_the_middle_of_a_tick_logs_nothing(
    caplog: pytest.LogCaptureFixture, begun: bool
) -> None:
    came, cut_off = asyncio.Event(), list[str]()

    async def act() -> None:
        came.set()
        try:
            await asyncio.sleep(60)
        finally:
            cut_off.append("cut off")

    clock = scheduler_of([Tick("slow", 3600, act, first_s=60)])
    clock.start()
    [job] = clock.get_jobs()
    if begun:
        job.modify(next_run_time=datetime.now(UTC))
        await asyncio.wait_for(came.wait(), 5)
    else:
        clock._executors["default"].submit_job(job, [job.next_run_time])

    await stop(clock)
    await asyncio.sleep(0.01)

    assert cut_off == ["cut off"]
    assert [
        (r.levelname, r.getMessage()) for r in caplog.records if r.levelname not in ("DEBUG", "INFO")
    ] == []


@pytest.mark.req("R66")
async def test_a_start_on_a_read_only_database_refuses_connections_and_serves_once_it_takes_writes(
    tmp_path: Path,
) -> None:
    async with fresh_database("postgres", tmp_path) as url:
        name, port = sa.make_url(url).database, free_port()
        await _say(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        async with serving(installed(tmp_path, database=url), "--port", str(port)) as child:
            assert child.stderr is not None
            said = await asyncio.wait_for(child.stderr.readline(), 30)
            assert b"the database fails at the start (ReadOnlySQLTransactionError)" in said
            with socket.socket() as asking:
                assert asking.connect_ex(("127.0.0.1", port)) == 111
            await _say(url, f"ALTER DATABASE {name} RESET default_transaction_read_only")
            await ready(f"http://127.0.0.1:{port}")
            child.terminate()
            code, log = await ended(child)

    assert (code, log.count("fails at the start")) == (0, 0)
    assert errors_in(log) == []


async def _say(url: str, statement: str) -> None:
    server = await asyncpg.connect(plain_address(url))
    await server.execute("SET default_transaction_read_only = off")
    await server.execute(statement)
    await server.close()


def errors_in(log: str) -> list[str]:
    """Return the errors that a log tells, but asyncpg's own word of an attempt to connect that it gave up."""
    errors = [line for line in log.splitlines() if '"level": "error"' in line]
    return [line for line in errors if "unexpected connection_lost() call" not in line]
