"""Compiles a mapping into a function from a vendor's payload to plain values.

A mapping is data in ``mappings/<connector>/<name>.yaml``: no expressions, a closed list of conversions. Its keys:

- ``source``: where the vendor documents the payload; ``target``: the shape that the connector builds from the values.
- ``lenient: true``: a value that does not fit counts as absent, so that a payload is read as far as it can be.
- ``fields``: name -> field. A field is one of
  - ``{from: PATH, as: CONVERSION}``: one value. PATH is dotted (``customer.id``, ``lines[0].title``, ``.`` for the
    element itself), from the root when it starts with ``/``; a list of paths takes the first that is there.
  - ``{each: PATH, fields: {...}}`` or ``{each: PATH, item: {from: .., as: ..}}``: a list, one entry per element.
  - ``{fields: {...}}``: a group of values of the same element.
  - ``{is: VALUE}``: always the same.
- ``missing``: what stands for a value that is absent, null or blank. Without it such a value is a MappingError. For
  money it is ``0`` or ``null``. A missing list that ``each`` or ``total`` asks for needs ``missing: []`` or ``0``.
- ``where: {PATH: VALUE}``: only the elements of a list in which the path holds that value, or one of a list of values.

Conversions: ``text count flag time country``; ``tail`` (the part of an id behind its last slash); ``money`` (with
``currency: PATH``, ``side: shop|presentment``); ``total`` (the sum of ``of: PATH`` over the list at ``from``, else like
money); ``choice`` (``table: {VENDOR'S WORD: ours}``; the word ``"*"`` stands for every other).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path as FilePath
from typing import Any, NoReturn, cast

import yaml

from core.conversions import PLAIN, choice_of, kind_of, why_no_amount
from core.errors import ConfigError, MappingError
from core.model.money import Money, Side
from core.paths import At, Path, joined, path_of
from core.quick_fields import (
    UNCLEAR,
    Quick,
    always,
    each,
    group,
    missing,
    money,
    nothing,
    one_of,
    total,
    within,
)

MAPPINGS = FilePath(__file__).resolve().parent.parent / "mappings"

_NOTHING = object()
Explained = Callable[[At], object]


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is read: in the way that says where a fault is, and in the quick one that knows no places."""

    explained: Explained
    quick: Quick


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping, ready to be called with a payload."""

    name: str
    explained: Explained
    quick: Quick

    def __call__(self, payload: object) -> dict[str, Any]:
        """Return the mapped values.

        Raises:
            MappingError: the payload does not fit; it names the path in the payload.
        """
        try:
            found = self.quick(payload, payload)
        except UNCLEAR:
            found = self.explained(At(payload, payload))
        return cast("dict[str, Any]", found)


@cache
def load_mapping(name: str) -> Compiled:
    """Return the mapping kept as ``mappings/<name>.yaml``, compiled once per process.

    Raises:
        ConfigError: the file is wrong; says file:line:col.
    """
    path = MAPPINGS / f"{name}.yaml"
    return compile_mapping(path.read_text(encoding="utf-8"), name=f"mappings/{name}.yaml")


def compile_mapping(text: str, *, name: str) -> Compiled:
    """Return the mapping written as YAML; ``name`` stands in error messages.

    Raises:
        ConfigError: the text is no mapping; says file:line:col.
    """
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ConfigError(f"{where}: not YAML ({error.problem})") from error
    if node is None:
        raise ConfigError(f"{name}:1:1: empty; a mapping has source, target and fields")
    required = ("source", "target", "fields")
    top = _File(name).keys(node, {*required, "lenient"}, required=required)
    file = _File(name, lenient="lenient" in top)
    for documented in ("source", "target"):
        file.text(top[documented])
    fields = file.group(top["fields"])
    # What is lenient is read where something does not fit: there the quick way would seldom come to its end.
    return Compiled(name, fields.explained, missing if file.lenient else fields.quick)


@dataclass(frozen=True, slots=True)
class _File:
    """Reads nodes of one mapping file, and refuses by position."""

    name: str
    lenient: bool = False

    def refuse(self, node: yaml.Node, message: str) -> NoReturn:
        mark = node.start_mark
        raise ConfigError(f"{self.name}:{mark.line + 1}:{mark.column + 1}: {message}")

    def pairs(self, node: yaml.Node) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.refuse(node, "expected key: value")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value in found:
                self.refuse(key, f"{key.value!r} is there twice")
            found[key.value] = value
        return found

    def keys(
        self, node: yaml.Node, known: set[str], *, required: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        found = self.pairs(node)
        for key in found:
            if key not in known:
                self.refuse(node, f"{key!r} is no key here{_nearest(key, known)}")
        for key in required:
            if key not in found:
                self.refuse(node, f"{key!r} is missing")
        return found

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            self.refuse(node, "expected a text")
        return str(node.value)

    def value(self, node: yaml.Node) -> Any:
        loader = yaml.CSafeLoader("")
        try:
            return loader.construct_object(node, deep=True)
        finally:
            loader.dispose()

    def group(self, node: yaml.Node) -> Field:
        fields = {name: self.field(field) for name, field in self.pairs(node).items()}
        return Field(
            partial(_group, {name: one.explained for name, one in fields.items()}),
            group({name: one.quick for name, one in fields.items()}),
        )

    def field(self, node: yaml.Node) -> Field:
        found = self.pairs(node)
        if "each" in found:
            return self.each(node)
        if "fields" in found:
            return self.group(self.keys(node, {"fields"})["fields"])
        if "is" in found:
            value = self.value(self.keys(node, {"is"})["is"])
            return Field(partial(_always, value), always(value))
        return self.single(node)

    def each(self, node: yaml.Node) -> Field:
        found = self.keys(node, {"each", "fields", "item", "where", "missing"})
        if ("fields" in found) == ("item" in found):
            self.refuse(node, "a list has either fields or item")
        one = self.group(found["fields"]) if "fields" in found else self.field(found["item"])
        path, where, may_miss = self.path(found["each"]), self.where(found), "missing" in found
        elements = _Elements(path, where, may_miss=may_miss, lenient=self.lenient)
        return Field(partial(_each, elements, one.explained), each(elements.quick, one.quick))

    def single(self, node: yaml.Node) -> Field:
        found = self.pairs(node)
        if "as" not in found:
            self.refuse(node, "'as' is missing")
        conversion = self.text(found["as"])
        extra = _EXTRA.get(conversion)
        if extra is None:
            self.refuse(found["as"], f"{conversion!r} is no conversion{_nearest(conversion, _EXTRA)}")
        needed = tuple(key for key in ("currency", "of", "table") if key in extra)
        self.keys(node, {"from", "as", "missing", *extra}, required=("from", *needed))
        default = self.value(found["missing"]) if "missing" in found else _NOTHING
        if conversion == "total":
            elements = _Elements(self.path(found["from"]), self.where(found), may_miss="missing" in found)
            of, amounts = self.path(found["of"]), self.money(found)
            return Field(
                partial(_total, elements, of, amounts),
                total(elements.quick, of, amounts.currency, amounts.side),
            )
        paths = self.paths(found["from"])
        if conversion == "money":
            return _money(paths, self.money(found), default)
        value = _lenient_value if self.lenient else _value
        convert = (
            partial(choice_of, self.table(found["table"])) if conversion == "choice" else PLAIN[conversion]
        )
        absent = missing if default is _NOTHING else always(default)
        return Field(partial(value, paths, convert, default), one_of(paths, convert, absent))

    def money(self, found: Mapping[str, yaml.Node]) -> "_MoneyOf":
        side = self.text(found["side"]) if "side" in found else Side.SHOP.value
        if side not in set(Side):
            self.refuse(found["side"], f"{side!r} is no side{_nearest(side, set(Side))}")
        return _MoneyOf(self.path(found["currency"]), Side(side))

    def table(self, node: yaml.Node) -> dict[str, object]:
        return {word: self.value(value) for word, value in self.pairs(node).items()}

    def where(self, found: Mapping[str, yaml.Node]) -> tuple[tuple[Path, frozenset[object]], ...]:
        if "where" not in found:
            return ()
        wanted = []
        for text, node in self.pairs(found["where"]).items():
            value = self.value(node)
            wanted.append((path_of(text), frozenset(value if isinstance(value, list) else [value])))
        return tuple(wanted)

    def paths(self, node: yaml.Node) -> tuple[Path, ...]:
        if isinstance(node, yaml.SequenceNode) and node.value:
            return tuple(self.path(one) for one in node.value)
        return (self.path(node),)

    def path(self, node: yaml.Node) -> Path:
        text = self.text(node)
        try:
            return path_of(text)
        except ValueError:
            self.refuse(node, f"{text!r} is no path; write it like customer.id or lines[0].title")


@dataclass(frozen=True, slots=True)
class _MoneyOf:
    """How an amount becomes money: whose currency, on which side."""

    currency: Path
    side: Side

    def read(self, value: object, at: At, where: str) -> Money:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise MappingError(where, f"expected an amount, found {kind_of(value)}")
        try:
            return Money.parse(str(value), self.code(at), side=self.side)
        except ValueError as error:
            raise MappingError(
                where, f"no amount ({type(error).__name__}: {why_no_amount(error)})"
            ) from error

    def zero(self, at: At) -> Money:
        try:
            return Money(minor=0, currency=self.code(at), side=self.side)
        except ValueError as error:
            raise MappingError(self.currency.text, "no ISO 4217 currency") from error

    def code(self, at: At) -> str:
        code, where = self.currency.find(at)
        if not isinstance(code, str):
            raise MappingError(where, f"expected a currency, found {kind_of(code)}")
        return code


@dataclass(frozen=True, slots=True)
class _Elements:
    """The elements of a list that fit ``where``."""

    path: Path
    where: tuple[tuple[Path, frozenset[object]], ...]
    may_miss: bool = field(kw_only=True)
    lenient: bool = field(default=False, kw_only=True)

    @property
    def quick(self) -> Quick:
        return within(self.path, self.where, may_miss=self.may_miss)

    def within(self, at: At) -> Iterator[At]:
        value, where = self.path.find(at, lenient=self.lenient)
        if self.may_miss and (value is None or (self.lenient and not isinstance(value, list))):
            return
        if not isinstance(value, list):
            raise MappingError(where, f"expected a list, found {kind_of(value)}")
        for index, element in enumerate(value):
            inner = At(at.root, element, joined(where, index))
            if all(path.find(inner)[0] in wanted for path, wanted in self.where):
                yield inner


def _money(paths: tuple[Path, ...], amounts: _MoneyOf, default: object) -> Field:
    currency, side = amounts.currency, amounts.side
    kept = always(None) if default is None else nothing(currency, side)
    absent = missing if default is _NOTHING else kept
    return Field(partial(_money_field, paths, amounts, default), money(paths, currency, side, absent))


def _group(fields: Mapping[str, Explained], at: At) -> dict[str, Any]:
    return {name: field(at) for name, field in fields.items()}


def _always(value: object, _at: At) -> object:
    return value


def _each(elements: _Elements, one: Explained, at: At) -> list[object]:
    return [one(inner) for inner in elements.within(at)]


def _value(
    paths: tuple[Path, ...], convert: Callable[[object, str], object], default: object, at: At
) -> object:
    value, where = _first(paths, at)
    if value is None:
        return _absent(default, where)
    return convert(value, where)


def _lenient_value(
    paths: tuple[Path, ...], convert: Callable[[object, str], object], default: object, at: At
) -> object:
    """Return the first value that can be read; what stands for an absent one, where none can."""
    for path in paths:
        try:
            return _value((path,), convert, _NOTHING, at)
        except MappingError:
            continue
    return _absent(default, paths[0].text)


def _money_field(paths: tuple[Path, ...], amounts: _MoneyOf, default: object, at: At) -> object:
    value, where = _first(paths, at)
    if value is not None:
        return amounts.read(value, at, where)
    return None if _absent(default, where) is None else amounts.zero(at)


def _total(elements: _Elements, of: Path, amounts: _MoneyOf, at: At) -> Money:
    added = amounts.zero(at)
    for inner in elements.within(at):
        value, where = of.find(inner)
        amount = amounts.read(value, inner, where)
        if amount.currency != added.currency:
            raise MappingError(where, f"amounts in {added.currency} and {amount.currency} are not added up")
        added = added + amount
    return added


def _first(paths: tuple[Path, ...], at: At) -> tuple[object, str]:
    """Return the first value that is there; None, and the first path, where none is."""
    for path in paths:
        value, where = path.find(at)
        if value is not None and not (isinstance(value, str) and not value.strip()):
            return value, where
    return None, paths[0].find(at)[1]


def _absent(default: object, where: str) -> object:
    if default is _NOTHING:
        raise MappingError(where, "missing")
    return default


_EXTRA: dict[str, frozenset[str]] = {
    **dict.fromkeys(PLAIN, frozenset()),
    "money": frozenset({"currency", "side"}),
    "total": frozenset({"currency", "side", "of", "where"}),
    "choice": frozenset({"table"}),
}


def _nearest(word: str, known: "set[str] | set[Side] | Mapping[str, object]") -> str:
    close = get_close_matches(word, [str(one) for one in known], n=1)
    return (
        f"; did you mean {close[0]!r}?"
        if close
        else f"; known: {', '.join(sorted(str(one) for one in known))}"
    )
