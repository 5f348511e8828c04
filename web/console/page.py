"""Renders a page of the console: its templates, and how amounts, instants and states are written."""

from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from core.domain.state import Stage
from core.model.actions import Action
from core.model.holds import Hold
from core.model.money import UNKNOWN_CURRENCY, Money
from core.model.people import called
from web.keys import HUB, SETTINGS
from web.permissions import PERSONAL, least_role
from web.session import CALLER

_PAGE = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _money(minor: int | None, currency: str | None) -> str:
    if minor is None or currency is None or currency == UNKNOWN_CURRENCY:
        return "–"  # noqa: RUF001 - a dash, as print has it
    return f"{Money(minor=minor, currency=currency).text()} {currency}"


def _when(instant: datetime | None) -> str:
    return instant.strftime("%a %-d %b %H:%M:%S UTC") if instant else "–"  # noqa: RUF001


def _exact(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")


def _sentence(text: str) -> str:
    """Return a text as a sentence: a capital at its beginning, a stop at its end."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


_PAGE.filters["sentence"] = _sentence
_PAGE.filters["money"] = _money
_PAGE.filters["when"] = _when
_PAGE.filters["exact"] = _exact
for _name, _list in (("action_words", Action), ("stage_words", Stage), ("reason_words", Hold)):
    _PAGE.globals[_name] = {member.value: member.words for member in _list}
_PAGE.globals["called"] = called
_PAGE.globals["overruled"] = frozenset(hold.value for hold in Hold if hold.overrulable)


def _done(request: web.Request) -> dict[str, Any] | None:
    """Return what was just done, where the address says so in a word that we signed."""
    word = request.query.get("done", "")
    return request.app[SETTINGS].unsign("done", word, request.app[HUB].clock.now()) if word else None


def page(name: str, request: web.Request, **values: Any) -> web.Response:
    """Return a page; ``values`` are what its template shows, ``names`` among them what users are called."""
    caller = request.get(CALLER)
    connections = request.app[HUB].merchants.get(caller.merchant) if caller else None
    resource = request.match_info.route.resource
    text = _PAGE.get_template(name).render(
        merchant=caller.merchant if caller else None,
        caller=caller,
        may_act=bool(caller and resource and caller.role.covers(least_role("POST", resource.canonical))),
        may=lambda method, path: bool(caller and caller.role.covers(least_role(method, path))),
        reads_names=bool(caller and caller.role.covers(PERSONAL)),
        path=request.path,
        in_test=connections.in_test if connections else (),
        done=_done(request) if caller else None,
        **{"names": {}} | values,
    )
    return web.Response(text=text, content_type="text/html")
