"""What is asked under an Idempotency-Key is done once, and answered again as it was the first time.

The keys of an API key are its own and last for a day. Same key and same request: the first answer, marked with
``Idempotent-Replayed: true``. Same key and another request: 422. While the first is under way: 409.
Answers from 500 on are not kept: the request may be made again under its key, unless something of it was done.
"""

import hashlib
import hmac
import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel

from core.domain.commit import KeyedRequest
from core.engine.hub import Hub
from core.errors import HubError
from core.store.failures import DATABASE_ERRORS, is_infrastructure, name_of
from core.store.idempotency import (
    UNDER,
    Another,
    Answered,
    Begun,
    Lost,
    Running,
    begin_request,
    finish_request,
    give_up_request,
)
from web.problems import PROBLEM, problem, told_of

LOG = logging.getLogger("crossdock.web")

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
CLAIM = timedelta(minutes=2)
"""How long a request counts as being carried out where its process lives and lost it."""

_KEY = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_JSON = "application/json"


async def answer_once(
    hub: Hub,
    request: web.Request,
    caller: tuple[str, str],
    body: BaseModel | None,
    act: Callable[[], Awaitable[tuple[bytes, bytes]]],
    *,
    names_person: bool = False,
) -> web.Response:
    """Answer a changing request: carried out, or, under a key that was answered before, as it was then.

    ``act`` gives what is answered, and what is kept of it.
    Of a body that ``names_person`` only a keyed digest is kept: a plain one could be compared with guesses.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return _given(HTTPStatus.OK, (await act())[0])
    if not _KEY.fullmatch(key) or len(key) > LONGEST or len(request.headers.getall(HEADER)) > 1:
        return problem(
            HTTPStatus.BAD_REQUEST,
            f"{HEADER}: one key of 1 to {LONGEST} printable ASCII characters, new for each request, as a UUID is",
        )
    keyed = KeyedRequest(
        merchant=caller[0], caller=caller[1], key=key, claim=f"{hub.owner}/{uuid.uuid4().hex}"
    )
    now = hub.clock.now()
    secret = hub.store.keys.current.secret if names_person else None
    fingerprint = _fingerprint(request, body, secret)
    known = await hub.store.write(begin_request, keyed, fingerprint=fingerprint, now=now, until=now + CLAIM)
    return await _carried_out(hub, keyed, act) if isinstance(known, Begun) else _known(known)


def _fingerprint(request: web.Request, body: BaseModel | None, secret: bytes | None) -> str:
    """Return what tells one request from another: method, path, and the body as it was understood."""
    sent = None if body is None else body.model_dump(mode="json")
    parts = [request.method, request.rel_url.raw_path_qs, sent]
    told = json.dumps(parts, sort_keys=True).encode()
    digest = hashlib.sha256(told) if secret is None else hmac.new(secret, told, hashlib.sha256)
    return digest.hexdigest()


async def _carried_out(
    hub: Hub, keyed: KeyedRequest, act: Callable[[], Awaitable[tuple[bytes, bytes]]]
) -> web.Response:
    under, answer, kept = UNDER.set(keyed), None, b""
    try:
        given, kept = await act()
        answer = _given(HTTPStatus.OK, given)
    except HubError as error:
        answer = told_of(error)
        kept = answer.body if isinstance(answer.body, bytes) else b""
    finally:
        UNDER.reset(under)
        await _end(hub, keyed, answer, kept)
    return answer


async def _end(hub: Hub, keyed: KeyedRequest, answer: web.Response | None, kept: bytes) -> None:
    """Keep what is ``kept`` of an answer, or give the request up; while our own database fails neither is possible.

    What was done is answered all the same. The claim ends by itself, and what landed until then is known by its rows.
    """
    try:
        if answer is not None and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            await hub.store.write(finish_request, keyed, answer.status, kept)
        else:
            await hub.store.write(give_up_request, keyed)
    except DATABASE_ERRORS as error:
        if not is_infrastructure(error):
            raise
        LOG.warning("the answer to a request under a key is not kept: %s", name_of(error))


def _known(known: Running | Another | Lost | Answered) -> web.Response:
    match known:
        case Answered():
            answer = _given(HTTPStatus(known.status), known.body)
            answer.headers[REPLAYED] = "true"
            return answer
        case Another():
            return problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"this {HEADER} was used for another request within the last day; take a new one for each request",
            )
        case Running():
            answer = problem(
                HTTPStatus.CONFLICT,
                f"the request with this {HEADER} is being carried out; ask again in a moment",
            )
            answer.headers["Retry-After"] = "1"
            return answer
        case Lost():
            return problem(
                HTTPStatus.CONFLICT,
                f"the request with this {HEADER} was carried out, at least in part, and its answer was lost: "
                f"see how things stand before you ask for the rest under a new one",
            )


def _given(status: HTTPStatus, body: bytes) -> web.Response:
    kind = _JSON if status < HTTPStatus.BAD_REQUEST else PROBLEM
    return web.Response(status=status, body=body, content_type=kind)
