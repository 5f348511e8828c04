"""A few steps of each machine, always the same ones; `make soak ARGS=machines` takes many more, others each time."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machines.effects import EffectsMachine
from tests.machines.intake import IntakeMachine
from tests.machines.stock import StockMachine

ALWAYS_THE_SAME = settings(
    derandomize=True,
    phases=(Phase.generate,),  # the soak also looks for the shortest steps that fail
    database=None,
    deadline=None,
    max_examples=20,
    stateful_step_count=20,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.req("R29", "R31")
def test_stock_is_never_promised_twice_and_its_ledger_adds_up() -> None:
    run_state_machine_as_test(StockMachine, settings=ALWAYS_THE_SAME)


@pytest.mark.req("R11", "R12")
def test_what_a_vendor_told_is_stored_once_and_seen_in_the_end() -> None:
    run_state_machine_as_test(IntakeMachine, settings=ALWAYS_THE_SAME)


@pytest.mark.req("R42")
def test_one_effect_comes_to_pass_once_whoever_dies_and_whatever_is_lost() -> None:
    run_state_machine_as_test(EffectsMachine, settings=ALWAYS_THE_SAME)
