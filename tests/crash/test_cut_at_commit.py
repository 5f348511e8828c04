"""The connection to PostgreSQL is cut while COMMIT is under way, once for each kind of write of a day: all goes on, once."""

from pathlib import Path

import pytest

from core.store.engine import database
from core.store.sealing import Keyring
from tests.crash import scenario
from tests.crash.cut_at_commit import Kind, cutting
from tests.crash.test_our_own_failures import QUIET, came_of, folder, patient
from tests.databases import fresh_database

__all__ = ["folder", "patient"]
pytestmark = [pytest.mark.case("F1", "F10"), pytest.mark.timeout(300)]

HOT: dict[str, Kind] = {
    "an intent with what was told before it": frozenset({"UPDATE orders", "INSERT facts", "INSERT effects"}),
    "an outcome and the next intent": frozenset(
        {"UPDATE orders", "INSERT facts", "UPDATE effects", "INSERT effects"}
    ),
    "an order is given back": frozenset({"UPDATE orders"}),
    "a delivery and its job": frozenset({"INSERT deliveries", "INSERT jobs"}),
    "a job is claimed or comes again": frozenset({"UPDATE jobs"}),
    "a job ends, and so do the deliveries that asked for it": frozenset({"DELETE jobs", "UPDATE deliveries"}),
    "levels are intended": frozenset({"INSERT effects", "INSERT open_pushes"}),
    "levels are settled": frozenset({"UPDATE effects"}),
    "listings stand otherwise": frozenset({"UPDATE listings"}),
}


@pytest.mark.req("R42", "R66", "R31", "R11")
@pytest.mark.parametrize("landed", [True, False], ids=["it landed", "it did not"])
async def test_wherever_a_commit_is_cut_off_all_goes_on_and_nothing_comes_twice(
    folder: Path, landed: bool
) -> None:
    keys = Keyring.generate().text()
    async with fresh_database("postgres", folder) as url:
        await scenario.prepare(url, keys, folder / "books")
        async with cutting(url, landed=landed) as (cuts, cut_url):
            found = await scenario.live(cut_url, keys, folder / "books", scenario.START)
        db = database(url)
        came = await db.read(came_of)
        await db.close()

    assert {"differences": found, **came} == QUIET
    assert len(cuts.cut) > 30
    assert [name for name, kind in HOT.items() if kind not in cuts.cut] == []
