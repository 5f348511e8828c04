"""The step before anything is done: what it will do and cost, a note, one button; then it is done once, or not at all.

The first press shows the plan and changes nothing. The button of the plan carries a signed word of what was shown, of
whom, and of which form: another form, another person, or a plan that is another by now is not done. It works without
scripts.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import web

from core.errors import RefusedError
from core.model.base import plain
from core.services.plans import Plan
from web.console.page import page
from web.keys import HUB, SETTINGS
from web.session import CALLER
from web.signing import sign

WORD, NOTE = "confirm", "note"
GOOD_FOR = timedelta(hours=1)
LONGEST_NOTE = 300

News = Sequence[tuple[datetime, str, str]]
"""(when, who, what in words)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What a person saw and confirmed."""

    stands: str
    note: str


def confirmed(request: web.Request, form: Mapping[str, object]) -> Confirmed | None:
    """Return what was confirmed; None where the form was pressed and its plan was not seen yet.

    Raises:
        RefusedError: the word is of another form or person, or too old; or the note is too long, or no plain text.
    """
    word = form.get(WORD)
    if not isinstance(word, str):
        return None
    seen = request.app[SETTINGS].unsign("confirm", word, request.app[HUB].clock.now())
    if seen is None or seen["form"] != _digest(request, form):
        raise RefusedError("nothing was done: this page is too old, or not yours; press the button again")
    try:
        note = plain(str(form.get(NOTE, "")))
    except ValueError as error:
        raise RefusedError(f"nothing was done: the note has {error}") from error
    if len(note) > LONGEST_NOTE:
        raise RefusedError(f"nothing was done: the note is longer than {LONGEST_NOTE} characters; shorten it")
    return Confirmed(stands=seen["stands"], note=note)


def show_plan(
    request: web.Request,
    form: Mapping[str, object],
    plan: Plan,
    *,
    back_to: str,
    noted: bool = False,
    changed: bool = False,
    news: News = (),
) -> web.Response:
    """Show what a form will do, with the button that does it; or why it may not be done.

    ``noted`` says whether a note is kept, ``changed`` that the plan is another than the one confirmed; ``news`` is why.
    """
    until = request.app[HUB].clock.now() + GOOD_FOR
    seen = {"form": _digest(request, form), "stands": plan.stands}
    shown = page(
        "confirm.html",
        request,
        plan=plan,
        fields=_fields(form),
        word=sign(request.app[SETTINGS].secret, "confirm", seen, until),
        note=str(form.get(NOTE, "")),
        noted=noted,
        longest_note=LONGEST_NOTE,
        changed=changed,
        news=news,
        back_to=back_to,
    )
    if plan.refused or changed:
        shown.set_status(HTTPStatus.CONFLICT)
    return shown


async def in_two_steps(
    request: web.Request,
    form: Mapping[str, object],
    plan: Plan,
    do: Callable[[Confirmed], Awaitable[object]],
    *,
    back_to: str,
    noted: bool = False,
) -> web.Response:
    """Show a plan; once it was confirmed, and is the same still, do it and lead to a page that says what was done.

    Raises:
        RefusedError: the word is of another form or person, or too old.
    """
    seen = confirmed(request, form)
    if plan.refused or seen is None or seen.stands != plan.stands:
        changed = seen is not None and not plan.refused
        return show_plan(request, form, plan, back_to=back_to, noted=noted, changed=changed)
    await do(seen)
    return told(request, back_to, plan)


def told(request: web.Request, path: str, plan: Plan) -> web.Response:
    """Lead to a page that says what was done, and the way back."""
    hub = request.app[HUB]
    word = {"title": plan.title, "does": list(plan.does), "back": plan.back}
    signed = sign(request.app[SETTINGS].secret, "done", word, hub.clock.now() + GOOD_FOR)
    before, hash_, anchor = path.partition("#")
    return web.Response(
        status=HTTPStatus.SEE_OTHER, headers={"Location": f"{before}?done={signed}{hash_}{anchor}"}
    )


def _fields(form: Mapping[str, object]) -> dict[str, str]:
    return {
        name: value for name, value in form.items() if isinstance(value, str) and name not in (WORD, NOTE)
    }


def _digest(request: web.Request, form: Mapping[str, object]) -> str:
    caller = request[CALLER]
    whole = json.dumps([caller.merchant, caller.actor, request.path, sorted(_fields(form).items())])
    return hashlib.sha256(whole.encode()).hexdigest()
