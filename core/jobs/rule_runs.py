"""A run of a rule that is about no order goes on: step by step, each written down with what it does, until it waits or ends.

A step that asks somebody else goes through the journal: it is intended before the call and settled after it, and what
was intended and not settled is looked up, never repeated blindly. The run itself is the claim of none: of two that go
on with it, one lands.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.config.rules import Rule, RuleStep
from core.domain.rules.calling import after_error, tried, unknown
from core.domain.rules.offering import after, lost
from core.domain.rules.stepping import begun_wait, said_by, stepped, wait_over
from core.engine.answers import Call
from core.engine.effects import in_time
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.engine.rule_sets import rules_at
from core.engine.rule_subjects import values_of
from core.engine.run import is_live
from core.engine.session import set_clock
from core.engine.settings import settings_at
from core.errors import ConnectorError, OutcomeUnknownError, RejectedError
from core.expressions import EvaluationError
from core.failpoints import failpoint
from core.model.effects import Outcome
from core.model.merchant_runs import MerchantRun, OpenCall
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import StepOutcome
from core.steps.rule_actions import StepFailedError
from core.steps.rule_asks import RESTORED, Asking, asking_of
from core.steps.rules import UNREADABLE
from core.store.jobs import Job
from core.store.rule_runs import find_run, intend_call, save_run, set_buffer, settle_call

_CALLS = frozenset({"notify", "http"})
_ASLEEP = timedelta(minutes=5)
"""How long until it is looked at again whether anything of the merchant is accepted."""
_AT_ONCE = 100
"""So many steps are done before others have their turn."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A step of a run that is to be done now."""

    hub: Hub
    merchant: str
    known: MerchantRun
    rule: Rule
    step: RuleStep

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.hub.clock.now()

    def told(self, outcome: StepOutcome, **more: Any) -> RuleStepped:
        """Return what is told of the step."""
        return stepped(self.known.run, self.rule, self.step, self.now, outcome, **more)


async def go_on_with_run(hub: Hub, job: Job) -> Reschedule | None:
    """Do what is due of a run, one step after another."""
    settings = await settings_at(hub, job.merchant, job.revision)
    if not is_live(settings.accepted):
        return Reschedule(due_at=hub.clock.now() + _ASLEEP)
    for _ in range(_AT_ONCE):
        known = await hub.store.read(find_run, job.merchant, job.subject)
        if known is None or known.outcome is not None:
            return None
        due_at = known.run.due_at if known.open is None else await _look_up_at(hub, known.open)
        if due_at > hub.clock.now():
            return Reschedule(due_at=due_at)
        await _go_on(hub, job.merchant, known)
    return Reschedule(due_at=hub.clock.now())


async def _look_up_at(hub: Hub, call: OpenCall) -> datetime:
    """Return when it may be looked up what became of a call: the clock may have been set forward a moment ago."""
    await set_clock(hub.clock, hub.store.db)
    return max(call.look_up_at, hub.clock.now() + timedelta(seconds=hub.clock.held_s()))


async def _go_on(hub: Hub, merchant: str, known: MerchantRun) -> None:
    run = known.run
    rules = await rules_at(hub, merchant, run.digest)
    rule = rules.rule(run.rule) if rules is not None else None
    step = rule.step(run.next) if rule is not None else None
    if rule is None or step is None:
        await _end_lost(hub, merchant, known)
        return
    turn = Turn(hub, merchant, known, rule, step)
    if known.open is not None:
        await _look_up(turn, known.open)
    elif run.waits_for is not None:
        await _save(turn, wait_over(run, rule, step, turn.now, None))
    else:
        await _do(turn)


async def _end_lost(hub: Hub, merchant: str, known: MerchantRun) -> None:
    ended = after(known, lost(known.run, hub.clock.now(), UNREADABLE, step=known.run.next))
    if known.open is None:
        failpoint("rules.lost.before")
        await hub.store.write(save_run, merchant, ended)
        return
    failpoint("rules.lost.settle")
    await hub.store.write(
        settle_call, merchant, ended, known.open, outcome=Outcome.UNKNOWN, now=hub.clock.now()
    )


async def _do(turn: Turn) -> None:
    """Do a step, or tell that it is skipped, waits or failed."""
    try:
        given = said_by(turn.known.run, turn.step, await _values(turn))
    except EvaluationError as error:
        await _save(turn, turn.told(StepOutcome.FAILED, message=str(error)))
        return
    action = turn.step.action
    if given is None:
        await _save(turn, turn.told(StepOutcome.SKIPPED))
    elif action == "wait":
        await _save(turn, begun_wait(turn.known.run, turn.rule, turn.step, turn.now))
    elif action in _CALLS:
        await _ask(turn, given)
    elif action == "set_buffer":
        await _set_buffer(turn)
    else:
        await _save(turn, turn.told(StepOutcome.DONE, stop=action == "stop"))


async def _values(turn: Turn) -> Mapping[str, Any]:
    """Return what its rule may look at: what it is about, as that stands now."""
    known = turn.known
    about = await values_of(turn.hub, turn.merchant, known.about, known.subject)
    return {**about, "event": dict(known.run.event), "now": turn.now}


async def _save(turn: Turn, told: RuleStepped) -> None:
    failpoint("rules.step.before")
    await turn.hub.store.write(save_run, turn.merchant, after(turn.known, told))


async def _set_buffer(turn: Turn) -> None:
    said = turn.step.said
    if said.channel not in turn.hub.config(turn.merchant).connections:
        message = f"crossdock.yaml has no connection {said.channel} any more"
        await _save(turn, turn.told(StepOutcome.FAILED, code="not_possible", message=message))
        return
    done = after(turn.known, turn.told(StepOutcome.DONE, result={"units": said.units}))
    failpoint("rules.buffer.before")
    await turn.hub.store.write(
        set_buffer, turn.merchant, done, connection=said.channel, units=said.units, now=turn.now
    )


async def _ask(turn: Turn, given: Mapping[str, Any]) -> None:
    """Intend, ask, settle."""
    hub, known = turn.hub, turn.known
    connections = hub.connections(turn.merchant)
    about = {known.about.value: known.subject}
    try:
        asking = asking_of(connections, turn.rule, turn.step, given, known.subject, about)
    except StepFailedError as error:
        await _save(turn, turn.told(StepOutcome.FAILED, code="not_possible", message=str(error)))
        return
    settings = await settings_at(hub, turn.merchant, 0)
    lost_since = settings.lost_since(known.started_at)
    if lost_since is not None and not asking.again:
        await _save(turn, turn.told(StepOutcome.FAILED, code="restored", message=RESTORED))
        return
    if not connections.acts(asking.connection):
        said = f"{asking.operation}: nothing is changed there while the merchant is in test mode"
        refused = RejectedError(said, connection=asking.connection)
        await _save(turn, after_error(known.run, turn.rule, turn.step, turn.now, refused))
        return
    await _ask_once(turn, asking)


async def _ask_once(turn: Turn, asking: Asking) -> None:
    hub, known = turn.hub, turn.known
    operation = hub.connections(turn.merchant).operation(asking.connection, asking.operation)
    deadline_s = asyncio.get_running_loop().time() + operation.call_limit_s
    call = OpenCall(
        key=f"rule/{known.run.run_id}/{turn.step.path}/{known.version}",
        step=turn.step.path,
        operation=asking.operation,
        connection=asking.connection,
        look_up_at=turn.now + timedelta(seconds=operation.call_limit_s + operation.settle_s),
        again=asking.again,
    )
    intended = known.model_copy(update={"version": known.version + 1, "open": call})
    failpoint("rules.intend.before")
    landed = await hub.store.write(
        intend_call, turn.merchant, intended, fence=operation.fence.value, owner=hub.owner, now=turn.now
    )
    if not landed:
        return
    turn = Turn(hub, turn.merchant, intended, turn.rule, turn.step)
    # One key for every attempt: whoever knows it does it once.
    made, once = Call(asking.connection, asking.operation), call.key.rpartition("/")[0]
    failpoint("rules.call.before")
    try:
        result = await asked(hub, turn.merchant, made, in_time(lambda: asking.call(once), deadline_s, made))
    except OutcomeUnknownError:
        return  # left open: it is looked up
    except StepFailedError as error:
        told = turn.told(StepOutcome.FAILED, code="answer", message=str(error))
        await _settle(turn, call, told, Outcome.DONE)
        return
    except ConnectorError as error:
        told = after_error(intended.run, turn.rule, turn.step, turn.now, error)
        outcome = Outcome.REFUSED if isinstance(error, RejectedError) else Outcome.UNDONE
        await _settle(turn, call, told, outcome)
        return
    await _settle(turn, call, turn.told(StepOutcome.DONE, result=result), Outcome.DONE)


async def _look_up(turn: Turn, call: OpenCall) -> None:
    """Say what became of a call that nobody settled: only one whose repeat does no harm is made once more."""
    run, rule, step = turn.known.run, turn.rule, turn.step
    if call.again:
        told = tried(run, rule, step, turn.now, code="no_answer", message="no answer came")
        await _settle(turn, call, told, Outcome.UNDONE)
        return
    await _settle(turn, call, unknown(run, rule, step, turn.now), Outcome.UNKNOWN)


async def _settle(turn: Turn, call: OpenCall, told: RuleStepped, outcome: Outcome) -> None:
    failpoint("rules.settle.before")
    await turn.hub.store.write(
        settle_call, turn.merchant, after(turn.known, told), call, outcome=outcome, now=turn.now
    )
