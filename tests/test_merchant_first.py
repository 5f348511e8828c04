"""No statement goes past the merchant: each is built in core/store, and names whose rows it means."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILDERS = {"select", "insert", "update", "delete", "text", "exec_driver_sql"}
ELSEWHERE = {
    "core/engine/queue.py::wake_in": "pgqueuer's own table of wake-ups, whose rows name merchant and order in their payload",
}
OF_ALL = {
    "append_only.py::create_all": "makes the tables",
    "apply.py::_insert": "rows that were made with their merchant",
    "backlog.py::free_claims": "the one process of a database frees what died with it",
    "backlog.py::_due": "the clock of a day asks what is due for anybody, or says whose by the condition it is given",
    "columns.py::among": "a condition; whoever uses it says on which columns",
    "engine.py::_begin": "begins a transaction",
    "engine.py::_begin_immediate": "begins a transaction",
    "quota.py::_forgo_flush": "a setting of the transaction",
    "schema.py::_is_newest": "which revision the tables are at",
    "tables/parts.py::count": "a default of a column",
    "writes.py::update_by_key": "rows by their whole key, whose first column is the merchant",
}
"""What need not name a merchant, and why."""


def functions(source: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def builds(function: ast.AST) -> bool:
    """Return whether a function builds a statement, as ``sa.select(...)`` or ``conn.exec_driver_sql(...)`` does."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in BUILDERS
        and (
            node.func.attr == "exec_driver_sql"
            or (
                isinstance(node.func.value, ast.Name) and node.func.value.id in {"sa", "postgresql", "sqlite"}
            )
        )
        for node in ast.walk(function)
    )


def names_merchant(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether the code of a function, and not its docstring, speaks of a merchant."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    for node in (n for part in (*body, function.args) for n in ast.walk(part)):
        match node:
            case (
                ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word) | ast.keyword(arg=str(word))
            ):
                said = word
            case ast.Constant(value=str(word)):
                said = word
            case _:
                continue
        if "merchant" in said:
            return True
    return False


def past_the_merchant(source: str) -> list[str]:
    """Return the functions that build a statement and speak of no merchant, nor use what beside them does."""
    found = dict(functions(source))
    knowing = {name for name, function in found.items() if names_merchant(function)} | set(columns(source))
    used = {name: uses(function) for name, function in found.items()}
    while more := {name for name in found if name not in knowing and used[name] & knowing}:
        knowing |= more
    return sorted(name for name, function in found.items() if builds(function) and name not in knowing)


def columns(source: str) -> Iterator[str]:
    """Yield what a module, or an object of itself, calls something that has the merchant in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and "merchant" in ast.unparse(node.value):
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    yield target.attr
                elif isinstance(target, ast.Name) and target.id.isupper():
                    yield target.id


def uses(function: ast.AST) -> set[str]:
    """Return the names, and the names on ``self``, that a function uses."""
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Name)
        or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self")
    }


def test_no_statement_is_built_outside_the_store() -> None:
    found = [
        f"{path.relative_to(ROOT)}::{name}"
        for folder in ("core", "web", "commands", "connectors")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "core/store/" not in str(path)
        for name, function in functions(path.read_text(encoding="utf-8"))
        if builds(function)
    ]

    assert found == list(ELSEWHERE)


@pytest.mark.req("S39")
def test_every_statement_of_the_store_names_its_merchant() -> None:
    store = ROOT / "core" / "store"
    found = [
        f"{path.relative_to(store)}::{name}"
        for path in sorted(store.rglob("*.py"))
        for name in past_the_merchant(path.read_text(encoding="utf-8"))
    ]

    assert sorted(found) == sorted(OF_ALL)


@pytest.mark.parametrize(
    ("source", "past"),
    [
        ("def f(conn):\n    conn.execute(sa.select(t))", ["f"]),
        ('def f(conn):\n    """Of a merchant."""\n    conn.execute(sa.delete(t))', ["f"]),
        ("def f(conn):\n    conn.exec_driver_sql('DELETE FROM t')", ["f"]),
        ("def f(conn, merchant):\n    conn.execute(sa.select(t).where(t.c.merchant == merchant))", []),
        ("def f(conn, r):\n    conn.execute(sa.update(t).where(_of(r)))\ndef _of(r):\n    return t.c.merchant == r.m", []),
        ("def f(conn):\n    return conn.execute(g())", []),
    ],
)  # fmt: skip
def test_a_statement_past_the_merchant_would_be_seen(source: str, past: list[str]) -> None:
    assert past_the_merchant(source) == past
