"""Does what was found hold what a day's `then` says? The player never asks: this is for whoever judges it."""

from collections.abc import Collection, Iterator
from typing import Any

from day.day import Day
from day.located_yaml import Json


def differences(day: Day, found: Json, *, act: str | None = None, leaving: Collection[str] = ()) -> list[str]:
    """Return where ``found`` differs from the day's `then`, as far as it was played; keys in ``leaving`` may differ.

    A map must hold what is expected and may hold more; an empty one must be empty. Lists are compared one by one.
    """
    played = _acts_up_to(day, act)
    then: Json = day.data.get("then") or {}
    wrong: list[str] = []
    if "go_live" in then:
        wrong += _inside(then["go_live"], found.get("go_live"), "go_live", leaving)
    for part in ("orders", "returns"):
        for name, row in (then.get(part) or {}).items():
            if row["act"] in played:
                there = (found.get(part) or {}).get(name)
                wrong += _inside(row, there, f"{part}.{name}", leaving)
    looks = {row["id"]: row for row in found.get("checkpoints") or []}
    for row in then.get("checkpoints") or []:
        if row["act"] in played:
            wrong += _inside(row, looks.get(row["id"]), f"checkpoints.{row['id']}", leaving)
    return wrong


def _acts_up_to(day: Day, act: str | None) -> list[str]:
    names = [each.name for each in day.acts]
    return names[: names.index(act) + 1] if act else names


def _inside(wanted: Any, found: Any, path: str, leaving: Collection[str]) -> Iterator[str]:
    if isinstance(wanted, dict):
        yield from _map_inside(wanted, found, path, leaving)
    elif isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            yield f"{path}: {wanted} is expected, {found} was found"
            return
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _inside(one, other, f"{path}[{number}]", leaving)
    elif type(wanted) is not type(found) or wanted != found:
        yield f"{path}: {wanted!r} is expected, {found!r} was found"


def _map_inside(wanted: Json, found: Any, path: str, leaving: Collection[str]) -> Iterator[str]:
    if not isinstance(found, dict) or (not wanted and found):
        yield f"{path}: {wanted or 'nothing'} is expected, {found} was found"
        return
    for key, value in wanted.items():
        if key in leaving:
            continue
        if key in found:
            yield from _inside(value, found[key], f"{path}.{key}", leaving)
        else:
            yield f"{path}.{key}: {value!r} is expected and there is none"
