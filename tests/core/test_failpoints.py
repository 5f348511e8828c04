"""Every write to the store and every call of a vendor can be preceded by death: a failpoint stands before each.

Reads of our own store need none: dying in one is dying before the next write.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.failpoints import failpoint, listening

CORE = Path(__file__).parents[2] / "core"
WATCHED = (
    *sorted((CORE / "flow").glob("*.py")),
    *sorted((CORE / "stages").glob("*.py")),
    CORE / "effects.py",
    CORE / "intake.py",
    CORE / "work.py",
    CORE / "stock" / "levels.py",
)
PORTS = frozenset(
    {
        "channel",
        "levels",
        "teller",
        "till",
        "gateway",
        "carrier",
        "notifier",
        "files",
        "label_files",
        "source",
        "subscriber",
    }
)
WRITING = ("db.write", "_committer.commit", "_claims.ask", "_deliveries.ask")


def writing_methods() -> frozenset[str]:
    """The methods of the store that write, read from its source."""
    found: set[str] = set()
    for name in ("store.py", "shelves.py"):
        source = (CORE / "store" / name).read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.AsyncFunctionDef):
                text = ast.get_source_segment(source, node) or ""
                found |= {node.name} if any(call in text for call in WRITING) else set()
    return frozenset(found)


def chain(node: ast.expr) -> tuple[str, ...]:
    """``run.hub.store.commit`` as its names."""
    if isinstance(node, ast.Attribute):
        return (*chain(node.value), node.attr)
    return (node.id,) if isinstance(node, ast.Name) else ()


def moments(function: ast.AsyncFunctionDef, writes: frozenset[str]) -> Iterator[tuple[int, int, str, str]]:
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
            store = len(names) > 1 and names[-2] == "store" and names[-1] in writes
            port = len(names) > 1 and names[-2] in PORTS
            if store or port:
                yield node.lineno, node.col_offset, "await", ".".join(names)


def unguarded() -> list[str]:
    writes = writing_methods()
    found: list[str] = []
    for path in WATCHED:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.AsyncFunctionDef):
                continue
            armed = False
            for line, _, what, name in sorted(moments(node, writes)):
                if what == "await" and not armed:
                    found.append(f"{path.relative_to(CORE)}:{line} {node.name}: {name}")
                armed = what == "failpoint"
    return found


@pytest.mark.req("R42")
def test_before_every_write_and_every_vendor_call_stands_a_failpoint() -> None:
    assert unguarded() == []


def test_the_store_methods_that_write_are_recognised() -> None:
    writes = writing_methods()
    assert {"commit", "claim", "deliver", "finish", "ring_all", "save_levels", "journal_push"} <= writes
    assert not {"load", "due", "switches", "links_of"} & writes


def test_a_listener_hears_every_place_that_is_passed_while_it_listens() -> None:
    heard: list[str] = []
    with listening(heard.append):
        failpoint("here.before")
    failpoint("here.after")
    assert heard == ["here.before"]
