"""What is refused when it is read: the message and its place, the same whichever engine there is."""

from typing import Any

import pytest

from core.expressions import ExpressionError, compile_expression
from core.expressions.engine import Engine
from core.expressions.operators import NO_MONEY, ONLY_PLAIN
from core.expressions.parser import LONGEST
from tests.core.expressions.scene import ENGINE_NAMES, ENGINES, SCOPE

TOO_DEEP = "this is nested too deep or too long a chain; divide it"

REFUSALS = (
    # names
    ("order.totl > 5", 6, "order has no 'totl'; did you mean 'total'?"),
    ("true && ordr.total > 5", 8, "there is no 'ordr' here; did you mean 'order'?"),
    ("order.customer.ordrs == 0", 15, "order.customer has no 'ordrs'; did you mean 'orders'?"),
    ("order.customer.zip", 15, "order.customer has no 'zip' (one of: name, orders)"),
    ("order.lines.exists(l, l.qty > 1)", 24, "l has no 'qty' (one of: hazmat, price, quantity, sku, tags)"),
    ("total > 5", 0, "there is no 'total' here; did you mean 'order.total'?"),
    ("order.currency == USD", 18, "there is no 'USD' here; text is put in quotes: 'USD'"),
    ("error.code == 'x'", 0, "there is no 'error' here; why a step failed is known in its else: only"),
    ("order.risk > '70'", 11, "'>' does not compare a whole number with text; write 70, without quotes"),
    ("order.vip == True", 13, "there is no 'True' here; write true"),
    (
        "order.lines.sku == 'A'",
        12,
        "order.lines is a list; ask its entries, as in order.lines.exists(x, x.sku ...)",
    ),
    ("order.number.lenght() > 1", 13, "there is no function 'lenght()' here"),
    ("order.number.length() > 1", 13, "there is no function 'length()' here; write size()"),
    (
        "order.number.startWith('#')",
        13,
        "there is no function 'startWith()' here; did you mean 'startsWith()'?",
    ),
    ("matches(order.number)", 0, "there is no function 'matches()' here; write x.matches(...)"),
    ("order.risk.string()", 11, "there is no function 'string()' here; write string(x)"),
    ("strin(order.risk)", 0, "there is no function 'strin()' here; did you mean 'string()'?"),
    ("order.risk.x", 11, "order.risk is a whole number and has no fields"),
    # kinds
    ("order.total > 'x'", 12, "'>' does not compare money with text"),
    ("order.currency > 5", 15, "'>' does not compare text with a whole number; write '5', in quotes"),
    ("order.currency == 5", 15, "text never equals a whole number; write '5', in quotes"),
    ("order.number == null", 0, "this is never null"),
    ("order.tags == 'a'", 0, "this is a list and never equals text; write 'x' in list"),
    ("order.tags.contains('a')", 0, "contains() looks into text; to look into a list, write 'x' in list"),
    ("'a' in order.number", 4, "'in' looks into a list; to look into text, write text.contains('part')"),
    ("5 in order.tags", 0, "a whole number is never in this list, which holds text"),
    (
        "1 < order.risk < 5",
        15,
        "'<' does not compare true or false with a whole number; write 1 < x && x < 5, each comparison by itself",
    ),
    (
        "order.number + 5",
        13,
        "'+' is not for text and a whole number; write string(x) to join a number to a text",
    ),
    (
        "order.weight_kg * 2",
        16,
        "'*' is not for a number with decimals and a whole number; write whole numbers as 2.0 or double(x)",
    ),
    ("order.tags + ['x']", 11, "'+' is not for a list and a list; lists are not joined"),
    ("!order.number", 0, "'!' is not for text; write !( ... ) around the whole question"),
    ("!order.gift", 1, "this may be null; write == true after it"),
    ("order.number && true", 0, "true or false is wanted here, and this is text; compare it with something"),
    ("-order.number", 0, "'-' is not for text"),
    ("[1, 'a']", 4, "this is text, and before it stands a whole number; a list holds values of one kind"),
    (
        "order.vip ? 1 : 'a'",
        16,
        "this is text, and before the ':' stands a whole number; both must be of one kind",
    ),
    ("{1: 2}", 1, "the name of a value is text in quotes"),
    ("{'a': 1, 'a': 2}", 9, "'a' stands here twice"),
    ("has(order.note)", 10, "note is always known here; write order.note != null where it may be empty"),
    ("has(order)", 0, "has() asks for one field, as in has(event.note)"),
    ("order.tags['a']", 11, "an entry of a list is named by a whole number, not text"),
    ("order['tags']", 6, "write order.name, without brackets"),
    (
        "order.tags.exists(order, true)",
        18,
        "'order' already has a meaning here; give the entries another name",
    ),
    (
        "order.risk.exists(x, true)",
        11,
        "exists() asks the entries of a list, and order.risk is a whole number",
    ),
    ("order.places.map(x, x)", 13, "map() is for a list; names and values stand in no order"),
    ("size(order.tags, 1)", 0, "size() takes one value in its brackets, not 2"),
    ("order.wait.getHours('UTC')", 11, "getHours() takes nothing in its brackets, not 1"),
    (
        "now.getHours('Mars/Base')",
        13,
        "there is no time zone 'Mars/Base'; write one such as 'America/New_York' or '+02:00'",
    ),
    ("order.wait > duration('2 days')", 22, "a length of time is written as '48h', '30m' or '1h30m'"),
    ("now > timestamp('2026-12-01')", 16, "a time is written as '2026-12-01T09:30:00Z'"),
    (
        "order.number.matches('(a')",
        21,
        "this is no pattern; . * + ? ( ) [ ] have a meaning in one, and \\ before them takes it",
    ),
    ("order.number.matches(order.currency)", 21, "matches() wants text in quotes here"),
    # money
    ("order.total * 2 > 5", 0, NO_MONEY),
    ("2 * order.total > 5", 4, NO_MONEY),
    ("order.total + order.total", 0, NO_MONEY),
    ("1.0 - order.total", 6, NO_MONEY),
    ("order.total / 3", 0, NO_MONEY),
    ("order.total % 3", 0, NO_MONEY),
    ("-order.total < 0", 1, NO_MONEY),
    ("order.discount + 1", 0, NO_MONEY),
    ("double(order.total)", 7, NO_MONEY),
    ("int(order.total)", 4, NO_MONEY),
    ("string(order.total)", 7, NO_MONEY),
    ("'total ' + order.total", 11, NO_MONEY),
    ("order.lines.exists(l, l.price * 2 > 5)", 22, NO_MONEY),
    ("[order.total].exists(t, t + 1 > 2)", 24, NO_MONEY),
    ("[1, order.total][0] + 1", 0, NO_MONEY),
    ("{'a': order.total}.a + 1", 0, NO_MONEY),
    ("(order.vip ? order.total : 0) + 1", 1, NO_MONEY),
    ("order.lines.map(l, l.price)[0] * 2", 0, NO_MONEY),
    ("order.lines.filter(l, l.hazmat)[0].price * 2", 0, NO_MONEY),
    ("order.lines.map(l, l.price)", 0, ONLY_PLAIN),
    ("order.lines.filter(l, l.hazmat)", 0, ONLY_PLAIN),
    ("order.lines[0].price", 0, ONLY_PLAIN),
    ("order.vip ? order.total : 0", 0, ONLY_PLAIN),
    ("{'a': order.total}", 0, ONLY_PLAIN),
    (
        "{'a': order.total, 'b': 'x'}",
        24,
        "this is text, and before it stands money; a list holds values of one kind",
    ),
    (
        "[order.untold, order.total]",
        15,
        "this is money, and before it stands a value of any kind; a list holds values of one kind",
    ),
    # writing
    ("", 0, "an expression is wanted here, and nothing is given"),
    ("  ", 0, "an expression is wanted here, and nothing is given"),
    ("order.vip = true", 10, "to compare, write =="),
    ("order.vip & true", 10, "write && for 'and'"),
    ("order.vip and true", 10, "write && instead of 'and'"),
    ("not order.vip", 0, "write ! instead of 'not'"),
    ("order.risk <> 5", 12, "to compare, write != for 'is not'"),
    ("order.tags has 'a'", 11, "something is missing between 'tags' and 'has', such as && or =="),
    (
        "order.number == \u201ca\u201d",
        16,
        "curly quotes are no quotes here; write ' before and after the text",
    ),
    ("order.risk\u00a0> 5", 10, "an invisible character stands here; delete it"),
    ("order.risk > 5 \u20ac", 15, "'\u20ac' has no meaning here; text is put in quotes, as in 'text'"),
    ("order.number == 'abc", 16, "this text is not closed; it ends with '"),
    (
        r"order.number == 'a\d'",
        18,
        r"'\d' stands for no character; write \\ for one \, or a pattern as r'...'",
    ),
    (r"'\ud800'", 1, r"'\ud800' stands for no character; write \\ for one \, or a pattern as r'...'"),
    (r"'\u0000'", 1, r"'\u0000' stands for no character; write \\ for one \, or a pattern as r'...'"),
    ("'a\0'", 2, "an invisible character stands here; delete it"),
    ("'ab\ud800'", 3, "an invisible character stands here; delete it"),
    ("(order.vip", 0, "this ( is not closed"),
    ("order.tags[0", 10, "this [ is not closed"),
    ("{'a': 1", 0, "this { is not closed"),
    ("order.vip)", 9, "')' is not expected here"),
    ("order.vip &&", 12, "a value is missing after '&&'"),
    ("&& order.vip", 0, "'&&' is not expected here"),
    ("order.", 6, "after the point, the name of a field is missing"),
    ("order.in == 1", 6, "'in' is no name of a field"),
    ("order.vip ? 1", 0, "this ? has no ':' with the value otherwise"),
    ("5kg", 0, "'5kg' is no number; write only digits and a point"),
    ("0x1F", 0, "'0x1F' is no number; write only digits and a point"),
    ("02139", 0, "a number does not begin with 0; write '02139' in quotes for text"),
    ("9223372036854775808", 0, "this number is too large"),
    ("1e999", 0, "this number is too large"),
    (".5", 0, "a number begins with a digit, as in 0.5, and a field with the name before its point"),
    (
        "order.tags.exists(t == 'a')",
        11,
        "exists() takes a name for each entry and what is asked of it, as in exists(x, x == 'a')",
    ),
    # bounds
    (
        "order.tags.all(a, order.tags.all(b, order.tags.all(c, a == b && b == c)))",
        47,
        "a list is asked within a list at most once",
    ),
    (
        "'" + "a" * LONGEST + "'",
        LONGEST,
        f"an expression has at most {LONGEST} characters, this one {LONGEST + 2}",
    ),
    ("(" * 30 + "1" + ")" * 30, 24, TOO_DEEP),
    ("[" * 30 + "]" * 30, 24, TOO_DEEP),
    ("+".join(["1"] * 30), 0, TOO_DEEP),
    ("order.untold" + ".a" * 30, 0, TOO_DEEP),
)


@pytest.mark.req("R75")
@pytest.mark.parametrize("engine", ENGINES, ids=ENGINE_NAMES)
@pytest.mark.parametrize(("text", "offset", "says"), REFUSALS)
def test_a_wrong_expression_is_refused_with_its_place(
    engine: Engine, text: str, offset: int, says: str
) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(text, SCOPE, engine=engine)

    assert (refused.value.says, refused.value.offset) == (says, offset)


@pytest.mark.parametrize(
    ("text", "wants", "says"),
    [
        ("order.number", bool, "true or false is wanted here, and this is text; compare it with something"),
        (
            "order.gift",
            bool,
            "true or false is wanted here, and this is true or false or null; write == true after it",
        ),
        ("order.total", str, "text is wanted here, and this is money"),
        ("order.weight_kg", int, "a whole number is wanted here, and this is a number with decimals"),
        ("order.number", list, "a list is wanted here, and this is text"),
    ],
)
def test_what_gives_another_kind_than_is_wanted_is_refused(text: str, wants: type[Any], says: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(text, SCOPE, wants=wants)

    assert (refused.value.says, refused.value.offset) == (says, 0)


def test_many_conditions_in_a_row_are_no_nesting() -> None:
    text = " || ".join(f"order.number == '#{n}'" for n in range(80))

    assert compile_expression(text, SCOPE, wants=bool).text == text
