"""An expression's text as words, numbers, texts and signs, each with its place."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.expressions.mistakes import ExpressionError

Sort = Literal["number", "text", "name", "sign", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the language."""

    sort: Sort
    text: str
    at: int
    value: str | int | float | None = None
    """Of a number or text, what it stands for."""


_TOKEN = re.compile(
    r"""[ \t\r\n\f]+
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    | (?P<text>[rR]?(?:'(?:[^'\\\r\n]|\\[^\r\n])*'|"(?:[^"\\\r\n]|\\[^\r\n])*"))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z0-9_.]+")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)")
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t"}
# The engine ends a text at the first, and takes none with half of a surrogate.
_NO_CHARACTER = re.compile("[\\0\ud800-\udfff]")
_LARGEST = 2**63 - 1
_CURLY = frozenset("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb\u00b4")
_INSTEAD = {"=": "to compare, write ==", "&": "write && for 'and'", "|": "write || for 'or'"}


def tokens(text: str) -> Iterator[Token]:
    """Yield every token of a text, and one that says where it ends.

    Raises:
        ExpressionError: something stands there that is none.
    """
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(_strange(text, at), at)
        match found.lastgroup:
            case "number":
                yield _number(text, found.group(), at)
            case "text":
                yield _text(found.group(), at)
            case "name" | "sign" as sort:
                yield Token(sort, found.group(), at)
        at = found.end()
    yield Token("end", "", len(text))


def _strange(text: str, at: int) -> str:
    """Return what is wrong where no token begins."""
    char = text[at]
    if char in "'\"":
        return f"this text is not closed; it ends with {char}"
    if char in _CURLY:
        return "curly quotes are no quotes here; write ' before and after the text"
    if char in _INSTEAD:
        return _INSTEAD[char]
    if char.isspace() or not char.isprintable():
        return "an invisible character stands here; delete it"
    return f"'{char}' has no meaning here; text is put in quotes, as in 'text'"


def _number(text: str, digits: str, at: int) -> Token:
    whole = _WORD.match(text, at)
    if whole and whole.group() not in (digits, f"{digits}."):
        raise ExpressionError(f"'{whole.group()}' is no number; write only digits and a point", at)
    if digits[0] == "0" and digits[1:2].isdigit():
        raise ExpressionError(f"a number does not begin with 0; write '{digits}' in quotes for text", at)
    value = int(digits) if digits.isdigit() else float(digits)
    if (isinstance(value, int) and value > _LARGEST) or math.isinf(value):
        raise ExpressionError("this number is too large", at)
    return Token("number", digits, at, value)


def _text(quoted: str, at: int) -> Token:
    if strange := _NO_CHARACTER.search(quoted):
        raise ExpressionError("an invisible character stands here; delete it", at + strange.start())
    if quoted[0] in "rR":
        return Token("text", quoted, at, quoted[2:-1])

    def meant(found: re.Match[str]) -> str:
        code = found.group(1)
        char = chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code)
        if char is None or _NO_CHARACTER.match(char):
            says = f"'\\{code}' stands for no character; write \\\\ for one \\, or a pattern as r'...'"
            raise ExpressionError(says, at + 1 + found.start())
        return char

    return Token("text", quoted, at, _ESCAPE.sub(meant, quoted[1:-1]))
