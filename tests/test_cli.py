"""The command: every verb, what it prints, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cli
from core.engine.answers import Waiter
from core.engine.hub import Hub
from core.engine.pauses import note_failure
from core.errors import VendorPausedError
from core.services.waiting import Waiting, waiting_of
from core.store.api_keys import find_api_key
from core.store.pauses import list_pauses
from tests.command import KNIFE, Said, command, in_hub, rows, with_an_order
from tests.installed import MERCHANT, SECRET, installed

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


def test_stock_is_added_counted_received_and_listed(said: Said) -> None:
    assert said(*KNIFE) == (0, "nothing\n", "")
    assert rows(said, "stock", "count", "CHEF-8", "reno", "14", "--yes")[0]["on_hand"] == 14
    assert rows(said, "stock", "receive", "CHEF-8", "reno", "3", "--yes") == [
        {"sku": "CHEF-8", "location": "reno", "on_hand": 17, "committed": 0, "available": 17}
    ]
    code, out, _ = said("stock")
    assert (code, out) == (
        0,
        "sku     location  on_hand  committed  available\nCHEF-8  reno      17       0          17\n",
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("stock", "count", "CHEF-8"), "crossdock stock: count wants SKU LOCATION UNITS"),
        (("stock", "count", "CHEF-8", "reno", "many"), "crossdock stock: units: 'many' is no whole number"),
        (("stock", "count", "CHEF-8", "reno", "-3"), "crossdock stock: units: '-3' is no whole number"),
        (("stock", "product", "CHEF-8"), "crossdock stock: product wants SKU TITLE GRAMS LxWxH, as in:"),
        (("stock", "product", "A", "B", "300", "axbxc"), "crossdock stock: a side in mm: 'a' is no whole number"),
        (("stock", "count", "CHEF-8", "reno", "9" * 20), "crossdock stock: units: more than 1000000000 is too much"),
        (("stock", "receive", "CHEF-8", "reno", "1000000001"), "crossdock stock: units: more than 1000000000 is too much"),
        (("stock", "product", "A", "B", "9" * 20, "1x1x1"), "crossdock stock: grams: more than 1000000000 is too much"),
        (("stock", "product", "A", "B", "0", "1x1x1"), "crossdock stock: WEIGHT_G: whole grams are wanted"),
        (("stock", "product", "A", "B", "5", "0x0x0"), "crossdock stock: SIZE_MM: length, width and height"),
        (("stock", "product", " ", "B", "5", "1x1x1"), "crossdock stock: SKU: this must not be empty"),
        (("stock", "link", "shop", "K", "A=1", "A=2"), "crossdock stock: A is named twice; write its units once"),
        (("orders", "--limit", "9" * 20), "crossdock orders: --limit: a number of at least 1 is wanted"),
        (("stock", "link", "shop"), "crossdock stock: link wants CONNECTION LISTING SKU=UNITS ..."),
        (("stock", "link", "shop", "CHEF-8", "CHEF-8"), "crossdock stock: units of CHEF-8: '' is no whole number"),
        (("stock", "list", "more"), "crossdock stock: list wants no more words"),
        (("deliveries", "replay", "shop"), "crossdock deliveries: replay wants CONNECTION EVENT"),
        (("connections", "accept"), "crossdock connections: accept wants a connection, as in: accept shop levels"),
        (("connections", "stop", "shop", "lables"), "crossdock connections: 'lables' is no kind of action; there is "),
        (("orders", "show"), "crossdock orders: show wants an order: its number, or connection:id"),
        (("orders", "fly"), "usage:"),
        (("nothing",), "usage:"),
        ((), "usage:"),
    ],
)  # fmt: skip
def test_wrong_words_end_with_2_and_say_which_are_wanted(
    said: Said, words: tuple[str, ...], says: str
) -> None:
    code, out, err = said(*words)

    assert (code, out) == (2, "")
    assert err.startswith(says)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("stock", "count", "CHEF-8", "reno", "1"), "'CHEF-8' is no product; add it first"),
        (("stock", "count", "CHEF-8", "mars", "1"), "no location 'mars'; crossdock.yaml has reno"),
        (("stock", "link", "shop", "L", "CHEF-8=1"), "'CHEF-8' is no product"),
        (("orders", "show", "KK-404"), "no order 'KK-404'"),
        (("orders", "--merchant", "nobody"), "no crossdock.yaml for merchant 'nobody' is loaded here"),
        (("connections", "accept", "nothing"), "no connection named 'nothing'; crossdock.yaml has shop, pay"),
        (("connect", "nothing"), "no connection named 'nothing'"),
        (("deliveries", "replay", "shop", "e404"), "no delivery e404 of connection shop"),
        (("keys", "revoke", "--name", "ghost"), "kendra has no key of the name 'ghost'"),
        (("orders", "--config", "nowhere.yaml"), "nowhere.yaml: no such file; copy crossdock.example.yaml"),
    ],
)
def test_what_is_not_there_ends_with_1_and_is_named(said: Said, words: tuple[str, ...], says: str) -> None:
    code, out, err = said(*words)

    assert (code, out) == (1, "")
    assert err.startswith(f"crossdock: {says}")
    assert "Traceback" not in err


def test_a_key_is_shown_once_and_taken_back_by_its_name(said: Said) -> None:
    [made] = rows(said, "keys", "new", "--name", "kim")
    assert (made["merchant"], made["name"]) == (MERCHANT, "kim")

    async def owner(hub: Hub) -> None:
        found = await hub.store.read(find_api_key, made["key"], hub.clock.now())
        known.append(found and (found[0].merchant, found[0].name))

    known: list[tuple[str, str] | None] = []
    in_hub(owner)
    assert rows(said, "keys", "list")[0]["name"] == "kim"
    assert said("keys", "revoke", "--name", "kim") == (
        0,
        "merchant  name  keys taken back\nkendra    kim   1\n",
        "",
    )
    in_hub(owner)

    assert known == [(MERCHANT, "kim"), None]


def test_connections_are_listed_accepted_and_stopped(said: Said) -> None:
    listed = {r["connection"]: r for r in rows(said, "connections")}
    assert listed["shop"] == {
        "connection": "shop", "use": "bogus", "mode": "-", "state": "untested", "said": "", "accepted": "", "trouble": "",
    }  # fmt: skip
    accepted = rows(said, "connections", "accept", "post", "labels", "--yes")
    assert [r["accepted"] for r in accepted if r["connection"] == "post"] == ["labels"]
    stopped = rows(said, "connections", "stop", "post", "--yes")
    assert [r["accepted"] for r in stopped if r["connection"] == "post"] == [""]


@pytest.mark.req("R114")
def test_a_connection_is_tested_by_command_and_doctor_says_which_are_not(said: Said) -> None:
    before = {r["kind"]: r["where"] for r in json.loads(said("doctor", "--json")[1])}
    assert before["untested"] == "shop, pay, post, mail"

    [tested] = rows(said, "connections", "test", "pay")

    assert (tested["state"], tested["said"]) == ("works", "Bogus takes us for pay of a world in memory")
    after = {r["kind"]: r["where"] for r in json.loads(said("doctor", "--json")[1])}
    assert after["untested"] == "shop, post, mail"
    assert said("connections", "test")[0] == 2
    assert said("connections", "test", "ghost")[0] == 1


@pytest.mark.req("R87")
def test_what_a_vendor_paused_is_shown_and_tried_again_by_command(said: Said) -> None:
    async def empty_wallet(hub: Hub) -> None:
        error = VendorPausedError("no funds", connection="post")
        error.operation = "buy"
        await note_failure(hub, MERCHANT, error, Waiter("order", "shop:kk-1"))

    in_hub(empty_wallet)
    assert look_in_s() == pytest.approx(600, abs=60)
    trouble = {r["connection"]: r["trouble"] for r in rows(said, "connections", "resume", "post", "--yes")}
    assert trouble == {"shop": "", "pay": "", "post": "labels paused: post: no funds (1 waits)", "mail": ""}
    assert look_in_s() == pytest.approx(0, abs=60)
    assert said("connections", "resume")[0] == 2
    for words, says in (
        (("shop",), "nothing of shop is paused"),
        (("ghost",), "no connection named 'ghost'; crossdock.yaml has shop, pay, post, mail"),
    ):
        assert said("connections", "resume", *words, "--yes") == (1, "", f"crossdock: {says}\n")


def look_in_s() -> float:
    """Return in how many seconds from now the vendor of the one pause is asked again."""
    found: list[float] = []

    async def look(hub: Hub) -> None:
        [pause] = await hub.store.read(list_pauses, MERCHANT, hub.clock.now())
        found.append((pause.look_at - hub.clock.now()).total_seconds())

    in_hub(look)
    return found[0]


@pytest.mark.req("R21", "R82")
def test_opening_counts_are_previewed_loaded_and_taken_back_by_command(said: Said, tmp_path: Path) -> None:
    assert said(*KNIFE)[0] == 0
    file, wrong = tmp_path / "counts.csv", tmp_path / "wrong.csv"
    file.write_text("sku,location,units\nCHEF-8,reno,14\n", encoding="utf-8")
    wrong.write_text("sku,location,units\nCHEF-8,reno,many\n", encoding="utf-8")

    [seen] = rows(said, "stock", "opening", str(file), "--preview")
    assert (seen["line"], seen["before"], seen["units"]) == (2, "never counted", 14)
    assert rows(said, "stock") == []
    assert said("stock", "opening", str(wrong))[0] == 1
    assert rows(said, "stock") == []
    assert said("stock", "opening")[0] == 2
    [loaded] = rows(said, "stock", "opening", str(file))
    assert (loaded["opening"], loaded["units"], loaded["before"]) == (1, 14, None)
    assert [r["on_hand"] for r in rows(said, "stock")] == [14]
    assert rows(said, "stock", "opening", "undo")[0]["taken back"]
    assert [r["on_hand"] for r in rows(said, "stock")] == [0]


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ("sep=;\r\nSKU;Location;Units\r\nCHEF-8;reno;1.000\r\n".encode("utf-16"), 0, ""),
        ("SKU;Location;Units;\r\nCHEF-8;reno;1.000;\r\n;;;\r\n".encode("cp1252"), 0, ""),
        (b"PK\x03\x04", 1, "counts.csv: this is a workbook, no CSV; in the spreadsheet: save as, CSV UTF-8"),
        (None, 1, "counts.csv: cannot be read (No such file or directory); check the path and its rights"),
    ],
)
def test_a_file_of_a_spreadsheet_is_read_as_it_was_saved(
    said: Said, tmp_path: Path, content: bytes | None, code: int, says: str
) -> None:
    assert said(*KNIFE)[0] == 0
    file = tmp_path / "counts.csv"
    if content is not None:
        file.write_bytes(content)

    ended, _, err = said("stock", "opening", str(file))

    assert (ended, err) == (code, f"crossdock: {tmp_path}/{says}\n" if says else "")
    assert [r["on_hand"] for r in rows(said, "stock")] == ([] if code else [1000])


@pytest.mark.req("R21", "R85")
def test_go_live_is_shown_accepted_and_taken_back_by_command(said: Said) -> None:
    with_an_order(said)

    shown = rows(said, "go-live")
    assert (shown["listings"]["not_counted"], shown["writes_so_far"]) == (1, 0)
    code, out, _ = said("go-live")
    assert (code, f"accept --id {shown['id']}" in out) == (0, True)
    [accepted] = rows(
        said, "go-live", "accept", "levels", "--connection", "shop", "--id", shown["id"], "--yes"
    )
    assert (accepted["actions"], accepted["connections"]) == ("levels", "shop")
    assert said("go-live", "accept", "--id", shown["id"], "--yes")[0] == 1
    assert said("go-live", "file", shown["id"])[1] == "connection,listing,location,shows,wanted\n"
    assert said("go-live", "undo")[0] == 2
    assert rows(said, "go-live", "undo", shown["id"], "--yes")[0]["taken back"]
    assert [r["accepted"] for r in rows(said, "connections") if r["connection"] == "shop"] == [""]
    assert said("connections", "brake", "shop")[0] == 2
    assert said("connections", "brake", "shop", "go", "--yes")[0] == 1
    refused = said("orders", "release", "all", "before_go_live", "--yes")
    assert refused == (1, "", "crossdock: no order is held: placed before go-live\n")


def test_connect_names_the_page_that_a_browser_opens(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "https://hub.test/")
    assert rows(said, "connect", "shop") == [{"open in a browser": "https://hub.test/connect/kendra/shop"}]


@pytest.mark.req("R112", "R113")
def test_orders_are_listed_shown_and_acted_on(said: Said) -> None:
    with_an_order(said)

    [listed] = rows(said, "orders")
    assert (listed["order"], listed["total_minor"], listed["currency"]) == ("KK-1", 6997, "USD")
    shown = rows(said, "orders", "show", "KK-1")
    told: list[Waiting] = []

    async def ask(hub: Hub) -> None:
        told.extend((await waiting_of(hub, MERCHANT, ["shop:kk-1"])).values())

    in_hub(ask)
    [waits] = told
    assert shown["waits_for"] == waits.told
    assert waits.told == {
        "what": "placed before go-live: placed before the hub was switched on; backordered: 1 x CHEF-8",
        "until": None,
        "do": "Release it if the hub is to ship it; else ship it where it was to be shipped. Receive stock, or reject it.",
    }
    assert waits.line in said("orders")[1]
    assert f"waits for {waits.line}" in said("orders", "show", "KK-1")[1]
    assert (shown["order"], shown["facts"][0]["kind"]) == ("shop:kk-1", "received")
    assert said("orders", "release", "KK-1")[0] == 2
    code, _, err = said("orders", "release", "KK-1", "risk", "--yes")
    assert (code, err.startswith("crossdock: the order is not held by 'risk'")) == (1, True)
    assert said("orders", "retry", "KK-1", "--yes") == (1, "", "crossdock: the order is not parked\n")
    code, out, err = said("orders", "reject", "KK-1")
    assert (code, out) == (2, "")
    assert err.splitlines()[:2] == ["Cancel and refund: KK-1", "  Cancels KK-1 at shop, for good."]
    assert (
        err.splitlines()[-1]
        == "crossdock orders: nothing was done: say --yes to have it done without being asked"
    )
    assert len(rows(said, "orders", "show", "KK-1")["facts"]) == len(shown["facts"])
    rejected = rows(said, "orders", "reject", "KK-1", "--yes", "--note", "the shopper called")
    assert (rejected["facts"][-1]["kind"], rejected["facts"][-1]["why"]) == (
        "rejection_asked",
        "the shopper called",
    )


def test_deliveries_are_listed_and_replayed(said: Said) -> None:
    with_an_order(said)

    [one] = rows(said, "deliveries")
    assert (one["connection"], one["event"], one["state"]) == ("shop", "e1", "pending")
    [again] = rows(said, "deliveries", "replay", "shop", "e1")
    assert again["state"] == "pending"


def test_listings_are_linked_and_shown(said: Said) -> None:
    with_an_order(said)

    [row] = rows(said, "stock", "link", "shop", "CHEF-8", "CHEF-8=2", "--yes")
    assert (row["connection"], row["listing"]) == ("shop", "CHEF-8")
    assert rows(said, "stock", "listings") == [row]


def test_the_database_is_brought_up_to_date_and_computed_again(said: Said) -> None:
    assert said("db", "upgrade") == (0, "the database is up to date\n", "")
    with_an_order(said)
    assert said("db", "rebuild") == (0, "0 orders differed from their facts, and were computed again\n", "")


@pytest.mark.req("R75")
def test_validate_names_file_line_and_column_of_every_mistake(said: Said, tmp_path: Path) -> None:
    good = rows(said, "validate")
    assert good["ok"] is True
    assert good["merchants"][0]["connections"] == 4
    text = (tmp_path / "crossdock.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("tare_g:", "tara_g:"), encoding="utf-8")
    line = next(n for n, row in enumerate(wrong.read_text().splitlines(), 1) if "tara_g" in row)

    code, out, err = said("validate", str(wrong))
    json_code, json_out, _ = said("validate", str(wrong), "--json")

    assert (code, out) == (1, "")
    assert f"{wrong}:{line}:3: " in err
    assert "tare_g" in err
    assert json_code == 1
    told = json.loads(json_out)
    assert told["ok"] is False
    assert any(e.startswith(f"{wrong}:{line}:3: ") for e in told["errors"])


@pytest.mark.req("S30", "R75")
def test_validate_runs_the_tests_of_a_file(said: Said, tmp_path: Path) -> None:
    text = (tmp_path / "crossdock.yaml").read_text(encoding="utf-8")
    rules = "rules: [{id: r, when: order.verified, if: order.total > 100, then: [{tag: large}]}]\n"
    tests = "tests:\n  - {name: large, when: order.verified, given: {order: {total: 101}}, expect: [tag]}\n"
    file = tmp_path / "ruled.yaml"
    file.write_text(text + rules + tests, encoding="utf-8")
    good = rows(said, "validate", str(file))
    file.write_text(text + rules + tests.replace("101", "100"), encoding="utf-8")
    line = len(file.read_text().splitlines())

    code, out, err = said("validate", str(file))
    json_code, json_out, _ = said("validate", str(file), "--json")

    assert (good["merchants"][0]["rules"], good["merchants"][0]["tests"]) == (1, 1)
    says = f"{file}:{line}:79: tests: 'large' expected tag, and got nothing"
    assert (code, out, err) == (1, "", f"crossdock: {says}\n")
    assert (json_code, json.loads(json_out)) == (1, {"ok": False, "errors": [says]})


_CONTRADICTING = """\
rules:
  - {id: dear, when: order.verified, if: order.total > 500, then: [{tag: [a]}]}
  - {id: west, when: order.verified, if: "order.ship_to.state == 'CA'", then: [{untag: [a]}]}
"""


@pytest.mark.req("R75")
def test_validate_refuses_rules_that_contradict_and_plan_tells_them(said: Said, tmp_path: Path) -> None:
    text = (tmp_path / "crossdock.yaml").read_text(encoding="utf-8")
    file = tmp_path / "ruled.yaml"
    file.write_text(text + _CONTRADICTING, encoding="utf-8")
    line = len(file.read_text().splitlines())

    code, out, err = said("validate", str(file))
    planned = said("plan", "--config", str(file), "--json")
    file.write_text(text + _CONTRADICTING.replace("then: [{untag", "overrides: [dear], then: [{untag"))

    says = (
        f"{file}:{line}:5: rules: 'dear' (ruled.yaml:{line - 1}:5) and 'west' can match the same and contradict each"
        " other: tag {tags: [a]} and untag {tags: [a]}; tried with when: order.verified, given: {order: {total: 501,"
        " ship_to: {state: CA}}}. Have their conditions exclude each other, or give 'dear' stop: true, or, where"
        " 'west' is to count, give it overrides: [dear]"
    )
    assert (code, out, err) == (1, "", f"crossdock: {says}\n")
    assert (json.loads(planned[1])["conflicts"], json.loads(planned[1])["undecided"]) == ([says], [])
    assert said("validate", str(file))[0] == 0


@pytest.mark.req("R75")
def test_validate_says_what_it_could_not_decide_and_ends_well(said: Said, tmp_path: Path) -> None:
    text = (tmp_path / "crossdock.yaml").read_text(encoding="utf-8")
    file = tmp_path / "ruled.yaml"
    file.write_text(text + _CONTRADICTING.replace("order.total > 500", "now.getHours() == 3"))

    good = rows(said, "validate", str(file))

    assert good["ok"] is True
    assert [one for one in good["advice"] if "not decided whether 'dear'" in one]


def test_a_missing_variable_is_named_and_no_secret_is_shown(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOGUS_SECRET")
    for words, ends in ((("validate",), 0), (("validate", "--secrets"), 1)):
        code, _, err = said(*words)
        assert (words, code) == (words, ends)
        assert "environment variable BOGUS_SECRET is not set; set it where this runs" in err
        assert SECRET not in err


def test_the_kinds_of_sabotage_are_listed(said: Said) -> None:
    listed = rows(said, "demo", "--sabotage", "list")
    assert len(listed) > 3
    assert all(set(row) == {"kind", "what it does"} for row in listed)


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_explains_itself(said: Said, verb: str) -> None:
    code, out, _ = said(verb, "--help")
    assert code == 0
    assert out.startswith(f"usage: crossdock {verb}")


def test_the_command_loads_no_verb_but_the_one_that_is_asked() -> None:
    look = "import cli, sys; cli.parser(['keys']); print([m for m in ('sandbox', 'simulation', 'web') if m in sys.modules])"

    ended = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert ended.stdout == "[]\n"


def test_the_command_runs_from_any_folder(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "validate"],
        cwd=tmp_path, env=installed(tmp_path), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (ended.returncode, ended.stderr) == (0, "")
    names = ["merchant", "connections", "locations", "rules", "tests", "file"]
    assert ended.stdout.splitlines()[0].split() == names


# --- links ---


@pytest.mark.req("S37")
def test_links_are_previewed_imported_and_taken_back_by_command(said: Said, tmp_path: Path) -> None:
    said(*KNIFE)
    said("stock", "link", "shop", "CHEF-8", "CHEF-8=1", "--yes")
    file = tmp_path / "links.csv"
    file.write_text("connection,listing,sku,units\nshop,CHEF-8,CHEF-8,2\n")
    change = [{"connection": "shop", "listing": "CHEF-8", "now": "1 x CHEF-8", "then": "2 x CHEF-8"}]

    assert said("links", "preview", str(file), "--json") == (0, json.dumps(change) + "\n", "")
    assert said("links", "export")[1] == "connection,listing,sku,units\nshop,CHEF-8,CHEF-8,1\n"
    assert said("links", "import", str(file), "--json", "--yes") == (0, json.dumps(change) + "\n", "")
    assert said("links", "export")[1] == "connection,listing,sku,units\nshop,CHEF-8,CHEF-8,2\n"
    assert said("links", "undo", "--json", "--yes")[1] == json.dumps([{"taken back": "1 listings"}]) + "\n"
    assert said("links", "export")[1] == "connection,listing,sku,units\nshop,CHEF-8,CHEF-8,1\n"


def test_a_file_of_links_with_a_wrong_line_changes_nothing(said: Said, tmp_path: Path) -> None:
    said(*KNIFE)
    said("stock", "link", "shop", "CHEF-8", "CHEF-8=1", "--yes")
    file = tmp_path / "links.csv"
    file.write_text("connection,listing,sku,units\nshop,CHEF-8,NOPE,2\n")

    code, _, trouble = said("links", "import", str(file), "--yes")

    assert code == 1
    assert trouble == (
        "crossdock: nothing was linked: line 2: 'NOPE' is no product; add it first "
        "(PUT /api/v1/products, stock product)\n"
    )
    assert said("links", "export")[1] == "connection,listing,sku,units\nshop,CHEF-8,CHEF-8,1\n"
    assert said("links", "import")[0] == 2


@pytest.mark.req("S37")
def test_doctor_says_what_is_not_ready(said: Said) -> None:
    said(*KNIFE)

    code, out, _ = said("doctor", "--json")

    assert code == 1
    assert {"never_counted"} <= {f["kind"] for f in json.loads(out)}
