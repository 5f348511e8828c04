"""SQS by its own model, as botocore ships it: requests to make, and answers to judge."""

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.loaders import Loader

Json = dict[str, Any]
KINDS: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "boolean": bool}


@cache
def model() -> Json:
    loaded: Json = Loader().load_service_model("sqs", "service-2")
    return loaded


def fields_of(operation: str, value: Callable[[str, str], Any]) -> Json:
    """A request of that operation; ``value`` says what a field of that name and kind holds."""
    shape = model()["operations"][operation].get("input", {}).get("shape")
    made: Json = _made(shape, "", value) if shape else {}
    return made


def _made(shape: str, name: str, value: Callable[[str, str], Any]) -> Any:
    described = model()["shapes"][shape]
    match described["type"]:
        case "structure":
            needed = described.get("required", [])
            return {
                key: _made(part["shape"], key, value)
                for key, part in described["members"].items()
                if key in needed or value("", "boolean") == "true"
            }
        case "list":
            return [_made(described["member"]["shape"], name, value)]
        case "map":
            return (
                {"VisibilityTimeout": value("VisibilityTimeout", "integer")} if name == "Attributes" else {}
            )
        case kind:
            enum = described.get("enum")
            return enum[0] if enum else value(name, kind)


def wrong_with(operation: str, status: int, shown: Any) -> str | None:
    """What is wrong with an answer of SQS, by its model; none where nothing is."""
    described = model()["operations"][operation]
    if status >= 400:
        told = isinstance(shown, dict) and str(shown.get("__type", "")).startswith("com.amazonaws.sqs#")
        return None if told and isinstance(shown.get("message"), str) else f"{operation}: {shown}"
    shape = described.get("output", {}).get("shape")
    if shape is None:
        return None if shown in ({}, None) else f"{operation} answers nothing, not {shown}"
    return _misfit(shape, shown, operation)


def _misfit(shape: str, shown: Any, at: str) -> str | None:
    described = model()["shapes"][shape]
    match described["type"]:
        case "structure":
            if not isinstance(shown, dict) or set(shown) - set(described["members"]):
                return f"{at}: {shown}"
            missing = set(described.get("required", ())) - set(shown)
            parts = [
                _misfit(described["members"][key]["shape"], inner, f"{at}.{key}")
                for key, inner in shown.items()
            ]
            return f"{at} lacks {missing}" if missing else next((part for part in parts if part), None)
        case "list":
            if not isinstance(shown, list):
                return f"{at}: {shown}"
            each = (_misfit(described["member"]["shape"], inner, f"{at}[]") for inner in shown)
            return next((part for part in each if part), None)
        case "map":
            if not isinstance(shown, dict):
                return f"{at}: {shown}"
            each = (
                _misfit(described["value"]["shape"], inner, f"{at}.{key}") for key, inner in shown.items()
            )
            return next((part for part in each if part), None)
        case kind:
            return None if isinstance(shown, KINDS.get(kind, object)) else f"{at}: {shown}"
