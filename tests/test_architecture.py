"""The shape of the code, read from its source: what may stand where, how large it may be, who may import whom."""

import ast
import functools
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.requirements import CATALOGUE, catalogue, is_case, page, proofs, proofs_in

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("commands", "core", "connectors", "day", "sandbox", "simulation", "web", "demo")
PRODUCT = (*PACKAGES, "migrations", "assembly.py", "cli.py", "server.py", "scheduler.py")
LONGEST_BODY, LONGEST_TABLE, LONGEST_MODULE = 40, 80, 400

FLOATLESS = (
    "core/model",
    "core/domain",
    "core/engine/advance.py",
    "core/engine/effects.py",
    "core/engine/run.py",
    "core/engine/step.py",
    "core/steps",
    "core/services",
    "core/mapping.py",
    "core/codecs.py",
    "core/overrides.py",
    "core/paths.py",
    "core/payloads.py",
    "core/quick_fields.py",
)
# Seconds, rates and chances live here; no amount does.
TIMING = {"__init__.py", "client.py", "errors.py", "limits.py", "settings.py", "transport.py"}
# Vendors want lengths and weights as JSON numbers; so is what a rule keeps of an answer.
MEASURES = {"inches", "measured", "ounces"}

CONNECTOR_FILES = {"__init__.py", "settings.py", "client.py", "probe.py", "README.md", "quality.yaml"}
QUALITY = {
    "signature-verified",
    "idempotent",
    "rate-limit",
    "paging",
    "errors-table",
    "secrets-redacted",
    "sandbox-tested",
    "api-version-pinned",
    "samples",
    "docs-setup",
    "docs-limits",
    "uninstall",
}
README_HEADINGS = ("set-up", "limits", "quirks")
# A method of a port -> the file that a reader opens for it.
PORT_FILES = {
    "fetch_order": {"channel.py"},
    "list_listings": {"levels.py"},
    "set_levels": {"levels.py"},
    "tell_shipped": {"shipment_notifier.py", "channel.py"},
    "cancel_order": {"channel_payments.py"},
    "fetch_payment": {"gateway.py"},
    "quote": {"carrier.py"},
    "parse_webhook": {"webhooks.py"},
    "consent_url": {"authorize.py"},
    "probe": {"probe.py"},
}

SKIPPED = {".git", ".venv", "node_modules", "__pycache__"}
HOSTS = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|jsdelivr|unpkg|cdnjs|crates|rubygems|packagist|anaconda)\.(?:org|com|net|io)\b"
    r"|//cdn\.|\bproxy\.golang\."
)
# The API's own /work/next is no folder.
MACHINE = re.compile(r"(?<![\w.])/(?:work/(?!next\b)|home/|root/|Users/)\w")


def sources(*places: str) -> list[Path]:
    """Return the Python files of some files and folders."""
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.is_file()
    return found


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def at(path: Path, node: ast.stmt | ast.expr | ast.excepthandler | ast.arg | ast.keyword) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def connector_folders() -> list[Path]:
    return sorted(p for p in (ROOT / "connectors").iterdir() if p.is_dir() and p.name != "__pycache__")


def quality(folder: Path) -> dict[str, Any]:
    """Return a connector's answer to each quality rule."""
    rules: dict[str, Any] = yaml.safe_load((folder / "quality.yaml").read_text(encoding="utf-8"))
    return rules


# --- money ---


def is_seconds(name: str) -> bool:
    return name.lower().endswith("_s")


def timed(tree: ast.AST) -> set[ast.AST]:
    """Return everything that gives or types a length of time: a name that ends in ``_s``."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                seconds = is_seconds(name)
            case ast.keyword(arg=str(name)) | ast.arg(arg=name):
                seconds = is_seconds(name)
            case _:
                seconds = False
        if seconds:
            found.update(ast.walk(node))
    return found


def floats(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield every float, every type that says so, and every division that would make one."""
    fine = timed(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="float"), args=[ast.Call(func=ast.Name(id=name))]) if (
                name in MEASURES
            ):
                fine.update(ast.walk(node))
            case ast.Dict(keys=keys):
                fine.update(
                    key for key in keys if key is not None
                )  # a table of types, by what people call them
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float()) | ast.Name(id="float") if node not in fine:
                yield node


@pytest.mark.req("R22")
def test_no_float_comes_near_an_amount() -> None:
    mapping = [
        p for folder in connector_folders() for p in sorted(folder.glob("*.py")) if p.name not in TIMING
    ]
    files = [*sources(*FLOATLESS), *mapping]

    found = [at(path, node) for path in files for node in floats(parsed(path))]

    assert found == []


@pytest.mark.req("R22")
@pytest.mark.parametrize(
    "line", ["price = 9.7", "def total(minor: float): ...", "total: float | None = None", "x = float(text)"]
)
def test_a_float_would_be_seen(line: str) -> None:
    assert list(floats(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["PAUSE_S = 1.5", "def quote(*, budget_s: float): ...", 'x = {"weight": float(ounces(g))}']
)
def test_seconds_and_measures_may_be_floats(line: str) -> None:
    assert list(floats(ast.parse(line))) == []


# --- errors ---


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        c is None or (isinstance(c, ast.Name) and c.id in {"Exception", "BaseException"}) for c in caught
    )


@pytest.mark.req("R04", "R68")
def test_only_the_worker_catches_everything_to_park_it_and_the_web_to_answer_it() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sources(*PRODUCT)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ]

    worker = "core/engine/worker.py"
    # The queue and a tick of the clock that meet a fault come again; a form that its parser cannot read is 400.
    assert found == [
        "core/engine/queue.py",
        worker,
        worker,
        # What writes to SQLite tells whoever asked, in whichever task he waits.
        "core/store/writer.py",
        "core/store/writer.py",
        # So does the simulation's event loop.
        "simulation/loop.py",
        "web/console/pages.py",
        "web/problems.py",
        "scheduler.py",
    ]


# --- size ---


def body_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """Return a function's body without its docstring."""
    return function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body


def is_table(body: Sequence[ast.stmt]) -> bool:
    """Return whether a body is one table: a ``match`` with a case for each kind, and nothing else."""
    return len(body) == 1 and isinstance(body[0], ast.Match)


def lines_of(body: Sequence[ast.stmt]) -> int:
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_function_is_longer_than_a_screen() -> None:
    found: list[str] = []
    for path in sources(*PRODUCT):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = body_of(node)
                if lines_of(body) > (LONGEST_TABLE if is_table(body) else LONGEST_BODY):
                    found.append(f"{at(path, node)} {node.name}: {lines_of(body)} lines")

    assert found == []


def test_no_module_is_too_long_to_read() -> None:
    sizes = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in sources(*PRODUCT)}

    assert {str(p.relative_to(ROOT)): n for p, n in sizes.items() if n > LONGEST_MODULE} == {}


# --- imports ---


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield module


def test_httpx_is_imported_in_one_module() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sources(*PRODUCT)
        if any(name.partition(".")[0] == "httpx" for name in imported(parsed(path)))
    ]

    assert found == ["core/http.py"]


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def contract_names() -> list[str]:
    return [contract["name"] for contract in project()["tool"]["importlinter"]["contracts"]]


# A forbidden import for each contract, and a second where a contract forbids two kinds of thing:
# its name, a module, and what that module may not import.
FORBIDDEN = (
    ("the layers of core", "core.model.money", "core.ports"),
    ("commands, web and connectors stand on core, never the other way", "core.engine.worker", "web.app"),
    ("nothing imports the wiring", "web.app", "server"),
    (
        "connectors see only core's model, errors, ports, http, outgoing and mapping",
        "connectors.stripe.client",
        "core.engine.hub",
    ),
    ("connectors do not know one another", "connectors.shopify.client", "connectors.stripe.client"),
    ("the model and the errors stand on pydantic and the standard library", "core.model.money", "core.ports"),
    (
        "expressions know their own language and nothing of orders",
        "core.expressions.scope",
        "core.model.money",
    ),
    ("the engines of expressions are imported by their adapters", "core.expressions.scope", "celpy"),
    ("the sandbox imports nothing of ours but the format of a day", "sandbox.app", "core.model"),
    ("the format of a day imports nothing of ours", "day.names", "sandbox"),
    ("the demonstration is an outsider", "demo.client", "core.engine.hub"),
    ("httpx is imported in one module", "web.app", "httpx"),
)
FORBIDDEN_TOO = (
    ("the layers of core", "core.store.store", "core.engine.run"),
    (
        "commands, web and connectors stand on core, never the other way",
        "connectors.bogus.client",
        "simulation.shoppers",
    ),
    ("nothing imports the wiring", "core.engine.worker", "scheduler"),
    (
        "connectors see only core's model, errors, ports, http, outgoing and mapping",
        "connectors.easypost.client",
        "sqlalchemy",
    ),
    ("connectors do not know one another", "connectors.email.client", "connectors.bogus"),
    ("the model and the errors stand on pydantic and the standard library", "core.errors", "aiohttp"),
    ("expressions know their own language and nothing of orders", "core.nearest", "core.model"),
    ("the engines of expressions are imported by their adapters", "core.services.plans", "cel_expr_python"),
    ("the sandbox imports nothing of ours but the format of a day", "sandbox.world", "web"),
    ("the format of a day imports nothing of ours", "day.format", "core.ports"),
    ("the demonstration is an outsider", "demo.books", "sandbox"),
    ("httpx is imported in one module", "connectors.amazon.client", "httpx"),
)


def skeleton(folder: Path) -> None:
    """Copy the project's modules as empty files: the contracts speak of their names only."""
    linter = project()["tool"]["importlinter"]
    for path in sources(*linter["root_packages"]):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    shutil.copy(ROOT / "pyproject.toml", folder)
    for contract in linter["contracts"]:
        for ignored in contract.get("ignore_imports", ()):
            importer, _, target = ignored.partition(" -> ")
            add_import(folder, importer, target)


def add_import(folder: Path, module: str, target: str) -> None:
    path = folder.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    with path.open("a", encoding="utf-8") as file:
        file.write(f"import {target}\n")


def lint_imports(folder: Path) -> tuple[int, str]:
    """Return how import-linter ends over a folder, and what it says."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "pyproject.toml", "--no-cache", "--no-logo"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def complaints(said: str) -> dict[str, str]:
    """Return broken contract -> what import-linter says of it."""
    _, _, reports = said.partition("Broken contracts")
    names = contract_names()
    found: dict[str, list[str]] = {}
    of: list[str] = []
    for line in reports.splitlines():
        if line in names:
            of = found.setdefault(line, [])
        of.append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def test_every_contract_has_imports_that_it_must_refuse() -> None:
    assert [name for name, _, _ in FORBIDDEN] == contract_names()
    assert [name for name, _, _ in FORBIDDEN_TOO] == contract_names()


def test_bare_modules_keep_every_contract(tmp_path: Path) -> None:
    skeleton(tmp_path)

    ended, said = lint_imports(tmp_path)

    assert (ended, complaints(said)) == (0, {}), said


@pytest.mark.parametrize("forbidden", [FORBIDDEN, FORBIDDEN_TOO], ids=["first", "second"])
def test_each_contract_refuses_a_forbidden_import(
    forbidden: Sequence[tuple[str, str, str]], tmp_path: Path
) -> None:
    skeleton(tmp_path)
    for _, module, target in forbidden:
        add_import(tmp_path, module, target)

    ended, said = lint_imports(tmp_path)

    assert ended == 1, said
    told = complaints(said)
    for contract, module, target in forbidden:
        assert f"{module} -> {target}" in told.get(contract, ""), f"{contract}:\n{said}"


def layers() -> list[list[str]]:
    """Return the layers of core, the highest first, each with its packages and modules."""
    [contract] = [
        c for c in project()["tool"]["importlinter"]["contracts"] if c["name"] == "the layers of core"
    ]
    return [[name.strip() for name in layer.split(":")] for layer in contract["layers"]]


def test_every_part_of_core_lies_in_one_layer() -> None:
    core = ROOT / "core"
    parts = {f"core.{p.stem}" for p in core.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}

    placed = [name for layer in layers() for name in layer]
    assert sorted(placed) == sorted(parts - {"core.__init__"})


def test_no_layer_of_core_may_import_any_above_it(tmp_path: Path) -> None:
    skeleton(tmp_path)
    ranked = layers()
    upwards = [
        (below, above)
        for height, layer in enumerate(ranked)
        for below in layer
        for above in (name for higher in ranked[:height] for name in higher)
    ]
    for below, above in upwards:
        add_import(tmp_path, below, above)

    _, said = lint_imports(tmp_path)

    told = complaints(said)["the layers of core"]
    assert len(upwards) > 27
    assert [(b, a) for b, a in upwards if f"{b} is not allowed to import {a}:" not in told] == []


# --- connectors ---


@pytest.mark.parametrize("folder", connector_folders(), ids=lambda p: p.name)
def test_a_connector_folder_has_the_files_of_every_other(folder: Path) -> None:
    files = {p.name for p in folder.iterdir()}

    assert CONNECTOR_FILES - files == set()
    assert ("errors.py" in files) == (quality(folder)["errors-table"] == "done")


@pytest.mark.parametrize("folder", connector_folders(), ids=lambda p: p.name)
def test_a_connector_keeps_each_port_in_the_file_of_its_name(folder: Path) -> None:
    found = [
        f"{path.name}: {node.name}"
        for path in sorted(folder.glob("*.py"))
        if path.name != "client.py"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and path.name not in PORT_FILES.get(node.name, {path.name})
    ]

    assert found == []


@pytest.mark.parametrize("folder", connector_folders(), ids=lambda p: p.name)
def test_a_connector_answers_every_quality_rule(folder: Path) -> None:
    rules = quality(folder)

    assert set(rules) == QUALITY
    for rule, answer in rules.items():
        exempt = isinstance(answer, dict) and answer.get("exempt")
        assert answer == "done" or exempt, f"{rule}: done, or exempt with its reason"


@pytest.mark.parametrize("folder", connector_folders(), ids=lambda p: p.name)
def test_a_connectors_readme_tells_what_every_other_tells(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    headings = [line.strip("# ").lower() for line in text.splitlines() if line.startswith("#")]

    assert [h for h in README_HEADINGS if not any(heading.startswith(h) for heading in headings)] == []
    assert re.search(r"\b(?:scopes?|roles?)\b", text, re.IGNORECASE), (
        "which scopes it needs, or that there are none"
    )


# --- words in files ---


def text_files() -> Iterator[tuple[Path, str]]:
    """Yield every text file of the project that is its own."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        ours = not any(
            p in SKIPPED or p.endswith(("_cache", ".egg-info")) or p == ".hypothesis" for p in parts
        )
        if ours and path.is_file():
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_no_file_names_a_package_registry_a_cdn_or_a_folder_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in text_files()
        for match in (*HOSTS.finditer(text), *MACHINE.finditer(text))
    ]

    assert found == []


# --- requirements ---


def test_every_rule_stands_in_the_catalogue() -> None:
    rules = catalogue(CATALOGUE.read_text(encoding="utf-8"))

    wanted = {f"R{n:02}" for n in range(1, 117)}
    wanted |= {f"S{n:02}" for n in range(1, 46)}
    assert set(rules) == wanted


def test_every_mark_names_a_rule_of_the_catalogue() -> None:
    rules = catalogue(CATALOGUE.read_text(encoding="utf-8"))

    assert [p for p in proofs() if p.rule not in rules and not is_case(p.rule)] == []


def test_marks_are_read_from_functions_classes_modules_and_parameters() -> None:
    source = """
pytestmark = pytest.mark.req("R01")

@pytest.mark.req("R02")
class TestStock:
    @pytest.mark.req("R03", "R04")
    async def test_units(self): ...

@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.req("R05"))])
@pytest.mark.case("C7")
def test_each(n): ...
"""

    found = {(proof.rule, proof.test) for proof in proofs_in(source, file="tests/test_x.py")}

    assert found == {
        ("R01", "tests/test_x.py"),
        ("R02", "tests/test_x.py::TestStock"),
        ("R03", "tests/test_x.py::TestStock::test_units"),
        ("R04", "tests/test_x.py::TestStock::test_units"),
        ("R05", "tests/test_x.py::test_each"),
        ("C7", "tests/test_x.py::test_each"),
    }


def test_the_page_shows_proofs_and_what_lacks_them() -> None:
    source = '@pytest.mark.req("R02", "R99")\n@pytest.mark.case("C10", "C9")\ndef test_b(): ...'
    found = proofs_in(source, file="tests/test_x.py")

    text = page({"R01": "one", "R02": "two"}, found)

    assert text.splitlines() == [
        "R02  two",
        "      tests/test_x.py::test_b",
        "",
        "Without a test (1 of 2):",
        "R01  one",
        "",
        "Cases from the field (2):",
        "C9",
        "      tests/test_x.py::test_b",
        "C10",
        "      tests/test_x.py::test_b",
        "R99  is marked and stands in no catalogue: tests/test_x.py::test_b",
    ]
