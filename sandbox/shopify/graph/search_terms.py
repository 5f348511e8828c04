r"""Shopify's search syntax, read into terms (shopify.dev, "Shopify API search syntax", read 2026-11-30).

    Query = Term { [ whitespace Connective ] whitespace Term }          Connective = "AND" | "OR", AND where none stands
    Term = [ Modifier ] ( "(" Query ")" | [ name Comparator ] value )   Modifier = "-" | "NOT" whitespace
    Comparator = ":" | ":<" | ":>" | ":<=" | ":>="                      value = a name, or a string in ' or "

`:`, `\`, `(` and `)` are special: a backslash takes their meaning away, and an instant needs quotes. One without falls
apart as the vendor's does: what follows its first colon is a field of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sandbox.shopify.graph.offered import not_offered

TOKEN: Final = re.compile(
    r"""\s*(?:(?P<bracket>[()])|(?P<quoted>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?P<how>:(?:>=|<=|>|<)?)|"""
    r"""(?P<minus>-(?=[^\s]))|(?P<word>(?:\\.|[^\s:()\\])+))""",
    re.DOTALL,
)
DEEPEST: Final = 50
"""Brackets inside brackets; the vendor's own limit is not documented."""


@dataclass(frozen=True)
class Term:
    """One value asked for, in a field or, without a name, in any."""

    name: str | None
    how: str
    """`=`, or one of the comparators."""
    value: str
    quoted: bool = False


@dataclass(frozen=True)
class Not:
    """All that does not fit."""

    part: "Part"


@dataclass(frozen=True)
class Every:
    """What fits every part (`and`), or any of them (`or`)."""

    word: str
    parts: "tuple[Part, ...]"


Part = Term | Not | Every


def read(query: str) -> Part | None:
    """The query as a tree; None where nothing is asked.

    Raises:
        GraphQLError: it has a form that the vendor's page says nothing of, so it is refused instead of guessed at.
    """
    reader = _Reader(query)
    return reader.whole() if query.strip() else None


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    spaced: bool


class _Reader:
    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = list(_tokens(query))
        self._at = 0
        self._depth = 0

    def whole(self) -> Part:
        found = self._either()
        if self._at < len(self._tokens):
            raise self._unclear()
        return found

    def _either(self) -> Part:
        parts = [self._both()]
        while self._next("word", "OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Every("or", tuple(parts))

    def _both(self) -> Part:
        parts = [self._term()]
        while (there := self._peek()) is not None and not _is(there, "word", "OR") and there.text != ")":
            self._next("word", "AND")
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Every("and", tuple(parts))

    def _term(self) -> Part:
        while self._next("how", ":"):
            pass  # the rest of an instant without quotes
        if self._next("minus", "-") or self._next("word", "NOT"):
            return Not(self._term())
        if self._next("bracket", "("):
            return self._bracket()
        head = self._value()
        how = self._peek()
        if how is None or how.kind != "how" or how.spaced or head.kind != "word":
            return Term(None, "=", _plain(head), head.kind == "quoted")
        self._at += 1
        value = self._value()
        return Term(_plain(head), how.text[1:] or "=", _plain(value), value.kind == "quoted")

    def _bracket(self) -> Part:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._unclear()
        inner = self._either()
        self._depth -= 1
        if not self._next("bracket", ")"):
            raise self._unclear()
        return inner

    def _value(self) -> _Token:
        there = self._peek()
        if there is not None and there.kind == "minus":
            self._at += 1
            rest = self._value()
            return _Token(rest.kind, "-" + rest.text, there.spaced)
        if there is None or there.kind not in ("word", "quoted"):
            raise self._unclear()
        self._at += 1
        return there

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, kind: str, text: str) -> bool:
        there = self._peek()
        if there is None or not _is(there, kind, text):
            return False
        self._at += 1
        return True

    def _unclear(self) -> Exception:
        return not_offered(f"The search {self._query!r}, whose form is not documented,")


def _tokens(query: str) -> Iterator[_Token]:
    at, end = 0, len(query.rstrip())
    while at < end:
        found = TOKEN.match(query, at)
        if found is None:
            raise not_offered(f"The search {query!r}, whose quotes or backslashes do not close,")
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind) > at)
        at = found.end()


def _is(token: _Token, kind: str, text: str) -> bool:
    return token.kind == kind and token.text == text


def _plain(token: _Token) -> str:
    text = token.text[1:-1] if token.kind == "quoted" else token.text
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
