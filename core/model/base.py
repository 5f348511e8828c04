"""What every shape of the model has in common."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("the instant has no time zone; give an offset")
    return value.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_utc)]
"""An aware instant, kept in UTC; a naive one is refused."""


class Shape(BaseModel):
    """A frozen value that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredShape(Shape):
    """A shape of which a field is stored under another spelling than it has here: its alias."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)
