"""What every shape of the model has in common."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("the instant has no time zone; give an offset")
    return value.astimezone(UTC)


def storable(text: str) -> str:
    """Return a text with a mark in place of what no database keeps: half a surrogate pair, and NUL."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def is_storable(text: str) -> bool:
    """Return whether every database keeps a text as it is."""
    return _UNSTORABLE.search(text) is None


_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")


Text = Annotated[str, AfterValidator(storable)]
"""A text of a vendor's that is stored."""

LONGEST_NAME = 500
"""Characters: longer than any vendor's id, and short enough for the index of every database."""


def _nameable(text: str) -> str:
    if len(text) > LONGEST_NAME or not is_storable(text):
        raise ValueError("no database keeps this as a name: it is too long, or holds NUL or half a character")
    return text


Name = Annotated[str, AfterValidator(_nameable)]
"""What a vendor calls something, as a row can be known by."""

NO_YEARS = frozenset({MINYEAR, MAXYEAR})
"""Nothing happens in these, and nothing can be reckoned from them: an hour before or after there is no time."""

Instant = Annotated[datetime, AfterValidator(_utc)]
"""An aware instant, kept in UTC; a naive one is refused."""


class Shape(BaseModel):
    """A frozen value that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredShape(Shape):
    """A shape that is stored, and computed again from facts: older rows may have more fields."""

    model_config = ConfigDict(extra="ignore")


class Worded(StrEnum):
    """A closed list: each member is stored and spoken by its value, and read by people in its ``words``."""

    words: str

    def __new__(cls, value: str, words: str = "") -> Self:
        """Make a member of its value and its words; a value alone looks its member up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the list with the words of each member beside it, in the same order."""
        described = handler(schema)
        handler.resolve_ref_schema(described)["x-enum-descriptions"] = [member.words for member in cls]
        return described
