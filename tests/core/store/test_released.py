"""What a released revision does to a database never changes."""

import pytest

from tests.released import USED, VERSIONS, ours_in, released, sums

pytestmark = pytest.mark.case("F2")


@pytest.mark.parametrize("name", released())
def test_a_released_revision_is_as_it_was(name: str) -> None:
    assert sums().get(name) == released()[name], (
        f"{name} was released and is changed or gone: databases exist that it made. Put it back (git checkout), and do "
        "what you want done in a new revision (CONTRIBUTING.md); what a revision uses of ours gets a new function"
    )


@pytest.mark.parametrize("name", sorted(file.name for file in VERSIONS.glob("*.py")))
def test_a_revision_uses_nothing_of_ours_that_may_change(name: str) -> None:
    used = set(ours_in((VERSIONS / name).read_text(encoding="utf-8")))
    assert used <= set(USED), f"{name} uses {used - set(USED)}: write what it needs into the revision itself"
    assert set(USED) <= set(released())


def test_what_a_revision_uses_is_found() -> None:
    source = (
        "import json\nimport core.log\nfrom alembic import op\nfrom core.store.tables import orders, jobs\n"
    )
    assert list(ours_in(source)) == ["core.log", "core.store.tables.orders", "core.store.tables.jobs"]
