"""What every shape of the model has in common."""

import re
import unicodedata
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
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def is_storable(text: str) -> bool:
    """Return whether every database keeps a text as it is."""
    return _UNSTORABLE.search(text) is None


_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")


def shows_nothing(text: str) -> bool:
    """Return whether a reader sees nothing of a text: blanks, marks of control and format, and fillers."""
    return all(unicodedata.category(c) in _UNSEEN or c in _FILLERS for c in text)


_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
# Letters and signs to Unicode that are drawn as a blank: DerivedCoreProperties, Default_Ignorable_Code_Point, and Braille's.
_FILLERS = "\u034f\u115f\u1160\u2800\u3164\uffa0"


def plain(text: str) -> str:
    """Return what a person wrote without blanks at its ends; what shows nothing is empty.

    Raises:
        ValueError: it holds control characters, or some that turn the order in which its readers see the others.
    """
    if shows_nothing(text) and is_storable(text):
        return ""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in _WHITE for c in text):
        raise ValueError("control characters; write plain text")
    if _TURNING.search(text):
        raise ValueError("characters that turn the order of others; write plain text")
    return text.strip()


_WHITE = "\n\r\t"
# Embeddings, overrides and isolates (Unicode Standard Annex 9, 2): others than the marks that Hebrew and Arabic need.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _plain_note(text: str) -> str:
    try:
        return plain(text)
    except ValueError as error:
        raise ValueError(f"the note has {error}") from error


PlainNote = Annotated[str, AfterValidator(_plain_note)]
"""What a person writes to others, beside what he does."""

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
