"""Which variables an expression may name, and of what kind each is, read from pydantic models."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from core.expressions.kinds import Basic, Kind, ListOf, MapOf, Nullable, Shape
from core.expressions.parser import RESERVED

_BASIC: tuple[tuple[type, Basic], ...] = (
    (bool, Basic.TRUTH),  # before int, and datetime before date, which they are kinds of
    (int, Basic.WHOLE),
    (float, Basic.NUMBER),
    (Decimal, Basic.MONEY),
    (str, Basic.TEXT),
    (datetime, Basic.TIME),
    (date, Basic.TEXT),
    (timedelta, Basic.SPAN),
)
_LISTS = (list, tuple, set, frozenset, Sequence)
_Frozen = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The variables there are."""

    variables: Mapping[str, Kind] = field(repr=False)

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> "Scope":
        """Return the scope of variables with their types: models, plain types, or a mapping of names to types.

        The same variables give the same scope, and what is made for a scope is made once.
        """
        return _scope(_frozen(variables))


@lru_cache(maxsize=256)
def _scope(variables: _Frozen) -> Scope:
    reader = _Reader()
    return Scope({_variable(name): reader.kind(annotation) for name, annotation in variables})


def _frozen(variables: Mapping[str, Any]) -> _Frozen:
    return tuple(
        (name, _frozen(one) if isinstance(one, Mapping) else one) for name, one in sorted(variables.items())
    )


def _variable(name: str) -> str:
    if not name.isidentifier() or not name.isascii() or name in RESERVED:
        raise TypeError(f"no expression can name a variable {name!r}")
    return name


class _Reader:
    """Reads annotations; each model gives one shape, also where it holds itself."""

    def __init__(self) -> None:
        self._shapes: dict[type[BaseModel], Shape] = {}

    def kind(self, annotation: Any) -> Kind:
        if isinstance(annotation, tuple):
            return Shape("", {name: self.kind(one) for name, one in annotation})
        origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
        if annotation is Any:
            return Basic.ANY
        if origin is typing.Annotated:
            return self.kind(inside[0])
        if origin in (typing.Union, types.UnionType):
            return self._union(inside)
        if origin is typing.Literal:
            return self.kind(type(inside[0]))
        if origin in _LISTS:
            return ListOf(self.kind(inside[0]))
        if origin in (dict, Mapping):
            return MapOf(self.kind(inside[1]))
        if isinstance(annotation, type):
            return self._single(annotation)
        raise TypeError(f"an expression cannot see {annotation!r}")

    def _union(self, choices: tuple[Any, ...]) -> Kind:
        some = [self.kind(one) for one in choices if one is not type(None)]
        kind = some[0] if all(one == some[0] for one in some) else Basic.ANY
        is_nullable = type(None) in choices and not isinstance(kind, Nullable) and kind is not Basic.ANY
        return Nullable(kind) if is_nullable else kind

    def _single(self, annotation: type) -> Kind:
        if issubclass(annotation, BaseModel):
            return self._shape(annotation)
        if issubclass(annotation, Enum) and not issubclass(annotation, str | int):
            raise TypeError(f"an expression cannot see {annotation!r}")
        for base, kind in _BASIC:
            if issubclass(annotation, base):
                return kind
        if annotation in (list, tuple):
            return ListOf(Basic.ANY)
        if annotation is dict:
            return MapOf(Basic.ANY)
        raise TypeError(f"an expression cannot see {annotation!r}")

    def _shape(self, model: type[BaseModel]) -> Shape:
        if model in self._shapes:
            return self._shapes[model]
        model.model_rebuild()  # one that names itself is not complete before
        shape = self._shapes[model] = Shape(model.__name__)
        for name, about in model.model_fields.items():
            shape.fields[name] = self.kind(about.annotation)
        for name, computed in model.model_computed_fields.items():
            shape.fields[name] = self.kind(computed.return_type)
        return shape
