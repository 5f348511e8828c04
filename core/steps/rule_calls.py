"""Steps of rules that ask somebody else: each goes through the journal with its fence, so that none is done twice."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.config.rules import Rule, RuleStep
from core.domain.rules.calling import after_error, tried, unknown
from core.domain.rules.stepping import stepped
from core.domain.state import OpenIntent
from core.engine.effects import Done, Effect, perform
from core.engine.rule_sets import rules_at
from core.engine.run import Run
from core.engine.settings import settings_at
from core.errors import ConnectorError, OutcomeUnknownError
from core.model.effects import Outcome
from core.model.facts import Fact
from core.model.rule_runs import RuleRun, StepOutcome
from core.steps.rule_actions import Given, StepFailedError
from core.steps.rule_asks import RESTORED, asking_of


@dataclass(frozen=True, slots=True)
class Called:
    """A step that is being done: of which run, of which rule."""

    due: RuleRun
    rule: Rule
    step: RuleStep

    def told(self, run: Run, outcome: StepOutcome, **more: Any) -> Fact:
        """Return what is told of it."""
        return stepped(self.due, self.rule, self.step, run.now, outcome, **more)

    @property
    def data(self) -> dict[str, str]:
        """What the look-up needs."""
        return {"run": self.due.run_id, "step": self.step.path, "about": f"rule:{self.rule.id}"}

    @property
    def effect(self) -> str:
        """What names the effect, besides the order and the attempt."""
        return f"rule:{self.due.run_id.replace('/', ':')}:{self.step.path}"


async def _ask(run: Run, called: Called, given: Given) -> None:
    """Mail people, or ask an address of the merchant's own and keep what is named of its answer."""
    about = {"order": run.order.number}
    try:
        asking = asking_of(run.connections, called.rule, called.step, given, run.order.number, about)
    except StepFailedError as error:
        run.decide([called.told(run, StepOutcome.FAILED, code="not_possible", message=str(error))])
        return

    settings = await settings_at(run.hub, run.merchant, run.settings)
    if settings.lost_since(run.order.placed_at) is not None and not asking.again:
        run.decide([called.told(run, StepOutcome.FAILED, code="restored", message=RESTORED)])
        return

    async def call(key: str) -> Done:
        try:
            # One key for every attempt: whoever knows it does it once.
            result = await asking.call(key.rpartition("/")[0])
        except StepFailedError as error:
            failed = called.told(run, StepOutcome.FAILED, code="answer", message=str(error))
            return Done(facts=[failed])
        return Done(facts=[called.told(run, StepOutcome.DONE, result=result)])

    effect = Effect(
        name=called.effect,
        operation=asking.operation,
        connection=asking.connection,
        data={**called.data, **({"again": asking.again} if asking.operation == "call" else {})},
        call=call,
        find=find_call,
    )
    await _perform(run, called, effect)


async def _perform(run: Run, called: Called, effect: Effect) -> None:
    """Do it through the journal; a failure is the step's own, and no other step of the order waits for it."""
    try:
        await perform(run, effect)
    except OutcomeUnknownError:
        return  # left open: it is looked up
    except ConnectorError as error:
        failed = after_error(called.due, called.rule, called.step, run.now, error)
        run.decide([failed], attempts=run.attempts)


async def find_mail(run: Run, intent: OpenIntent) -> Done:
    """Say that nobody can tell whether a mail went out: it is never sent twice."""
    return Done(outcome=Outcome.UNKNOWN, facts=await _unknown(run, intent))


async def find_call(run: Run, intent: OpenIntent) -> Done:
    """Say whether a request may be made once more: one that only reads, or whose rule says that a repeat does no harm."""
    if intent.data.get("again"):
        return Done(outcome=Outcome.UNDONE, facts=await _unknown(run, intent, again=True))
    return Done(outcome=Outcome.UNKNOWN, facts=await _unknown(run, intent))


async def _unknown(run: Run, intent: OpenIntent, *, again: bool = False) -> list[Fact]:
    """Return that the step failed whose outcome nobody knows; one that may be repeated was tried once more."""
    due = next((one for one in run.state.rule_runs if one.run_id == intent.data["run"]), None)
    rules = await rules_at(run.hub, run.merchant, due.digest) if due is not None else None
    rule = rules.rule(due.rule) if rules is not None and due is not None else None
    step = rule.step(str(intent.data["step"])) if rule is not None else None
    if due is None or rule is None or step is None or due.next != step.path:
        return []
    if again:
        return [tried(due, rule, step, run.now, code="unknown", message="no answer")]
    return [unknown(due, rule, step, run.now)]


CALLS: Mapping[str, Callable[[Run, Called, Given], Awaitable[None]]] = {"notify": _ask, "http": _ask}
"""Every action that asks somebody else."""
