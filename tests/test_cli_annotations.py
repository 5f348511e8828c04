"""Notes, tags and the assignee of an order at the command line (S43)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.engine.hub import Hub
from core.store.api_keys import save_api_key
from tests.command import Said, command, in_hub, rows
from tests.installed import MERCHANT
from tests.test_cli_orders import three_orders

pytestmark = pytest.mark.req("S43")


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


async def with_kim(hub: Hub) -> None:
    await three_orders(hub)
    now = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    await hub.store.write(save_api_key, MERCHANT, "kim-0123456789", name="kim", role="operator", now=now)


def test_an_order_is_annotated_shown_and_found_again(said: Said) -> None:
    in_hub(with_kim)

    assert said("orders", "note", "KK-1", "Kara wants\na gift wrap")[0] == 0
    assert said("orders", "tag", "KK-1", "+urgent", "+later", "+h")[0] == 0
    assert said("orders", "tag", "KK-1", "-later", "+b2b")[0] == 0
    code, out, err = said("orders", "assign", "KK-1", "kim")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[5:7] == ["tags: b2b, h, urgent", "assigned to kim"]
    assert [line.partition("UTC  ")[2] for line in lines[-7:]] == [
        "command  Note: Kara wants a gift wrap",
        "command  Tagged h",
        "command  Tagged later",
        "command  Tagged urgent",
        "command  Tag later taken off",
        "command  Tagged b2b",
        "command  Assigned to kim",
    ]
    found = rows(said, "orders", "--tag", "urgent", "--assignee", "kim")
    assert [(row["order"], row["tags"], row["assignee"]) for row in found] == [
        ("KK-1", ["b2b", "h", "urgent"], "key:kim")
    ]
    assert "b2b h urgent  kim" in said("orders")[1]
    assert said("orders", "assign", "KK-1", "none")[0] == 0
    assert rows(said, "orders", "--assignee", "kim") == []
    shown = rows(said, "orders", "show", "KK-1")
    assert (shown["assignee"], shown["facts"][-1]["says"]) == (None, "Assigned to nobody")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("note", "KK-1"), 2, "note wants the text of the note"),
        (("note", "KK-1", "gift", "wrap"), 2, "what is wrap? Put quotes around a text of several words"),
        (("tag", "KK-1"), 2, "tag wants tags, each with + or - in front"),
        (("tag", "KK-1", "urgent"), 2, "'urgent' is no change of tags"),
        (("tag", "KK-1", "+Urgent"), 2, "'+Urgent' is no change of tags"),
        (("tag", "KK-1", "+a", "-a"), 1, "a: both put on and taken off"),
        (("assign", "KK-1"), 2, "assign wants a name, or none"),
        (("assign", "KK-1", "rita"), 1, "nobody here is called 'rita'; there is kim"),
        (("show", "KK-1", "--tag", "urgent"), 2, "--tag is for the list of orders"),
    ],
)
def test_what_says_nothing_is_refused_and_nothing_is_written(
    said: Said, words: tuple[str, ...], code: int, says: str
) -> None:
    in_hub(with_kim)

    ended, out, err = said("orders", *words)

    assert (ended, out) == (code, "")
    assert says in err
    assert [fact["kind"] for fact in rows(said, "orders", "show", "KK-1")["facts"]][-1] == "units_committed"
