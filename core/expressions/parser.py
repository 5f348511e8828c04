"""Reads CEL (https://github.com/google/cel-spec, langdef.md, read 2026-12-01) into a tree.

Less than all of it: no bytes, unsigned or hexadecimal numbers, comments, triple quotes, messages.
What is read here is read alike by every engine, and every mistake has its place.
"""

import math
from collections.abc import Callable
from typing import NoReturn

from core.expressions.mistakes import ExpressionError
from core.expressions.tokens import Token, tokens
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

LONGEST = 2_000
"""Characters of one expression."""
MOST_NESTED = 24
"""The engine goes down to 32, and what looks at each entry of a list is nested deeper there than it is written."""
LOOPS = ("all", "exists", "exists_one", "filter", "map")
RESERVED = frozenset(
    (
        *(
            "as",
            "break",
            "const",
            "continue",
            "else",
            "false",
            "for",
            "function",
            "if",
            "import",
            "in",
            "let",
        ),
        *("loop", "namespace", "null", "package", "return", "true", "var", "void", "while"),
    )
)
"""What the language does not take as the name of a variable."""

_LEVELS = (("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_WORDS = {
    "and": "write && instead of 'and'",
    "or": "write || instead of 'or'",
    "not": "write ! instead of 'not'",
}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LOOP_NESTING = 4


def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        ExpressionError: it is no expression, or too long or nested too deep.
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            f"an expression has at most {LONGEST} characters, this one {len(text)}", LONGEST
        )
    reader = _Reader(list(tokens(text)))
    if reader.is_at_end():
        raise ExpressionError("an expression is wanted here, and nothing is given", 0)
    found = reader.expression()
    return found if reader.is_at_end() else reader.unexpected()


class _Reader:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self._open = 0

    @property
    def ahead(self) -> Token:
        return self._tokens[self._next]

    def is_at_end(self) -> bool:
        """Return whether nothing is left."""
        return self.ahead.sort == "end"

    def expression(self) -> Node:
        """Return what reaches to the end, a comma or a closing bracket."""
        self._open += 1
        if self._open > MOST_NESTED:
            raise ExpressionError(_TOO_DEEP, self.ahead.at)
        condition = self._logic("||", lambda: self._logic("&&", lambda: self._binary(0)))
        if self._sees("?"):
            self._take()
            then = self.expression()
            self._close(":", "this ? has no ':' with the value otherwise", condition.at)
            otherwise = self.expression()
            height = _above(condition, then, otherwise)
            condition = self._grown(
                Choice(at=condition.at, height=height, condition=condition, then=then, otherwise=otherwise)
            )
        self._open -= 1
        return condition

    def unexpected(self) -> NoReturn:
        """Say what is wrong with the token ahead."""
        token, before = self.ahead, self._tokens[self._next - 1] if self._next else None
        if token.text in _WORDS:
            says = _WORDS[token.text]
        elif token.sort == "end":
            says = f"a value is missing after '{before.text if before else ''}'"
        elif before and before.text == "<" and token.text == ">":
            says = "to compare, write != for 'is not'"
        elif token.sort in ("name", "number", "text") and before and before.sort != "sign":
            says = f"something is missing between '{before.text}' and '{token.text}', such as && or =="
        elif token.text == "." and not before:
            says = "a number begins with a digit, as in 0.5, and a field with the name before its point"
        else:
            says = f"'{token.text}' is not expected here"
        raise ExpressionError(says, token.at)

    def _logic(self, operator: str, below: Callable[[], Node]) -> Node:
        operands = [below()]
        while self._sees(operator):
            self._take()
            operands.append(below())
        if len(operands) == 1:
            return operands[0]
        # The engine halves a long chain, so that it is not nested by as many as it has.
        height = max(one.height for one in operands) + math.ceil(math.log2(len(operands)))
        at = operands[0].at
        return self._grown(Logic(at=at, height=height, operator=operator, operands=tuple(operands)))

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self.ahead.text in _LEVELS[level] and self.ahead.sort in ("sign", "name"):
            sign = self._take()
            right = self._binary(level + 1)
            left = self._grown(
                Binary(
                    at=left.at,
                    height=_above(left, right),
                    operator=sign.text,
                    operator_at=sign.at,
                    left=left,
                    right=right,
                )
            )
        return left

    def _unary(self) -> Node:
        signs = []
        while self._sees("!", "-"):
            signs.append(self._take())
        found = self._member()
        for sign in reversed(signs):
            found = self._grown(Unary(at=sign.at, height=_above(found), operator=sign.text, operand=found))
        return found

    def _member(self) -> Node:
        found = self._primary()
        while self._sees(".", "["):
            opening = self._take()
            if opening.text == "[":
                key = self.expression()
                self._close("]", "this [ is not closed", opening.at)
                found = self._grown(Index(at=found.at, height=_above(found, key), of=found, key=key))
                continue
            name = self.ahead
            if name.sort != "name":
                raise ExpressionError("after the point, the name of a field is missing", name.at)
            if name.text in ("in", *_CONSTANTS):
                raise ExpressionError(f"'{name.text}' is no name of a field", name.at)
            self._take()
            if self._sees("("):
                found = self._called(name, found)
            else:
                found = Field(at=found.at, height=_above(found), of=found, name=name.text, name_at=name.at)
            self._grown(found)
        return found

    def _primary(self) -> Node:
        token = self.ahead
        if token.sort in ("number", "text"):
            self._take()
            return Literal(at=token.at, value=token.value)
        if token.sort == "name" and token.text not in (*(RESERVED - _CONSTANTS.keys()), *_WORDS):
            return self._named(self._take())
        if self._sees("("):
            self._take()
            found = self.expression()
            self._close(")", "this ( is not closed", token.at)
            return found
        if self._sees("["):
            entries = tuple(self._several())
            return self._grown(Entries(at=token.at, height=_above(*entries), entries=entries))
        if self._sees("{"):
            return self._pairs()
        return self.unexpected()

    def _named(self, token: Token) -> Node:
        if token.text in _CONSTANTS:
            return Literal(at=token.at, value=_CONSTANTS[token.text])
        return self._called(token, None) if self._sees("(") else Name(at=token.at, name=token.text)

    def _pairs(self) -> Node:
        opening, pairs = self._take(), []
        while not self._sees("}"):
            key = self.expression()
            self._close(":", "after a key, ':' and its value are missing", key.at)
            pairs.append((key, self.expression()))
            if not self._sees("}"):
                self._close(",", "this { is not closed", opening.at)
        self._take()
        height = _above(*(one for pair in pairs for one in pair))
        return self._grown(Pairs(at=opening.at, height=height, pairs=tuple(pairs)))

    def _several(self) -> list[Node]:
        """Return what stands between brackets, with commas."""
        opening, found = self._take(), []
        closing = _CLOSING[opening.text]
        while not self._sees(closing):
            found.append(self.expression())
            if not self._sees(closing):
                self._close(",", f"this {opening.text} is not closed", opening.at)
                if self._sees(closing):
                    self.unexpected()
        self._take()
        return found

    def _called(self, name: Token, of: Node | None) -> Node:
        arguments = tuple(self._several())
        at = name.at if of is None else of.at
        if name.text == "has" and of is None:
            if len(arguments) != 1 or not isinstance(arguments[0], Field):
                raise ExpressionError("has() asks for one field, as in has(event.note)", name.at)
            return Has(at=at, height=_above(*arguments), field=arguments[0])
        if name.text in LOOPS and of is not None:
            return _loop(name, of, arguments)
        height = _above(*arguments, *(() if of is None else (of,)))
        return Call(at=at, height=height, function=name.text, function_at=name.at, of=of, arguments=arguments)

    def _close(self, sign: str, says: str, at: int) -> None:
        """Take a sign; where the text ends without it, what it belongs to is wrong."""
        if self._sees(sign):
            self._take()
        elif self.ahead.sort == "end":
            raise ExpressionError(says, at)
        else:
            self.unexpected()

    def _sees(self, *signs: str) -> bool:
        return self.ahead.sort == "sign" and self.ahead.text in signs

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _grown(self, node: Node) -> Node:
        if node.height > MOST_NESTED:
            raise ExpressionError(_TOO_DEEP, node.at)
        return node


_TOO_DEEP = "this is nested too deep or too long a chain; divide it"


def _above(*nodes: Node) -> int:
    return 1 + max((node.height for node in nodes), default=0)


def _loop(name: Token, over: Node, arguments: tuple[Node, ...]) -> Node:
    each = arguments[0] if arguments else None
    if len(arguments) != 2 or not isinstance(each, Name):  # noqa: PLR2004 - a name and what is asked of it
        says = f"{name.text}() takes a name for each entry and what is asked of it, as in {name.text}(x, x == 'a')"
        raise ExpressionError(says, name.at)
    body = arguments[1]
    return Loop(
        at=over.at,
        height=max(_above(over), body.height + _LOOP_NESTING),
        function=name.text,
        function_at=name.at,
        over=over,
        name=each.name,
        name_at=each.at,
        body=body,
    )
