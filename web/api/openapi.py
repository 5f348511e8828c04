"""The description of the API (OpenAPI 3.1), made from the endpoints themselves."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from core.model.roles import Role
from web.api.endpoint import CSV, PREFIX, Answer, Endpoint
from web.api.once import HEADER, LONGEST, REPLAYED
from web.permissions import least_role
from web.problems import PROBLEM

Json = dict[str, Any]


class Wrong(Answer):
    """One mistake in a request."""

    where: str
    """The field, as in `lines/0/units`; the query parameter; or the line of a file."""
    what: str


class Problem(BaseModel):
    """What an error says (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    """What is wrong, and what to do."""
    errors: tuple[Wrong, ...] = ()
    role_needed: Role | None = None
    """The least role that may do it, where that of whoever asks may not."""


PATHS: Mapping[str, tuple[str, str]] = {
    "order": ("the order: its id, its number, or the channel's own id", "shop:5001"),
    "sku": ("our SKU", "CHEF-8"),
    "parcel": ("a parcel of the order", "reno-1"),
    "connection": ("a connection of crossdock.yaml", "shop"),
    "listing": ("the channel's id of a listing", "CHEF-8"),
    "event": ("the vendor's id of a delivery; slashes escaped", "e1"),
    "id": ("the id of what was accepted, of an invitation or of a session", "3f0c9a1b2d4e"),
    "user": (
        "somebody who works here: the id, the sign-in name, or the name where one alone has it",
        "9b1d20c4e7aa",
    ),
    "name": ("the name of an API key", "warehouse"),
    "run": ("the id of a run of a rule, as the list gives it; slashes escaped", "order-0c1d"),
}
"""What each parameter of a path is, and an example."""

_WORDS: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "the Idempotency-Key, or a file's encoding, is wrong",
    HTTPStatus.UNAUTHORIZED: "no API key is shown, or one that nobody has",
    HTTPStatus.FORBIDDEN: "the role of whoever asks may not do this; `role_needed` may",
    HTTPStatus.NOT_FOUND: "nothing of that name belongs to this merchant",
    HTTPStatus.CONFLICT: "it may not be done now, or the same request is being carried out",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "the request does not fit its schema, or its Idempotency-Key was used for another",
    HTTPStatus.BAD_GATEWAY: "a vendor refused",
    HTTPStatus.SERVICE_UNAVAILABLE: "a vendor asks to wait, or something is not configured",
}
_READING = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_CHANGING = tuple(_WORDS)


def describe(endpoints: Sequence[Endpoint], *, url: str) -> Json:
    """Return the description of endpoints that are served at a URL."""
    named = _schemas(endpoints)
    parameters = {e.query.__name__: named.pop(e.query.__name__, {}).get("properties", {}) for e in endpoints}
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, parameters[endpoint.query.__name__])
        paths.setdefault(PREFIX + endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Crossdock",
            "version": "1",
            "description": "Orders, stock, deliveries and connections of one merchant. HEAD answers wherever GET does. "
            f"A changing request under a {HEADER} is done once: asked again within a day, it gets the first answer, "
            f"marked `{REPLAYED}: true`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in sorted({*map(_tag, endpoints), *(p[1] for p in _PUBLIC.values())})],
        "paths": {**paths, **{path: {"get": _public(*parts)} for path, parts in _PUBLIC.items()}},
        "components": {
            "schemas": named,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "an API key of the merchant"}
            },
        },
    }


def _schemas(endpoints: Sequence[Endpoint]) -> dict[str, Json]:
    """Return every schema by its name.

    Raises:
        ValueError: two shapes have one name, which no client could tell apart.
    """
    shapes: set[type[BaseModel]] = {Problem}
    for e in endpoints:
        shapes |= {
            e.query,
            *([] if isinstance(e.gives, tuple) else [e.gives]),
            *([e.takes] if e.has_body else []),
        }
    ordered = sorted(shapes, key=lambda shape: (shape.__name__, shape.__module__))
    _, schemas = models_json_schema(
        [(shape, "validation") for shape in ordered], ref_template="#/components/schemas/{model}"
    )
    named: dict[str, Json] = schemas["$defs"]
    titles = [schema.get("title", name) for name, schema in named.items()]
    twice = sorted({title for title in titles if titles.count(title) > 1})
    if twice:
        raise ValueError(f"two shapes of the API are called {', '.join(twice)}")
    return named


def _tag(endpoint: Endpoint) -> str:
    return endpoint.path.split("/")[1]


def _operation(endpoint: Endpoint, query: Json) -> Json:
    operation: Json = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [_tag(endpoint)],
        "x-least-role": least_role(endpoint.method, PREFIX + endpoint.path).value,
        "parameters": [*_path_parameters(endpoint.path), *_query_parameters(query)],
        "responses": {
            "200": _success(endpoint),
            **_errors(_CHANGING if endpoint.has_body else _READING),
            "default": _error("another problem"),
        },
    }
    if endpoint.changes:
        operation["parameters"].append(_idempotency_key())
    if endpoint.has_body:
        operation["requestBody"] = _request_body(endpoint)
    return operation


def _path_parameters(path: str) -> list[Json]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATHS[name][0],
            "schema": {"type": "string"},
            "example": PATHS[name][1],
        }
        for name in names
    ]


def _query_parameters(query: Json) -> list[Json]:
    return [
        {"name": name, "in": "query", "description": schema.get("description", ""), "schema": schema}
        for name, schema in query.items()
    ]


def _idempotency_key() -> Json:
    return {
        "name": HEADER,
        "in": "header",
        "description": "new for each request, as a UUID is; the same request under the same key is done once",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
        "example": "b0f7c1f2-4a07-4d1a-9a4e-9f5a3a1c7f10",
    }


def _request_body(endpoint: Endpoint) -> Json:
    fields = endpoint.takes.model_fields
    content: Json = {
        "application/json": {"schema": _ref(endpoint.takes), "example": dict(endpoint.example or {})}
    }
    if "csv" in fields:
        text = (endpoint.example or {})["csv"]
        content[CSV] = {"schema": {"type": "string"}, "example": text}
    needed = any(field.is_required() for field in fields.values())
    return {"required": needed, "content": content}


def _success(endpoint: Endpoint) -> Json:
    replayed = {
        REPLAYED: {"description": "`true`: this is the first answer again", "schema": {"type": "string"}}
    }
    return {
        "description": "done",
        **({"headers": replayed} if endpoint.changes else {}),
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in endpoint.gives}
        if isinstance(endpoint.gives, tuple)
        else {"application/json": {"schema": _ref(endpoint.gives)}},
    }


def _errors(statuses: Iterable[HTTPStatus]) -> Json:
    return {str(int(status)): _error(_WORDS[status], status) for status in statuses}


def _error(words: str, status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR) -> Json:
    example = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": words}
    return {
        "description": words,
        "content": {PROBLEM: {"schema": _ref(Problem), "example": example}},
    }


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


_OK: Json = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
_READY: Json = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}, "merchants": {"type": "integer"}},
    "required": ["ok", "merchants"],
}
_PUBLIC: Mapping[str, tuple[str, str, str, str, Json]] = {
    "/healthz": ("showAlive", "health", "Whether the process lives", "application/json", _OK),
    "/readyz": ("showReady", "health", "Whether it can work; 503 where not", "application/json", _READY),
    "/metrics": (
        "showMetrics",
        "health",
        "Figures for a monitor that shows the token of the process",
        "text/plain",
        {"type": "string"},
    ),
    f"{PREFIX}/openapi.json": (
        "showDescription",
        "openapi",
        "This description",
        "application/json",
        {"type": "object"},
    ),
}
"""What is open to everybody: operationId, tag, summary, and what comes."""


def _public(name: str, tag: str, summary: str, kind: str, schema: Json) -> Json:
    token = _error("no token of the process", HTTPStatus.UNAUTHORIZED)
    return {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "security": [],
        "parameters": [],
        "responses": {
            "200": {"description": "done", "content": {kind: {"schema": schema}}},
            **({"401": token} if name == "showMetrics" else {}),
            "default": _error("it cannot be told now", HTTPStatus.SERVICE_UNAVAILABLE),
        },
    }
