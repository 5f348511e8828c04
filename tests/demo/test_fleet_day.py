"""The Kendra day on 1 web process, 2 workers and 1 scheduler: the books are those of one process, whoever is killed meanwhile.

Here the web process and a worker are killed; `make soak ARGS=fleet` kills each of the four twice, with every fault.
"""

import pytest

from tests.demo.fleet import act_one


@pytest.mark.timeout(600)
@pytest.mark.req("R02", "R04", "R42", "R116")
async def test_act_one_on_a_fleet_that_loses_its_web_process_and_a_worker_is_as_it_was_worked_out() -> None:
    assert await act_one(kill=2, seed=5) == []
