"""The machines for longer, other steps each time: `make soak ARGS=machines`."""

import asyncio
import contextlib
import io
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.machines.effects import EffectsMachine
from tests.machines.intake import IntakeMachine
from tests.machines.stock import StockMachine

MACHINES: dict[str, type[RuleBasedStateMachine]] = {
    "stock": StockMachine,
    "intake": IntakeMachine,
    "effects": EffectsMachine,
}
LONGER = settings(
    database=None,
    deadline=None,
    max_examples=300,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
)


async def driven(name: str) -> list[str]:
    """Drive a machine in a thread, for it has a loop of its own; return the shortest steps that fail, if any do."""
    return await asyncio.to_thread(partial(_steps_that_fail, MACHINES[name]))


def _steps_that_fail(machine: type[RuleBasedStateMachine]) -> list[str]:
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told):
            run_state_machine_as_test(machine, settings=LONGER)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return [*told.getvalue().splitlines(), *getattr(error, "__notes__", []), repr(error)]
    return []
