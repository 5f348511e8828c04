"""The figures of a monitor: how old what waits is, what drifts, what is paused, who lives, and how vendors answer."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.store.figures import LevelFigures, figures, level_figures
from core.store.jobs import NewJob, enqueue
from core.store.processes import GONE_AFTER, beat
from core.store.tables import jobs, listings, orders, pauses
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time
from tests.databases import KINDS
from tests.installed import free_port
from tests.web.site import METRICS, OTHER, Site, open_site
from web.app import build_monitor
from web.door.listening import listen
from web.door.server import open_door
from web.keys import SETTINGS

MERCHANTS = [MERCHANT, OTHER]


CART = Cart(number="1001", lines=(("CHEF-8", 1, 6997),), ship_to=home(), email="kara@example.test")


@pytest.fixture(params=KINDS)
async def on_each(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    """A site on each database, with an order."""
    async with open_site(tmp_path, request.param) as opened:
        place(opened.b.world, "shop", CART)
        await pass_time(opened.b, timedelta(minutes=1))
        yield opened


async def told(site: Site) -> dict[str, str]:
    answer = await site.ask("GET", "/metrics", key=METRICS)
    return dict(samples(answer.text))


def samples(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            yield name, value


@pytest.mark.req("R68")
async def test_what_waits_is_told_with_its_age_and_what_runs_is_not(on_each: Site) -> None:
    site = on_each
    now = site.b.clock.now()

    def wait(conn: sa.Connection) -> None:
        for subject, minutes in (("a", 3), ("b", 5), ("c", -5)):
            at = now - timedelta(minutes=minutes)
            enqueue(conn, MERCHANT, [NewJob(kind="fetch", subject=subject, connection="shop", due_at=at)])
        running = sa.update(jobs).where(jobs.c.merchant == MERCHANT, jobs.c.subject == "b")
        conn.execute(running.values(claimed_by="x", claimed_until=now + timedelta(minutes=1)))
        late = sa.update(orders).where(orders.c.merchant == MERCHANT)
        conn.execute(
            late.values(
                due_at=now - timedelta(seconds=7), stage="on_hold", placed_at=now - timedelta(hours=2)
            )
        )

    await site.b.store.write(wait)
    found = await site.b.store.read(figures, MERCHANTS, now)

    assert (found.jobs_overdue.count, found.jobs_overdue.oldest_s) == (1, 180)
    assert (found.orders_overdue.count, found.orders_overdue.oldest_s) == (1, 7)
    assert found.oldest_s == {"awaiting_payment": 0, "on_hold": 7200, "ready": 0, "labelled": 0}
    lines = await told(site)
    assert lines['crossdock_overdue{kind="jobs"}'] == "1"
    assert lines['crossdock_overdue_oldest_seconds{kind="jobs"}'] == "180.0"
    assert lines['crossdock_stage_oldest_seconds{stage="on_hold"}'] == "7200.0"
    other = await site.b.store.read(figures, [OTHER], now)
    assert (other.jobs_overdue.count, other.orders_overdue.count, other.oldest_s["on_hold"]) == (0, 0, 0)


async def test_listings_that_wait_to_be_written_and_those_that_drifted_are_told_apart(on_each: Site) -> None:
    site = on_each
    row, now = listings.c, site.b.clock.now()
    agree: dict[str, int | None] = {"dirty_seq": 1, "clean_seq": 1, "wanted_last": 3, "last_read": 3}
    cases = {
        "as it should": agree,
        "not written": {**agree, "dirty_seq": 2, "last_read": 9},
        "drifted": {**agree, "last_read": 5},
        "never read": {**agree, "last_read": None},
    }

    def show(conn: sa.Connection) -> None:
        conn.execute(sa.delete(listings).where(row.merchant == MERCHANT))
        key = {"merchant": MERCHANT, "connection": "shop", "location": "", "title": "a knife", "read_at": now}
        conn.execute(sa.insert(listings), [{**key, "listing": name, **case} for name, case in cases.items()])

    await site.b.store.write(show)

    found = await site.b.store.read(level_figures, [MERCHANT])
    assert found == LevelFigures(waiting=1, drifted=1)
    lines = await told(site)
    of_both = await site.b.store.read(level_figures, MERCHANTS)
    assert lines["crossdock_listings_waiting"] == str(of_both.waiting)
    assert lines["crossdock_listings_drifted"] == str(of_both.drifted)


async def test_pauses_and_living_processes_are_counted(on_each: Site) -> None:
    site = on_each
    now = site.b.clock.now()

    def say(conn: sa.Connection) -> None:
        for owner, role, ago in (("a", "worker", 0), ("b", "worker", 1), ("c", "web", 60)):
            beat(conn, owner, role, now - timedelta(seconds=ago))
        for action, cleared in (("buy", None), ("quote", now)):
            row = {"merchant": MERCHANT, "connection": "post", "action": action, "since": now, "look_at": now}
            conn.execute(sa.insert(pauses).values(**row, reason="it is away", cleared_at=cleared))

    await site.b.store.write(say)
    found = await site.b.store.read(figures, MERCHANTS, now)

    assert timedelta(seconds=60) > GONE_AFTER
    assert (found.pauses, found.processes) == ({"buy": 1}, {"worker": 2})


async def test_calls_of_vendors_are_told_by_connector_operation_and_outcome(site: Site) -> None:
    place(site.b.world, "shop", CART)
    await pass_time(site.b, timedelta(minutes=16))

    lines = await told(site)

    assert lines['crossdock_vendor_calls_total{connector="bogus",operation="buy",outcome="ok"}'] == "1.0"
    assert lines['crossdock_vendor_call_seconds_count{connector="bogus",operation="buy"}'] == "1.0"


@asynccontextmanager
async def a_monitored_worker(site: Site) -> AsyncIterator[str]:
    """Give where a worker answers its monitor."""
    settings, port = site.app[SETTINGS], free_port()
    with listen("127.0.0.1", port) as listening:
        async with open_door(
            build_monitor(site.b.hub, settings), listening, settings.limits, stop_within_s=1
        ):
            yield f"http://127.0.0.1:{port}"


async def test_a_worker_tells_what_it_measured_and_leaves_counting_to_the_web_process(site: Site) -> None:
    async with a_monitored_worker(site) as url:
        lives, refused, elsewhere = [
            await site.http.get(f"{url}{path}") for path in ("/healthz", "/metrics", "/orders")
        ]
        answer = await site.http.get(f"{url}/metrics", headers={"Authorization": f"Bearer {METRICS}"})
        lines = dict(samples(await answer.text()))

    assert (lives.status, refused.status, elsewhere.status) == (200, 401, 404)
    assert lines["crossdock_committed_total"] == "0.0"
    assert [name for name in lines if name.startswith(("crossdock_orders", "crossdock_parked"))] == []


async def test_webhooks_are_counted_by_what_came_of_them(site: Site) -> None:
    shop = f"/webhooks/{MERCHANT}/shop"
    await site.notify(shop, b"{}")
    await site.notify(shop, b"{}", secret="another")
    await site.notify("/webhooks/nobody/shop", b"{}")

    lines = {name: value for name, value in (await told(site)).items() if "webhooks_total" in name}
    assert lines == {
        'crossdock_webhooks_total{connector="bogus",outcome="ok"}': "1.0",
        'crossdock_webhooks_total{connector="bogus",outcome="SignatureError"}': "1.0",
    }
