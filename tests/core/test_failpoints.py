"""Every write to the store and every call of a vendor can be preceded by death: a failpoint stands before each.

Reads of our own store need none: dying in one is dying before the next write.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.failpoints import failpoint, listening

CORE = Path(__file__).parents[2] / "core"
WHOLE_AGAIN = {"privacy.py", "listings.py", "housekeeping.py", "push_guard.py", "retention.py"}
"""What dies in the middle of one of these is done again from its beginning."""
WATCHED = [
    path
    for layer in ("engine", "steps", "jobs")
    for path in sorted((CORE / layer).glob("*.py"))
    if path.name not in WHOLE_AGAIN
]
PORTS = frozenset(
    {
        "channel",
        "levels",
        "shipment_notifier",
        "channel_payments",
        "gateway",
        "carrier",
        "notifier",
        "hooks",
        "files",
        "label_files",
        "source",
        "subscriber",
    }
)
WRITING = frozenset({"write", "commit", "claim", "deliver", "end_job"})
"""The methods of the store that write."""


def chain(node: ast.expr) -> tuple[str, ...]:
    """``run.hub.store.commit`` as its names."""
    if isinstance(node, ast.Attribute):
        return (*chain(node.value), node.attr)
    return (node.id,) if isinstance(node, ast.Name) else ()


def moments(function: ast.AsyncFunctionDef) -> Iterator[tuple[int, int, str, str]]:
    """(line, column, what, name) of every failpoint and every await that changes or asks something, in a function."""
    inner = {
        id(n)
        for f in ast.walk(function)
        if f is not function and isinstance(f, ast.AsyncFunctionDef)
        for n in ast.walk(f)
    }
    for node in ast.walk(function):
        if id(node) in inner:
            continue
        if isinstance(node, ast.Call) and chain(node.func) == ("failpoint",):
            yield node.lineno, node.col_offset, "failpoint", ""
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            names = chain(node.value.func)
            store = len(names) > 1 and names[-2] == "store" and names[-1] in WRITING
            port = (len(names) > 1 and names[-2] in PORTS) or names in (("asked",), ("run", "ask"))
            if store or port:
                yield node.lineno, node.col_offset, "await", ".".join(names)


def unguarded() -> list[str]:
    found: list[str] = []
    for path in WATCHED:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.AsyncFunctionDef):
                continue
            armed = False
            for line, _, what, name in sorted(moments(node)):
                if what == "await" and not armed:
                    found.append(f"{path.relative_to(CORE)}:{line} {node.name}: {name}")
                armed = what == "failpoint"
    return found


@pytest.mark.req("R42")
def test_before_every_write_and_every_vendor_call_stands_a_failpoint() -> None:
    assert unguarded() == []


def unnoticed() -> list[str]:
    """Every await of a vendor's answer that goes neither through ``asked`` nor through an effect's ``call``."""
    found: list[str] = []
    for path in sorted(p for layer in ("engine", "steps", "jobs") for p in (CORE / layer).glob("*.py")):
        tree = ast.parse(path.read_text())
        of_effects = {
            id(n)
            for f in ast.walk(tree)
            if isinstance(f, ast.AsyncFunctionDef) and f.name == "call"
            for n in ast.walk(f)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Await)
                and isinstance(node.value, ast.Call)
                and id(node) not in of_effects
            ):
                names = chain(node.value.func)
                if len(names) > 1 and names[-2] in PORTS:
                    found.append(f"{path.relative_to(CORE)}:{node.lineno}: {'.'.join(names)}")
    return found


@pytest.mark.req("R106")
def test_whether_a_vendor_answers_is_noted_at_every_call() -> None:
    assert unnoticed() == []


def test_the_methods_of_the_store_that_write_are_all_named() -> None:
    tree = ast.parse((CORE / "store" / "store.py").read_text())
    methods = {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}
    assert methods - WRITING == {"open", "close", "create_tables", "read", "load", "know", "find"}


def test_a_listener_hears_every_place_that_is_passed_while_it_listens() -> None:
    heard: list[str] = []
    with listening(heard.append):
        failpoint("here.before")
    failpoint("here.after")
    assert heard == ["here.before"]
