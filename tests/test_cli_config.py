"""Which crossdock.yaml was in force since when, at the command line (S30)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.engine.hub import Hub
from core.services.rules_in_force import put_in_force
from tests.command import Said, command, in_hub, rows
from tests.installed import MERCHANT

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R09")]


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


async def served(hub: Hub) -> None:
    """Put the file in force, as a process that serves does when it starts."""
    await put_in_force(hub, MERCHANT)


def file() -> Path:
    return Path(os.environ["CROSSDOCK_CONFIG"])


def versions(said: Said) -> list[tuple[int, str, str]]:
    return [(row["number"], row["in force"], row["this file"]) for row in rows(said, "config")]


def test_before_anything_served_there_is_no_version(said: Said) -> None:
    code, out, err = said("config", "versions")

    assert (code, err) == (0, "")
    assert out == "no version yet: the first is the file that serve is started with\n"


def test_each_file_that_is_put_in_force_is_the_next_version_and_what_it_said_is_kept(said: Said) -> None:
    first = file().read_text()
    in_hub(served)
    file().write_text(first + "# two\n")
    in_hub(served)

    assert versions(said) == [(2, "yes", "yes"), (1, "no", "no")]
    assert said("config", "show", "1") == (0, first, "")
    assert said("config", "show", "2") == (0, first + "# two\n", "")


def test_a_start_with_the_same_file_is_no_new_version_and_one_with_an_earlier_file_is(said: Said) -> None:
    first = file().read_text()
    in_hub(served)
    in_hub(served)
    assert versions(said) == [(1, "yes", "yes")]

    file().write_text(first + "# two\n")
    in_hub(served)
    file().write_text(first)
    in_hub(served)

    assert versions(said) == [(3, "yes", "yes"), (2, "no", "no"), (1, "no", "yes")]
    assert said("config", "show", "3") == (0, first, "")


def test_a_file_that_no_process_serves_yet_is_told_as_none_of_the_versions(said: Said) -> None:
    first = file().read_text()
    in_hub(served)
    file().write_text(first + "# two\n")

    assert versions(said) == [(1, "yes", "no")]


def test_of_a_folder_each_file_is_shown_below_its_name(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = file().parent / "both"
    folder.mkdir()
    (folder / "all.yaml").write_text(file().read_text())
    (folder / "more.yaml").write_text(f"version: 1\nmerchant: {MERCHANT}\n")
    monkeypatch.setenv("CROSSDOCK_CONFIG", str(folder))
    in_hub(served)

    both = f"# all.yaml\n{file_of(folder, 'all')}# more.yaml\n{file_of(folder, 'more')}"
    assert said("config", "show", "1") == (0, both, "")
    assert rows(said, "config", "show", "1") == {
        "number": 1,
        "files": [{"name": f"{name}.yaml", "text": file_of(folder, name)} for name in ("all", "more")],
    }


def file_of(folder: Path, name: str) -> str:
    return (folder / f"{name}.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("show", "7"), 1, "crossdock: no version 7; crossdock config versions lists them\n"),
        (
            ("show",),
            2,
            "crossdock config: show wants a number, as in: show 2; crossdock config versions lists them\n",
        ),
        (("show", "two"), 2, "crossdock config: NUMBER: 'two' is no whole number\n"),
        (("versions", "1"), 2, "crossdock config: versions wants no number; say: show NUMBER\n"),
    ],
)
def test_what_cannot_be_shown_is_refused(said: Said, words: tuple[str, ...], code: int, says: str) -> None:
    assert said("config", *words) == (code, "", says)
