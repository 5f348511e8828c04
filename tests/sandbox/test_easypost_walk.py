"""Random walks over EasyPost's recorded and documented names: no 500, no key or type that was never recorded."""

from typing import Any

import pytest

from sandbox.easypost import objects, paging
from tests.sandbox.easypost_walk import LONGEST, failure, walk, walked

SAMPLED = range(1000 // LONGEST)
"""A thousand calls; `make soak` makes ten thousand."""


@pytest.mark.req("R110")
async def test_a_thousand_calls_with_anything_in_them_are_answered_as_easypost_could() -> None:
    assert await walked(SAMPLED) is None


def test_a_walk_is_the_same_for_the_same_seed() -> None:
    assert walk(7, 50) == walk(7, 50)
    assert walk(7, 50) != walk(8, 50)


@pytest.mark.parametrize("wrong", [{"colour": "red"}, {"status": 7}, {"insurance": 100.0}])
async def test_an_answer_that_was_never_recorded_is_found_and_told_in_one_step(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    shown = objects.shipment
    monkeypatch.setattr(objects, "shipment", lambda *a: {**shown(*a), **wrong})

    told = await walked(range(1))

    assert told is not None
    first, *steps = told.splitlines()
    assert first.startswith("seed 0: ")
    assert len([step for step in steps if step.startswith("Step(")]) == 1


async def test_what_the_stand_in_fails_at_is_found(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    empty: dict[str, Any] = {}
    monkeypatch.setattr(paging, "page", lambda *_a: empty["nothing"])

    told = await failure(walk(0, LONGEST))

    assert told is not None
    assert "status=500" in told
    assert "KeyError" in caplog.text
