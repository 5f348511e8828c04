"""What holds the order, told as facts."""

from core.engine.run import Run
from core.model.facts import Fact, Held, Released


async def sync_holds(run: Run) -> None:
    """Tell what has come to hold the order, and what no longer does."""
    wanted, held = run.view().wanted_holds, run.state.holds
    gone: list[Fact] = [Released(at=run.now, reason=reason) for reason in held if reason not in wanted]
    come: list[Fact] = [
        Held(at=run.now, reason=reason, detail=detail)
        for reason, detail in wanted.items()
        if held.get(reason) != detail
    ]
    run.decide(gone + come)
