"""Two workers, each a process, over one database: one is killed, or stopped past every claim, and the other goes on.

A few of the places; `make soak ARGS=failpoints` strikes at all of them.
"""

import pytest

from tests.crash.every_place import PLACES, struck_at

pytestmark = [pytest.mark.case("F7"), pytest.mark.timeout(300)]


@pytest.mark.req("R42", "R45", "R31", "R02")
@pytest.mark.parametrize(
    ("kind", "place"), [("sqlite", "effects.call.after"), ("postgres", "run.commit.after")]
)
async def test_a_worker_is_killed_and_the_other_loses_and_doubles_nothing(kind: str, place: str) -> None:
    assert await struck_at(place, kind, "kill") == []


@pytest.mark.req("R42", "R31", "R02")
@pytest.mark.parametrize("place", ["fulfillment.buy.before"])
async def test_a_worker_is_stopped_for_ten_minutes_and_what_it_does_then_doubles_nothing(place: str) -> None:
    assert await struck_at(place, "postgres", "stop") == []


def test_there_are_places_enough() -> None:
    assert len(PLACES) >= 66
    assert {"run.commit.before", "run.commit.after", "effects.call.before", "effects.call.after"} < {*PLACES}
