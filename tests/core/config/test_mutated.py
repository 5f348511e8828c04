"""Whatever becomes of a file, it is read or refused: never a crash, never a wait, and every problem has its place."""

import pytest

from tests.core.config import mutated


@pytest.mark.req("R75")
def test_a_file_that_anything_was_done_to_is_read_or_refused_where_it_is_wrong() -> None:
    mutated.tried(mutated.EXAMPLES)
