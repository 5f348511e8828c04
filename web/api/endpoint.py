"""One endpoint as a value: its path, what it takes, what it gives; openapi.py describes the same values."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from core.csv_text import UnreadableCsvError, decode
from core.model.base import NO_YEARS, is_storable, storable
from core.model.people import Caller
from core.store.pages import parts_of
from web.api.once import answer_once
from web.keys import HUB
from web.problems import WrongRequestError, mistakes_of

PREFIX = "/api/v1"
CSV = "text/csv"
_LINES = frozenset({"csv"})


class Answer(BaseModel):
    """Base of every shape of the API: unknown keys in a request are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class NoQuery(Answer):
    """No query parameters."""


class Nothing(Answer):
    """No body, or an empty object."""


def cursor(text: str, parts: int) -> str:
    """Return the ``after`` of a page, checked: an instant and so many more parts behind slashes."""
    instant, *rest = text.split("/", parts)
    # A plus sign that was not escaped arrives as a blank.
    instant = instant.replace(" ", "+")
    try:
        at = datetime.fromisoformat(instant)
        known = at.tzinfo is not None and at.astimezone(UTC).year not in NO_YEARS
    except (ValueError, OverflowError):  # in UTC it may lie before the first year, or after the last
        known = False
    if not known or len(rest) != parts or not all(rest):
        raise ValueError("this is not the `after` of a page before")
    return "/".join((instant, *rest))


OrderCursor = Annotated[str, AfterValidator(lambda text: cursor(text, 1))]
RunCursor = Annotated[str, AfterValidator(lambda text: cursor(text, 1))]
DeliveryCursor = Annotated[str, AfterValidator(lambda text: cursor(text, 2))]


def checked_after(after: str | None, parts: int, name: str = "after") -> str | None:
    """Return the ``after`` of a list in the order of a key of so many ``parts``, as it came.

    Raises:
        WrongRequestError: it is none.
    """
    if after is not None and (len(parts_of(after)) != parts or not all(map(is_storable, parts_of(after)))):
        what = f"this is not the `{name}` of a page before"
        raise WrongRequestError("the query does not fit its schema", [{"where": name, "what": what}])
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, its path, query and body already checked."""

    request: web.Request
    merchant: str
    actor: str
    caller: Caller
    path: dict[str, str]
    query: Any
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it is, and what it is."""

    content: bytes
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint; the fields of ``query`` are its query parameters.

    ``name`` is its operationId, which generated clients call it by: it stays. ``gives`` is a shape, or the kinds of
    file that may come. ``takes`` is of endpoints with a body alone; ``example`` is a body that it takes.
    One that only ``asks`` has a body (no address may name a person) and changes nothing: no answer of it is kept.
    Where the body may name a person (``names_person``), what is kept to tell requests apart is keyed: nobody can guess the person from it.
    ``once`` names the fields of the answer that are shown once: asked again under its Idempotency-Key, they are null.
    """

    name: str
    method: str
    path: str
    summary: str
    gives: type[BaseModel] | tuple[str, ...]
    run: Callable[[Call], Awaitable[BaseModel | File]]
    takes: type[BaseModel] = Nothing
    query: type[BaseModel] = NoQuery
    example: Mapping[str, Any] | None = None
    asks: bool = False
    names_person: bool = False
    once: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.has_body and not self.asks

    @property
    def has_body(self) -> bool:
        """Whether a request has a body."""
        return self.method != "GET"


def add(app: web.Application, endpoints: Sequence[Endpoint], caller: web.RequestKey[Caller]) -> None:
    """Serve endpoints; HEAD answers wherever GET does."""
    for endpoint in endpoints:
        handle = _handler(endpoint, caller)
        app.router.add_route(endpoint.method, PREFIX + endpoint.path, handle)
        if not endpoint.has_body:
            app.router.add_route("HEAD", PREFIX + endpoint.path, handle)


def _handler(
    endpoint: Endpoint, caller: web.RequestKey[Caller]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        query = _query(request, endpoint.query)
        body = await _body(request, endpoint.takes) if endpoint.has_body else None
        asks = request[caller]
        call = Call(
            request=request,
            merchant=asks.merchant,
            actor=asks.actor,
            caller=asks,
            path=dict(request.match_info),
            query=query,
            body=body,
        )
        if endpoint.changes:
            return await answer_once(
                request.app[HUB],
                request,
                (asks.merchant, asks.asks_as),
                body,
                lambda: _content(endpoint, call),
                names_person=endpoint.names_person,
            )
        return _given(await endpoint.run(call))

    return handle


async def _content(endpoint: Endpoint, call: Call) -> tuple[bytes, bytes]:
    """Return what is answered, and what is kept of it to be answered again: no secret."""
    answer = await endpoint.run(call)
    if isinstance(answer, File):
        return answer.content, answer.content
    kept = answer.model_copy(update=dict.fromkeys(endpoint.once))
    return answer.model_dump_json().encode(), kept.model_dump_json().encode()


def _given(answer: BaseModel | File) -> web.Response:
    if isinstance(answer, File):
        return web.Response(body=answer.content, content_type=answer.kind)
    return web.Response(body=answer.model_dump_json().encode(), content_type="application/json")


def _query(request: web.Request, shape: type[BaseModel]) -> BaseModel:
    """Return a request's query.

    Raises:
        WrongRequestError: a parameter is unknown, comes twice, or does not fit.
    """
    known = ", ".join(shape.model_fields) or "none"
    for name in request.query:
        if name not in shape.model_fields:
            detail = f"unknown query parameter {name!r}; there is {known}"
            raise WrongRequestError(detail, [{"where": name, "what": f"unknown; there is {known}"}])
        if len(request.query.getall(name)) > 1:
            detail = f"the query parameter {name!r} comes more than once"
            raise WrongRequestError(detail, [{"where": name, "what": "it comes more than once"}])
    try:
        return shape.model_validate(dict(request.query))
    except ValidationError as error:
        raise WrongRequestError("the query does not fit its schema", mistakes_of(error)) from error


async def _body(request: web.Request, shape: type[BaseModel]) -> BaseModel:
    """Return a request's body; a CSV file sent as such stands for a shape's field of that name.

    Raises:
        WrongRequestError: it is not of its shape.
    """
    sent = await request.read()
    try:
        # Not ``request.content_type``: what parses it raises whatever it likes at odd ones.
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == CSV and "csv" in shape.model_fields:
            return shape.model_validate({"csv": decode(sent)})
        body = shape.model_validate_json(sent or b"{}", strict=True)
    except UnreadableCsvError as error:
        raise web.HTTPBadRequest(reason=str(error)) from error
    except ValidationError as error:
        raise WrongRequestError("the body does not fit its schema", mistakes_of(error)) from error
    json.loads(sent or b"{}", object_pairs_hook=_each_once)
    return body


def _each_once(fields: Sequence[tuple[str, Any]]) -> None:
    """Look at the fields of one object of a body.

    Raises:
        WrongRequestError: one comes twice, and nobody can tell which is meant; or it holds what no database can.
    """
    names = [name for name, _ in fields]
    twice = [{"where": name, "what": "it comes more than once"} for name in names if names.count(name) > 1]
    if twice:
        raise WrongRequestError(f"the field {twice[0]['where']!r} comes more than once", twice[:1])
    for name, value in fields:
        # A file is looked at line by line, where a mistake has a place.
        if name not in _LINES and not (is_storable(name) and _all_storable(value)):
            what = "a character that is none of any text, as NUL is"
            raise WrongRequestError(f"a field holds {what}", [{"where": storable(name), "what": what}])


def _all_storable(value: object) -> bool:
    """Return whether a text, or every text of a list, can be stored; objects are looked at by themselves."""
    if isinstance(value, list):
        return all(map(_all_storable, value))
    return not isinstance(value, str) or is_storable(value)
