"""What a monitor asks: readiness that tells the truth, and figures that cost nothing and are told to nobody else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import SystemClock
from core.errors import ConfigError
from core.store.engine import Sqlite
from core.store.jobs import NewJob, enqueue
from core.store.processes import GONE_AFTER, beat
from core.store.sealing import Keyring
from core.store.tables import data_keys, deliveries, jobs, orders, write_probes
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time
from tests.databases import KINDS
from tests.web.site import KEY, METRICS, OTHER, Site, a_notification, open_site
from web.health import READINESS, READY_FOR_S, metrics_token

READY = {"ok": True, "merchants": 2}
NO_WRITE = "the database takes no write: it is gone, full, locked or read-only"
NO_KEY = "stored keys do not open with CROSSDOCK_SECRET_KEYS: the key that sealed them is missing, or it is another"
SILENT = "it did not say for seconds that it lives: other processes take its work over"
CART = Cart(number="1001", lines=(("CHEF-8", 1, 6997),), ship_to=home(), email="kara@example.test")

pytestmark = pytest.mark.case("F12")


@pytest.fixture(params=KINDS)
async def monitored(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    """A site on each database, with an order that made keys and is on its way."""
    async with open_site(tmp_path, request.param) as site:
        place(site.b.world, "shop", CART)
        await pass_time(site.b, timedelta(minutes=16))
        yield site


async def readiness(site: Site) -> tuple[int, Any]:
    """Return what is told of readiness now: what was told before is a second old."""
    site.app[READINESS].forget()
    answer = await site.ask("GET", "/readyz")
    return answer.status, answer.json if answer.status == 200 else answer.json["reasons"]


async def probes(site: Site) -> int:
    count = sa.select(sa.func.count()).select_from(write_probes)
    return await site.b.store.read(lambda conn: conn.execute(count).scalar_one())


async def test_ready_means_that_a_row_was_written_and_a_stored_key_opens(monitored: Site) -> None:
    assert await probes(monitored) == 0

    assert await readiness(monitored) == (200, READY)

    assert await probes(monitored) == 1


async def test_with_another_key_than_the_stored_ones_it_is_not_ready_and_then_it_is(monitored: Site) -> None:
    right = monitored.b.store.keys
    monitored.b.store.keys = Keyring.generate()
    assert await readiness(monitored) == (503, [NO_KEY])

    monitored.b.store.keys = right
    assert await readiness(monitored) == (200, READY)


async def test_a_stored_key_that_was_changed_is_told(monitored: Site) -> None:
    await monitored.b.store.write(_spoil_keys)

    assert await readiness(monitored) == (503, [NO_KEY])


def _spoil_keys(conn: sa.Connection) -> None:
    conn.execute(sa.update(data_keys).values(wrapped=b"\x01" + bytes(60)))


async def test_a_database_that_only_reads_is_not_ready(site: Site) -> None:
    database = site.b.store.db
    assert isinstance(database, Sqlite)

    only_read(database, yes=True)
    assert await readiness(site) == (503, [NO_WRITE])

    only_read(database, yes=False)
    assert await readiness(site) == (200, READY)


def only_read(database: Sqlite, *, yes: bool) -> None:
    """Have the connection that writes refuse it, or not; outside of any transaction, where SQLite hears it."""
    with database._writer.connect() as conn:
        driver = conn.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA query_only={int(yes)}")


async def test_a_full_disk_is_told(site: Site) -> None:
    def full(conn: sa.Connection) -> None:
        # No page more than there are: SQLite then says what it says on a full disk.
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        conn.exec_driver_sql("DROP TABLE write_probes")
        conn.exec_driver_sql("CREATE TABLE write_probes (merchant TEXT PRIMARY KEY, at TEXT, more BLOB)")
        conn.exec_driver_sql(
            "CREATE TRIGGER fills AFTER INSERT ON write_probes BEGIN "
            "UPDATE write_probes SET more = zeroblob(50000000) WHERE merchant = new.merchant; END"
        )

    await site.b.store.write(full)

    assert await readiness(site) == (503, [NO_WRITE])


async def test_a_database_that_does_not_answer_is_told_within_its_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("core.services.vital_signs.WITHIN_S", 0.01)
    monkeypatch.setattr(site.b.store.db, "write", never)

    assert await readiness(site) == (503, ["the database does not answer within 0.01 s"])


async def test_a_process_that_others_take_for_dead_is_not_ready(site: Site) -> None:
    hub = site.b.hub
    hub.clock = SystemClock()
    now = hub.clock.now()
    await site.b.store.write(beat, hub.owner, "all", now)
    assert await readiness(site) == (200, READY)

    await site.b.store.write(beat, hub.owner, "all", now - GONE_AFTER - timedelta(seconds=1))
    assert await readiness(site) == (503, [SILENT])


async def test_a_flood_of_questions_is_one_write_a_second(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[None] = []
    write = site.b.store.db.write

    async def counted(*args: Any, **kwargs: Any) -> Any:
        written.append(None)
        return await write(*args, **kwargs)

    monkeypatch.setattr(site.b.store.db, "write", counted)

    answers = await asyncio.gather(*(site.ask("GET", "/readyz") for _ in range(50)))

    assert {answer.status for answer in answers} == {200}
    assert len(written) <= 1 + READY_FOR_S * 10  # ten seconds at the most, on the slowest machine
    assert len(written) < 50


# What is counted.


@pytest.mark.req("R68")
async def test_figures_count_what_is_parked_of_every_kind(monitored: Site) -> None:
    site = monitored
    for number in range(3):
        await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification(f"e{number}", subject=str(number)))
    await site.b.store.write(_park_some)

    lines = await figures(site)

    assert lines['crossdock_orders{stage="shipped"}'] == "1"
    assert [lines[f'crossdock_parked{{kind="{kind}"}}'] for kind in ("orders", "jobs", "deliveries")] == [
        "0",
        "2",
        "1",
    ]
    assert lines["crossdock_errands_parked"] == "2"
    counted = await site.b.store.read(
        lambda c: c.execute(sa.select(sa.func.count()).select_from(jobs)).scalar_one()
    )
    assert lines["crossdock_errands"] == str(counted)


@pytest.mark.req("R68")
async def test_a_parked_order_is_counted(monitored: Site) -> None:
    site = monitored
    await site.b.store.write(_hold_as_parked)

    assert (await figures(site))['crossdock_parked{kind="orders"}'] == "1"


def _park_some(conn: sa.Connection) -> None:
    now = sa.select(sa.func.max(orders.c.placed_at)).scalar_subquery()
    for merchant, subject in ((MERCHANT, "shop:0"), (MERCHANT, "shop:1")):
        conn.execute(
            sa.update(jobs)
            .where(jobs.c.merchant == merchant, jobs.c.subject == subject)
            .values(parked_at=now)
        )
    conn.execute(sa.update(deliveries).where(deliveries.c.event_id == "e0").values(state="parked"))


def _hold_as_parked(conn: sa.Connection) -> None:
    one = sa.select(orders.c.order_id).where(orders.c.merchant == MERCHANT).limit(1).scalar_subquery()
    parked = sa.update(orders).where(orders.c.merchant == MERCHANT, orders.c.order_id == one)
    conn.execute(parked.values(parked_at=orders.c.placed_at))


async def figures(site: Site) -> dict[str, str]:
    """Return every figure by its name."""
    answer = await site.ask("GET", "/metrics", key=METRICS)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert MERCHANT not in answer.text
    assert OTHER not in answer.text
    told = (line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in told}


async def test_figures_are_told_to_whoever_shows_the_token_and_to_nobody_else(site: Site) -> None:
    for key in (None, "", KEY, METRICS[:-1], METRICS + "x", "\u00fc"):
        answer = await site.ask("GET", "/metrics", key=key)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), key
    assert (await site.ask("GET", "/metrics", cookie=await site.log_in())).status == 401
    assert (await site.ask("GET", "/metrics", key=METRICS)).status == 200


async def test_fifteen_monitors_at_once_are_one_count_of_each(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[None] = []
    read = site.b.store.read

    async def noted(*args: Any, **kwargs: Any) -> Any:
        counted.append(None)
        return await read(*args, **kwargs)

    monkeypatch.setattr(site.b.store, "read", noted)

    answers = await asyncio.gather(*(site.ask("GET", "/metrics", key=METRICS) for _ in range(15)))

    assert {answer.status for answer in answers} == {200}
    assert len(counted) == 2  # one of what changes with every order, one of the listings


async def test_jobs_are_counted_along_an_index_and_never_loaded(site: Site) -> None:
    def plan(conn: sa.Connection) -> str:
        now = site.b.clock.now()
        new = [NewJob(kind="fetch", subject=f"s{n}", connection="shop", due_at=now) for n in range(1000)]
        enqueue(conn, MERCHANT, new)
        asked = (
            "EXPLAIN QUERY PLAN SELECT count(*) FROM jobs WHERE merchant IN ('a') AND parked_at IS NOT NULL"
        )
        return str(conn.exec_driver_sql(asked).all())

    assert "USING INDEX ix_jobs_parked" in await site.b.store.write(plan)


def test_a_token_that_could_be_guessed_is_refused() -> None:
    assert metrics_token({}) is None
    assert metrics_token({"CROSSDOCK_METRICS_TOKEN": "x" * 16}) == "x" * 16
    with pytest.raises(ConfigError, match="CROSSDOCK_METRICS_TOKEN: at least 16 characters") as error:
        metrics_token({"CROSSDOCK_METRICS_TOKEN": "short-secret"})
    assert "short-secret" not in str(error.value)
