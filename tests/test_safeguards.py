"""With each safeguard taken away in turn the simulation finds it out; ``make soak ARGS=safeguards`` says after how many seeds."""

import pytest

from tests.safeguards import (
    NEEDED,
    SAFEGUARDS,
    Needed,
    played,
    played_without,
    without_any_before_the_key,
)

MOST = 20
"""So many seeds are tried."""


def test_every_safeguard_is_taken_away_in_turn() -> None:
    assert {needed.name for needed in NEEDED} == set(SAFEGUARDS)


def found(needed: Needed) -> int:
    """The first seed that tells of it."""
    for seed in range(1, MOST + 1):
        if needed.missed(played_without(needed, seed)):
            return seed
    pytest.fail(f"{MOST} seeds, and nobody misses the {needed.name}")


@pytest.mark.req("R42", "R29", "R31")
@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.name)
def test_a_missing_safeguard_is_found_and_the_same_seed_is_well_with_it(needed: Needed) -> None:
    assert played(needed, found(needed)).differences == ()


def test_the_key_of_an_effect_alone_keeps_two_of_one_key_apart() -> None:
    """Neither claim nor version guard: much goes wrong, but nothing is intended twice under one key."""
    needed = next(needed for needed in NEEDED if needed.name == "unique key")
    seed = found(needed)
    with without_any_before_the_key():
        report = played(needed, seed)
    assert not report.ok
    assert not needed.missed(report)


@pytest.mark.req("R42")
def test_a_failing_seed_fails_in_the_same_way_every_time() -> None:
    needed = next(needed for needed in NEEDED if needed.name == "version guard")
    runs = [played_without(needed, seed) for seed in (1, 2, 1, 2, 1, 2)]
    told = [(run.digest, run.differences) for run in runs]
    assert told[0] == told[2] == told[4]
    assert told[1] == told[3] == told[5]
    assert told[0] != told[1]
