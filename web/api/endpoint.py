"""One endpoint as a value: its path, what it takes, what it gives; the OpenAPI page is made from the same values."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from core.csv_text import UnreadableCsvError, decode
from web.problems import problem

PREFIX = "/api/v1"


class Answer(BaseModel):
    """Base of every shape of the API: unknown keys in a request are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(Answer):
    """No query parameters."""


class Wrong(Answer):
    """One mistake in a request."""

    where: str
    what: str


class Problem(BaseModel):
    """What an error says (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Wrong, ...] = ()


def cursor(text: str, parts: int) -> str:
    """Return the ``after`` of a page, checked: an instant and so many more parts behind slashes."""
    instant, *rest = text.split("/", parts)
    # A plus sign that was not escaped arrives as a blank.
    instant = instant.replace(" ", "+")
    try:
        known = datetime.fromisoformat(instant).tzinfo is not None
    except ValueError:
        known = False
    if not known or len(rest) != parts or not all(rest):
        raise ValueError("this is not the `after` of a page before")
    return "/".join((instant, *rest))


OrderCursor = Annotated[str, AfterValidator(lambda text: cursor(text, 1))]
DeliveryCursor = Annotated[str, AfterValidator(lambda text: cursor(text, 2))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, its path, query and body already checked."""

    request: web.Request
    merchant: str
    actor: str
    path: dict[str, str]
    query: Any
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint; the fields of ``query`` are its query parameters."""

    method: str
    path: str
    summary: str
    gives: type[BaseModel]
    run: Callable[[Call], Awaitable[BaseModel]]
    takes: type[BaseModel] | None = None
    query: type[BaseModel] = NoQuery


def add(app: web.Application, endpoints: Sequence[Endpoint], caller: web.RequestKey[Any]) -> None:
    """Serve endpoints, and their description."""
    for endpoint in endpoints:
        app.router.add_route(endpoint.method, PREFIX + endpoint.path, _handler(endpoint, caller))
    page = describe(endpoints)

    async def openapi(request: web.Request) -> web.Response:
        del request
        return web.json_response(page)

    app.router.add_get(PREFIX + "/openapi.json", openapi)


def _handler(
    endpoint: Endpoint, caller: web.RequestKey[Any]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        unknown = sorted(set(request.query) - set(endpoint.query.model_fields))
        if unknown:
            known = ", ".join(endpoint.query.model_fields) or "none"
            return problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"unknown query parameter {unknown[0]!r}; there is {known}"
            )
        merchant, name = request[caller]
        query = endpoint.query.model_validate(dict(request.query))
        body = await _body(request, endpoint.takes) if endpoint.takes else None
        answer = await endpoint.run(
            Call(
                request=request,
                merchant=merchant,
                actor=f"person:{name}",
                path=dict(request.match_info),
                query=query,
                body=body,
            )
        )
        return web.Response(body=answer.model_dump_json().encode(), content_type="application/json")

    return handle


async def _body(request: web.Request, shape: type[BaseModel]) -> BaseModel:
    """Return a request's body; a CSV file sent as such stands for a shape's field of that name."""
    sent = await request.read()
    if request.content_type == "text/csv" and "csv" in shape.model_fields:
        try:
            return shape.model_validate({"csv": decode(sent)})
        except UnreadableCsvError as error:
            raise web.HTTPBadRequest(reason=str(error)) from error
    return shape.model_validate_json(sent or b"{}")


def describe(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of endpoints."""
    queries = {e.query for e in endpoints}
    shapes = {e.gives for e in endpoints} | {e.takes for e in endpoints if e.takes} | queries | {Problem}
    ordered = sorted(shapes, key=lambda shape: shape.__name__)
    _, schemas = models_json_schema(
        [(shape, "validation") for shape in ordered], ref_template="#/components/schemas/{model}"
    )
    named: dict[str, Any] = schemas["$defs"]
    parameters = {q.__name__: named.pop(q.__name__).get("properties", {}) for q in queries}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, parameters[endpoint.query.__name__])
        paths.setdefault(PREFIX + endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Crossdock",
            "version": "1",
            "description": "Orders, stock, deliveries and connections of one merchant.",
        },
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": named,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, query: dict[str, Any]) -> dict[str, Any]:
    names = [part[1:-1].split(":")[0] for part in endpoint.path.split("/") if part.startswith("{")]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    parameters += [
        {"name": name, "in": "query", "description": schema.get("description", ""), "schema": schema}
        for name, schema in query.items()
    ]
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": _ref(endpoint.gives)}}},
            "default": {
                "description": "a problem (RFC 9457)",
                "content": {"application/problem+json": {"schema": _ref(Problem)}},
            },
        },
    }
    if endpoint.takes is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": _ref(endpoint.takes)}}}
    return operation


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}
