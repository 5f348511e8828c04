"""The border: what is given to an expression, how it is converted, and where it ends."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from core.expressions import EvaluationError, Scope, bind, compile_expression
from core.expressions.engine import TOO_MUCH, Engine
from core.expressions.operators import NO_MONEY, ONLY_PLAIN
from core.expressions.values import MOST_ENTRIES
from tests.core.expressions.scene import CEL_CPP, ENGINE_NAMES, ENGINES, SCOPE, State, values

both_engines = pytest.mark.parametrize("engine", ENGINES, ids=ENGINE_NAMES)


class Text(str):
    __slots__ = ()


class Names(dict[str, Any]):
    pass


def over(text: str, engine: Engine, **changes: Any) -> Any:
    given = values()
    given["order"] |= changes
    return compile_expression(text, SCOPE, engine=engine).evaluate(given)


@both_engines
def test_subclasses_of_plain_types_are_taken_as_what_they_are(engine: Engine) -> None:
    assert over(
        "order.number == '#1' && order.places.a == 'b'", engine, number=Text("#1"), places=Names(a="b")
    )
    assert over("order.state == 'ready'", engine, state=State.READY)
    assert over("order.tags == ['a']", engine, tags=("a",))


@both_engines
def test_a_field_that_is_not_given_is_null_and_one_that_no_model_has_is_not_seen(engine: Engine) -> None:
    bare = compile_expression("order.note == null && order.customer.name == order.note", SCOPE, engine=engine)

    assert bare.evaluate({"order": {"number": "#1", "customer": {}, "other": object()}}) is True


@both_engines
def test_times_are_those_of_any_zone_and_without_one_utc(engine: Engine) -> None:
    later = timezone(timedelta(hours=2))

    assert over("order.placed_at.getHours()", engine, placed_at=datetime(2026, 12, 1, 9, tzinfo=later)) == 7
    assert over("order.placed_at.getHours()", engine, placed_at=datetime(2026, 12, 1, 9)) == 9  # noqa: DTZ001
    assert over("order.placed_at + duration('1s')", engine) == datetime(2026, 12, 1, 9, 30, 1, tzinfo=UTC)


@both_engines
def test_half_a_character_is_no_error(engine: Engine) -> None:
    assert over("order.number.startsWith('a')", engine, number="a\ud800") is True
    assert over("order.number + '!'", engine, number="a\0b") == "a?b!"


@both_engines
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"tags": ["a"] * (MOST_ENTRIES + 1)},
            "a list has more than 1000 entries, the most that an expression sees",
        ),
        ({"risk": 2**63}, "a whole number is too large for an expression"),
        ({"untold": object()}, "no expression sees a value of the type object"),
    ],
)
def test_what_no_expression_sees_is_refused_without_its_value(
    engine: Engine, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(EvaluationError) as refused:
        over("order.vip == true", engine, **changes)

    assert str(refused.value) == says


@both_engines
def test_values_that_hold_themselves_end(engine: Engine) -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(EvaluationError, match=r"^values are nested deeper than 32"):
        over("order.vip == true", engine, untold=endless)


@both_engines
def test_a_thousand_entries_are_seen(engine: Engine) -> None:
    assert over("order.tags.exists(t, t == '999')", engine, tags=[str(n) for n in range(1_000)]) is True


@both_engines
def test_amounts_are_not_computed_with_where_no_model_tells_that_they_are_some(engine: Engine) -> None:
    amount = {"amount": Decimal("2.50")}

    assert over("order.untold.amount > 2", engine, untold=amount) is True
    assert str(over("order.untold.amount", engine, untold=amount)) == "2.50"
    for text, says in (
        ("order.untold.amount * 2.0", NO_MONEY),
        ("-order.untold.amount", NO_MONEY),
        ("order.untold.amount + order.untold.amount", NO_MONEY),
        ("double(order.untold.amount) * 2.0", NO_MONEY),
        ("[order.untold.amount]", ONLY_PLAIN),
        ("order.vip ? order.untold.amount : order.untold.none", ONLY_PLAIN),
    ):
        with pytest.raises(EvaluationError) as refused:
            over(text, engine, untold=amount)
        assert str(refused.value) == says


@both_engines
def test_a_decimal_is_no_amount_where_the_model_says_that_it_is_a_number(engine: Engine) -> None:
    changes = {"weight_kg": Decimal("2.5"), "untold": {"n": 2.0}}

    assert over("order.weight_kg * order.untold.n", engine, **changes) == 5.0


@both_engines
def test_values_are_converted_once_for_many_expressions(engine: Engine) -> None:
    bound = bind(values(), SCOPE, engine=engine)

    found = [
        compile_expression(text, SCOPE, engine=engine).evaluate(bound)
        for text in ("order.risk + 1", "order.risk + 2")
    ]

    assert found == [13, 14]
    assert bound.converted() is bound.converted()


def test_a_plain_name_is_read_although_another_value_is_none_that_an_expression_sees() -> None:
    assert over("order.total", CEL_CPP, untold=object()) == Decimal("640.00")


SLOW = (
    "order.tags.map(a, order.tags.map(b, a + b)).size()",
    "order.tags.all(a, order.tags.filter(b, a == b).size() == 1)",
    "order.tags.map(t, t).map(t, t).map(t, t).map(t, t).size()",
    "order.tags.map(t, order.number + order.number + order.number).size()",
)


@pytest.mark.parametrize("text", SLOW)
def test_what_would_take_too_long_is_not_begun(text: str) -> None:
    given = {"tags": [str(n) for n in range(1_000)], "number": "#" * 100_000}

    with pytest.raises(EvaluationError) as refused:
        over(text, CEL_CPP, **given)

    assert str(refused.value) == TOO_MUCH


@both_engines
def test_a_loop_in_a_loop_ends_after_ten_thousand_entries(engine: Engine) -> None:
    tags = [str(n) for n in range(300)]

    with pytest.raises(EvaluationError) as refused:
        over("order.tags.all(a, order.tags.all(b, a != b + 'x'))", engine, tags=tags)

    assert str(refused.value) == TOO_MUCH


def test_what_is_usual_of_a_hundred_lines_is_not_refused() -> None:
    line = {"sku": "PAN-28", "quantity": 2, "price": Decimal("3.50"), "hazmat": False, "tags": ["a", "b"]}
    lines = [line] * 100

    assert over("order.lines.all(l, l.tags.exists(t, t == 'b'))", CEL_CPP, lines=lines) is True
    assert over("order.lines.map(l, l.sku + ' x' + string(l.quantity)).size()", CEL_CPP, lines=lines) == 100
    assert (
        over("order.lines.all(l, l.sku.matches('^PAN') && l.price < order.total)", CEL_CPP, lines=lines)
        is True
    )


def test_scopes_of_the_same_variables_are_one() -> None:
    assert Scope.of({"a": str, "b": {"c": int}}) is Scope.of({"b": {"c": int}, "a": str})
    assert Scope.of({"a": str}) is not Scope.of({"a": int})


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"in": str}, "no expression can name a variable 'in'"),
        ({"a-b": str}, "no expression can name a variable 'a-b'"),
        ({"a": bytes}, "an expression cannot see <class 'bytes'>"),
    ],
)
def test_a_scope_that_no_expression_could_use_is_a_mistake_of_the_code(
    variables: dict[str, Any], says: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(says)):
        Scope.of(variables)


def test_the_usual_engine_is_the_fast_one_where_there_is_a_wheel_of_it() -> None:
    expression = compile_expression("order.vip", SCOPE)

    assert type(expression.engine) is type(CEL_CPP)
