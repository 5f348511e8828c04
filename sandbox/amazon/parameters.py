"""Lets a request in whose every parameter, value and field is honoured or listed, and refuses the rest aloud."""

import json
import re

from aiohttp import web

from sandbox.amazon.fidelity import SDK_EXTRAS
from sandbox.amazon.refusals import not_offered
from sandbox.fidelity import Fidelity
from sandbox.parameters import fields, left_out


async def admit(row: Fidelity, request: web.Request) -> None:
    """Refuse the first thing that is named and not offered; what is no JSON is left to the operation."""
    given = [*request.query.items(), *request.match_info.items()]
    values = [f"{name}={word}" for name, words in given for word in words.split(",")]
    try:
        body = json.loads(await request.read() or b"null")
    except (ValueError, RecursionError):
        body = None
    named = left_out(row, [*request.query, *fields(body)])
    refused = [name for name in named if re.split(r"[.\[]", name)[0] not in SDK_EXTRAS]
    for name in [*refused, *(value for value in values if value in row.refused)]:
        raise not_offered(name)
