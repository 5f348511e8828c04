"""``python -m tests.dependencies``: writes the page that lists whatever a running hub is made of, with its licence."""

import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "dependencies.md"
CONSTRAINTS = ROOT / "constraints.txt"

_HEAD = """# Dependencies

What a running hub is made of, with the licence each package names for itself. `make lock` writes this page; a test compares it.
What only the demo's stand-ins or the tests need is not listed: no hub installs it (`pyproject.toml`, the groups).

`make sbom` writes the same as a bill of materials (CycloneDX, `sbom.json`). `make audit` asks which of the pinned versions have known faults; it needs a registry that gives such data, and fails where nobody can be asked.

| package | version | licence |
|---|---|---|
"""


def project() -> dict[str, list[str]]:
    """Return what the project asks for: its own dependencies under an empty name, then each group."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {"": told["project"]["dependencies"], **told["dependency-groups"]}


def pins() -> dict[str, tuple[str, int]]:
    """Return the version of each package in the constraints, and how many files it may come as."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("    --hash=sha256:"):
            version, files = found[name]
            found[name] = (version, files + 1)
        else:
            wanted, _, version = line.partition("==")
            name = canonicalize_name(wanted)
            found[name] = (version.split()[0], 0)
    return found


def running() -> dict[str, metadata.Distribution]:
    """Return every package that a hub runs on, by name."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(text) for text in project()[""]]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        known = found.setdefault(name, metadata.distribution(wanted.name))
        extras = ["", *wanted.extras]
        for text in known.requires or []:
            inner = Requirement(text)
            wanted_here = inner.marker is None or any(inner.marker.evaluate({"extra": e}) for e in extras)
            if wanted_here and (canonicalize_name(inner.name) not in found or inner.extras):
                waiting.append(inner)
    return found


def licence(package: metadata.Distribution) -> str:
    """Return the licence that a package names for itself."""
    told = package.metadata
    expressions, texts = told.get_all("License-Expression") or [], told.get_all("License") or []
    classes = [
        text.rpartition(" :: ")[2]
        for text in told.get_all("Classifier") or ()
        if text.startswith("License ::")
    ]
    named = [text for text in classes if text != "OSI Approved"]
    found = expressions or named or [text.splitlines()[0] for text in texts if text]
    return ", ".join(found or [_heading(package)])


def _heading(package: metadata.Distribution) -> str:
    """Return what the licence that a package brings calls itself, for one that names none."""
    text = package.read_text("licenses/LICENSE") or ""
    return next((line.strip() for line in text.splitlines() if line.strip()), "not named")


def lines() -> Iterator[str]:
    """Yield the rows of the page."""
    for name, package in sorted(running().items()):
        yield f"| {name} | {package.version} | {licence(package)} |"


def page() -> str:
    """Return the page."""
    return _HEAD + "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
