"""A replay as the command prints it: what was asked, what was done, and what differs."""

from collections.abc import Iterator, Sequence
from typing import Any

from commands.output import table
from core.services.explained import DifferenceView, OrderReplay, StepView, TraceView

_LONGEST = 300


def replay_lines(found: OrderReplay) -> Iterator[str]:
    """Yield a replay line by line: the trace, and what differs where two files were compared."""
    trace = found.trace
    yield f"{found.number} ({found.order}) under the rules {trace.digest[:12]}"
    asked = [
        {
            "fact": one.version,
            "trigger": one.trigger,
            "rule": one.rule,
            "where": one.where,
            "answer": "undecided" if one.undecided else "matched" if one.matched else "no",
            "looked at": one.undecided or ", ".join(f"{k} = {value_text(v)}" for k, v in one.values.items()),
        }
        for one in trace.asked
    ]
    yield from table(asked)
    if not asked:
        yield "no rule was asked"
    for step in trace.steps:
        yield f"{step.rule} {step.step}: {step_text(step)}"
    yield from not_compared_lines(trace)
    if found.compared:
        yield ""
        yield from difference_lines(found.differences)


def difference_lines(found: Sequence[DifferenceView]) -> Iterator[str]:
    """Yield what would come (+) and what would not come any more (-)."""
    for one in found:
        yield f"{'+' if one.comes else '-'} {one.kind} {one.says}"
    if not found:
        yield "no difference"


def not_compared_lines(trace: TraceView) -> Iterator[str]:
    """Yield what stored facts cannot tell."""
    for one in trace.not_compared:
        yield f"not known from fact {one.version} on: {one.what}"


def step_text(step: StepView) -> str:
    """Return a step with what it says and what came of it."""
    said = ", ".join(f"{name}: {value_text(value)}" for name, value in step.said.items())
    came = f"{step.outcome}: {step.message}" if step.message else step.outcome
    return f"{step.action}{f' ({said})' if said else ''}, {came}"


def value_text(value: Any) -> str:
    """Return a value as people read it, not too long."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}..."
