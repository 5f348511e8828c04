"""The keys of ``maps:``: which fields of a channel's order are read otherwise than its connector reads them."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema

from core.codecs import CODECS
from core.config.keys import Keys, Text
from core.config.rule_types import SHORT
from core.nearest import nearest

_FORMULA = "="
_LONGEST_WORD = 200
_NOT_HERE = {
    "money": "'money' is no codec of maps: amounts stay the connector's own",
    "choice": "'choice' is written as the table itself, as in {paid: yes}",
    "total": "'total' is no codec of maps: amounts stay the connector's own",
}


def codec(value: object) -> object:
    """Return the name of a codec, or a table, word of the vendor -> ours."""
    if isinstance(value, dict):
        return _table(value)
    if not isinstance(value, str) or value not in CODECS:
        says = _NOT_HERE.get(str(value), f"'{value}' is no codec{nearest(str(value), CODECS)}")
        raise ValueError(f"{says}; or write a table, as in {{Express: Fast}}")
    return value


def _table(words: dict[str, object]) -> object:
    if not words:
        raise ValueError("the table is empty; write the channel's words and yours, as in {Express: Fast}")
    for word, ours in words.items():
        if not isinstance(ours, str | int) or ours == "":
            raise ValueError(
                f"'{word}' becomes a text, a whole number, true or false; put decimals in quotes"
            )
        if isinstance(ours, str) and (len(ours) > _LONGEST_WORD or not ours.isprintable()):
            raise ValueError(f"what '{word}' becomes is too long, or cannot be printed")
    return words


def _field(value: object) -> object:
    """Let a field be written by its path, or by what computes it, alone."""
    if not isinstance(value, str):
        return value
    return {"value": value} if value.startswith(_FORMULA) else {"path": value}


def formula(value: object) -> object:
    """Return what computes a value, as it is written."""
    if not isinstance(value, str) or not value.startswith(_FORMULA) or not value[1:].strip():
        raise ValueError("write what computes it after =, as in \"=src.test ? 'test' : 'real'\"")
    return value


class _ShownShort:
    """Tells editors that a field may be its path, or what computes it, alone."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {SHORT: "path", **handler(schema)}


_AS = {"anyOf": [{"enum": sorted(CODECS)}, {"type": "object", "minProperties": 1}]}


class FieldKeys(Keys):
    """How one field is read: by a path with its codec, or computed."""

    path: Text | None = None
    """Where it stands in the channel's order, as in ``shippingLines.nodes[0].title``."""
    as_: Annotated[Any, BeforeValidator(codec), WithJsonSchema(_AS)] = Field(default=None, alias="as")
    """How it is read: a codec, or a table of the channel's words and yours."""
    value: Annotated[str, BeforeValidator(formula)] | None = None
    """What computes it: CEL after ``=``."""
    required: bool = False
    """Whether an order without it is held as one that cannot be read whole."""


class MapKeys(Keys):
    """What differs from how a connector reads its orders."""

    from_: Text = Field(alias="from")
    """Which orders: ``shopify.order`` or ``amazon.order``."""
    to: Literal["order"] = "order"
    """What becomes of them: an order of ours."""
    fields: dict[str, Annotated[FieldKeys, BeforeValidator(_field), _ShownShort()]] = Field(
        min_length=1, max_length=50
    )
    """By our name of a field: where it is read, or what computes it."""
