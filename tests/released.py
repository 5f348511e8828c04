"""Revisions of the database that were released: `python -m tests.released` writes down those that are new.

A released revision ran on somebody's database, so that nobody may change it: neither its file, nor what it uses of ours.
"""

import ast
import hashlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from core.store.append_only import triggers
from core.store.columns import UTCDateTime

VERSIONS = Path(__file__).parents[1] / "migrations" / "versions"
LIST = VERSIONS.parent / "released.txt"
USED = {"core.store.append_only.triggers": triggers, "core.store.columns.UTCDateTime": UTCDateTime}
"""What revisions may use of ours: each does for ever what it did when it was released."""


def sums() -> dict[str, str]:
    """Return the SHA-256 of each revision's file, and of the source of what they use, by name."""
    files = {file.name: file.read_bytes() for file in sorted(VERSIONS.glob("*.py"))}
    sources = {name: inspect.getsource(used).encode() for name, used in USED.items()}  # type: ignore[arg-type]
    return {name: hashlib.sha256(text).hexdigest() for name, text in {**files, **sources}.items()}


def released() -> dict[str, str]:
    """Return the sums that were written down, by name."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if not line.startswith("#"))}


def ours_in(source: str) -> Iterator[str]:
    """Yield the dotted name of everything that a revision imports and that is neither alembic, SQLAlchemy nor Python's."""
    foreign = {"alembic", "sqlalchemy", "json", "collections", "datetime", "re", "typing"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] not in foreign:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.partition(".")[0] not in foreign)


def main() -> None:
    """Add what is not written down yet; what is stays as it is."""
    known = released() if LIST.exists() else {}
    lines = [f"{digest}  {name}" for name, digest in {**sums(), **known}.items()]
    head = "# SHA-256 of released revisions and of what they use of ours: python -m tests.released adds the new ones."
    LIST.write_text(
        "\n".join([head, *sorted(lines, key=lambda line: line.split()[1])]) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
