"""Whatever somebody writes: it is an expression or refused with a place, and neither takes long nor much memory."""

import contextlib
import resource
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.expressions import (
    EvaluationError,
    Expression,
    ExpressionError,
    compile_expression,
    compile_template,
)
from core.expressions.engine import Engine
from core.expressions.parser import LONGEST
from tests.core.expressions.generated import results
from tests.core.expressions.scene import CEL_CPP, ENGINE_NAMES, ENGINES, SCOPE, values

LONGEST_READ_S, LONGEST_S, MOST_KB = 0.15, 0.1, 50_000
WORDS = (
    *(
        "order",
        "event",
        "now",
        "l",
        ".risk",
        ".tags",
        ".lines",
        ".untold",
        ".total",
        ".number",
        ".note",
        ".places",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "?",
        ".",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "==",
        "<",
        ">=",
    ),
    *(
        "in",
        "true",
        "null",
        "0",
        "1",
        "2.5",
        "'a'",
        "'",
        '"',
        "\\",
        ".exists(l,",
        ".map(l,",
        ".size()",
        "has(",
    ),
    *(
        "string(",
        "int(",
        ".matches('",
        "duration('1h')",
        ".a",
        " ",
        "\n",
        "\u00e9",
        "\x00",
        "\ud800",
        "//",
        "r'",
    ),
)
FUZZED = settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def tried(text: str, engine: Engine) -> Expression | None:
    """Return the expression of a text, or None where it is refused with a place in it."""
    try:
        return compile_expression(text, SCOPE, engine=engine)
    except ExpressionError as error:
        refused = error
    assert 0 <= refused.offset <= len(text)
    assert refused.says
    assert "this does not fit together" not in refused.says
    return None


def evaluated(expression: Expression, given: dict[str, Any]) -> None:
    """Evaluate, and take it as well that there is no value."""
    with contextlib.suppress(EvaluationError):
        expression.evaluate(given)


@FUZZED
@given(results(), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.sampled_from(WORDS)), max_size=3))
def test_expressions_that_were_changed_somewhere_are_still_some_or_refused(
    text: str, changes: list[tuple[float, int, str]]
) -> None:
    for where, less, more in changes:
        at = int(where * len(text))
        text = text[:at] + more + text[at + less :]
    for engine in ENGINES:
        if expression := tried(text, engine):
            evaluated(expression, values())


@FUZZED
@given(st.lists(st.sampled_from(WORDS), max_size=25).map("".join))
def test_words_in_any_order_are_an_expression_or_refused(text: str) -> None:
    for engine in ENGINES:
        if expression := tried(text, engine):
            evaluated(expression, values())


@FUZZED
@given(st.text(max_size=60))
def test_any_characters_are_an_expression_or_refused(text: str) -> None:
    for engine in ENGINES:
        if expression := tried(text, engine):
            evaluated(expression, values())


@FUZZED
@given(st.lists(st.sampled_from((*WORDS, "{{", "}}", "text ")), max_size=20).map("".join))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    offset = 0
    try:
        with contextlib.suppress(EvaluationError):
            compile_template(text, SCOPE).render(values())
    except ExpressionError as error:
        offset = error.offset
    assert 0 <= offset <= len(text)


def longest(part: str, around: tuple[str, str] = ("", "")) -> str:
    """Return as much of a part as an expression may have."""
    room = LONGEST - len(around[0]) - len(around[1])
    return around[0] + part * (room // len(part)) + around[1]


HOSTILE = (
    *("1+" * 20_000 + "1", "(" * 40_000, "[" * 40_000, "x" + ".a" * 20_000, "!" * 40_000, "{'a':" * 10_000),
    *(
        longest("1+", ("", "1")),
        longest("("),
        longest("["),
        longest(".a", ("order.untold", "")),
        longest("-"),
    ),
    *(
        longest("!", ("", "true")),
        longest("true?1:", ("", "1")),
        longest("{'a':"),
        longest("has(order.untold."),
    ),
    *(longest("order.vip&&", ("", "true")), longest("1,", ("[", "1]")), longest("[1],", ("[", "[1]]"))),
    *(
        longest("(a|b)*", ("order.number.matches('", "')")),
        longest("(a{999}){9}", ("order.number.matches('", "')")),
    ),
    longest("order.tags.exists(t,", ("", "true")),
    longest(" || order.tags.exists(t, t == 'none')", ("false", "")),
    longest(" || order.tags.all(a, order.tags.all(b, a != b || true))", ("false", "")),
    longest(" && order.tags.map(t, t) == order.tags", ("true", "")),
    longest(" && order.number.matches('(a|b|c)*x+y{2,50}$')", ("true", "")),
    longest("+order.number", ("order.tags.map(t, order.number", ") == []")),
)


@pytest.mark.parametrize("engine", ENGINES, ids=ENGINE_NAMES)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_refused_or_read(engine: Engine, text: str) -> None:
    if expression := tried(text, engine):
        evaluated(expression, values())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_take_neither_long_nor_much_memory(text: str) -> None:
    compile_expression("order.vip", SCOPE)
    large = values()
    large["order"] |= {"tags": [f"tag-{n}" for n in range(1_000)], "number": "#" * 10_000}
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()

    expression = tried(text, CEL_CPP)

    read_in = time.process_time() - began
    began = time.process_time()
    if expression:
        evaluated(expression, large)
    evaluated_in = time.process_time() - began
    more_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most
    assert (read_in < LONGEST_READ_S, evaluated_in < LONGEST_S, more_kb < MOST_KB) == (True, True, True)
