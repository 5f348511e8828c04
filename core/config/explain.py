"""Says what a schema found wrong in the words of the file, never with a value that may be a secret."""

import re
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.config import advice
from core.config.keys import NAME
from core.config.problems import label_of, path_text
from core.config.rule_keys import StepKeys
from core.config.yaml_text import Document, Path
from core.nearest import nearest

_NUMBERS = frozenset({"int_type", "int_from_float", "int_parsing"})
_KINDS = {
    "string_type": "text is wanted",
    "int_type": "a whole number is wanted",
    "int_from_float": "a whole number is wanted",
    "int_parsing": "a whole number is wanted",
    "bool_type": "true or false is wanted",
    "bool_parsing": "true or false is wanted",
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
    lacking: Collection[str | int] = (),
    quotes: bool = True,
) -> None:
    """Note every error of a schema in the document.

    ``under`` is where the checked value stands in the file; ``also`` are keys there that somebody else reads, and
    ``lacking`` those whose value is not known here.
    Without ``quotes`` no value is repeated.
    """
    for detail in _without_choices(error.errors(include_url=False)):
        inner, of_key = _inner(detail)
        path = (*under, *inner)
        kind = detail["type"]
        if kind == "extra_forbidden":
            reader = model_at(model, inner[:-1])
            right = [*(names_of(reader) if reader else ()), *(also if len(inner) == 1 else ())]
            says = f"unknown key '{path[-1]}'{_in(document.own(path[:-1]))}{_right_key(str(path[-1]), right)}"
            if str(path[-1]).isdigit() and detail["input"] is None:
                says += "; a comma ends a value here: decimals are written with a point"
            elif detail["input"] is None and re.search(r"[()'=<>&|]", str(path[-1])):
                says = f"'{path[-1]}' is no key: a comma ends a value in {{ }}; put the whole expression in quotes"
            document.wrong(path, says, key=True)
        elif kind == "missing" and path[-1] in lacking and len(inner) == 1:
            continue
        elif kind == "missing":
            document.wrong(path[:-1], f"'{path[-1]}' is missing{_in(document.own(path[:-1]))}", key=True)
        else:
            label = "" if of_key else f"{label_of(document.own(document.given(path)))}: "
            written = document.written.get(path) if quotes and not of_key else None
            says = _what(detail, label_of(path), written, quotes=quotes)
            reader = model_at(model, inner) if kind == "model_type" else None
            if reader is not None:
                says += _keys_of(reader, detail["input"])
            document.wrong(path, label + says, key=of_key)


_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "when": ("on", "trigger", "triggers", "event"),
    "then": ("do", "steps", "actions", "action", "run"),
    "if": ("condition", "conditions", "where", "unless"),
    "every": ("schedule", "cron", "at"),
    "else": ("otherwise", "on_failure", "catch", "on_error"),
    "notify": ("email", "mail", "slack", "alert", "message"),
    "http": ("webhook", "call", "request", "post"),
    "wait": ("delay", "sleep", "pause"),
    "tag": ("add_tag", "add_tags", "tags", "label_order"),
    "untag": ("remove_tag", "remove_tags"),
    "text": ("message", "body", "content"),
    "json": ("body", "payload", "data"),
    "reason": ("because", "message", "text"),
    "name": ("description", "title"),
    "max": ("max_price", "limit"),
    "attempts": ("times", "tries", "count", "max_attempts"),
    "first": ("interval", "delay"),
}
"""What other programs call a key."""


def _keys_of(model: type[BaseModel], given: object) -> str:
    """Return what to write where the keys of a model are wanted."""
    names = names_of(model)
    if given in names:
        return f", as in {given}: ..."
    return f"; its keys are: {', '.join(names)}"


def _right_key(wrong: str, right: Collection[str]) -> str:
    """Return the right key for a wrong one: what it is called here, the nearest, or those that there are."""
    if {"then", "every"} <= set(right) and wrong in StepKeys.model_fields:
        return "; it belongs into a step, under then:"
    meant = (key for key, others in _ELSEWHERE.items() if key in right and wrong.casefold() in others)
    called = next(meant, None)
    return f"; did you mean '{called}'?" if called else nearest(wrong, right)


def _without_choices(details: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Yield the errors, each where the file has it: of a value that may be of two kinds, the kind that was given.

    The library names each kind that it tried by a part of the path that stands nowhere in the file.
    """
    found = [(detail, _tried(detail["loc"])) for detail in details]
    # What is no list was tried as one, and that failed at once.
    single = {
        detail["loc"][: tried[0]] for detail, tried in found if tried and detail["type"] == "tuple_type"
    }
    for detail, tried in found:
        path = detail["loc"]
        if tried and (path[: tried[0]] in single) == str(path[tried[0]]).startswith("tuple["):
            continue
        yield {**detail, "loc": tuple(part for number, part in enumerate(path) if number not in tried)}


def _tried(path: Path) -> list[int]:
    return [
        number
        for number, part in enumerate(path)
        if isinstance(part, str) and "[" in part and part != "[key]"
    ]


def names_of(model: type[BaseModel]) -> list[str]:
    """Return the keys that a model reads."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner(detail: ErrorDetails) -> tuple[Path, bool]:
    """Return where an error is, and whether it is about the key there."""
    path = detail["loc"]
    return (path[:-1], True) if path and path[-1] == "[key]" else (path, False)


def _what(detail: ErrorDetails, key: str, written: str | None, *, quotes: bool) -> str:
    """Return what is wrong and what to write; ``written`` is the value as the file writes it, where it may be shown."""
    kind, given = detail["type"], detail["input"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    shown = f"'{written or given}'" if quotes and isinstance(given, str | int | Decimal) else "this"
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_type" and quotes and isinstance(given, int | Decimal):
        return f'text is wanted; put it in quotes: "{written if written is not None else given}"'
    if kind in _KINDS:
        return _wanted(_KINDS[kind], kind, given, key, quotes=quotes)
    if kind == "literal_error":
        return _not_of_list(shown, given, str(context["expected"]), quotes=quotes)
    if kind == "string_pattern_mismatch":
        return f"{shown} {_pattern(str(context['pattern']), given if quotes else None)}"
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        (bound,) = context.values()
        return f"{shown} must be {_COMPARED[kind]} {bound}"
    if kind in ("too_short", "too_long"):
        wanted = context.get("min_length", context.get("max_length"))
        return f"{wanted} {'or more' if kind == 'too_short' else 'at most'} are wanted, not {context['actual_length']}"
    return str(detail["msg"])


def _wanted(says: str, kind: str, given: object, key: str, *, quotes: bool) -> str:
    """Return that a value of another kind is wanted, and how it was probably meant."""
    if given is None:
        return f"{says}, and nothing is given; text that begins with # is put in quotes"
    if kind in ("bool_type", "bool_parsing") and str(given).casefold() in _TRUTHS:
        return f"{says}; write {_TRUTHS[str(given).casefold()]}"
    if kind in _NUMBERS and quotes and isinstance(given, str | Decimal):
        return says + advice.whole_number(str(given), key)
    if kind == "list_type" and key in ("then", "else"):
        return "a list of steps is wanted here, each after a dash, as in - note: text"
    if kind == "list_type" and (isinstance(given, dict) or key == "rules"):
        return f"{says}; write a dash before the first key of each, as in - id: ..."
    if kind == "string_type" and isinstance(given, dict | list):
        return f"{says}, and this is {'a list' if isinstance(given, list) else 'keys with values'}; put it in quotes"
    if kind in ("list_type", "tuple_type") and isinstance(given, str):
        sides = re.fullmatch(r"([0-9]+) ?[x*,;] ?([0-9]+) ?[x*,;] ?([0-9]+)", given.strip())
        meant = ", ".join(sides.groups()) if sides else given if quotes else "..."
        return f"{says}; write it in brackets: [{meant}]"
    return says


_TRUTHS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def _not_of_list(shown: str, given: object, expected: str, *, quotes: bool) -> str:
    """Return that a value is none of a closed list, with the nearest that is."""
    names = [name.strip(" '") for name in expected.replace(" or ", ", ").split(",")]
    if given in names and isinstance(given, str):
        return f"{shown} is text in quotes; write {given}, without quotes"
    if names == ["True"]:
        return f"{shown} is not wanted here; write true, or take the key out"
    if quotes and isinstance(given, str) and given.upper() in names:
        return f"{shown} is written {given.upper()} here"
    near = nearest(given, names) if isinstance(given, str) and quotes else f" (one of: {', '.join(names)})"
    return f"{shown} is not known here{near}"


_COMPARED = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}


def _pattern(pattern: str, given: object) -> str:
    if pattern.startswith("^https?"):
        return "is no address; write it with http:// or https://"
    if pattern != NAME:
        return f"does not fit {pattern}"
    meant = (
        re.sub(r"[^a-z0-9_-]+", "-", given.strip().casefold()).strip("-_") if isinstance(given, str) else ""
    )
    return f"is no name; write small letters, digits, '-' and '_'{f', as in {meant}' if meant else ''}"


def _in(path: Path) -> str:
    return f" in {path_text(path)}" if path else ""


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
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
    return _without_none(choices[0]) if is_choice and len(choices) == 1 else annotation
