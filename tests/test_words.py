"""One word for one thing: names and modules use the trade's words and none of those that they replaced."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("core", "connectors", "web", "sandbox", "demo", "day", "commands", "simulation")
WIRING = ("assembly.py", "server.py", "scheduler.py", "cli.py")
FILES = [
    *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))),
    *(ROOT / name for name in WIRING),
]

INSTEAD = {
    "errand errands": "job",
    "doorbell doorbells bell bells ring rings rang rung": "notification, enqueue, ask for",
    "shelf shelves keeping": "counter, products, labels, stock",
    "teller till": "ShipmentNotifier, ChannelPayments",
    "desk desks": "Connections",
    "alarm alarms": "pause",
    "brake brakes": "push guard",
    "witness witnesses witnessed": "check at the gateway",
    "showable": "listable",
    "believed": "last_read",
    "parted": "third_party_units, shipped_elsewhere",
    "bench workbench": "review",
    "deed deeds": "action",
    "hands": "client",
    "courier": "webhook_delivery",
    "whose": "order_lookup",
    "weather": "message_order",
    "staging": "environment",
    "marked": "located",
    "walk walks": "cursor",
}
"""Words that no name uses, and what a name says instead."""
OF_THE_HUB = {"house houses": "configuration, MerchantConfig, Connections"}
"""The same outside the stand-ins and their days, where a house is a merchant's set-up (``POST /house``)."""
STAND_INS = ("sandbox", "demo", "day")

ALLOWED = {
    ("core/config/schema.py", "brake"): "key of crossdock.yaml",
    ("core/config/loader.py", "brake"): "key of crossdock.yaml",
    ("web/api/connections.py", "brake"): "key of /api/v1",
    ("web/api/connections.py", "errands"): "key of /api/v1",
    ("web/api/stock.py", "believed"): "key of /api/v1",
    ("commands/demo.py", "weather"): "the option --weather",
}
"""Names that are spoken outside."""
OF_LIBRARIES = {"MarkedYAMLError"}


def test_no_name_and_no_module_uses_a_word_that_was_replaced() -> None:
    used = [
        f"{path}: {name}, say {instead}"
        for path, name in names_in_the_code()
        if (path, name) not in ALLOWED and name not in OF_LIBRARIES and (instead := replaced(path, name))
    ]

    assert used == []


@pytest.mark.parametrize(("path", "name"), ALLOWED)
def test_every_exception_is_still_needed(path: str, name: str) -> None:
    assert (path, name) in names_in_the_code()
    assert replaced(path, name)


def test_words_are_whole_parts_of_a_name() -> None:
    assert parts("ring_for") == ["ring", "for"]
    assert parts("HTTPDoorbell2") == ["http", "doorbell"]
    assert parts("MarkedYAMLError") == ["marked", "yaml", "error"]
    assert replaced("core/store/jobs.py", "_ErrandKey") == "job"
    assert replaced("core/store/sealing.py", "keyring") is None
    assert replaced("core/model/stock.py", "on_hand") is None
    assert replaced("core/engine/hub.py", "house") == "configuration, MerchantConfig, Connections"
    assert replaced("sandbox/world.py", "house") is None


def replaced(path: str, name: str) -> str | None:
    """Return what a name is to say instead, or None."""
    words = INSTEAD if path.split("/", 1)[0] in STAND_INS else {**INSTEAD, **OF_THE_HUB}
    return next((say for old, say in words.items() if set(old.split()) & set(parts(name))), None)


def parts(name: str) -> list[str]:
    """Return the words of a name in snake_case or CamelCase."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", name)]


@cache
def names_in_the_code() -> list[tuple[str, str]]:
    """Return (file, name) of every name that stands in the code, each once, the parts of each file's path included."""
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in FILES
        for name in (
            *path.relative_to(ROOT).with_suffix("").parts,
            *names_of(ast.parse(path.read_text(encoding="utf-8"))),
        )
    }
    return sorted(found)


def names_of(tree: ast.Module) -> Iterator[str]:
    """Yield the name of everything that is defined, taken, read or imported."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.keyword(arg=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.alias(name=name, asname=as_name):
                yield from [*name.split("."), *([as_name] if as_name else [])]
            case ast.ImportFrom(module=str(module)):
                yield from module.split(".")
            case _:
                pass
