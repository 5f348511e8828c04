"""With each safeguard taken away in turn the simulation finds it out; ``make soak ARGS=safeguards`` says after how many seeds."""

from dataclasses import dataclass

import pytest

from simulation.faults import faults_named
from simulation.run import Report, simulate
from simulation.scene import Scene
from tests.safeguards import SAFEGUARDS, without_any_before_the_key


@dataclass(frozen=True)
class Removed:
    """A safeguard, what goes wrong where it would be needed, and what is told where it is missing."""

    name: str
    faults: str
    told: str


REMOVED = (
    Removed("claim", "slow", "claimed by"),
    Removed("version guard", "crossed", "was decided although it was known as cancelled"),
    Removed("settle time", "slow", "came to pass 2 times"),
    Removed("fence", "reply_lost,delayed", "came to pass 2 times"),
    Removed("unique key", "slow", "intended 2 times"),
    Removed("unique key of deliveries", "twice", "stored twice"),
    Removed("revision", "crossed", "intended although"),
)
MOST = 20
"""So many seeds are tried of a scene in which what the safeguard is for happens at every turn."""


def test_every_safeguard_is_taken_away_in_turn() -> None:
    assert {removed.name for removed in REMOVED} == set(SAFEGUARDS)


def played(seed: int, faults: str) -> Report:
    scene = Scene(seed, 2, faults_named(faults), apart_s=10, rate=10)
    return simulate(scene, seed=seed, stops=2)


def found(removed: Removed) -> int:
    """The first seed that tells of it."""
    for seed in range(1, MOST + 1):
        with SAFEGUARDS[removed.name]():
            told = played(seed, removed.faults).differences
        if any(removed.told in line for line in told):
            return seed
    pytest.fail(f"{MOST} seeds, and nobody misses the {removed.name}")


@pytest.mark.req("R42", "R29", "R31")
@pytest.mark.parametrize("removed", REMOVED, ids=lambda removed: removed.name)
def test_a_missing_safeguard_is_found_and_the_same_seed_is_well_with_it(removed: Removed) -> None:
    seed = found(removed)
    assert played(seed, removed.faults).differences == ()


def test_the_key_of_an_effect_alone_keeps_two_of_one_key_apart() -> None:
    """Neither claim nor version guard: much goes wrong, but nothing is intended twice under one key."""
    seed = found(next(removed for removed in REMOVED if removed.name == "unique key"))
    with without_any_before_the_key():
        report = played(seed, "slow")
    assert not report.ok
    assert [line for line in report.differences if "intended 2 times" in line] == []


@pytest.mark.req("R42")
def test_a_failing_seed_fails_in_the_same_way_every_time() -> None:
    with SAFEGUARDS["version guard"]():
        runs = [played(seed, "crossed") for seed in (1, 2, 1, 2, 1, 2)]
    digests = [(run.digest, run.differences) for run in runs]
    assert digests[0] == digests[2] == digests[4]
    assert digests[1] == digests[3] == digests[5]
    assert digests[0] != digests[1]
