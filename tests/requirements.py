"""Says which test proves which rule: ``python -m tests.requirements``.

The rules are those of docs/reference/requirements.md; a test names the ones it proves with
``@pytest.mark.req("R29")``; one that plays a case from the field names it with ``@pytest.mark.case("C1")``. Nothing is
imported or run: the marks are read from the source.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "docs" / "reference" / "requirements.md"
TESTS = ROOT / "tests"

_ROW = re.compile(r"^\| ([RS]\d{2,3}) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Proof:
    """A rule, or a case, and the test, class or module that carries its mark."""

    rule: str
    test: str


def catalogue(text: str) -> dict[str, str]:
    """Return rule -> what it says, in the order of the page."""
    return dict(_ROW.findall(text))


def proofs_in(source: str, *, file: str) -> tuple[Proof, ...]:
    """Return every mark of a test module; one on a class or a module stands for all of its tests."""
    return tuple(_proofs(ast.parse(source), file))


def _proofs(node: ast.AST, place: str) -> Iterator[Proof]:
    for child in ast.iter_child_nodes(node):
        yield from (Proof(rule, place) for rule in _marked(child))
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield from _proofs(child, f"{place}::{name}")
            case _:
                yield from _proofs(child, place)


def _marked(node: ast.AST) -> Iterator[str]:
    """Yield what a call ``pytest.mark.req(...)`` or ``pytest.mark.case(...)`` names; of any other node nothing."""
    match node:
        case ast.Call(func=ast.Attribute(attr="req" | "case", value=ast.Attribute(attr="mark")), args=args):
            yield from (str(arg.value) for arg in args if isinstance(arg, ast.Constant))


def is_case(name: str) -> bool:
    """Return whether a mark names a case from the field, and no rule."""
    return re.fullmatch(r"[CF]\d+", name) is not None


def proofs(tests: Path = TESTS) -> tuple[Proof, ...]:
    """Return every mark under a folder, by rule."""
    found = [
        proof
        for path in tests.rglob("*.py")
        for proof in proofs_in(
            path.read_text(encoding="utf-8"), file=path.relative_to(tests.parent).as_posix()
        )
    ]
    return tuple(sorted(set(found)))


def page(rules: Mapping[str, str], found: Sequence[Proof]) -> str:
    """Return rule -> tests as text, then the rules without one."""
    by_rule: dict[str, list[str]] = {}
    for proof in found:
        by_rule.setdefault(proof.rule, []).append(proof.test)
    lines: list[str] = []
    for rule, says in rules.items():
        if rule in by_rule:
            lines += [f"{rule}  {says}", *(f"      {test}" for test in by_rule[rule])]
    without = [rule for rule in rules if rule not in by_rule]
    lines += ["", f"Without a test ({len(without)} of {len(rules)}):"]
    lines += [f"{rule}  {rules[rule]}" for rule in without]
    cases = sorted((name for name in by_rule if is_case(name)), key=lambda name: (name[0], int(name[1:])))
    lines += ["", f"Cases from the field ({len(cases)}):"]
    for case in cases:
        lines += [case, *(f"      {test}" for test in by_rule[case])]
    unknown = sorted(name for name in set(by_rule) - set(rules) if not is_case(name))
    lines += [f"{rule}  is marked and stands in no catalogue: {by_rule[rule][0]}" for rule in unknown]
    return "\n".join(lines)


def main() -> int:
    """Print the page."""
    rules = catalogue(CATALOGUE.read_text(encoding="utf-8"))
    sys.stdout.write(page(rules, proofs()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
