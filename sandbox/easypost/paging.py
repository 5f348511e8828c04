"""A page of EasyPost's list of shipments, newest first (https://docs.easypost.com/docs/pagination, read 2026-11)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aiohttp import web

from sandbox.easypost import asked
from sandbox.easypost.objects import Shipment
from sandbox.easypost.refusals import missing, mistyped, unprocessable

USUAL: Final = 20
MOST: Final = 100


def page(request: web.Request, known: Sequence[Shipment]) -> tuple[list[Shipment], bool]:
    """The shipments that are asked for, and whether there are more; ``known`` in the order in which they were made."""
    size = request.query.get("page_size", str(USUAL))
    if not size.isdecimal() or len(size) > len(str(MOST)) or not 0 < int(size) <= MOST:
        raise mistyped("page_size", f"a number from 1 to {MOST}")
    since, until = _moment(request, "start_datetime"), _moment(request, "end_datetime")
    purchased = asked.flag(request.query.get("purchased", "true"), "purchased")
    found = [
        each
        for each in reversed(_between(request, known))
        if (not purchased or each.bought is not None)
        and (since is None or each.created >= since)
        and (until is None or each.created <= until)
    ]
    return found[: int(size)], len(found) > int(size)


def _between(request: web.Request, known: Sequence[Shipment]) -> Sequence[Shipment]:
    """Those made before, or after, the one that is named; it is not among them itself."""
    before, after = request.query.get("before_id"), request.query.get("after_id")
    if before is not None and after is not None:
        raise unprocessable("before_id and after_id cannot be used together.")
    name = before if before is not None else after
    if name is None:
        return known
    place = next((place for place, each in enumerate(known) if each.id == name), None)
    if place is None:
        raise missing()
    return known[:place] if before is not None else known[place + 1 :]


def _moment(request: web.Request, name: str) -> datetime | None:
    given = request.query.get(name)
    return None if given is None else asked.instant(given, name)
