"""What an expression is made of.

``at`` is where a node begins in the text, ``height`` how deep it is nested.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything that has a value."""

    at: int
    height: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A value that is written out."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A variable, or the name that a loop gives to each entry."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    """``of.name``."""

    of: Node
    name: str
    name_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """``of[key]``."""

    of: Node
    key: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """``function(arguments)``, or ``of.function(arguments)``."""

    function: str
    function_at: int
    of: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Has(Node):
    """``has(field)``."""

    field: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop(Node):
    """``over.exists(name, body)`` and the others that look at each entry of a list."""

    function: str
    function_at: int
    over: Node
    name: str
    name_at: int
    body: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """``!operand`` or ``-operand``."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """Two values compared or computed with."""

    operator: str
    operator_at: int
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Node):
    """All of ``operands`` (``&&``), or one of them (``||``)."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Node):
    """``condition ? then : otherwise``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries(Node):
    """A list that is written out."""

    entries: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs(Node):
    """A map that is written out."""

    pairs: tuple[tuple[Node, Node], ...]


def inner(node: Node) -> Iterator[Node]:
    """Yield the nodes of which a node is made."""
    for one in fields(node):
        yield from _nodes(getattr(node, one.name))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _nodes(one)


def path(node: Node) -> tuple[str, ...] | None:
    """Return the names of a plain path (``order.customer.name``), or None for anything else."""
    match node:
        case Name(name=name):
            return (name,)
        case Field(of=of, name=name):
            before = path(of)
            return (*before, name) if before else None
        case _:
            return None
