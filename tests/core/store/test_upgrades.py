"""A database with rows in every table is upgraded from any revision, all or nothing, and the hub works on it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from core.domain.state import Stage
from core.errors import ConfigError
from core.model.facts import GatewayNotified
from core.store import schema
from core.store.engine import Sqlite
from core.store.orders import facts_of, list_orders
from core.store.personal import personal_of
from core.store.rebuild import rebuild
from core.store.schema import migrate_to, newest_revision, revision_of, upgrade
from core.store.sealing import Keyring
from core.store.single_instance import single_instance
from core.store.store import Store
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home, open_hub_of, review
from tests.core.flow.play import pass_time, settle
from tests.core.store.earlier import KEYS, all_of, filled_at, left_by_hub, on
from tests.core.store.filled import Contents, contents, fill
from tests.databases import KINDS, fresh_database

pytestmark = pytest.mark.case("F2")

ROOT = Path(__file__).parents[3]
REVISIONS = sorted(f.name.partition("_")[0] for f in (ROOT / "migrations" / "versions").glob("*.py"))
FIRST, *LATER = REVISIONS


def _counted(rows: Contents) -> None:
    """Take the switches, which are on, as accepted when they were set, and the stock as counted, for the ledger says so."""
    for row in rows["switches"]:
        row["first_at"] = row["at"]
    for row in rows["stock"]:
        row["counted"] = True


STATE = (
    '{"version":1,"order":{"lines":[{"title":"Mühle \\"left\\":true, \\"parted\\":{","left":1}]},'
    '"made_of":{"parted":{"left":1}},"parcels":[{"quote":{"note":"left"},"departed":true},{"departed":false}],'
    '"voided":[{"departed":true}],"third_party_units":{"1":2}}'
)
RENAMED = {
    "errands": "jobs",
    "alarms": "pauses",
    "brakes": "stopped_pushes",
    "rings": "requests",
    "believed": "last_read",
    "put_back": "restore_to",
}
REWRITTEN = {
    ("stopped_pushes", "changes"): '[{"key":{"listing":"mug","location":null},"last_read":null,"units":1}]',
    ("effects", "request"): '[{"key":{"listing":"mug","location":null},"last_read":3,"units":1}]',
    ("facts", "kind"): "gateway_notified",
    ("facts", "data"): (
        '{"v":1,"at":"2026-11-30T12:00:00Z","actor":"gateway","kind":"gateway_notified","reference":"pi_1"}'
    ),
    ("orders", "state"): STATE,
}


def _words(rows: Contents) -> None:
    """Give tables, columns, keys and the fact of a gateway's notification their names of now."""
    for old in list(rows):
        name = RENAMED.get(old, old)
        renamed = [
            {RENAMED.get(column, column): value for column, value in row.items()} for row in rows.pop(old)
        ]
        rows[name] = [{c: REWRITTEN.get((name, c), value) for c, value in row.items()} for row in renamed]


def _roles(rows: Contents) -> None:
    """Make an API key whose role nobody knows an owner's, as every key was."""
    for row in rows["api_keys"]:
        row["role"] = "owner"


CHANGES: dict[str, Callable[[Contents], None]] = {"0003": _counted, "0009": _words, "0013": _roles}
"""What a revision does to the rows that it finds, worked out by hand; a revision that is not here leaves them as they are.

Of columns and tables that a revision adds, nothing needs to be said.
"""


def expect_kept(before: Contents, after: Contents, revisions: list[str]) -> None:
    """Assert that what was there is there still, as these revisions leave it."""
    for revision in revisions:
        if revision in CHANGES:
            CHANGES[revision](before)
    for name, rows in before.items():
        assert name in after, f"{revisions} lose the table {name}: say in CHANGES what becomes of its rows"
        columns = list(rows[0]) if rows else []
        lost = sorted(set(columns) - set(after[name][0] if after[name] else columns))
        assert not lost, f"{revisions} lose {lost} of {name}: say in CHANGES what becomes of them"
        kept = sorted(({c: row[c] for c in columns} for row in after[name]), key=repr)
        assert kept == sorted(rows, key=repr), name


class PulledPlugError(Exception):
    """Ends an upgrade where it stands."""


@contextmanager
def failing_at(words: str) -> Iterator[None]:
    """Fail the first statement that begins so."""

    def fail(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(words):
            raise PulledPlugError(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", fail)


def _dangling(conn: sa.Connection) -> list[Any]:
    return list(conn.exec_driver_sql("PRAGMA foreign_key_check")) if conn.dialect.name == "sqlite" else []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("revision", REVISIONS[:-1])
async def test_from_any_revision_with_rows_in_every_table_it_is_upgraded_all_or_nothing(
    revision: str, kind: str, tmp_path: Path
) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await on(url, filled_at, revision)
        before = await on(url, all_of)

        with failing_at("UPDATE alembic_version"), pytest.raises(PulledPlugError):
            await upgrade(url)
        assert await on(url, all_of) == before

        await upgrade(url)
        after = await on(url, contents)
        dangling, stands_at = await on(url, _dangling), await on(url, revision_of)

    expect_kept(before[1], after, REVISIONS[REVISIONS.index(revision) + 1 :])
    assert dangling == []
    assert stands_at == newest_revision() == REVISIONS[-1]


@pytest.mark.parametrize("kind", KINDS)
async def test_one_revision_after_another_keeps_what_is_in_every_table(kind: str, tmp_path: Path) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await on(url, filled_at, FIRST)
        for revision in LATER:
            before = await on(url, contents)
            await on(url, migrate_to, revision)
            expect_kept(before, await on(url, contents), [revision])
            await on(url, fill)
        rows = {name: len(found) for name, found in (await on(url, contents)).items()}

    # Readiness, the rules in force, a draft and the count of settings' changes keep one row a merchant; the titles of the two products have two words each.
    kept = {"active_rules": 1, "drafts": 1, "product_words": 4, "settings_revisions": 1, "write_probes": 1}
    assert {name: n for name, n in rows.items() if n != 2} == kept, rows


@pytest.mark.parametrize("kind", KINDS)
async def test_on_an_upgraded_database_an_order_goes_its_whole_way(kind: str, tmp_path: Path) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await on(url, filled_at, "0006")
        await upgrade(url)
        store = await Store.open(url, keys=Keyring.generate())
        b = review(store)
        await open_hub_of(b)
        await settle(b)
        place(b.world, "shop", Cart(number="KK-1", lines=(("SKILLET-12", 1, 8597),), ship_to=home()))
        await settle(b)
        await pass_time(b, timedelta(minutes=16))
        state = await store.load(MERCHANT, "shop:kk-1")
        differing = await store.write(rebuild, MERCHANT)
        await store.close()

    assert state is not None
    assert (state.stage, state.parked, differing) == (Stage.SHIPPED, None, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("revision", "differing"), [("0006", 5), ("0008", 0)])
async def test_what_an_earlier_hub_left_is_read_as_it_was_told(
    revision: str, differing: int, kind: str, tmp_path: Path
) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await left_by_hub(revision, url, tmp_path)
        told = [(r["kind"], r["order_id"], r["seq"]) for r in (await on(url, contents))["facts"]]
        await upgrade(url)
        store = await Store.open(url, keys=Keyring.from_environ({"CROSSDOCK_SECRET_KEYS": KEYS[revision]}))
        rebuilt = [await store.write(rebuild), await store.write(rebuild)]
        orders = {row.number: row.stage for row in (await store.read(list_orders, MERCHANT)).items}
        facts = [fact for number in orders for fact in await store.read(facts_of, MERCHANT, _id_of(number))]
        states = {number: await store.load(MERCHANT, _id_of(number)) for number in orders}
        person = await store.read(personal_of, store.keys, MERCHANT, "shop:kk-1")
        await store.close()

    assert rebuilt == [differing, 0]
    assert orders == {
        "KK-1": Stage.SHIPPED,
        "KK-2": Stage.CANCELLED,
        "KK-3": Stage.CANCELLED,
        "KK-4": Stage.SHIPPED,
        "AZ-1": Stage.SHIPPED,
    }
    departed = {n: [p.departed for p in s.parcels] for n, s in states.items() if s is not None}
    assert departed == {"KK-1": [True], "KK-2": [], "KK-3": [], "KK-4": [True], "AZ-1": [True]}
    notified = sum(kind == "gateway_rang" for kind, _, _ in told)
    assert notified == sum(isinstance(fact, GatewayNotified) for fact in facts) == 2
    assert len(facts) == len(told)
    assert person is not None


def _id_of(number: str) -> str:
    return f"{'amz' if number.startswith('AZ') else 'shop'}:{number.lower()}"


def _upgrade_and_die(url: str) -> int:
    """Return how a process ends that is killed in the middle of an upgrade."""
    killed = {"CROSSDOCK_DATABASE_URL": url, "CROSSDOCK_FAILPOINT": "schema.upgrade.before_commit"}
    words = [sys.executable, "cli.py", "db", "upgrade"]
    return subprocess.run(words, cwd=ROOT, env={**os.environ, **killed}, check=False, timeout=120).returncode


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_in_the_middle_of_an_upgrade_it_is_the_old_database_and_the_next_start_upgrades_it(
    kind: str, tmp_path: Path
) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await on(url, filled_at, "0006")
        before = await on(url, all_of)

        died = await asyncio.to_thread(_upgrade_and_die, url)
        assert died == -signal.SIGKILL
        assert await on(url, all_of) == before

        await upgrade(url)
        expect_kept(before[1], await on(url, contents), REVISIONS[REVISIONS.index("0006") + 1 :])


async def test_rows_that_refer_to_nothing_are_named_and_nothing_is_upgraded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    await on(url, filled_at, "0008")
    plain = sa.create_engine(url)
    with plain.begin() as conn:
        conn.exec_driver_sql("DELETE FROM labels WHERE order_id = 'order_id 1'")
        conn.exec_driver_sql("DELETE FROM refs WHERE order_id = 'order_id 1'")
        conn.exec_driver_sql("DELETE FROM orders WHERE order_id = 'order_id 1'")
    plain.dispose()
    db = Sqlite(url)
    before = await db.read(all_of)
    await db.close()

    with pytest.raises(
        ConfigError, match=r"is as it was: DanglingReferencesError: rows refer to rows that are not"
    ):
        await upgrade(url)

    db = Sqlite(url)
    assert await db.read(all_of) == before
    await db.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_database_of_a_newer_hub_is_refused_by_its_revision(kind: str, tmp_path: Path) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await upgrade(url)
        await on(url, lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
        before = await on(url, all_of)

        with pytest.raises(
            ConfigError,
            match=f"stands at revision 9999, and this crossdock knows none after {newest_revision()}",
        ):
            await upgrade(url)

        assert await on(url, all_of) == before


async def test_nobody_is_upgraded_away_from_on_postgres(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LOOKS", 2)
    async with fresh_database("postgres", tmp_path) as url:
        await on(url, filled_at, "0008")
        serving = await asyncpg.connect(url.replace("+asyncpg", ""))
        with pytest.raises(ConfigError, match="1 other connections of the hub's own role use the database"):
            await upgrade(url)
        assert await on(url, revision_of) == "0008"

        await serving.close()
        await upgrade(url)
        assert await on(url, revision_of) == newest_revision()


async def test_nobody_is_upgraded_away_from_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    await on(url, filled_at, "0008")
    with single_instance(url):
        with pytest.raises(ConfigError, match="another crossdock serves on"):
            await upgrade(url)
        assert await on(url, revision_of) == "0008"

        await upgrade(url, serves=True)
        assert await on(url, revision_of) == newest_revision()
