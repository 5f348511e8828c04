"""The keys of ``tests:``: what stands where a test begins, what comes, and what is expected of the rules."""

import inspect
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, create_model
from pydantic.fields import FieldInfo

from core.config.keys import Duration, Keys, Name, Text, Within
from core.config.rule_types import Short, trigger
from core.model.base import Shape
from core.model.rule_values import ConnectionValues, CountValues, EventValues, OrderValues, StockValues
from core.model.triggers import Trigger

_YEARS = range(1900, 3000)


def instant(value: object) -> object:
    """Return ``2026-12-24T18:00Z`` as an instant; without a zone it is UTC."""
    try:
        if isinstance(value, str) and "T" in value:
            told = datetime.fromisoformat(value)
            if told.year in _YEARS:
                return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except ValueError:
        pass
    raise ValueError(f"'{value}' is no instant; write day, T and time in UTC, as in 2026-12-24T18:00Z")


def amount(value: object) -> object:
    """Return an amount in major units, exactly as it is written."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value)
    if value is None:
        raise ValueError("an amount is wanted, and nothing is given")
    raise ValueError(f"'{value}' is no amount; write a number, as in 40.00")


_AS_WRITTEN: Mapping[Any, Any] = {
    datetime: Annotated[datetime, BeforeValidator(instant, json_schema_input_type=str)],
    Decimal: Annotated[Decimal, BeforeValidator(amount, json_schema_input_type=float)],
}


def _written(annotation: Any) -> Any:
    """Return the type of a value as a test may give it."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[tuple(_written(one) for one in inside)]  # noqa: UP007 - made of a tuple
    if origin is tuple:
        return types.GenericAlias(list, (_written(inside[0]),))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return partly(annotation)
    return _AS_WRITTEN.get(annotation, annotation)


def partly(shape: type[BaseModel], *, without: frozenset[str] = frozenset()) -> type[Keys]:
    """Return the keys of a shape of which a test gives any part."""
    fields: dict[str, Any] = {
        name: (_written(field.annotation), Field(default=None, description=_words(name, field)))
        for name, field in shape.model_fields.items()
        if name not in without
    }
    return create_model(shape.__name__.removesuffix("Values") + "Given", __base__=Keys, **fields)


def _words(name: str, field: FieldInfo) -> str:
    return field.description or f"{name.replace('_', ' ')} of it"


class FailKeys(Keys):
    """Why a step fails in a test."""

    code: Text
    """The code, as ``error.code`` tells it."""
    message: Text | None = None
    """The words, as ``error.message`` tells them."""


class _Given(Keys):
    """What stands where a test begins, or is different from now on."""

    fail: dict[str, Annotated[FailKeys, Short("code")]] = Field(default_factory=dict)
    """By action or step id: that it fails, with which code."""
    answers: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By step id: what an ``http`` step takes of its answer."""


VALUES: Mapping[str, type[Shape]] = {
    "order": OrderValues,
    "event": EventValues,
    "stock": StockValues,
    "connection": ConnectionValues,
    "orders": CountValues,
}
"""What a test may give besides, any part of each."""
_PARTS: dict[str, Any] = {
    name: (
        partly(shape, without=frozenset({"trigger"})),
        Field(default=None, description=inspect.cleandoc(shape.__doc__ or "")),
    )
    for name, shape in VALUES.items()
}
GivenKeys: type[_Given] = create_model("GivenKeys", __base__=_Given, **_PARTS)
Given = Annotated[GivenKeys, Field(default_factory=GivenKeys)]
When = Annotated[Trigger, BeforeValidator(trigger)]


class LaterKeys(Keys):
    """What comes later in a test: time that passes, something that is told, or both in this order."""

    after: Annotated[Duration, Within()] | None = None
    """The time that passes before."""
    when: When | None = None
    """What is told then."""
    given: Given
    """What is different from now on."""
    expect: list[Any]
    """The actions that are expected then, in their order."""
    rules: list[Name] | None = None
    """The rules that are expected to run then, in their order."""


class TestKeys(Keys):
    """One test: what is told, where, and which actions are expected, in their order."""

    __test__ = False

    name: Text
    """What is tried, as a sentence."""
    when: When | None = None
    """What is told."""
    schedule: Name | None = None
    """In place of ``when``: the rule whose hour has come."""
    of: Annotated[list[Name], Field(min_length=1)] | None = None
    """The only rules that are tried; all of the file unless said."""
    now: Annotated[datetime, BeforeValidator(instant, json_schema_input_type=str)] | None = None
    """The instant at which it begins."""
    given: Given
    """What stands where it begins."""
    expect: list[Any]
    """The actions that are expected, in their order: a name, or one with what it says."""
    rules: list[Name] | None = None
    """The rules that are expected to run, in their order."""
    then: list[LaterKeys] = Field(default_factory=list, max_length=100)
    """What comes later."""
