"""Says what a schema found wrong in the words of the file, never with a value that may be a secret."""

import typing
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.config.problems import nearest, path_text
from core.config.yaml_text import Document, Path

_KINDS = {
    "string_type": "text is wanted",
    "int_type": "a whole number is wanted",
    "int_from_float": "a whole number is wanted",
    "int_parsing": "a whole number is wanted",
    "bool_type": "true or false is wanted",
    "dict_type": "names and values are wanted here",
    "model_type": "names and values are wanted here",
    "list_type": "a list is wanted here",
    "tuple_type": "a list is wanted here",
    "string_too_short": "this must not be empty",
}


def note_errors(
    document: Document,
    error: ValidationError,
    model: type[BaseModel],
    *,
    under: Path = (),
    also: Sequence[str] = (),
    quotes: bool = True,
) -> None:
    """Note every error of a schema in the document.

    ``under`` is where the checked value stands in the file; ``also`` are keys there that somebody else reads.
    Without ``quotes`` no value is repeated.
    """
    for detail in error.errors(include_url=False):
        inner, of_key = _inner(detail)
        path = (*under, *inner)
        kind = detail["type"]
        if kind == "extra_forbidden":
            reader = _model_at(model, inner[:-1])
            right = [*(names_of(reader) if reader else ()), *(also if len(inner) == 1 else ())]
            says = f"unknown key '{path[-1]}'{_in(path[:-1])}{nearest(str(path[-1]), right)}"
            document.wrong(path, says, key=True)
        elif kind == "missing":
            document.wrong(path[:-1], f"'{path[-1]}' is missing{_in(path[:-1])}", key=True)
        else:
            label = "" if of_key else f"{_label(path)}: "
            document.wrong(path, label + _what(detail, quotes=quotes), key=of_key)


def names_of(model: type[BaseModel]) -> list[str]:
    """Return the keys that a model reads."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner(detail: ErrorDetails) -> tuple[Path, bool]:
    """Return where an error is, and whether it is about the key there."""
    path = detail["loc"]
    return (path[:-1], True) if path and path[-1] == "[key]" else (path, False)


def _what(detail: ErrorDetails, *, quotes: bool) -> str:
    kind, given = detail["type"], detail["input"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    shown = f"'{given}'" if quotes and isinstance(given, str | int) else "this"
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_type" and quotes and isinstance(given, int) and not isinstance(given, bool):
        return f'text is wanted; put it in quotes: "{given}"'
    if kind in _KINDS:
        return _KINDS[kind] if given is not None else f"{_KINDS[kind]}, and nothing is given"
    if kind == "literal_error":
        names = [name.strip(" '") for name in str(context["expected"]).replace(" or ", ", ").split(",")]
        near = (
            nearest(given, names) if isinstance(given, str) and quotes else f" (one of: {', '.join(names)})"
        )
        return f"{shown} is not known here{near}"
    if kind == "string_pattern_mismatch":
        return f"{shown} {_pattern(str(context['pattern']))}"
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        (bound,) = context.values()
        return f"{shown} must be {_COMPARED[kind]} {bound}"
    if kind in ("too_short", "too_long"):
        wanted = context.get("min_length", context.get("max_length"))
        return f"{wanted} {'or more ' if kind == 'too_short' else 'at most '}are wanted, not {context['actual_length']}"
    return str(detail["msg"])


_COMPARED = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}


def _pattern(pattern: str) -> str:
    if pattern == "^[A-Z]{2}$":
        return "is no country code; write two capital letters, as in US"
    if pattern.startswith("^https?"):
        return "is no address; write it with http:// or https://"
    return "is no name; write small letters, digits, '-' and '_'"


def _label(path: Path) -> str:
    """Return the last named key of a path, with the indices after it."""
    names = [number for number, part in enumerate(path) if isinstance(part, str)]
    return path_text(path[names[-1] :]) if names else path_text(path)


def _in(path: Path) -> str:
    return f" in {path_text(path)}" if path else ""


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the model that reads the mapping at a path."""
    found: Any = model
    for part in path:
        if isinstance(found, type) and issubclass(found, BaseModel):
            fields = {field.alias or name: field for name, field in found.model_fields.items()}
            found = fields[str(part)].annotation if part in fields else None
        else:
            # A list or a mapping by name: what it holds is its last argument.
            found = typing.get_args(found)[-1] if typing.get_args(found) else None
        found = _without_none(found)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _without_none(annotation: Any) -> Any:
    """Return the one type of an optional or annotated one."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _without_none(typing.get_args(annotation)[0])
    choices = [one for one in typing.get_args(annotation) if one is not type(None)]
    is_choice = type(None) in typing.get_args(annotation)
    return choices[0] if is_choice and len(choices) == 1 else annotation
