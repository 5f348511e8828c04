"""Expressions and values drawn at random: expressions of a wanted kind, over an order of which anything may be null."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.core.expressions.scene import State

_Texts = st.SearchStrategy[str]
_NAMES = (
    "'PAN-28'",
    "'GAS'",
    "'first'",
    "'gift'",
    "''",
    "'caf\u00e9'",
    r"'it\'s'",
    "'#1001'",
    "'a b'",
    r"'\n'",
)
_PATTERNS = ("'^#'", "'A'", "'[0-9]+'", "'^$'", "'.*'", "'(?i)pan'", r"r'\w'")
_WHOLES = ("0", "1", "2", "12", "70", "1000000007")
_DECIMALS = ("0.0", "2.5", "0.1", "640.0", "1e3")
_MOST = 3


def conditions(depth: int = _MOST, *, each: str | None = None) -> _Texts:
    """Draw expressions that are true or false; within a loop ``each`` is the name of a line."""
    numbers, texts, times, spans = (
        wholes(depth - 1, each=each),
        words(depth - 1, each=each),
        instants(depth - 1),
        lengths(depth - 1),
    )
    comparisons = [
        _joined(st.one_of(numbers, decimals(depth - 1, each=each), amounts(each=each)), _ORDERS),
        _joined(texts, _ORDERS),
        _joined(times, _ORDERS),
        _joined(spans, _ORDERS),
        st.builds("{} in [{}, {}]".format, texts, texts, texts),
        st.builds("{} in [{}, {}]".format, amounts(each=each), numbers, amounts(each=each)),
        st.builds("{} in {}".format, texts, st.sampled_from(("order.tags", "order.places"))),
        st.builds("{}.{}({})".format, _held(texts), st.sampled_from(_TESTS), texts),
        st.builds("{}.matches({})".format, _held(texts), st.sampled_from(_PATTERNS)),
        st.builds("{} {} null".format, st.sampled_from(_NULLABLE), st.sampled_from(("==", "!="))),
        st.builds("order.gift == {}".format, st.sampled_from(("true", "false", "order.vip"))),
        st.builds("{} {} {}".format, _ANY, st.sampled_from(("==", "!=")), st.one_of(numbers, texts, _ANY)),
        st.sampled_from(("order.vip", "true", "false", "has(order.untold.n)", "has(event.kind)")),
    ]
    if depth <= 0:
        return st.one_of(comparisons)
    inner = conditions(depth - 1, each=each)
    composed = [
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ]
    if each is None:
        asked = st.sampled_from(("exists", "all", "exists_one"))
        composed.append(st.builds("order.lines.{}(l, {})".format, asked, conditions(depth - 1, each="l")))
        composed.append(st.builds("order.tags.{}(t, t == {})".format, asked, texts))
    return st.one_of(*comparisons, *composed)


def wholes(depth: int, *, each: str | None = None) -> _Texts:
    """Draw expressions that are whole numbers."""
    plain = [
        st.sampled_from(_WHOLES),
        st.sampled_from(("order.risk", "order.counts.GAS", "order.customer.orders", "order.tags.size()")),
        st.sampled_from((f"{each}.quantity", f"{each}.tags.size()") if each else ("size(order.lines)", "-1")),
        st.builds("order.placed_at.{}()".format, st.sampled_from(_PARTS)),
        st.builds(
            "order.placed_at.getHours({})".format,
            st.sampled_from(("'UTC'", "'America/New_York'", "'+02:30'")),
        ),
        st.builds("order.wait.{}()".format, st.sampled_from(("getHours", "getMinutes", "getSeconds"))),
    ]
    if depth <= 0:
        return st.one_of(plain)
    inner = wholes(depth - 1, each=each)
    return st.one_of(
        *plain,
        st.builds("({} {} {})".format, inner, st.sampled_from(("+", "-", "*", "/", "%")), inner),
        st.builds("-({})".format, inner),
        st.builds("int({})".format, st.one_of(words(0, each=each), decimals(0))),
        st.builds("size({})".format, words(depth - 1, each=each)),
    )


def decimals(depth: int, *, each: str | None = None) -> _Texts:
    """Draw expressions that are numbers with decimals."""
    plain = st.sampled_from((*_DECIMALS, "order.weight_kg"))
    if depth <= 0:
        return plain
    inner = decimals(depth - 1, each=each)
    return st.one_of(
        plain,
        st.builds("({} {} {})".format, inner, st.sampled_from(("+", "-", "*", "/")), inner),
        st.builds("double({})".format, wholes(0, each=each)),
    )


def amounts(*, each: str | None = None) -> _Texts:
    """Draw amounts; nothing is computed of them."""
    return st.sampled_from((f"{each}.price", "order.total") if each else ("order.total", "order.discount"))


def words(depth: int, *, each: str | None = None) -> _Texts:
    """Draw expressions that are text."""
    plain = [
        st.sampled_from(_NAMES),
        st.sampled_from(
            ("order.number", "order.state", "order.note", "order.places.reno", "order.customer.name")
        ),
        st.sampled_from(
            (f"{each}.sku", f"{each}.tags[0]") if each else ("order.tags[0]", "order.lines[0].sku")
        ),
    ]
    if depth <= 0:
        return st.one_of(plain)
    inner = words(depth - 1, each=each)
    return st.one_of(
        *plain,
        st.builds("({} + {})".format, inner, inner),
        st.builds(
            "string({})".format,
            st.one_of(wholes(depth - 1, each=each), st.sampled_from(("true", "order.vip"))),
        ),
        st.builds("(order.vip ? {} : {})".format, inner, inner),
    )


def instants(depth: int) -> _Texts:
    """Draw expressions that are times."""
    plain = st.sampled_from(("now", "order.placed_at", "timestamp('2026-12-01T10:00:00+02:00')"))
    return plain if depth <= 0 else st.one_of(plain, st.builds("({} + {})".format, plain, lengths(depth - 1)))


def lengths(depth: int) -> _Texts:
    """Draw expressions that are lengths of time."""
    plain = st.sampled_from(
        ("order.wait", "order.waited", "duration('1h30m')", "duration('90m')", "duration('-5s')")
    )
    return plain if depth <= 0 else st.one_of(plain, st.builds("({} - {})".format, instants(0), instants(0)))


def results() -> _Texts:
    """Draw expressions of every kind, lists among them."""
    return st.one_of(
        conditions(),
        wholes(_MOST),
        decimals(_MOST),
        words(_MOST),
        instants(1),
        lengths(1),
        st.builds("order.lines.map(l, {})".format, st.one_of(wholes(2, each="l"), words(2, each="l"))),
        st.builds("order.tags.filter(t, t != {})".format, words(1)),
        st.builds("[{}, {}]".format, words(1), words(1)),
        st.builds("{{'a': {}, 'b': {}}}".format, wholes(1), words(1)),
        _ANY,
    )


_ORDERS = ("<", "<=", ">", ">=", "==", "!=")
_TESTS = ("contains", "startsWith", "endsWith")
_PARTS = (
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
)
_NULLABLE = (
    "order.note",
    "order.gift",
    "order.discount",
    "order.parcel",
    "order.waited",
    "order.customer.orders",
)
_ANY = st.sampled_from(
    ("order.untold.n", "order.untold.list", "order.untold", "event.kind", "order.untold.list[0]")
)


def _joined(of: _Texts, signs: tuple[str, ...]) -> _Texts:
    return st.builds("{} {} {}".format, of, st.sampled_from(signs), of)


def _held(of: _Texts) -> _Texts:
    return st.builds("({})".format, of)


_TEXTS = st.text(max_size=6) | st.sampled_from(
    ("PAN-28", "GAS", "first", "gift", "caf\u00e9", "12", "-3", "2.5")
)
_MONEY = st.decimals(min_value=0, max_value=100_000, places=2)
_COUNTS = st.integers(-3, 10) | st.integers(-(2**63), 2**63 - 1)
_TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - UTC is added
    lambda one: one.replace(microsecond=0, tzinfo=UTC)
)
_LENGTHS = st.integers(-100_000, 100_000).map(lambda seconds: timedelta(seconds=seconds))
_ANYTHING = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | _TEXTS


def _or_null(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | of


_LINES = st.fixed_dictionaries(
    {"sku": _TEXTS, "quantity": st.integers(0, 9), "price": _MONEY},
    optional={"hazmat": st.booleans(), "tags": st.lists(_TEXTS, max_size=3)},
)
_ORDERS_DRAWN = st.fixed_dictionaries(
    {
        "number": _TEXTS,
        "total": _MONEY,
        "risk": _COUNTS,
        "state": st.sampled_from(State),
        "customer": st.fixed_dictionaries(
            {}, optional={"name": _or_null(_TEXTS), "orders": _or_null(_COUNTS)}
        ),
        "lines": st.lists(_LINES, max_size=4),
        "tags": st.lists(_TEXTS, max_size=4),
        "placed_at": _TIMES,
        "wait": _LENGTHS,
        "weight_kg": st.floats(0, 1000, allow_nan=False),
        "places": st.dictionaries(_TEXTS | st.just("reno"), _TEXTS, max_size=3),
        "counts": st.dictionaries(_TEXTS | st.just("GAS"), _COUNTS, max_size=3),
        "vip": st.booleans(),
    },
    optional={
        "note": _or_null(_TEXTS),
        "gift": _or_null(st.booleans()),
        "discount": _or_null(_MONEY),
        "waited": _or_null(_LENGTHS),
        "untold": st.fixed_dictionaries(
            {}, optional={"n": _ANYTHING, "list": st.lists(_ANYTHING, max_size=3)}
        ),
    },
)
DRAWN: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"order": _ORDERS_DRAWN, "now": _TIMES, "event": st.dictionaries(st.just("kind"), _ANYTHING)}
)
