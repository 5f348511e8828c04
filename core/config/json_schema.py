"""The JSON Schema of crossdock.yaml, for editors: of the keys, and of what the installed connectors want to know.

It knows shapes, names and closed lists. What one part of the file says of another, and expressions, only
``crossdock validate`` checks. A file that is one of several need not have every part, so none but ``version`` is needed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from core.config.explain import names_of
from core.config.key_words import words_of
from core.config.keys import STAGES, written
from core.config.references import ENDPOINTS
from core.config.rule_keys import RuleKeys, StepKeys
from core.config.rule_reader import ACTIONS, ALLOWED, CAN_FAIL
from core.config.rule_types import SHORT
from core.config.schema import CommonWith, ConnectionKeys, FileKeys, SlaKeys
from core.model.triggers import Subject, Trigger

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NEEDED = ("version",)


@dataclass(frozen=True, slots=True)
class Installed:
    """A connector, as the schema names it."""

    settings: type[BaseModel]
    words: str


def json_schema(connectors: Mapping[str, Installed]) -> dict[str, Any]:
    """Return the schema of a file of an installation that has these connectors."""
    whole = _described(FileKeys)
    defs = whole.pop("$defs")
    for key, connector in connectors.items():
        own, inner = _with(key, connector)
        defs |= inner
        defs[f"with_{key}"] = own
    _add_connectors(defs[ConnectionKeys.__name__], connectors)
    defs[SlaKeys.__name__]["properties"]["stages"]["propertyNames"] = {"enum": list(STAGES)}
    _add_actions(defs[StepKeys.__name__])
    _add_starts(defs[RuleKeys.__name__])
    return {
        "$schema": DIALECT,
        "title": "crossdock.yaml",
        **whole,
        "required": list(_NEEDED),
        "$defs": dict(sorted(defs.items())),
    }


def _described(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema with the words about each key, and of each model within."""
    schema: dict[str, Any] = _plain(model.model_json_schema())
    defs = schema.setdefault("$defs", {})
    for kind in _models(model):
        _describe(schema if kind is model else defs.get(kind.__name__, {}), kind)
    return schema


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    words = words_of(model)
    for name, field in model.model_fields.items():
        key = field.alias or name
        about = schema.get("properties", {}).get(key)
        if about is None:
            continue
        if isinstance(field.default, timedelta):
            about["default"] = written(field.default)
        said = _said(words.get(key) or about.get("description") or "")
        if said:
            about["description"], about["markdownDescription"] = said.replace("`", ""), said
    if model.__doc__:
        schema["description"] = _said(model.__doc__).replace("`", "")


def _said(docstring: str) -> str:
    """Return words as Markdown, in one line."""
    return " ".join(docstring.replace("``", "`").split())


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a model and every one that its fields lead to, each once."""
    seen: dict[type[BaseModel], None] = {model: None}
    for kind in _growing(seen):
        for field in kind.model_fields.values():
            seen |= dict.fromkeys(_named_in(field.annotation))
    yield from seen


def _growing(seen: dict[type[BaseModel], None]) -> Iterator[type[BaseModel]]:
    """Yield the keys of a mapping, also those that come meanwhile."""
    done: set[type[BaseModel]] = set()
    while rest := [kind for kind in seen if kind not in done]:
        for kind in rest:
            done.add(kind)
            yield kind


def _named_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _named_in(inner)


def _plain(value: Any) -> Any:
    """Return a schema without what says nothing to people: titles, and null, which no key takes."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if SHORT in value:
        ref = {"$ref": value["$ref"]}
        return {"anyOf": [{"$ref": f"{value['$ref']}/properties/{value[SHORT]}"}, ref]}
    found = {key: _plain(one) for key, one in value.items() if key != "title" or not isinstance(one, str)}
    if found.get("default", 0) is None or "writeOnly" in found:  # no secret is anybody's usual one
        found.pop("default", None)
    choices = [one for one in found.get("anyOf", ()) if one != {"type": "null"}]
    if "anyOf" in found and len(choices) < len(found["anyOf"]):
        del found["anyOf"]
        found |= choices[0] if len(choices) == 1 else {"anyOf": choices}
    words = found.pop("x-enum-descriptions", None)
    if words:
        found |= {"enumDescriptions": words, "markdownEnumDescriptions": words}
    return found


def _with(key: str, connector: Installed) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of a connector's ``with``, and of what it is made of."""
    own, common = _described(connector.settings), _described(CommonWith)
    right = ENDPOINTS.get(key)
    if right is not None:
        url = common["properties"]["endpoints"].pop("additionalProperties")
        common["properties"]["endpoints"] |= {
            "properties": dict.fromkeys(right, url),
            "additionalProperties": False,
        }
    inner = own.pop("$defs", {})
    own["properties"] = {**own.get("properties", {}), **common["properties"]}
    own["additionalProperties"] = False
    return own, inner


def _add_connectors(schema: dict[str, Any], connectors: Mapping[str, Installed]) -> None:
    words = [connector.words for connector in connectors.values()]
    schema["properties"]["use"] |= {
        "enum": list(connectors),
        "enumDescriptions": words,
        "markdownEnumDescriptions": words,
    }
    schema["allOf"] = [
        {
            "if": {"properties": {"use": {"const": key}}, "required": ["use"]},
            "then": {
                "properties": {"with": {"$ref": f"#/$defs/with_{key}"}},
                "required": ["with"]
                if any(field.is_required() for field in connector.settings.model_fields.values())
                else [],
            },
        }
        for key, connector in connectors.items()
    ]


def _add_actions(schema: dict[str, Any]) -> None:
    """Say that a step has one action, and what goes with which."""
    schema["oneOf"] = [{"required": [action]} for action in ACTIONS]
    schema["dependentSchemas"] = {
        key: {"anyOf": [{"required": [action]} for action in sorted(actions)]}
        for key, actions in CAN_FAIL.items()
    }


def _add_starts(schema: dict[str, Any]) -> None:
    """Say that a rule begins with ``when`` or ``every``, and what its steps may do after each."""
    schema["oneOf"] = [{"required": ["when"]}, {"required": ["every"]}]
    schema["dependentRequired"] = {"location": ["every"]}
    besides = [key for key in names_of(StepKeys) if key not in ACTIONS]
    schema["allOf"] = [
        {
            "if": _starts(subject),
            "then": {
                "properties": {
                    "then": {"items": {"propertyNames": {"enum": [*sorted(ALLOWED[subject]), *besides]}}}
                }
            },
        }
        for subject in Subject
    ]


def _starts(subject: Subject) -> dict[str, Any]:
    if subject is Subject.SCHEDULE:
        return {"required": ["every"]}
    triggers = {"enum": [trigger.value for trigger in Trigger if trigger.subject is subject]}
    whens = {"anyOf": [triggers, {"type": "array", "items": triggers}]}
    return {"properties": {"when": whens}, "required": ["when"]}
