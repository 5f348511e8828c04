"""Who is dead is known on the machine where he ran, and nowhere else."""

import os
import subprocess
import sys

import pytest

from core.engine.process_name import died_here, process_name


def name_of_a_process_that_ended() -> tuple[str, int]:
    code = "import os; from core.engine.process_name import process_name; print(process_name(), os.getpid())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    name, number = said.split()
    return name, int(number)


@pytest.mark.req("R42")
def test_a_process_that_ended_here_is_dead_and_one_that_runs_is_not() -> None:
    ours = process_name()
    dead, number = name_of_a_process_that_ended()

    assert f"-{number}-" in dead
    assert died_here(dead, ours)
    assert not died_here(ours, ours)
    running = ours.replace(f"-{os.getpid()}-", f"-{os.getppid()}-").replace(ours[-8:], "00000000")
    assert not died_here(running, ours)


def test_one_of_before_that_had_our_own_number_is_dead() -> None:
    """In a container that is started again every process is number 1, or 7."""
    ours = process_name()

    assert died_here(f"{ours[:-8]}00000000", ours)


@pytest.mark.parametrize(
    "name",
    [
        "web-1-0a1b2c3d-7-00000000",  # another machine
        "{place}x-99999999-00000000",  # the same name, started anew since, or another container
        "web-1-99999999-00000000",  # an older version's name
        "{place}-number-00000000",
        "simulation",
        "",
    ],
)
def test_of_others_nothing_is_known_here(name: str) -> None:
    ours = process_name()
    place, _, _ = ours.rsplit("-", 2)

    assert not died_here(name.format(place=place), ours)
