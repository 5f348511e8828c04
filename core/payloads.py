"""What ``maps:`` of crossdock.yaml may read of a connector's order, as ``mappings/<connector>/payload.yaml`` lists it.

The list is closed: nothing that names a person and no amount is on it. Expressions are given what is on it and no more.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any, Literal

import yaml
from pydantic import BaseModel, create_model

from core.conversions import PLAIN
from core.errors import MappingError
from core.expressions import Scope
from core.mapping import MAPPINGS
from core.nearest import nearest
from core.paths import At, Path, joined, path_of

One = Literal["text", "count", "flag", "time"]
Node = str | Mapping[str, Any] | list[Any]
"""A kind of value, named values, or a list of one node."""
_TYPES: Mapping[str, type] = {"text": str, "count": int, "flag": bool, "time": datetime}
KIND_WORDS: Mapping[str, str] = {
    "text": "a text",
    "count": "a count",
    "flag": "true or false",
    "time": "a time",
    "list": "a list",
    "texts": "a list of texts",
    "object": "several named values",
}
"""What a merchant is told that stands at a path."""


class PathError(ValueError):
    """A path leads nowhere, or where ``maps:`` does not read; the message says so in the merchant's words."""


@dataclass(frozen=True)
class Payload:
    """What may be read of one connector's order."""

    connector: str
    fields: Mapping[str, Node]
    lines: Path
    """Where its lines are."""
    _line_id: tuple[Path, Callable[[object, str], object]] = field(repr=False)
    persons: frozenset[str]
    money: frozenset[str]

    @cached_property
    def item(self) -> Node:
        """What may be read of one line."""
        node: Node = self.fields
        for step in self.lines.steps:
            node = node[0] if isinstance(node, list) else node[str(step)]  # type: ignore[index]
        return node[0] if isinstance(node, list) else node

    @cached_property
    def order_scope(self) -> Scope:
        """What expressions about an order may name."""
        return Scope.of({"src": _type(self.fields, "src")})

    @cached_property
    def line_scope(self) -> Scope:
        """What expressions about a line may name."""
        return Scope.of({"item": _type(self.item, "item")})

    def kind_at(self, path: Path, *, of_line: bool) -> str:
        """Return the kind of what stands at a path: one of ``KIND_WORDS``.

        Raises:
            PathError: it may not be read, or is not there.
        """
        node: Node = self.item if of_line else self.fields
        where = ""
        for step in path.steps:
            self.refuse(str(step))
            if isinstance(step, int) and isinstance(node, list):
                node = node[0]
            elif isinstance(step, str) and isinstance(node, Mapping) and step in node:
                node = node[step]
            else:
                raise PathError(_lost(node, step, where, of_line=of_line))
            where = joined(where, step)
        if isinstance(node, list):
            return "texts" if node[0] == "text" else "list"
        return node if isinstance(node, str) else "object"

    def refuse(self, name: str) -> None:
        """Refuse a name that stands for a person's data, or for an amount.

        Raises:
            PathError: it does.
        """
        if name in self.persons:
            raise PathError(
                f"'{name}' is personal data (names, addresses, mail, phone, notes), which maps never read"
            )
        if name in self.money:
            raise PathError(
                f"'{name}' is about money, which stays the connector's own; rules see order.total"
            )

    def seen(self, payload: object) -> Mapping[str, Any]:
        """Return what expressions see of an order: what is listed, and null or nothing where it is not there."""
        return {"src": _seen(self.fields, payload)}

    def seen_line(self, line: object) -> Mapping[str, Any]:
        """Return what expressions see of a line."""
        return {"item": _seen(self.item, line)}

    def lines_by_id(self, payload: object) -> Mapping[str, At]:
        """Return the lines of an order by their ids; of two with one id neither, and none without one.

        Raises:
            MappingError: there is no list of them.
        """
        found, where = self.lines.find(At(payload, payload))
        if not isinstance(found, list):
            raise MappingError(where, "expected a list")
        lines: dict[str, At] = {}
        path, convert = self._line_id
        for index, line in enumerate(found):
            at = At(payload, line, joined(where, index))
            value, place = path.find(at)
            if value is not None:
                lines[str(convert(value, place))] = at
        return lines


def _lost(node: Node, step: str | int, where: str, *, of_line: bool) -> str:
    around = f"'{where}'" if where else "a line" if of_line else "the order"
    if isinstance(node, list):
        return f"{around} is a list; write which entry, as in {where}[0]"
    if isinstance(node, str) or isinstance(step, int):
        return f"{around} is {KIND_WORDS.get(node, 'no list') if isinstance(node, str) else 'no list'}; nothing is inside it"
    return f"{around} has nothing named '{step}' that maps read{nearest(step, node)}"


def _type(node: Node, name: str) -> Any:
    if isinstance(node, list):
        return list[_type(node[0], name)]  # type: ignore[misc]
    if isinstance(node, str):
        return _TYPES[node] | None
    inner: dict[str, Any] = {key: (_type(one, key), None) for key, one in node.items()}
    made: type[BaseModel] = create_model(name, **inner)
    return made


def _seen(node: Node, value: object) -> Any:
    if isinstance(node, list):
        return [_seen(node[0], one) for one in value] if isinstance(value, list) else []
    if isinstance(node, Mapping):
        inside: Mapping[str, object] = value if isinstance(value, Mapping) else {}
        return {name: _seen(one, inside.get(name)) for name, one in node.items()}
    if value is None:
        return None
    try:
        return PLAIN[node](value, "")
    except MappingError:
        return None


@cache
def payload_of(connector: str) -> Payload | None:
    """Return what may be read of a connector's order; None where it has no list of it."""
    file = MAPPINGS / connector / "payload.yaml"
    if connector not in connectors_with_maps():
        return None
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    lines = told["lines"]
    return Payload(
        connector=connector,
        fields=told["fields"],
        lines=path_of(lines["each"]),
        _line_id=(path_of(lines["line_id"]["from"]), PLAIN[lines["line_id"]["as"]]),
        persons=frozenset(told["persons"]),
        money=frozenset(told["money"]),
    )


@cache
def connectors_with_maps() -> tuple[str, ...]:
    """Return the connectors whose orders ``maps:`` may change."""
    return tuple(sorted(file.parent.name for file in MAPPINGS.glob("*/payload.yaml")))


@cache
def sample_of(connector: str) -> Any:
    """Return the order of a connector that maps are tried on."""
    return json.loads((MAPPINGS / connector / "sample.json").read_text(encoding="utf-8"))
