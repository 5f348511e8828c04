"""Lists: newest first, filtered, a page at a time. https://docs.stripe.com/api/pagination (read 2026-11)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from sandbox.stripe import objects
from sandbox.stripe.forms import Form
from sandbox.stripe.refusals import Refused, missing
from sandbox.values import Json


@dataclass(frozen=True, slots=True)
class Row:
    """One object that a list may show."""

    name: str
    created: datetime
    wanted: bool
    """Whether it passes the list's own filters."""
    show: Callable[[], Json]


def page(kind: str, rows: Iterable[Row], request: web.Request, form: Form) -> Json:
    """The page that the form asks for; a cursor may be any object of the kind, whether the filters let it in or not."""
    newest = list(rows)[::-1]
    limit = form.integer("limit") or objects.PAGE
    after, before = form.text("starting_after"), form.text("ending_before")
    if after is not None and before is not None:
        raise Refused(
            400, "Received both ending_before and starting_after parameters. Please pass in only one."
        )
    if after is not None:
        newest = newest[_place(newest, after, kind, "starting_after") + 1 :]
    elif before is not None:
        newest = newest[: _place(newest, before, kind, "ending_before")]
    found = [row for row in newest if row.wanted and _in_time(row, form)]
    shown = found[-limit:] if before is not None else found[:limit]
    return objects.listed([row.show() for row in shown], request.path, more=len(found) > len(shown))


def _place(rows: list[Row], name: str, kind: str, param: str) -> int:
    for place, row in enumerate(rows):
        if row.name == name:
            return place
    raise missing(kind, name, param=param, status=400)


def _in_time(row: Row, form: Form) -> bool:
    """Whether it was made when the form says."""
    at = int(row.created.timestamp())
    exactly, above, least = form.integer("created"), form.integer("created.gt"), form.integer("created.gte")
    below, most = form.integer("created.lt"), form.integer("created.lte")
    return (
        exactly in (None, at)
        and (above is None or at > above)
        and (least is None or at >= least)
        and (below is None or at < below)
        and (most is None or at <= most)
    )
