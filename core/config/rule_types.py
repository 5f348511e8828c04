"""The values of rules: triggers, holds, tags, addresses; what an editor is told of them, and how each may be shortened."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from core.config.keys import Name, Service, Text
from core.model.annotations import TAG
from core.model.holds import Hold
from core.model.triggers import Trigger
from core.nearest import nearest

_FORMULA = "="
_BRACES = "{{"


def is_filled(value: object) -> bool:
    """Return whether a value is computed when its step is done: it begins with ``=``, or has ``{{ }}``."""
    return isinstance(value, str) and (value.startswith(_FORMULA) or _BRACES in value)


_ELSEWHERE = {
    **dict.fromkeys(
        ("order.created", "order.new", "order.placed", "orders.create"), Trigger.ORDER_RECEIVED.value
    ),
    **dict.fromkeys(("order.paid", "payment.verified", "orders.paid"), Trigger.ORDER_VERIFIED.value),
    **dict.fromkeys(("order.fulfilled", "orders.fulfilled"), Trigger.ORDER_SHIPPED.value),
    **dict.fromkeys(("order.updated", "orders.updated", "order.edited"), Trigger.ORDER_CHANGED.value),
    **dict.fromkeys(("order.allocated", "order.committed"), Trigger.ORDER_ROUTED.value),
    **dict.fromkeys(("label.bought", "label.created"), Trigger.PARCEL_LABELLED.value),
}
"""What other programs call a trigger."""


def trigger(value: object) -> object:
    """Return the trigger of that name."""
    names = [known.value for known in Trigger]
    if not isinstance(value, str) or value not in names:
        meant = _ELSEWHERE.get(str(value).strip().casefold().replace(" ", ".").replace("/", "."))
        near = f"; did you mean '{meant}'?" if meant else nearest(str(value), names) or _all(names)
        raise ValueError(f"'{value}' is no trigger{near}")
    return Trigger(value)


def _all(names: list[str]) -> str:
    return f"; there are: {', '.join(names)}"


def overrulable_hold(value: object) -> object:
    """Return the hold of that name, if it may be released at all."""
    names = [hold.value for hold in Hold if hold.overrulable]
    if is_filled(value):
        return value
    if value not in names:
        if value in list(Hold):
            says = f"'{value}' goes away when its cause is mended; released can be: {', '.join(names)}"
            raise ValueError(says)
        raise ValueError(f"'{value}' is no hold{nearest(str(value), names) or _all(names)}")
    return value


def tag(value: object) -> object:
    """Return a tag as it is written, or what computes one."""
    if is_filled(value) or (isinstance(value, str) and re.fullmatch(TAG, value)):
        return value
    if not isinstance(value, str):
        raise ValueError(f'text is wanted; put it in quotes: "{value}"')  # noqa: TRY004 - told as a value
    raise ValueError(f"'{value}' is no tag; write small letters, digits and '-', at most 40")


def mail_address(value: object) -> object:
    """Return a mail address as it is written."""
    if not isinstance(value, str) or not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", value):
        raise ValueError(f"'{value}' is no mail address; write one as in ops@example.com")
    return value


def listed(value: object) -> object:
    """Return one value as a list of it."""
    return value if value is None or isinstance(value, list | dict) else [value]


SHORT = "x-short"
"""In the schema of an action: the key whose value alone may stand for it."""


@dataclass(frozen=True, slots=True)
class Short:
    """Lets an action be written by its one value alone."""

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._whole, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {SHORT: self.key, **handler(schema)}

    def _whole(self, value: object) -> object:
        return value if value is None or isinstance(value, dict) else {self.key: value}


@dataclass(frozen=True, slots=True)
class Listed:
    """Lets a list of one be written without brackets."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(listed, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        whole = handler(schema)
        return {"anyOf": [whole["items"], whole]}


def _one_of(names: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the schema of a closed list, with the words of each name."""
    pairs = list(names)
    return {
        "type": "string",
        "enum": [name for name, _ in pairs],
        "x-enum-descriptions": [words for _, words in pairs],
    }


_FILLED = {"type": "string", "pattern": r"^=|\{\{", "description": "An expression that gives it."}
_OVERRULABLE = _one_of((hold.value, hold.words) for hold in Hold if hold.overrulable)

Tag = Annotated[
    str,
    BeforeValidator(tag),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{TAG}$", "examples": ["vip"]}, _FILLED]}),
]
Tags = Annotated[list[Tag], Field(min_length=1), Listed()]
Names = Annotated[list[Name], Field(min_length=1), Listed()]
Services = Annotated[list[Service], Field(min_length=1), Listed()]
OverrulableHold = Annotated[
    str, BeforeValidator(overrulable_hold), WithJsonSchema({"anyOf": [_OVERRULABLE, _FILLED]})
]
Started = Annotated[Trigger, BeforeValidator(trigger)]
MailAddress = Annotated[
    str,
    BeforeValidator(mail_address),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+$",
            "examples": ["ops@example.com"],
        }
    ),
]
MailAddresses = Annotated[list[MailAddress], Field(min_length=1), Listed()]
Triggers = Annotated[list[Started], Field(min_length=1), Listed()]
Condition = Annotated[Text, Field(examples=["order.total > 500", "'gift' in order.tags"])]
Yes = Literal[True]
