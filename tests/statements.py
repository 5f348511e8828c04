"""``python -m tests.statements``: finds every statement that could reach another merchant's rows.

Statements are built in ``core/store`` alone, behind the store's one door. There each function that builds one must
hold it to a merchant: by the column itself, by a whole key (whose first column is the merchant), or by a function of
the same module that does. What looks at everybody's rows on purpose is named below, with its reason.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "core" / "store"
PRODUCT = ("core", "connectors", "web", "commands", "assembly.py", "server.py", "scheduler.py", "cli.py")
OUTSIDE = {"core/engine/queue.py": "speaks to pgqueuer's own tables"}
BUILDERS = {"select", "update", "delete", "insert", "text", "union", "exists"}
WHOLE_KEYS = {"_KEY", "primary_key"}

OF_EVERYBODY: Mapping[str, str] = {
    "api_keys.find_api_key": "a key says whose it is",
    "append_only.create_all": "makes the tables",
    "apply._inserted": "inserts rows that hold their merchant",
    "backlog.free_claims": "of the one process there is, whatever was claimed before it started",
    "backlog._due": "is handed the condition",
    "backlog._count": "is handed the condition",
    "connection_jobs._count": "is handed the condition",
    "columns.among": "the condition that others use",
    "columns.one_of": "the condition that others use",
    "columns._found_by": "the condition that others use",
    "columns._table_of": "the keys that others are asked for",
    "columns.keys_table": "the keys that others are asked for",
    "job_ends.<module>": "by a job's whole key",
    "engine._clock_timestamp": "asks what time it is",
    "engine._landed": "asks what became of a transaction",
    "engine._write": "asks for the id of its transaction",
    "figures._count": "is handed the condition",
    "figures._overdue": "is handed the condition",
    "restore.begin_restore": "a table of no merchant, in a database without tables",
    "listing_pages._count": "is handed the condition",
    "planner.tell_planner": "tells SQLite of whole tables",
    "planner._of_table": "asks SQLite for the indexes of a table",
    "postgres.take_time": "settings of the transaction",
    "products._those": "is handed the condition",
    "push_guard.<module>": "a condition, which others hold to a merchant",
    "keys.wrapped_by": "of the whole installation: which of its keys wrap anything",
    "keys._opens": "of the whole installation: one stored key that a key wraps",
    "pauses.looks_of_all": "a worker looks for every merchant",
    "figures._living": "processes belong to no merchant",
    "processes.end_process": "processes belong to no merchant",
    "processes.end_silent_sessions": "processes belong to no merchant",
    "processes.is_taken_for_dead": "processes belong to no merchant",
    "processes.living": "processes belong to no merchant",
    "processes.forget_processes": "processes belong to no merchant",
    "processes.owner_silent": "a condition: processes belong to no merchant",
    "restore.restore": "fills an empty database with rows that hold their merchant",
    "rotation.count_wrapped": "of the whole installation: how many keys each key wraps",
    "sqlite.begin": "begins a transaction",
    "sqlite.begin_immediate": "begins a transaction",
    "forgetting._count": "is handed the condition",
    "tombstones._tombstones": "is handed the condition",
    "overwriting.now_of": "asks for no rows",
    "overwriting.nobody_sees_before": "asks for no rows",
    "overwriting.write_anew": "writes whole tables anew, as they are",
    "raw.chunks_of_tables": "a proof looks at whole files, for one person's keys",
    "pauses._lasting": "a condition: the merchant of a wait is that of its pause",
    "quota._forgo_flush": "a setting of the transaction",
    "quota._take": "by the counter's whole key",
    "quota._read": "by the counter's whole key",
    "quota._take_over": "by the counter's whole key",
    "sqlite.check_references": "of the whole file, after an upgrade",
    "rehearsal._rows": "counts the rows of each table",
    "schema.revision_of": "reads the revision of the database",
    "schema.refuse_others": "asks who else is connected",
}
"""Function -> why it looks at the rows of every merchant, or at none."""


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function and method of a module, by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def builds(node: ast.AST) -> bool:
    """Return whether a piece of code builds a statement."""
    for one in ast.walk(node):
        match one:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="sa" | "sqlalchemy"), attr=name)) if (
                name in BUILDERS
            ):
                return True
            case ast.Call(func=ast.Attribute(attr="exec_driver_sql")):
                return True
    return False


def names_merchant(node: ast.AST, holding: set[str]) -> bool:
    """Return whether a piece of code holds what it asks for to a merchant; ``holding`` names functions that do."""
    for one in ast.walk(node):
        match one:
            case ast.Compare(left=ast.Attribute(value=ast.Attribute(attr="c"), attr="merchant")):
                return True
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Attribute(attr="c"), attr="merchant"), attr="in_"
                )
            ):
                return True
            case ast.Call(func=ast.Name(id="among" | "one_of"), args=args) if "c.merchant" in ast.unparse(
                node
            ) or any(ast.unparse(arg) in holding for arg in args):
                return True
            case ast.Dict(keys=keys) if any(
                isinstance(key, ast.Constant) and key.value == "merchant" for key in keys
            ):
                return True
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in WHOLE_KEYS:
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in holding:
                return True
    return False


def strays_in(source: str) -> list[tuple[int, str]]:
    """Return (line, function) of each function of a module whose statement names no merchant."""
    tree = ast.parse(source)
    found = dict(functions(tree))
    holding = {
        ast.unparse(node.targets[0])
        for node in tree.body
        if isinstance(node, ast.Assign) and "c.merchant" in ast.unparse(node.value)
    }
    while more := {n for n, node in found.items() if n not in holding and names_merchant(node, holding)}:
        holding |= more
    loose = [(node.lineno, name) for name, node in found.items() if builds(node) and name not in holding]
    whole = ast.Module([n for n in tree.body if not isinstance(n, ast.FunctionDef | ast.ClassDef)], [])
    return sorted(
        [*loose, *([(1, "<module>")] if builds(whole) and not names_merchant(whole, holding) else [])]
    )


def strays() -> list[str]:
    """Return where a statement stands that names no merchant, or that is not in the store."""
    found: list[str] = []
    for place in PRODUCT:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            source = file.read_text(encoding="utf-8")
            where = file.relative_to(ROOT)
            if STORE / "tables" in file.parents:
                continue
            if STORE in file.parents:
                found += [
                    f"{where}:{line}: {name} builds a statement that names no merchant"
                    for line, name in strays_in(source)
                    if f"{file.stem}.{name}" not in OF_EVERYBODY
                ]
            elif str(where) not in OUTSIDE and builds(ast.parse(source)):
                found.append(f"{where}:1: builds a statement outside core/store")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(strays()) or None)
