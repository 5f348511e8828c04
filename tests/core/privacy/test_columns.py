"""Every column of every table says what it may hold of a person."""

import pytest

from core.store.personal_columns import COLUMNS, NOTHING
from core.store.tables import METADATA


@pytest.mark.case("F6")
@pytest.mark.req("R66")
def test_every_column_is_declared_once() -> None:
    """A new column fails here until its author says in core/store/personal_columns.py what it may hold of a person."""
    nothing = [(table, column) for table, columns in NOTHING.items() for column in columns.split()]
    there = [(table.name, column.name) for table in METADATA.tables.values() for column in table.columns]

    assert sorted([*nothing, *COLUMNS]) == sorted(there)
