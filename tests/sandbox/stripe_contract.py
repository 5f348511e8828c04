"""What Stripe's own descriptions say: parameters of each operation, what may be expanded, what an answer looks like.

Two descriptions name parameters: the CLI's table of 2026-08 (types and words) and the API description of 2024-04-10
(lengths, arrays, and what every operation takes). Answers are held to the types of API 2026-10-28.
"""

import functools
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema

from tests.contracts import contracts

RESOURCES = ("payment_intents", "charges", "refunds", "webhook_endpoints", "events", "disputes", "reviews")
TYPES = {
    "payment_intent": "PaymentIntent", "charge": "Charge", "refund": "Refund", "dispute": "Dispute",
    "webhook_endpoint": "WebhookEndpoint", "event": "EventBase", "review": "Review",
}  # fmt: skip
"""The type of each kind of object."""
ERRORS = ("api_error", "card_error", "idempotency_error", "invalid_request_error")


@dataclass(frozen=True)
class Parameter:
    """What the descriptions say of one parameter."""

    kind: str
    words: tuple[str, ...] = ()
    longest: int | None = None
    many: bool = False


def parameters(operation: str) -> dict[str, Parameter]:
    """Return every parameter that either description names for the operation, by dotted name."""
    found = {}
    older, newer = _older().get(operation, {}), _table().get(operation, {})
    for name in older | newer:
        said = older.get(name, {}) | newer.get(name, {})
        before = older.get(name, {})
        items = before.get("items", {})
        found[name] = Parameter(
            kind="array" if "array" in (said.get("type"), before.get("type")) else str(said.get("type")),
            words=tuple(w for w in said.get("enum", items.get("enum", ())) if w),
            longest=before.get("maxLength"),
            many=before.get("type") == "array" or said.get("type") == "array",
        )
    return found


def operations() -> set[str]:
    """Return every operation of the resources that the stand-in touches."""
    every = {*_older(), *_table()}
    return {name for name in every if name.split()[1].split("/")[2] in RESOURCES}


def event_types() -> set[str]:
    """Return every type of event."""
    return set(_types()["root.EventBase"]["properties"]["type"]["enum"])


def expandable(kind: str) -> dict[str, str]:
    """Return what an object of that kind shows as an id and can show whole: path inside of it, and the type behind."""
    return dict(_expandable(_resolved({"$ref": _root(kind)}), "", ()))


def _expandable(shape: dict[str, Any], before: str, seen: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for field, value in shape.get("properties", {}).items():
        choices = value.get("anyOf", [value])
        as_id = any(choice.get("type") == "string" for choice in choices)
        for reference in (choice["$ref"] for choice in choices if "$ref" in choice):
            inside = _resolved({"$ref": reference})
            if {"id", "object"} <= set(inside.get("properties", {})):
                if as_id:
                    yield before + field, reference.rpartition("/")[2]
            elif reference not in seen:
                yield from _expandable(inside, f"{before}{field}.", (*seen, reference))


def unfit(shown: dict[str, Any]) -> str | None:
    """Return what of an object is not as Stripe's types say, or none; a list is every object in it."""
    if shown.get("object") == "list":
        if set(shown) != {"object", "data", "has_more", "url"}:
            return f"a list with {sorted(shown)}"
        return next(filter(None, map(unfit, shown["data"])), None)
    kind = str(shown.get("object"))
    return _unfit(kind, json.dumps(shown, sort_keys=True))


@functools.lru_cache(maxsize=20_000)
def _unfit(kind: str, text: str) -> str | None:
    if kind not in TYPES:
        return f"no object is a {kind}"
    shown = json.loads(text)
    unknown = set(shown) - set(_resolved({"$ref": _root(kind)})["properties"])
    if unknown:
        return f"a {kind} has no {sorted(unknown)}"
    worst = jsonschema.exceptions.best_match(_validator(kind).iter_errors(shown))
    if worst is not None:
        return f"{kind}.{worst.json_path}: {worst.message[:300]}"
    inside = shown["data"]["object"] if kind == "event" else None
    return unfit(inside) if inside is not None else None


def unfit_error(body: dict[str, Any]) -> str | None:
    """Return what of an error is not as Stripe's description says, or none."""
    error = body.get("error")
    if set(body) != {"error"} or not isinstance(error, dict):
        return f"no error: {sorted(body)}"
    known = set(_description()["components"]["schemas"]["api_errors"]["properties"])
    # Told since that description: https://docs.stripe.com/api/errors (read 2026-11).
    unknown = set(error) - known - {"advice_code", "network_advice_code", "network_decline_code"}
    if unknown or error.get("type") not in ERRORS or not isinstance(error.get("message"), str):
        return f"an error with {sorted(error)} of type {error.get('type')}"
    return unfit(error["payment_intent"]) if "payment_intent" in error else None


@functools.cache
def _validator(kind: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({"$ref": _root(kind), "definitions": _types()})


def _root(kind: str) -> str:
    return "#/definitions/Reviews.Review" if kind == "review" else f"#/definitions/root.{TYPES[kind]}"


def _resolved(shape: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in shape:
        shape = _types()[shape["$ref"].rpartition("/")[2]]
    return shape


@functools.cache
def _types() -> dict[str, Any]:
    path = contracts() / "stripe" / "stripe-node-23.1.0-jsonschema" / "stripe.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["definitions"]
    return found


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    path = contracts() / "stripe" / "stripe-cli" / "request_params_2026-08.json"
    told = json.loads(path.read_text(encoding="utf-8"))["operations"]
    return {name: row["params"] for name, row in told.items()}


@functools.cache
def _description() -> dict[str, Any]:
    path = contracts() / "stripe" / "opensdks-2024-04-10" / "stripe.oas.json.gz"
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


@functools.cache
def _older() -> dict[str, dict[str, Any]]:
    """The parameters of the older description, by operation."""
    found: dict[str, dict[str, Any]] = {}
    for path, methods in _description()["paths"].items():
        if path.split("/")[2] not in RESOURCES:
            continue
        for method, row in methods.items():
            leaves: dict[str, dict[str, Any]] = {}
            for each in row.get("parameters", ()):
                if each["in"] == "query":
                    leaves.update(_leaves(each["schema"], (each["name"],)))
            for body in row.get("requestBody", {}).get("content", {}).values():
                for name, shape in body["schema"].get("properties", {}).items():
                    leaves.update(_leaves(shape, (name,)))
            found[f"{method.upper()} {path}"] = leaves
    return found


def _leaves(shape: dict[str, Any], way: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    deeper = False
    for choice in shape.get("anyOf", [shape]):
        inside = choice.get("properties") or choice.get("items", {}).get("properties") or {}
        for name, each in inside.items():
            deeper = True
            yield from _leaves(each, (*way, name))
    if not deeper:
        yield ".".join(way), next((c for c in shape.get("anyOf", [shape]) if c.get("type") == "array"), shape)
