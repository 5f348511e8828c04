"""What a host answered: read to a limit, and parsed where it is JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from aiohttp import ClientResponse

from core.model.base import storable

Json = None | bool | int | Decimal | str | list[Any] | dict[str, Any]

MOST_READ = 256 * 1024
"""Bytes of a body, counted after it was unpacked."""

_AT_ONCE = 16 * 1024
_HEADERS_KEPT = (
    "content-type", "date", "etag", "last-modified", "link", "location", "retry-after", "x-request-id",
)  # fmt: skip
_JSON = re.compile(r"(?i)\s*[\w.-]+/(?:[\w.-]+\+)?json\s*(?:;|$)")
_CHARSET = re.compile(r"(?i)charset\s*=\s*\"?([\w-]+)")
# Others are read as UTF-8: of the many that Python knows some take a time that grows with the square of the length.
_CHARSETS = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252"}
_LARGEST_EXPONENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of 2xx. It can be stored: no text in it holds NUL or half a character."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Those that tell of the body, of a made object or of a request id, by their names in small letters; never cookies."""
    body: Json = field(default=None, repr=False)
    """JSON where it is JSON, fractions as ``Decimal``; else text, empty where there was none."""
    is_json: bool = False
    is_whole: bool = True
    """False where more than ``MOST_READ`` bytes came; what stands beyond was not read."""


async def read(response: ClientResponse) -> Answer:
    """Return an answer with as much of its body as is read."""
    raw = bytearray()
    async for part in response.content.iter_chunked(_AT_ONCE):
        raw += part
        if len(raw) > MOST_READ:
            break
    text = _text(bytes(raw[:MOST_READ]), response.headers.get("content-type", ""))
    is_json, body = _parsed(text, response.headers.get("content-type", ""))
    return Answer(
        status=response.status,
        headers={
            name: storable(response.headers[name]) for name in _HEADERS_KEPT if name in response.headers
        },
        body=body,
        is_json=is_json,
        is_whole=len(raw) <= MOST_READ,
    )


def _text(raw: bytes, media_type: str) -> str:
    named = _CHARSET.search(media_type)
    charset = _CHARSETS.get(named[1].lower(), "utf-8-sig") if named else "utf-8-sig"
    return storable(raw.decode(charset, errors="replace"))


def _parsed(text: str, media_type: str) -> tuple[bool, Json]:
    """Return whether a body is JSON, and the body; what only claims to be JSON is text."""
    if not _JSON.match(media_type) and not text.lstrip().startswith(("{", "[")):
        return False, text
    try:
        return True, _storable(json.loads(text, parse_float=_fraction, parse_constant=_refuse))
    except (ValueError, RecursionError):
        return False, text


def _storable(value: Json) -> Json:
    match value:
        case str():
            return storable(value)
        case list():
            return [_storable(inner) for inner in value]
        case dict():
            return {storable(name): _storable(inner) for name, inner in value.items()}
        case _:
            return value


def _fraction(digits: str) -> Decimal:
    number = Decimal(digits)
    # 1e999999999 is nine characters, and a gigabyte once somebody makes a whole number of it.
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("the number is too large or too small")
    return number


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")
