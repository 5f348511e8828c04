"""What a step of a rule sends, and what it keeps of an answer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.model.hooks import HookAnswer
from core.steps.rule_actions import StepFailedError
from core.steps.rule_messages import plain, taken_of

pytestmark = pytest.mark.req("S30")


def test_a_computed_value_is_sent_as_json_has_it_and_a_length_of_time_in_whole_seconds() -> None:
    computed = {
        "age": timedelta(days=1, seconds=2, milliseconds=900),
        "ages": (timedelta(minutes=-1),),
        "total": Decimal("79.50"),
        "at": datetime(2026, 11, 30, 20, 0, tzinfo=UTC),
        "gift": True,
    }
    assert plain(computed) == {
        "age": 86402,
        "ages": [-60],
        "total": "79.50",
        "at": "2026-11-30T20:00:00+00:00",
        "gift": True,
    }


@pytest.mark.parametrize("code", ["CRM-7", "a" * 64, "https://crm.test/7", "", 71, True, None])
def test_codes_numbers_and_truths_are_kept_of_an_answer(code: object) -> None:
    answer = HookAnswer(status=200, body={"ref": code})
    assert taken_of(answer, {"ref": "body.ref"}) == {"ref": code}


@pytest.mark.parametrize(
    "personal",
    ["Kara Kendra", "kara@example.test", "a" * 65, "12 Mill Road", "+15550100", "CRM-7\n", "CRM\x007"],
)
def test_a_text_that_is_no_code_is_not_kept_of_an_answer_and_not_repeated(personal: str) -> None:
    answer = HookAnswer(status=200, body={"customer": {"name": personal}})
    with pytest.raises(StepFailedError) as refused:
        taken_of(answer, {"who": "body.customer.name"})
    assert str(refused.value) == (
        "take: body.customer.name is no code (who): texts that are kept have up to 64 letters, digits"
        " and . _ : / # + -, no blanks"
    )


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (9007199254740991, 9007199254740991),
        (-9007199254740991, -9007199254740991),
        (Decimal("0.25"), 0.25),
        (Decimal("-1.5E+3"), -1500.0),
    ],
)
def test_a_number_that_every_reader_of_json_reads_alike_is_kept(number: int | Decimal, kept: float) -> None:
    answer = HookAnswer(status=200, body={"points": number})
    assert taken_of(answer, {"score": "body.points"}) == {"score": kept}


@pytest.mark.parametrize(
    "number",
    [
        9007199254740992,
        -9007199254740992,
        10**40,
        Decimal("9007199254740991.5"),
        Decimal("1E+99"),
        Decimal("Infinity"),
        Decimal("NaN"),
    ],
)
def test_a_number_that_is_too_large_is_not_kept_and_not_repeated(number: int | Decimal) -> None:
    answer = HookAnswer(status=200, body={"points": number})
    with pytest.raises(StepFailedError) as refused:
        taken_of(answer, {"score": "body.points"})
    assert str(refused.value) == (
        "take: body.points is no number that is kept (score): they go up to 9007199254740991 either way;"
        " a longer one is kept where it comes as text"
    )
