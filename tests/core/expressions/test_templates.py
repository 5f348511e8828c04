"""Text with expressions in it, and what a value of a configuration is."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from core.expressions import EvaluationError, ExpressionError, bind, compile_template, value_of
from core.expressions.engine import Engine
from core.expressions.template import MOST_PARTS, written
from tests.core.expressions.scene import ENGINE_NAMES, ENGINES, SCOPE, values

TEXTS = (
    ("plain", "plain"),
    ("", ""),
    ("Risk {{order.risk}}", "Risk 12"),
    ("{{ order.number }} held: {{order.total}} {{order.currency}}", "#1001 held: 640.00 USD"),
    ("{{order.vip}}", "true"),
    ("[{{order.note}}]", "[]"),
    ("{{order.tags}}", "first, gift"),
    ("{{order.lines.map(l, l.sku + ' x' + string(l.quantity))}}", "PAN-28 x2, GAS x1"),
    ("{{order.placed_at}}", "2026-12-01 09:30 UTC"),
    ("{{order.wait}}", "2h"),
    ("{{order.weight_kg}} kg", "2.5 kg"),
    ("{{order.ship_on}}", "2026-12-02"),
    ("{{ '}}' }}{{ \"{{\" }}", "}}{{"),
    ("{{ {'a': {'b': order.number}}.a.b }}", "#1001"),
    ("a } b { c }} d", "a } b { c }} d"),
    ("caf\u00e9 {{ 'it\\'s' }}", "caf\u00e9 it's"),
)


@pytest.mark.parametrize("engine", ENGINES, ids=ENGINE_NAMES)
@pytest.mark.parametrize(("text", "rendered"), TEXTS)
def test_a_text_is_rendered(engine: Engine, text: str, rendered: str) -> None:
    template = compile_template(text, SCOPE, engine=engine)

    assert template.render(values()) == rendered
    assert template.render(bind(values(), SCOPE, engine=engine)) == rendered


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("text", "offset", "says"),
    [
        ("a {{order.number", 2, "these {{ are not closed; write }} after the expression"),
        ("a {{ 'b }}", 2, "these {{ are not closed; write }} after the expression"),
        ("a {{ }}", 2, "nothing stands between these {{ and }}"),
        ("{{order.risk}} {{ order.rsk }}", 24, "order has no 'rsk'; did you mean 'risk'?"),
        ("{{ order.risk > }}", 16, "a value is missing after '>'"),
        (
            "{{ order.total * 2 }}",
            3,
            "money is compared here, never computed with; the hub does that itself, exactly",
        ),
        ("{{ order.customer }}", 3, "this has several named values; name one of them"),
        ("{{ order.lines }}", 3, "this has several named values; name one of them"),
        ("{{1}}" * (MOST_PARTS + 1), 252, "a text has at most 50 expressions"),
    ],
)
def test_a_wrong_text_is_refused_with_its_place(text: str, offset: int, says: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_template(text, SCOPE)

    assert (refused.value.says, refused.value.offset) == (says, offset)


def test_several_values_that_no_model_told_are_no_text() -> None:
    template = compile_template("{{order.untold}}", SCOPE)

    with pytest.raises(EvaluationError, match=r"^several named values stand where a text is wanted$"):
        template.render(values())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("640.00"), "640.00"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-8"), "0.00000000"),
        (2.0, "2"),
        (0.1 + 0.2, "0.3"),
        (datetime(2026, 12, 1, 11, 30, tzinfo=timezone(timedelta(hours=2))), "2026-12-01 09:30 UTC"),
        (timedelta(days=1, hours=2, minutes=5, seconds=9), "1d 2h 5m 9s"),
        (timedelta(minutes=-5), "-5m"),
        (timedelta(), "0m"),
        ([Decimal("1.50"), None, True], "1.50, , true"),
    ],
)
def test_a_value_is_written_as_people_write_it(value: Any, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("=order.total", Decimal("640.00")),
        ("= order.risk + 1", 13),
        ("=order.tags", ["first", "gift"]),
        ("Risk {{order.risk}}", "Risk 12"),
        ("order.total", "order.total"),
        ("a = b", "a = b"),
        (5, 5),
        (Decimal("2.50"), Decimal("2.50")),
        (None, None),
    ],
)
def test_a_value_of_a_configuration_is_an_expression_a_text_or_itself(given: Any, value: Any) -> None:
    found = value_of(given, SCOPE).of(values())

    assert found == value
    assert str(found) == str(value)


def test_the_place_of_a_mistake_counts_from_the_sign() -> None:
    with pytest.raises(ExpressionError) as refused:
        value_of("=order.totl", SCOPE)

    assert refused.value.offset == 7


def test_an_expression_gives_what_is_wanted_of_a_value() -> None:
    with pytest.raises(ExpressionError, match=r"^money is wanted here, and this is text$"):
        value_of("=order.number", SCOPE, wants=Decimal)
