"""A file that is applied is what every running process goes by, and what the next start goes by too (S30)."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest

from assembly import open_hub
from core.domain.state import Stage
from core.engine.hub import Hub
from core.engine.settings import settings_at, tick_settings
from core.failpoints import listening
from core.services.rules_in_force import apply, put_in_force
from core.store.configs import list_versions
from core.store.revisions import change_settings
from core.store.switches import set_switch
from tests.command import Said, command, in_hub, rows
from tests.databases import KINDS, fresh_database
from tests.installed import MERCHANT, free_port, installed
from tests.test_server import CLI, TWINS, open_for_business, ready, serving, settled

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R09")]

HOLDS = """
rules:
  - {id: look, when: order.received, then: [{hold: look at it}]}
"""
SHOPIFY = "  store: {use: shopify, with: {store: acme.myshopify.com, token: shpat_1234}}\n"


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


def file() -> Path:
    return Path(os.environ["CROSSDOCK_CONFIG"])


async def served(hub: Hub) -> None:
    """Put the file in force, as a process that serves does when it starts."""
    await put_in_force(hub, MERCHANT)


def rules_now() -> list[str]:
    """Return the rules that a process goes by which starts now."""
    found: list[str] = []

    async def look(hub: Hub) -> None:
        found.extend(rule.id for rule in hub.config(MERCHANT).rules.rules)

    in_hub(look)
    return found


def versions(said: Said) -> list[tuple[int, str, str, str]]:
    return [(row["number"], row["by"], row["in force"], row["this file"]) for row in rows(said, "config")]


def test_a_changed_file_is_put_in_force_and_an_earlier_version_comes_back(said: Said) -> None:
    first = file().read_text()
    in_hub(served)
    file().write_text(first + HOLDS)

    assert said("apply", "--yes") == (
        0,
        "version 2 is in force; the way back: crossdock apply --version 1\n",
        "",
    )
    assert versions(said) == [(2, "person:command", "yes", "yes"), (1, "a start", "no", "no")]
    assert said("apply", "--version", "1", "--yes") == (
        0,
        "version 3 is in force; the way back: crossdock apply --version 2\n",
        "",
    )
    assert said("config", "show", "3") == (0, first, "")


def test_what_is_in_force_already_stays_the_version_that_it_is(said: Said) -> None:
    in_hub(served)

    assert said("apply") == (0, "version 1 is in force\n", "")
    assert versions(said) == [(1, "a start", "yes", "yes")]


def test_orders_are_offered_again_also_to_what_is_in_force_already(said: Said) -> None:
    in_hub(served)
    file().write_text(file().read_text() + HOLDS)

    assert said("apply", "--again", "held", "--yes") == (
        0,
        "version 2 is in force; the way back: crossdock apply --version 1\nno order is touched\n",
        "",
    )
    assert said("apply", "--again", "open") == (0, "version 2 is in force\nno order is touched\n", "")
    assert rows(said, "apply", "--again", "open") == {
        "version": 2,
        "was": None,
        "differences": [],
        "released": [],
        "begun": {},
        "left": [],
    }


def test_what_would_change_is_shown_and_nothing_is_done_without_a_yes(said: Said) -> None:
    in_hub(served)
    file().write_text(file().read_text().replace("cutoff: '23:59'", "cutoff: '12:00'") + HOLDS)

    code, out, err = said("apply")

    assert (code, out) == (2, "")
    assert err == (
        f"For kendra, in every process and at once: {file()}\n"
        "  rules.look comes\n"
        "  locations.reno.cutoff: 23:59:00 -> 12:00:00\n"
        "  The way back: crossdock apply --version 1\n"
        "crossdock apply: nothing was done: say --yes to have it done without being asked\n"
    )
    assert versions(said) == [(1, "a start", "yes", "no")]


CONTRADICT = """
rules:
  - {id: one, when: order.verified, then: [{assign: alice}]}
  - {id: other, when: order.verified, then: [{assign: bob}]}
"""
FAILS = HOLDS + "tests:\n  - {name: calm, when: order.received, expect: []}\n"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("nonsense: 1\n", "unknown key 'nonsense'"),
        (CONTRADICT, "'one' (crossdock.yaml:"),
        (FAILS, "tests: 'calm' expected nothing, and got hold"),
    ],
)
def test_a_bad_file_leaves_the_old_one_in_force(said: Said, more: str, says: str) -> None:
    in_hub(served)
    good = file().read_text()
    file().write_text(good + more)

    code, out, err = said("apply", "--yes")
    file().write_text(good)

    assert (code, out) == (1, "")
    assert says in err
    assert versions(said) == [(1, "a start", "yes", "yes")]


def test_connections_that_would_be_opened_otherwise_want_a_start(said: Said) -> None:
    in_hub(served)
    good = file().read_text()
    file().write_text(good.replace("plays: carrier", "plays: tool") + HOLDS)

    code, out, err = said("apply", "--yes")

    assert (code, out) == (1, "")
    assert err == (
        f"crossdock: {file()}: connections.post: a connection is opened when serve starts, and this file opens it"
        " otherwise; put the file where serve reads it, and start every process again\n"
    )
    assert versions(said) == [(1, "a start", "yes", "no")]


def test_who_verifies_payments_is_no_matter_of_opening(said: Said) -> None:
    in_hub(served)
    file().write_text(file().read_text().replace("bogus: pay", "bogus: channel"))

    assert said("apply", "--yes")[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--version", "7", "--yes"), 1, "crossdock: no version 7; crossdock config versions lists them\n"),
        (("--version", "two"), 2, "crossdock apply: --version: 'two' is no whole number\n"),
        (
            ("--version", "1", "--config", "x.yaml"),
            2,
            "crossdock apply: name a file (--config) or a version (--version), not both\n",
        ),
    ],
)
def test_what_cannot_be_applied_is_refused(said: Said, words: tuple[str, ...], code: int, says: str) -> None:
    assert said("apply", *words) == (code, "", says)


def test_a_start_with_the_file_that_was_applied_over_goes_by_what_was_applied(said: Said) -> None:
    first = file().read_text()
    in_hub(served)
    other = file().parent / "other.yaml"
    other.write_text(first + HOLDS)
    assert said("apply", "--config", str(other), "--yes")[0] == 0

    assert rules_now() == ["look"]
    in_hub(served)
    assert versions(said) == [(2, "person:command", "yes", "no"), (1, "a start", "no", "yes")]


def test_a_start_with_a_file_that_never_was_in_force_goes_by_it(said: Said) -> None:
    first = file().read_text()
    in_hub(served)
    file().write_text(first + HOLDS)
    assert said("apply", "--yes")[0] == 0
    file().write_text(first + HOLDS.replace("look,", "newer,"))

    assert rules_now() == ["newer"]
    in_hub(served)
    assert [one[:2] for one in versions(said)] == [(3, "a start"), (2, "person:command"), (1, "a start")]


def test_doctor_says_that_serve_would_start_with_another_file_than_the_one_in_force(said: Said) -> None:
    in_hub(served)
    other = file().parent / "other.yaml"
    other.write_text(file().read_text() + HOLDS)
    assert said("apply", "--config", str(other), "--yes")[0] == 0

    (found,) = [row for row in rows_of_doctor(said) if row["kind"] == "file_not_in_force"]

    assert found["where"] == str(file())
    assert (
        found["do"]
        == "crossdock config show 2 prints what is in force; crossdock apply puts this file in force"
    )


def rows_of_doctor(said: Said) -> list[dict[str, object]]:
    code, out, _ = said("doctor", "--json")
    assert code == 1
    found: list[dict[str, object]] = json.loads(out)
    return found


@contextlib.asynccontextmanager
async def two_processes(kind: str, folder: Path) -> AsyncIterator[tuple[Hub, Hub]]:
    """Give two processes that serve, as they are once they have started; the database is that of the test's folder."""
    async with fresh_database(kind, folder) as url, contextlib.AsyncExitStack() as opened:
        (folder / "database").write_text(url)
        environ = installed(folder, database=url)
        one, _ = await opened.enter_async_context(open_hub(environ, serves=True))
        other, _ = await opened.enter_async_context(open_hub(environ, serves=True))
        await put_in_force(one, MERCHANT)
        await put_in_force(other, MERCHANT)
        for hub in (one, other):
            await tick_settings(hub)
        yield one, other


class KilledError(BaseException):
    """Stands for the end of a process."""


def die_at(place: str) -> Callable[[str], None]:
    def listen(passed: str) -> None:
        if passed == place:
            raise KilledError

    return listen


def changed(hub: Hub, text: str) -> str:
    return hub.config(MERCHANT).text + text


async def applied(hub: Hub, text: str) -> None:
    assert hub.read_config is not None
    await apply(hub, MERCHANT, hub.read_config(text), actor="user:kendra")


def rules_of(hub: Hub) -> list[str]:
    return [rule.id for rule in hub.config(MERCHANT).rules.rules]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_process_goes_by_it_within_a_tick_and_keeps_its_connections(
    kind: str, tmp_path: Path
) -> None:
    async with two_processes(kind, tmp_path) as (one, other):
        shop = other.connections(MERCHANT).ports["shop"]

        await applied(one, changed(one, HOLDS))

        assert (rules_of(one), rules_of(other)) == ([], [])
        for hub in (one, other):
            await tick_settings(hub)
        assert (rules_of(one), rules_of(other)) == (["look"], ["look"])
        assert other.connections(MERCHANT).ports["shop"] is shop
        (newest, *_) = await one.store.read(list_versions, MERCHANT, limit=9)
        assert (newest.number, newest.actor, newest.digest) == (2, "user:kendra", one.config(MERCHANT).digest)


async def test_connections_whose_orders_are_read_otherwise_are_opened_anew_and_no_others(
    tmp_path: Path,
) -> None:
    environ = installed(tmp_path)
    path = tmp_path / "crossdock.yaml"
    path.write_text(path.read_text().replace("connections:\n", f"connections:\n{SHOPIFY}", 1))
    async with open_hub(environ, serves=True) as (hub, _):
        await put_in_force(hub, MERCHANT)
        await tick_settings(hub)
        before = {name: hub.connections(MERCHANT).ports[name] for name in ("store", "shop")}

        await applied(hub, changed(hub, "maps: [{from: shopify.order, fields: {number: name}}]\n"))
        await tick_settings(hub)

        after = hub.connections(MERCHANT).ports
        assert after["shop"] is before["shop"]
        assert after["store"] is not before["store"]
        assert list(hub.config(MERCHANT).maps) == ["shopify"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_that_cannot_take_the_file_in_force_goes_on_with_its_own(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with two_processes(kind, tmp_path) as (_, other):
        path = tmp_path / "crossdock.yaml"
        path.write_text(path.read_text().replace("plays: carrier", "plays: tool") + HOLDS)
        environ = installed_as_it_is(tmp_path)
        async with open_hub(environ, serves=True) as (newer, _):
            await put_in_force(newer, MERCHANT)

            with caplog.at_level(logging.ERROR, "crossdock.config"):
                for _ in range(2):
                    await tick_settings(other)
                    await newer.store.write(change_settings, MERCHANT)

        assert rules_of(other) == []
        (record,) = [one for one in caplog.records if one.name == "crossdock.config"]
        assert record.getMessage() == (
            "kendra: the file in force cannot be taken here (connections.post changed: that wants a start);"
            " going on with the one before"
        )


def installed_as_it_is(folder: Path) -> Mapping[str, str]:
    """Return the environment of another process on the folder's database, with the file as it lies there."""
    text = (folder / "crossdock.yaml").read_text()
    environ = installed(folder, database=(folder / "database").read_text())
    (folder / "crossdock.yaml").write_text(text)
    return environ


@pytest.mark.parametrize("kind", KINDS)
async def test_who_dies_while_applying_has_put_nothing_in_force(kind: str, tmp_path: Path) -> None:
    async with two_processes(kind, tmp_path) as (one, other):
        with listening(die_at("config.apply.before")), pytest.raises(KilledError):
            await applied(one, changed(one, HOLDS))
        await tick_settings(other)

        assert rules_of(other) == []
        assert [v.number for v in await other.store.read(list_versions, MERCHANT, limit=9)] == [1]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_that_was_just_starting_when_a_file_was_applied_goes_by_it(
    kind: str, tmp_path: Path
) -> None:
    async with two_processes(kind, tmp_path) as (one, other):
        await applied(one, changed(one, HOLDS))

        await put_in_force(other, MERCHANT)  # it had opened before, and comes to this only now
        await tick_settings(other)

        assert rules_of(other) == ["look"]
        assert [v.number for v in await other.store.read(list_versions, MERCHANT, limit=9)] == [2, 1]


@pytest.mark.parametrize("kind", KINDS)
async def test_of_two_who_apply_at_once_the_last_one_is_in_force_everywhere(
    kind: str, tmp_path: Path
) -> None:
    async with two_processes(kind, tmp_path) as (one, other):
        text = one.config(MERCHANT).text

        await asyncio.gather(
            applied(one, text + HOLDS), applied(other, text + HOLDS.replace("look,", "second,"))
        )

        for hub in (one, other):
            await tick_settings(hub)
        newest = (await one.store.read(list_versions, MERCHANT, limit=1))[0]
        assert newest.number == 3
        assert one.config(MERCHANT).digest == other.config(MERCHANT).digest == newest.digest
        assert (await settings_at(one, MERCHANT, 0)).digest == newest.digest


async def cli(environ: Mapping[str, str], *words: str) -> str:
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CLI), *words, env=dict(environ), stdout=PIPE, stderr=PIPE
    )
    out, err = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.req("R02")
async def test_a_running_fleet_decides_by_what_was_applied_from_the_next_news_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "vendors" / "twins"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(TWINS, encoding="utf-8")
    monkeypatch.setenv("CROSSDOCK_CONNECTORS", str(tmp_path / "vendors"))
    async with fresh_database("postgres", tmp_path) as database, contextlib.AsyncExitStack() as running:
        environ = installed(tmp_path, database=database, use="twins") | {
            "CROSSDOCK_CONNECTORS": str(tmp_path / "vendors"),
            "PYTHONPATH": str(CLI.parent),
        }
        port = free_port()
        await open_for_business(environ)
        await accept_labels(environ)
        for role in ("web", "worker", "worker", "scheduler"):
            await running.enter_async_context(serving(environ, "--role", role, "--port", str(port)))
        await ready(f"http://127.0.0.1:{port}")
        await settled(environ)
        ruled = tmp_path / "ruled.yaml"
        tagged = HOLDS.replace("order.received", "order.tagged")
        ruled.write_text((tmp_path / "crossdock.yaml").read_text() + tagged)

        assert "version 2 is in force" in await cli(environ, "apply", "--config", str(ruled), "--yes")
        await cli(environ, "orders", "tag", "KK-1", "+vip")

        assert await held(environ) == {"by_rule": "look at it"}


async def accept_labels(environ: Mapping[str, str]) -> None:
    """Accept something: rules run for nobody before."""
    async with open_hub(environ) as (hub, _):
        await hub.store.write(
            set_switch, MERCHANT, "post", "labels", on=True, actor="hub", now=hub.clock.now()
        )


async def held(environ: Mapping[str, str], within_s: float = 45) -> dict[str, str]:
    """Return what holds an order, once anything does."""
    async with open_hub(environ) as (hub, _):
        end = asyncio.get_running_loop().time() + within_s
        while True:
            state = await hub.store.load(MERCHANT, "shop:kk-1")
            if state is not None and state.stage is Stage.ON_HOLD:
                return {hold.value: text for hold, text in state.holds.items()}
            assert asyncio.get_running_loop().time() < end, state and (state.stage, state.holds, state.parked)
            await asyncio.sleep(0.2)
