"""Random walks over Amazon's models: no 500, no answer that the models do not know; a failing walk is told short."""

from typing import Any

import pytest

from sandbox.amazon import listings_api
from tests.sandbox.amazon_walk import LONGEST, failure, walk, walked

SAMPLED = range(1000 // LONGEST)
"""A thousand calls; `make soak` makes ten thousand."""


@pytest.mark.req("R110")
async def test_a_thousand_calls_with_anything_in_them_are_answered_as_amazon_could() -> None:
    assert await walked(SAMPLED) is None


def test_a_walk_is_the_same_for_the_same_seed() -> None:
    assert walk(7, 50) == walk(7, 50)
    assert walk(7, 50) != walk(8, 50)


@pytest.mark.parametrize("wrong", [{"colour": "red"}, {"sku": 7}])
async def test_an_answer_that_the_model_does_not_know_is_found_and_told_in_one_step(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    shown = listings_api._shown
    monkeypatch.setattr(listings_api, "_shown", lambda *a: {**shown(*a), **wrong})

    told = await walked(range(1))

    assert told is not None
    first, *steps = told.splitlines()
    assert first.startswith("seed 0: ")
    assert len([step for step in steps if step.startswith("Step(")]) == 1


async def test_what_the_stand_in_fails_at_is_found(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    empty: dict[str, str] = {}
    monkeypatch.setattr(listings_api, "_shown", lambda *_a: empty["nothing"])

    told = await failure(walk(0, LONGEST))

    assert told is not None
    assert "status=500" in told
    assert "KeyError" in caplog.text
