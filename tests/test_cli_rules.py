"""The gallery at the command line: a rule is taken into a file only if the file is whole afterwards."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Said, command, rows

pytestmark = pytest.mark.req("S30")


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "crossdock.yaml"


def test_the_gallery_is_listed_and_a_rule_is_shown(said: Said) -> None:
    listed = {row["rule"]: row for row in rows(said, "rules")}
    shown = rows(said, "rules", "show", "hold-high-risk")

    assert listed["hold-high-risk"] == {
        "rule": "hold-high-risk",
        "title": "Hold orders of high risk",
        "when": "order.verified",
        "needs": "",
    }
    assert listed["tell-shipped"]["needs"] == "use: hooks, use: email"
    assert said("rules", "show", "hold-high-risk") == (0, shown["text"], "")
    assert "order.risk >= 70" in shown["text"]


def test_a_rule_is_taken_into_the_file_with_its_tests(said: Said, file: Path) -> None:
    before = file.read_bytes()
    file.chmod(0o640)

    code, out, err = said("rules", "add", "tag-vip")

    after = file.read_bytes()
    line = file.read_text().splitlines().index("  - id: tag-vip") + 1
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split() == ["tag-vip", f"crossdock.yaml:{line}:5", "2", "True"]
    assert after.startswith(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert rows(said, "validate")["merchants"][0]["tests"] == 2
    assert sorted(path.name for path in file.parent.iterdir() if "crossdock.yaml" in path.name) == [file.name]


def test_a_dry_run_prints_the_difference_and_writes_nothing(said: Said, file: Path) -> None:
    before = file.read_bytes()

    code, out, err = said("rules", "add", "tag-vip", "--dry-run")
    told = rows(said, "rules", "add", "tag-vip", "--dry-run")

    assert (code, err) == (0, "")
    assert "+  - id: tag-vip\n" in out
    assert not [line for line in out.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert (told["difference"], told["written"]) == (out, False)
    assert file.read_bytes() == before


@pytest.mark.req("R75")
def test_what_cannot_be_taken_in_changes_nothing(said: Said, file: Path) -> None:
    said("rules", "add", "tag-vip")
    before = file.read_bytes()

    twice = said("rules", "add", "tag-vip")
    unknown = said("rules", "add", "tag-vib")
    nameless = said("rules", "add")

    line = file.read_text().splitlines().index("  - id: tag-vip") + 1
    assert (twice[0], twice[2]) == (1, f"crossdock: {file}:{line}: rule 'tag-vip' is there already\n")
    assert unknown[0] == 1
    assert "did you mean 'tag-vip'" in unknown[2]
    assert (nameless[0], nameless[2]) == (2, "crossdock rules: add wants NAME\n")
    assert file.read_bytes() == before


@pytest.mark.req("R75")
def test_a_rule_that_contradicts_another_is_taken_in_and_told(said: Said, file: Path) -> None:
    assert said("rules", "add", "dear-by-tracked")[2] == ""

    code, _, err = said("rules", "add", "po-box-by-usps")

    assert code == 0
    assert "'dear-by-tracked' (crossdock.yaml:" in err
    assert "and 'po-box-by-usps' can match the same and contradict each other: label {" in err
    assert "given: {order: {total: 301, ship_to: {po_box: true}}}" in err


@pytest.mark.req("R75")
def test_a_rule_that_would_have_a_test_of_the_file_fail_is_not_taken_in(said: Said, file: Path) -> None:
    with file.open("a", encoding="utf-8") as text:
        text.write(
            "tests:\n  - {name: quiet, when: order.verified, given: {order: {risk: 90}}, expect: []}\n"
        )
    before = file.read_bytes()

    code, out, err = said("rules", "add", "hold-high-risk")

    assert (code, out) == (1, "")
    assert err.startswith("crossdock: with this rule tests of the file would fail; nothing was written\n")
    assert "tests: 'quiet' expected nothing, and got hold" in err
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_replaced_stays_as_it_is(said: Said, file: Path) -> None:
    before = file.read_bytes()
    (file.parent / f".{file.name}.new").mkdir()

    code, _, err = said("rules", "add", "tag-vip")

    assert code == 1
    assert "cannot be written" in err
    assert file.read_bytes() == before


def test_a_mark_at_the_beginning_of_the_file_stays(said: Said, file: Path) -> None:
    before = b"\xef\xbb\xbf" + file.read_bytes()
    file.write_bytes(before)

    assert said("rules", "add", "tag-vip")[0] == 0

    assert file.read_bytes().startswith(before)
    assert json.loads(said("validate", "--json")[1])["ok"] is True


def test_a_rule_is_taken_into_no_one_of_several_files(
    said: Said, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    text = file.read_text()
    (folder / "a.yaml").write_text(text)
    (folder / "b.yaml").write_text("version: 1\n")
    monkeypatch.setenv("CROSSDOCK_CONFIG", str(folder))

    code, out, err = said("rules", "add", "tag-vip")

    assert (code, out) == (1, "")
    assert "this merchant has several files; print the rule with crossdock rules show" in err
    assert [(folder / name).read_text() for name in ("a.yaml", "b.yaml")] == [text, "version: 1\n"]
