"""Persons at the command line: forgotten after a yes, exported to a file of one's own, proven to be gone."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Said, command, rows, with_an_order


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


@pytest.mark.req("R66")
def test_a_person_is_exported_forgotten_and_proven_to_be_gone(said: Said, tmp_path: Path) -> None:
    with_an_order(said)
    out = tmp_path / "person.json"
    code, _, err = said("shoppers", "export", "--email", "kara@example.test", "--out", str(out))
    assert (code, err, stat.S_IMODE(out.stat().st_mode)) == (0, "", 0o600)
    [known] = json.loads(out.read_text())["orders"]
    assert known["personal"]["email"] == "kara@example.test"
    code, _, err = said("shoppers", "export", "--email", "kara@example.test", "--out", str(out))
    assert (code, err) == (1, f"crossdock: {out}: cannot be written (File exists); name a new file\n")

    code, told, _ = said("shoppers", "forget", "--order", "KK-1", "--dry-run")
    assert (code, told.splitlines()[0]) == (0, "Forget the person behind KK-1")
    assert "  Holds KK-1: nobody knows any more where it goes." in told.splitlines()
    code, _, err = said("shoppers", "forget", "--order", "KK-1")
    assert (code, err.splitlines()[-1]) == (
        2,
        "crossdock shoppers: nothing was done: say --yes to have it done without being asked",
    )
    code, told, _ = said("shoppers", "prove", "--order", "KK-1")
    assert (code, "FOUND" in told) == (1, True)

    [done] = rows(said, "shoppers", "forget", "--order", "KK-1", "--yes")
    assert done["forgotten"] == "shop:kk-1"

    code, told, _ = said("shoppers", "prove", "--order", "KK-1", "--email", "kara@example.test")
    assert (code, "FOUND" in told) == (0, False)
    code, told, _ = said(
        "shoppers", "prove", "--order", "KK-1", "--email", "kara@example.test", "--also", str(out)
    )
    assert (code, told.count("FOUND")) == (1, 1)  # the export is still there, and says so
    code, _, err = said("shoppers", "forget", "--order", "KK-1", "--yes")
    assert code == 1
    assert err.startswith("crossdock: forgotten already: KK-1 since ")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("forget",), "forget wants either --order N or --email E"),
        (("export", "--order", "1", "--email", "a@b.test"), "export wants either --order N or --email E"),
        (("export", "--order", "1", "--dry-run"), "--dry-run is for forget"),
        (("forget", "--order", "1", "--out", "f"), "--out is for export"),
        (
            ("prove", "--email", "a@b.test"),
            "prove wants --order N: of a person who is forgotten nothing else is known",
        ),
    ],
)
def test_wrong_words_are_told(said: Said, words: tuple[str, ...], why: str) -> None:
    assert said("shoppers", *words) == (2, "", f"crossdock shoppers: {why}\n")


@pytest.mark.req("R66")
def test_an_address_without_a_known_order_is_forgotten_for_what_comes_to_light_later(said: Said) -> None:
    nobody = ("shoppers", "forget", "--email", "nobody@example.test")

    code, would, err = said(*nobody, "--dry-run")
    assert (code, err) == (0, "")
    assert would.splitlines()[0] == "Forget the person behind a mail address of which no order is known now"
    code, out, err = said(*nobody, "--yes")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith(
        "no order of this address is known now; orders of this address placed until 20"
    )
    assert out.endswith(" that come to light later are forgotten as well\n")
    code, out, err = said(*nobody, "--yes", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert err.startswith("no order of this address is known now; ")
    assert "nobody@example.test" not in would + out + err


def test_who_is_not_known_is_told_without_the_address(said: Said) -> None:
    code, out, err = said("shoppers", "export", "--email", "nobody@example.test")

    assert (code, out) == (1, "")
    assert "no order has this mail address" in err
    assert "nobody@example.test" not in err
