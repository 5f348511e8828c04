"""Writes a tree out again, in one way only: with spaces and brackets, so that no two engines read it differently."""

from collections.abc import Iterable

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
)

_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_WITHOUT_BRACKETS = (Literal, Name, Field, Index, Call, Loop, Entries, Pairs)


def printed(tree: Node, *, loose: bool = False) -> str:
    """Return the text of a tree; ``loose`` hides from a type checker that a number is no whole one."""
    return _Printer(loose=loose).text(tree)


class _Printer:
    def __init__(self, *, loose: bool) -> None:
        self._loose = loose

    def text(self, node: Node) -> str:
        match node:
            case Literal(value=value):
                return self._number(_literal(value), is_any=isinstance(value, float))
            case Name(name=name):
                return name
            case Field(of=of, name=name):
                return f"{self._bracketed(of)}.{name}"
            case Index(of=of, key=key):
                return f"{self._bracketed(of)}[{self.text(key)}]"
            case Call(function=function, of=of, arguments=arguments):
                before = "" if of is None else f"{self._bracketed(of)}."
                call = f"{before}{function}({self._listed(arguments)})"
                return self._number(call, is_any=function == "double")
            case Has(field=field):
                # The same for what has names, and an error for null with every engine.
                return f"{_literal(field.name)} in {self._bracketed(field.of)}"
            case Loop(function=function, over=over, name=name, body=body):
                return f"{self._bracketed(over)}.{function}({name}, {self.text(body)})"
            case _:
                return self._composed(node)

    def _composed(self, node: Node) -> str:
        match node:
            case Unary(operator=operator, operand=operand):
                return f"{operator}({self.text(operand)})"
            case Binary(operator=operator, left=left, right=right):
                return f"{self._bracketed(left)} {operator} {self._bracketed(right)}"
            case Logic(operator=operator, operands=operands):
                return _halved(operator, [self._bracketed(one) for one in operands])
            case Choice(condition=condition, then=then, otherwise=otherwise):
                values = f"{self._bracketed(then)} : {self._bracketed(otherwise)}"
                return f"{self._bracketed(condition)} ? {values}"
            case Entries(entries=entries):
                return f"[{self._listed(entries)}]"
            case Pairs(pairs=pairs):
                inside = ", ".join(f"{self.text(key)}: {self.text(value)}" for key, value in pairs)
                return f"{{{inside}}}"
        raise AssertionError(node)

    def _number(self, text: str, *, is_any: bool) -> str:
        return f"dyn({text})" if self._loose and is_any else text

    def _listed(self, nodes: Iterable[Node]) -> str:
        return ", ".join(self.text(one) for one in nodes)

    def _bracketed(self, node: Node) -> str:
        text = self.text(node)
        return text if isinstance(node, _WITHOUT_BRACKETS) else f"({text})"


def _halved(operator: str, operands: list[str]) -> str:
    """Join a chain by halves, so that it is nested by as few as can be."""
    if len(operands) <= 2:  # noqa: PLR2004 - a pair
        return f" {operator} ".join(operands)
    half = len(operands) // 2
    left, right = _halved(operator, operands[:half]), _halved(operator, operands[half:])
    first = left if half == 1 else f"({left})"
    return f"{first} {operator} ({right})"


def _literal(value: str | float | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value.translate(_ESCAPED)}'"
        case _:
            return repr(value)
