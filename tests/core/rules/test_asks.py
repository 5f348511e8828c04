"""What a step of a rule sends, and what it keeps of an answer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.steps.rule_messages import plain

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
