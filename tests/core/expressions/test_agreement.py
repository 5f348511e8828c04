"""Both engines give the same: one is the other's second opinion."""

from tests.core.expressions.agreement import agreed


def test_both_engines_give_the_same_over_whatever_is_drawn() -> None:
    agreed(1_000)()
