"""Both engines over the same expressions and values: `make soak ARGS=expressions` draws 100,000."""

import asyncio
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from core.expressions import EvaluationError, ExpressionError, compile_expression
from core.expressions.engine import Engine
from tests.core.expressions.generated import DRAWN, results
from tests.core.expressions.scene import ENGINES, SCOPE

SOAKED = 100_000
_Outcome = tuple[str, Any]


def agreed(examples: int) -> Callable[[], None]:
    """Return a test of so many examples."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(results(), DRAWN)
    def both_engines_agree(text: str, drawn: dict[str, Any]) -> None:
        one, other = (outcome(text, drawn, engine) for engine in ENGINES)

        assert one == other
        # What the first engine refuses by itself, our own walk did not see.
        assert "this does not fit together" not in str(one)

    return both_engines_agree


def outcome(text: str, drawn: dict[str, Any], engine: Engine) -> _Outcome:
    """Return what an engine makes of an expression; why one has no value is each engine's own."""
    try:
        expression = compile_expression(text, SCOPE, engine=engine)
    except ExpressionError as error:
        return "refused", (error.says, error.offset)
    try:
        return "value", _comparable(expression.evaluate(drawn))
    except EvaluationError:
        return "none", None


def _comparable(value: Any) -> Any:
    match value:
        case float() if math.isnan(value):
            return "not a number"
        case list():
            return [_comparable(one) for one in value]
        case dict():
            return {key: _comparable(one) for key, one in value.items()}
        case _:
            return type(value).__name__, value


async def soaked() -> list[str]:
    """Draw many and return what is wrong."""
    return await asyncio.to_thread(partial(_wrong, agreed(SOAKED)))


def _wrong(test: Callable[[], None]) -> list[str]:
    try:
        test()
    except AssertionError as error:
        return [*getattr(error, "__notes__", []), repr(error)]
    return []
