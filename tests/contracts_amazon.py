"""Amazon's Swagger 2.0 models as judges of requests and responses.

`model` is the file's name without its ending: orders_2026-01-01, ordersV0, listingsItems_2021-08-01, feeds_2021-06-30,
fbaInventory, notifications, sellers.
"""

import copy
import functools
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft4Validator, Draft7Validator, FormatChecker

from tests.contracts import contracts

Json = dict[str, Any]

SDK_EXTRAS: Final = frozenset(
    {"MarketplaceId", "MarketplaceIds", "marketplace_ids", "marketplaceIds", "path"}
)
"""python-amazon-sp-api adds these to calls whose model does not know them; Amazon does not mind."""

FORMATS: Final = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def check_response(model: str, operation_id: str, status: int, body: object) -> None:
    """Raise AssertionError unless the model lets the operation answer that; unknown fields are refused too."""
    operation = _operations(model)[operation_id][2]
    declared = operation["responses"].get(str(status))
    assert declared is not None, f"{operation_id} never answers {status}"
    if "schema" not in declared:
        assert not body, f"{operation_id} {status} has no body"
        return
    _judge(model, declared["schema"], body, what=f"{operation_id} {status}")


def check_request(
    model: str,
    method: str,
    path: str,
    query: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    body: object = None,
) -> str:
    """Give the operation that the request is for; raise AssertionError where the model does not allow the request.

    `path` is the raw path (still percent-encoded); `query` holds every pair that was sent, repeated names included.
    """
    operation_id, declared, values = _matched(model, method, path)
    pairs = list(query.items() if isinstance(query, Mapping) else query)
    by_name = {(one["in"], one["name"]): one for one in declared}
    for name in {name for name, _value in pairs}:
        parameter = by_name.get(("query", name))
        assert parameter or name in SDK_EXTRAS, f"{operation_id} has no query parameter {name}"
        if parameter:
            _check_parameter(operation_id, parameter, [value for key, value in pairs if key == name])
    for parameter in declared:
        place, name = parameter["in"], parameter["name"]
        given = {"path": name in values, "query": any(key == name for key, _value in pairs)}
        missing = parameter.get("required") and not given.get(place, True)
        assert not missing, f"{operation_id} needs the {place} parameter {name}"
        if place == "body":
            _check_body(model, operation_id, parameter, body)
    return operation_id


def check_notification(message: object, schema: str = "OrderChangeNotification") -> None:
    """Raise AssertionError unless the message fits Amazon's notification schema."""
    errors = sorted(_notification(schema).iter_errors(message), key=str)
    assert not errors, _told(schema, errors)


def operations(model: str) -> dict[str, tuple[str, str]]:
    """Method and path template of every operation of a model."""
    return {name: (method, path) for name, (method, path, _operation) in _operations(model).items()}


@functools.cache
def _notification(schema: str) -> Draft7Validator:
    file = contracts() / "amazon" / "schemas" / "notifications" / f"{schema}.json"
    return Draft7Validator(json.loads(file.read_text(encoding="utf-8")))


@functools.cache
def _model(model: str) -> Json:
    folder = contracts() / "amazon" / "models-shared"
    (file,) = folder.rglob(f"{model}.json")
    loaded: Json = json.loads(file.read_text(encoding="utf-8"))
    return loaded


@functools.cache
def _operations(model: str) -> dict[str, tuple[str, str, Json]]:
    found: dict[str, tuple[str, str, Json]] = {}
    for path, item in _model(model)["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation:
                whole = {**operation, "parameters": [*shared, *operation.get("parameters", [])]}
                found[operation["operationId"]] = (method.upper(), path, whole)
    return found


def _matched(model: str, method: str, path: str) -> tuple[str, list[Json], dict[str, str]]:
    for name, (verb, template, operation) in _operations(model).items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        found = re.fullmatch(pattern, path)
        if found and verb == method.upper():
            values = {key: unquote(value) for key, value in found.groupdict().items()}
            return name, operation["parameters"], values
    raise AssertionError(f"{model} has no operation {method} {path}")


def _check_parameter(operation_id: str, parameter: Json, values: list[str]) -> None:
    if parameter.get("type") == "array":
        members = [part for value in values for part in value.split(",")]
        most = parameter.get("maxItems", len(members))
        assert len(members) <= most, f"{operation_id}: more than {most} {parameter['name']}"
        schema = parameter.get("items", {})
    else:
        assert len(values) == 1, f"{operation_id}: {parameter['name']} is given more than once"
        members, schema = values, parameter
    for member in members:
        value: object = member
        if schema.get("type") == "integer":
            assert re.fullmatch(r"-?\d+", member), f"{operation_id}: {parameter['name']}={member}"
            value = int(member)
        elif schema.get("type") == "boolean":
            assert member in {"true", "false"}, f"{operation_id}: {parameter['name']}={member}"
            value = member == "true"
        known = ("type", "enum", "format", "minimum", "maximum", "pattern")
        plain = {key: schema[key] for key in known if key in schema}
        errors = list(Draft4Validator(plain, format_checker=FORMATS).iter_errors(value))
        assert not errors, _told(f"{operation_id} {parameter['name']}", errors)


def _check_body(model: str, operation_id: str, parameter: Json, body: object) -> None:
    assert body is not None or not parameter.get("required"), f"{operation_id} needs a body"
    if isinstance(body, dict):
        named = parameter["schema"].get("$ref", "").rsplit("/", 1)[-1]
        known = _model(model)["definitions"].get(named, {}).get("properties", {})
        body = {key: value for key, value in body.items() if key in known or key not in SDK_EXTRAS}
    if body is not None:
        _judge(model, parameter["schema"], body, what=operation_id)


def _judge(model: str, schema: Json, value: object, *, what: str) -> None:
    whole = {**schema, "definitions": _definitions(model)}
    errors = sorted(Draft4Validator(whole, format_checker=FORMATS).iter_errors(value), key=str)
    assert not errors, _told(what, errors)


@functools.cache
def _definitions(model: str) -> Json:
    """The model's definitions, closed: what a model does not name is not there."""
    definitions: Json = copy.deepcopy(_model(model)["definitions"])
    combined = set(re.findall(r'"allOf": \[(.*?)\]', json.dumps(definitions)))
    open_ones = {name for part in combined for name in re.findall(r"#/definitions/(\w+)", part)}
    for name, schema in definitions.items():
        if name not in open_ones and "properties" in schema and "allOf" not in schema:
            schema.setdefault("additionalProperties", False)
    return definitions


def _told(what: str, errors: Iterable[Any]) -> str:
    lines = [f"{'/'.join(str(step) for step in error.path)}: {error.message}" for error in errors]
    return f"{what}\n" + "\n".join(lines)


def parameters(model: str, operation_id: str) -> set[str]:
    """Every parameter that the model names for the operation, fields of the body to the leaves."""
    found: set[str] = set()
    for parameter in _operations(model)[operation_id][2]["parameters"]:
        if parameter["in"] == "body":
            found.update(_leaves(model, parameter["schema"], ""))
        else:
            found.add(parameter["name"])
    return found


def members(model: str, operation_id: str) -> dict[str, list[str]]:
    """The members of each parameter of the query that is an enumeration."""
    declared = _operations(model)[operation_id][2]["parameters"]
    enums = {one["name"]: one.get("enum") or one.get("items", {}).get("enum") for one in declared}
    return {name: values for name, values in enums.items() if values}


def _leaves(model: str, schema: Json, at: str) -> Iterable[str]:
    if "$ref" in schema:
        schema = _model(model)["definitions"][schema["$ref"].rsplit("/", 1)[-1]]
    if schema.get("type") == "array":
        yield from _leaves(model, schema["items"], f"{at}[]")
        return
    parts = [schema, *schema.get("allOf", [])]
    inner = [part for part in parts if part is not schema]
    for part in inner:
        yield from _leaves(model, part, at)
    properties = schema.get("properties", {})
    for name, part in properties.items():
        yield from _leaves(model, part, f"{at}.{name}" if at else name)
    if not properties and not inner:
        yield at


def described(model: str, operation_id: str) -> list[Json]:
    """The parameters of an operation, as the model describes them."""
    declared: list[Json] = _operations(model)[operation_id][2]["parameters"]
    return declared


def resolved(model: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself, where it is only referred to."""
    if "$ref" not in schema:
        return schema
    found: Json = _model(model)["definitions"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


def explained(model: str, operation_id: str) -> str:
    """What the model says of an operation in words, its usage plan among them."""
    return str(_operations(model)[operation_id][2]["description"])
