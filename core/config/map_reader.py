"""Compiles ``maps:`` and tries each field on its connector's sample; what is wrong is noted where it stands."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.codecs import CODECS, Codec, table
from core.config.map_keys import FieldKeys, MapKeys
from core.config.map_samples import tried_on_sample
from core.config.map_targets import accepts, kind_of_expression, why_not
from core.config.yaml_text import Document, Path
from core.expressions import Expression, ExpressionError, compile_expression
from core.expressions.parser import parse
from core.expressions.tree import Field, Node, inner
from core.nearest import nearest
from core.overrides import LINES, Lens, Override, Overrides
from core.paths import Path as PayloadPath
from core.paths import path_of
from core.payloads import KIND_WORDS, PathError, Payload, connectors_with_maps, payload_of, sample_of

USUAL: Mapping[str, str] = {"texts": "csv"}
"""The codec of a path that names none, where it is not the kind's own."""
TAKES: Mapping[str, frozenset[str]] = {
    "csv": frozenset({"text", "texts"}),
    "text": frozenset({"text"}),
    "count": frozenset({"count", "text"}),
    "flag": frozenset({"flag"}),
    "time": frozenset({"time"}),
    "country": frozenset({"text"}),
    "table": frozenset({"text", "count", "flag"}),
}
"""What each codec reads."""
_FROM = re.compile(r"([a-z0-9_]+)\.order")


def read_maps(document: Document, keys: Sequence[MapKeys]) -> dict[str, Overrides]:
    """Return a file's maps by connector; what is wrong with them is noted in the document."""
    found: dict[str, Overrides] = {}
    for number, one in enumerate(keys):
        path: Path = ("maps", number)
        payload = _payload(document, (*path, "from"), one.from_, found)
        if payload is None:
            continue
        fields = _Reader(document, payload, (*path, "fields")).fields(one.fields)
        found[payload.connector] = Overrides(payload=payload, fields=fields)
    return found


def _payload(document: Document, path: Path, given: str, found: Mapping[str, Overrides]) -> Payload | None:
    right = [f"{name}.order" for name in connectors_with_maps()]
    match = _FROM.fullmatch(given)
    payload = payload_of(match[1]) if match else None
    connections = document.values.get("connections")
    uses = (
        [one.get("use") for one in connections.values() if isinstance(one, dict)]
        if isinstance(connections, dict)
        else []
    )
    if payload is None:
        document.wrong(path, f"from: '{given}' is nothing that maps read{nearest(given, right)}")
    elif payload.connector in found:
        document.wrong(path, f"from: '{given}' has a map already; write its fields there")
        return None
    elif payload.connector not in uses:
        document.wrong(path, f"from: no connection uses {payload.connector}")
    return payload


class _Reader:
    """Compiles the fields of one map."""

    def __init__(self, document: Document, payload: Payload, path: Path) -> None:
        self._document = document
        self._payload = payload
        self._path = path

    def fields(self, fields: Mapping[str, FieldKeys]) -> tuple[Override, ...]:
        found = (self._field(target, keys) for target, keys in fields.items())
        return tuple(one for one in found if one is not None)

    def _field(self, target: str, keys: FieldKeys) -> Override | None:
        path = (*self._path, target)
        refused = why_not(target)
        if refused is not None:
            self._document.wrong(path, refused, key=True)
            return None
        source = self._source(path, target, keys)
        if source is None:
            return None
        made = Override(target=target, source=source, required=keys.required)
        tried = tried_on_sample(made, self._payload, sample_of(self._payload.connector))
        if tried.wrong is not None:
            self._document.wrong(path, f"{target}: {tried.wrong}")
        if tried.advice is not None:
            self._document.advise(path, f"{target}: {tried.advice}")
        return made

    def _source(self, path: Path, target: str, keys: FieldKeys) -> Lens | Expression | None:
        if (keys.path is None) == (keys.value is None):
            self._document.wrong(path, f"{target}: a field has a path: or a value:, one of the two", key=True)
            return None
        if keys.value is not None:
            if keys.as_ is not None:
                self._document.wrong(
                    (*path, "as"), "as goes with path: what is computed has its type", key=True
                )
            return self._expression(self._at(path, "value"), target, keys.value)
        return self._lens(self._at(path, "path"), target, str(keys.path), keys.as_)

    def _at(self, path: Path, key: str) -> Path:
        """Return where a value stands: of a field in short form, the field itself."""
        return (*path, key) if (*path, key) in self._document.at else path

    def _lens(self, path: Path, target: str, text: str, given: Any) -> Lens | None:
        read = _relative(text)
        if read is None:
            says = f"{target}: '{text}' is no path; write it like shippingLines.nodes[0].title"
            self._document.wrong(path, says)
            return None
        try:
            kind = self._payload.kind_at(read, of_line=target.startswith(LINES))
        except PathError as error:
            self._document.wrong(path, f"{target}: {error}")
            return None
        codec = self._codec(path, target, kind, given)
        return None if codec is None else Lens(path=read, codec=codec)

    def _codec(self, path: Path, target: str, kind: str, given: Any) -> Codec | None:
        name = "table" if isinstance(given, dict) else given or USUAL.get(kind, kind)
        if kind not in TAKES.get(name, frozenset()):
            says = f"this is {KIND_WORDS[kind]}"
            self._document.wrong(
                path,
                f"{target}: {says}" + (f", which as: {name} does not read" if given else "; name one value"),
            )
            return None
        refused = accepts(target, given if isinstance(given, dict) else name)
        if refused is not None:
            self._document.wrong(path, f"{target}: {refused}")
            return None
        return table(given) if isinstance(given, dict) else CODECS[name]

    def _expression(self, path: Path, target: str, text: str) -> Expression | None:
        of_line = target.startswith(LINES)
        scope = self._payload.line_scope if of_line else self._payload.order_scope
        try:
            self._refuse_names(parse(text[1:]))
            made = compile_expression(text[1:], scope)
        except ExpressionError as error:
            self._document.wrong_within(path, 1 + error.offset, f"{target}: {error.says}")
            return None
        refused = kind_of_expression(target, made.kind)
        if refused is not None:
            self._document.wrong(path, f"{target}: {refused}")
            return None
        return made

    def _refuse_names(self, node: Node) -> None:
        for one in inner(node):
            self._refuse_names(one)
        if isinstance(node, Field):
            try:
                self._payload.refuse(node.name)
            except PathError as error:
                raise ExpressionError(str(error), node.name_at) from error


def _relative(text: str) -> PayloadPath | None:
    """Return the path of a text that begins at the order, or at a line; None where it is none."""
    try:
        path = path_of(text)
    except ValueError:
        return None
    return path if path.steps and not path.absolute else None
