"""No file imports itself over others: the graph is drawn from the source, with imports under TYPE_CHECKING and in functions."""

import ast
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = [
    name
    for name in ("core", "connectors", "web", "sandbox", "demo", "day", "commands", "simulation")
    if (ROOT / name).is_dir()
]
Graph = Mapping[str, AbstractSet[str]]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_files_of_a_folder_import_each_other_in_a_circle(folder: str) -> None:
    assert circle_in(imports_of(folder)) == []


def test_no_packages_and_top_modules_of_core_import_each_other_in_a_circle() -> None:
    assert circle_in(by_part(imports_of("core"))) == []


def test_a_circle_is_found_wherever_the_import_stands() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c"]
    assert circle_in({"a": {"b"}, "b": set()}) == []
    source = (
        "if TYPE_CHECKING:\n    from sandbox.world import World\ndef late():\n    from sandbox import mail\n"
    )
    known = {"sandbox", "sandbox.world", "sandbox.mail"}
    assert named(ast.parse(source), known) == {"sandbox.world", "sandbox.mail"}


def imports_of(folder: str) -> Graph:
    """Which modules each module of the folder imports, of the folder's own."""
    paths = {module_of(path): path for path in sorted((ROOT / folder).rglob("*.py"))}
    return {
        module: named(ast.parse(path.read_text("utf-8")), set(paths)) - {module}
        for module, path in paths.items()
    }


def by_part(graph: Graph) -> Graph:
    """The same imports between the packages and modules right below the folder: `core.store.orders` is `core.store`."""
    parts: dict[str, set[str]] = {}
    for module, wanted in graph.items():
        part = part_of(module)
        parts.setdefault(part, set()).update(part_of(name) for name in wanted if part_of(name) != part)
    return parts


def part_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def named(tree: ast.AST, known: AbstractSet[str]) -> set[str]:
    """Every known module that is imported: of `from a import b` a.b where that is a module, else a."""
    wanted: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            wanted |= {part if part in known else node.module for part in parts}
    return wanted & known


def circle_in(graph: Graph) -> list[str]:
    """The members of one circle, by name; none where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        return sorted(set(circle.args[1]))
    return []
