"""Finds of what kind an expression's value is, and refuses what names, kinds or money do not allow."""

from collections.abc import Mapping

from core.expressions.functions import called, check_known
from core.expressions.kinds import (
    Basic,
    Kind,
    ListOf,
    MapOf,
    Shape,
    bare,
    holds_money,
    joined,
    told,
)
from core.expressions.mistakes import ExpressionError
from core.expressions.operators import ARITHMETIC, refuse_money, result
from core.expressions.scope import Scope
from core.expressions.tree import (
    Binary,
    Call,
    Choice,
    Entries,
    Field,
    Has,
    Index,
    Literal,
    Logic,
    Loop,
    Name,
    Node,
    Pairs,
    Unary,
    path,
)
from core.nearest import nearest

DEEPEST_LOOP = 2
"""One loop within another; what a third would cost is beyond any bound."""


class Checker:
    """Walks one expression.

    After the walk, ``kinds`` has the kind of each node, by its identity, and ``computes_any`` tells whether it
    computes with or converts values of which no model says what they are.
    """

    def __init__(self, scope: Scope) -> None:
        self._names: Mapping[str, Kind] = scope.variables
        self._loops = 0
        self.kinds: dict[int, Kind] = {}
        self.computes_any = False

    def kind(self, node: Node) -> Kind:
        """Return the kind of a node's value.

        Raises:
            ExpressionError: something in it does not fit.
        """
        if id(node) not in self.kinds:
            self.kinds[id(node)] = self._found(node)
        return self.kinds[id(node)]

    def _found(self, node: Node) -> Kind:
        match node:
            case Literal(value=value):
                return _KIND_OF[type(value)]
            case Name():
                return self._name(node)
            case Field():
                return self._field(node)
            case Index():
                return self._index(node)
            case Call():
                return self._call(node)
            case Loop():
                return self._loop(node)
            case _:
                return self._composed(node)

    def _composed(self, node: Node) -> Kind:
        match node:
            case Binary():
                return self._binary(node)
            case Logic(operands=operands):
                for one in operands:
                    self.condition(one)
                return Basic.TRUTH
            case Unary() | Choice() | Has():
                return self._simple(node)
            case Entries(entries=entries):
                return ListOf(self._common(entries))
            case Pairs():
                return self._pairs(node)
        raise AssertionError(node)

    def condition(self, node: Node) -> None:
        """See that a node gives true or false, and never null.

        Raises:
            ExpressionError: it does not.
        """
        kind = self.kind(node)
        if kind in (Basic.TRUTH, Basic.ANY):
            return
        if bare(kind) is Basic.TRUTH:
            raise ExpressionError("this may be null; write == true after it", node.at)
        says = f"true or false is wanted here, and this is {told(kind)}"
        if isinstance(node, Field | Name) and not isinstance(bare(kind), Shape | MapOf):
            says += "; compare it with something"
        raise ExpressionError(says, node.at)

    def _name(self, node: Name) -> Kind:
        if node.name in self._names:
            return self._names[node.name]
        near = _NAMED_OTHERWISE.get(node.name) or self._meant(node.name)
        raise ExpressionError(f"there is no '{node.name}' here{near}", node.at)

    def _meant(self, name: str) -> str:
        """Return what an unknown name may have been meant for: a field, text without its quotes, or a name near it."""
        for of, kind in self._names.items():
            inside = bare(kind)
            if isinstance(inside, Shape) and name in inside.fields:
                return f"; did you mean '{of}.{name}'?"
        if name.isupper():
            return f"; text is put in quotes: '{name}'"
        return nearest(name, self._names)

    def _field(self, node: Field) -> Kind:
        of = self.kind(node.of)
        match bare(of):
            case Shape(fields=fields):
                if node.name in fields:
                    return fields[node.name]
                says = f"{_label(node.of)} has no '{node.name}'{nearest(node.name, fields)}"
                raise ExpressionError(says, node.name_at)
            case MapOf(of=inside):
                return inside
            case Basic.ANY:
                return Basic.ANY
            case ListOf():
                says = f"{_label(node.of)} is a list; ask its entries, as in {_label(node.of)}.exists(x, x.{node.name} ...)"
                raise ExpressionError(says, node.name_at)
        raise ExpressionError(f"{_label(node.of)} is {told(of)} and has no fields", node.name_at)

    def _index(self, node: Index) -> Kind:
        of, key = self.kind(node.of), self.kind(node.key)
        match bare(of):
            case ListOf(of=inside) if key in (Basic.WHOLE, Basic.ANY):
                return inside
            case MapOf(of=inside) if key in (Basic.TEXT, Basic.ANY):
                return inside
            case Basic.ANY if key in (Basic.WHOLE, Basic.TEXT, Basic.ANY):
                return Basic.ANY
            case ListOf():
                raise ExpressionError(
                    f"an entry of a list is named by a whole number, not {told(key)}", node.key.at
                )
            case MapOf() | Basic.ANY:
                raise ExpressionError(f"a name is wanted here, not {told(key)}", node.key.at)
            case Shape():
                raise ExpressionError(f"write {_label(node.of)}.name, without brackets", node.key.at)
        raise ExpressionError(f"{_label(node.of)} is {told(of)} and has no entries", node.key.at)

    def _call(self, node: Call) -> Kind:
        check_known(node)
        of = None if node.of is None else self.kind(node.of)
        arguments = [self.kind(one) for one in node.arguments]
        self.computes_any |= of is None and Basic.ANY in arguments
        return called(node, of, arguments)

    def _loop(self, node: Loop) -> Kind:
        of = self.kind(node.over)
        entry = self._entry(node, of)
        if node.name in self._names:
            says = f"'{node.name}' already has a meaning here; give the entries another name"
            raise ExpressionError(says, node.name_at)
        self._loops += 1
        if self._loops > DEEPEST_LOOP:
            raise ExpressionError("a list is asked within a list at most once", node.function_at)
        outer, self._names = self._names, {**self._names, node.name: entry}
        if node.function == "map":
            given: Kind = ListOf(self.kind(node.body))
        else:
            self.condition(node.body)
            given = ListOf(entry) if node.function == "filter" else Basic.TRUTH
        self._names = outer
        self._loops -= 1
        return given

    def _entry(self, node: Loop, of: Kind) -> Kind:
        match bare(of):
            case ListOf(of=inside):
                return inside
            case MapOf() if node.function not in ("filter", "map"):
                return Basic.TEXT
            case MapOf():
                says = f"{node.function}() is for a list; names and values stand in no order"
                raise ExpressionError(says, node.function_at)
            case Basic.ANY:
                return Basic.ANY
        says = f"{node.function}() asks the entries of a list, and {_label(node.over)} is {told(of)}"
        raise ExpressionError(says, node.function_at)

    def _binary(self, node: Binary) -> Kind:
        left, right = self.kind(node.left), self.kind(node.right)
        given = result(node, left, right)
        if node.operator in ARITHMETIC and Basic.ANY in (bare(left), bare(right)):
            self.computes_any = True
        return given

    def _simple(self, node: Unary | Choice | Has) -> Kind:
        match node:
            case Unary(operator="!", operand=operand):
                if isinstance(operand, Literal | Field | Name) and bare(self.kind(operand)) is Basic.TEXT:
                    raise ExpressionError(
                        "'!' is not for text; write !( ... ) around the whole question", node.at
                    )
                self.condition(operand)
                return Basic.TRUTH
            case Unary(operand=operand):
                kind = self.kind(operand)
                refuse_money(operand, kind)
                self.computes_any |= kind is Basic.ANY
                if bare(kind) not in (Basic.WHOLE, Basic.NUMBER, Basic.ANY):
                    raise ExpressionError(f"'-' is not for {told(kind)}", node.at)
                return bare(kind)
            case Choice():
                return self._choice(node)
            case Has(field=field):
                return self._has(field)

    def _choice(self, node: Choice) -> Kind:
        self.condition(node.condition)
        then, otherwise = self.kind(node.then), self.kind(node.otherwise)
        kind = joined(then, otherwise)
        if kind is None or (kind is Basic.ANY and holds_money(then) != holds_money(otherwise)):
            says = (
                f"this is {told(otherwise)}, and before the ':' stands {told(then)}; both must be of one kind"
            )
            raise ExpressionError(says, node.otherwise.at)
        return kind

    def _has(self, node: Field) -> Kind:
        self.kind(node)
        if isinstance(bare(self.kind(node.of)), Shape):
            says = f"{node.name} is always known here; write {_label(node)} != null where it may be empty"
            raise ExpressionError(says, node.name_at)
        return Basic.TRUTH

    def _pairs(self, node: Pairs) -> Kind:
        seen: set[str] = set()
        for key, _ in node.pairs:
            if not isinstance(key, Literal) or not isinstance(key.value, str):
                raise ExpressionError("the name of a value is text in quotes", key.at)
            if key.value in seen:
                raise ExpressionError(f"'{key.value}' stands here twice", key.at)
            seen.add(key.value)
        values = [value for _, value in node.pairs]
        kinds = [self.kind(value) for value in values]
        is_mixed = any(joined(kinds[0], kind) is None for kind in kinds)
        return MapOf(Basic.ANY if is_mixed and not any(map(holds_money, kinds)) else self._common(values))

    def _common(self, nodes: tuple[Node, ...] | list[Node]) -> Kind:
        """Return the kind that all of some values have."""
        if not nodes:
            return Basic.ANY
        found = self.kind(nodes[0])
        for node in nodes[1:]:
            kind = self.kind(node)
            both = Basic.ANY if {found, kind} == {Basic.WHOLE, Basic.NUMBER} else joined(found, kind)
            if both is None or (both is Basic.ANY and holds_money(found) != holds_money(kind)):
                says = f"this is {told(kind)}, and before it stands {told(found)}; a list holds values of one kind"
                raise ExpressionError(says, node.at)
            found = both
        return found


_KIND_OF: dict[type, Kind] = {
    str: Basic.TEXT,
    int: Basic.WHOLE,
    float: Basic.NUMBER,
    bool: Basic.TRUTH,
    type(None): Basic.NOTHING,
}
_NAMED_OTHERWISE = {
    "error": "; why a step failed is known in its else: only",
    "steps": "; what an earlier step of this rule gave is known where it has an id: and asks (http)",
    "True": "; write true",
    "TRUE": "; write true",
    "False": "; write false",
    "FALSE": "; write false",
    "None": "; write null",
    "NULL": "; write null",
    "Null": "; write null",
}


def _label(node: Node) -> str:
    """Return how a value is called in a sentence."""
    names = path(node)
    return ".".join(names) if names else "this"
