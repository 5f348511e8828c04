"""Values that may be null and at which a condition could then not be computed."""

from collections.abc import Iterator

from core.expressions.checker import Checker
from core.expressions.kinds import Nullable
from core.expressions.scope import Scope
from core.expressions.tree import Binary, Choice, Literal, Logic, Loop, Node, Unary, inner, path

Path = tuple[str, ...]
_TRUE, _FALSE, _FAILS = "true", "false", "fails"
_EITHER = frozenset({_TRUE, _FALSE})


def unguarded(tree: Node, scope: Scope, *, but: frozenset[str] = frozenset()) -> Iterator[tuple[Path, int]]:
    """Yield each path whose value may be null and with which the expression could not be computed then, and where it stands.

    ``but``: variables that are left out.
    """
    checker = Checker(scope)
    checker.kind(tree)
    seen: set[Path] = set()
    for node in _all(tree):
        names = path(node)
        if names is None or names in seen or names[0] in but | _given_by_loops(tree):
            continue
        if isinstance(checker.kinds.get(id(node)), Nullable):
            seen.add(names)
            if _FAILS in _outcomes(tree, names):
                yield names, node.at


def _all(node: Node) -> Iterator[Node]:
    yield node
    for one in inner(node):
        yield from _all(one)


def _given_by_loops(tree: Node) -> frozenset[str]:
    return frozenset(node.name for node in _all(tree) if isinstance(node, Loop))


def _outcomes(node: Node, missing: Path) -> frozenset[str]:
    """Return what may come of an expression whose value at a path is null."""
    match node:
        case Unary(operator="!", operand=operand):
            opposite = {_TRUE: _FALSE, _FALSE: _TRUE}
            return frozenset(opposite.get(one, one) for one in _outcomes(operand, missing))
        case Logic(operator=operator, operands=operands):
            return _together([_outcomes(one, missing) for one in operands], operator)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            asked, sides = _outcomes(condition, missing), {_TRUE: then, _FALSE: otherwise}
            chosen = [_outcomes(sides[one], missing) for one in sorted(asked & sides.keys())]
            return frozenset().union(*chosen, asked & {_FAILS})
        case _:
            return _single(node, missing)


def _together(each: list[frozenset[str]], operator: str) -> frozenset[str]:
    """Return what may come of several that are joined: one that decides makes up for one that fails."""
    decides, other = (_FALSE, _TRUE) if operator == "&&" else (_TRUE, _FALSE)
    found = {decides} if any(decides in one for one in each) else set()
    if all(other in one for one in each):
        found.add(other)
    if any(_FAILS in one for one in each) and all(one - {decides} for one in each):
        found.add(_FAILS)
    return frozenset(found)


def _single(node: Node, missing: Path) -> frozenset[str]:
    if all(path(one) != missing for one in _all(node)):
        return _EITHER
    match node:
        case Binary(operator="==" | "!=" as operator, left=left, right=right) if missing in (
            path(left),
            path(right),
        ):
            other = right if path(left) == missing else left
            if isinstance(other, Literal):
                same = other.value is None
                return frozenset({_TRUE if same == (operator == "==") else _FALSE})
            return _EITHER
        case Binary(operator="in") | Loop():
            return _EITHER
        case _:
            return frozenset({_FAILS})
