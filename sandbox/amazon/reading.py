"""Reads what a request says and refuses what the model does not allow."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from sandbox.amazon.refusals import Refused, invalid
from sandbox.values import Json

LONGEST_TOKEN: Final = 9


def words(request: web.Request, name: str) -> list[str]:
    """The list that is given under the name, comma-separated, repeated, or both."""
    given = request.query.getall(name, [])
    return [word.strip() for value in given for word in value.split(",") if word.strip()]


def chosen(request: web.Request, name: str, allowed: Collection[str]) -> set[str]:
    """The members of an enumeration that the request lists."""
    given = ",".join(request.query.getall(name)) if name in request.query else None
    listed = set() if given is None else {word.strip() for word in given.split(",")}
    unknown = sorted(listed - set(allowed))
    if unknown:
        raise invalid(f"Invalid value for {name}: {', '.join(unknown)}.")
    return listed


def one_of(request: web.Request, name: str, usual: str, *, allowed: Collection[str]) -> str:
    """One member of an enumeration."""
    given = chosen(request, name, allowed) or {usual}
    if len(given) > 1:
        raise invalid(f"{name} takes one value.")
    return given.pop()


def instant(request: web.Request, name: str) -> datetime | None:
    """A point in time, or none when it is not given."""
    text = request.query.get(name)
    return None if text is None else parsed_instant(text, name)


def parsed_instant(text: object, name: str) -> datetime:
    """The point in time a text names; an offset is needed."""
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        raise invalid(f"Invalid date-time for {name}.") from None
    if when.tzinfo is None:
        raise invalid(f"Invalid date-time for {name}: it has no offset.")
    return when.astimezone(UTC)


def count(request: web.Request, name: str, usual: int, *, most: int) -> int:
    """A number from 1 to `most`."""
    text = request.query.get(name, str(usual))
    if not text.isdecimal() or len(text) > LONGEST_TOKEN or not 1 <= int(text) <= most:
        raise invalid(f"{name} must be a number between 1 and {most}.")
    return int(text)


def place(request: web.Request, name: str) -> int:
    """Where in a list a page begins, as the token of the page before said."""
    text = request.query.get(name, "0")
    if not text.isdecimal() or len(text) > LONGEST_TOKEN:
        raise invalid(f"The {name} is not valid.")
    return int(text)


async def body(request: web.Request) -> Json:
    """The request's JSON object."""
    try:
        given = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise invalid("The request body is not valid JSON.") from None
    if not isinstance(given, dict):
        raise invalid("The request body must be a JSON object.")
    return given


def field(given: object, name: str, kind: type, *, at: str = "") -> Any:
    """A field that must be there and be of that JSON type."""
    where = f"{at}.{name}" if at else name
    if not isinstance(given, dict):
        raise mistyped(at)
    if given.get(name) is None:
        raise invalid(f"The input you have submitted is not valid. Missing required field [{where}].")
    value = given[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise mistyped(where)
    return value


def each(given: object, kind: type, *, at: str) -> list[Any]:
    """The members of a list, all of that JSON type."""
    if not isinstance(given, list) or not all(isinstance(one, kind) for one in given):
        raise mistyped(at)
    return given


def mistyped(where: str) -> Refused:
    """The refusal of a field of another JSON type."""
    return invalid(
        f"The input you have submitted is not valid. Please check the fields with invalid type [{where}]."
    )
