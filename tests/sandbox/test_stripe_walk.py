"""A thousand random calls of Stripe's stand-in, and proof that such a walk finds what is wrong and shrinks it."""

from typing import Any

import pytest

from sandbox.stripe import objects
from sandbox.stripe.state import Stripe
from tests.sandbox.stripe_walk import Ask, first_wrong, walked

pytestmark = pytest.mark.req("R110")


async def test_a_thousand_calls_find_no_answer_that_stripe_could_not_have_given() -> None:
    assert await walked(range(10)) is None


async def test_an_answer_outside_the_types_is_found_and_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    right = objects.refund

    def without_its_charge(*said: Any) -> dict[str, Any]:
        return {name: value for name, value in right(*said).items() if name != "charge"}

    monkeypatch.setattr(objects, "refund", without_its_charge)
    found = await first_wrong(range(10))
    assert found is not None
    assert "'charge' is a required property" in found.why
    assert len(found.way) == 2
    last = found.way[-1]
    assert isinstance(last, Ask)
    assert last.operation in ("POST /v1/refunds", "GET /v1/refunds")


async def test_a_500_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_said: Any, **_named: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Stripe, "capture", broken)
    found = await first_wrong(range(10))
    assert found is not None
    assert len(found.way) == 2


async def test_a_refusal_that_changed_something_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Stripe.cancel

    def though_it_is_refused(state: Stripe, payment: Any, reason: str | None) -> None:
        payment.metadata["order"] = "another"
        right(state, payment, reason)

    monkeypatch.setattr(Stripe, "cancel", though_it_is_refused)
    found = await first_wrong(range(10))
    assert found is not None
    assert len(found.way) == 2
