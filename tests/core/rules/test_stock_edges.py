"""What available units tell when they come from one number to another."""

import pytest

from core.domain.rules.stock import edges
from core.model.triggers import Trigger

pytestmark = pytest.mark.req("S30")

LOW, OUT, BACK = Trigger.STOCK_LOW, Trigger.STOCK_OUT, Trigger.STOCK_BACK


@pytest.mark.parametrize(
    ("before", "now", "low", "told"),
    [
        (5, 4, 3, []),
        (4, 3, 3, [LOW]),
        (9, 1, 3, [LOW]),
        (3, 2, 3, []),
        (3, 4, 3, []),
        (1, 0, 3, [OUT]),
        (9, 0, 3, [LOW, OUT]),
        (9, -2, 3, [LOW, OUT]),
        (0, -1, 3, []),
        (-1, 0, 3, []),
        (0, 2, 3, [BACK]),
        (-4, 20, 3, [BACK]),
        (9, 1, None, []),
        (9, 0, None, [OUT]),
        (9, 0, 0, [LOW, OUT]),
        (None, 0, 3, []),
        (None, 9, 3, []),
    ],
)
def test_a_change_of_units_tells_each_edge_that_it_passes(
    before: int | None, now: int, low: int | None, told: list[Trigger]
) -> None:
    assert list(edges(before, now, low)) == told
