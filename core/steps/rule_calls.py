"""Steps of rules that ask somebody else: each goes through the journal with its fence, so that none is done twice."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.config.rules import Retry, Rule, RuleStep
from core.domain.rules.stepping import stepped
from core.domain.state import OpenIntent
from core.engine.effects import Done, Effect, perform
from core.engine.rule_sets import rules_at
from core.engine.run import Run
from core.errors import (
    AuthError,
    ConnectorError,
    NotFoundError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    VendorPausedError,
)
from core.failpoints import failpoint
from core.model.effects import Outcome
from core.model.facts import Fact
from core.model.hooks import HookAnswer, HookRequest
from core.model.rule_runs import RuleRun, StepOutcome
from core.steps.rule_actions import Given, StepFailedError
from core.steps.rule_messages import mail_of, plain, taken_of

RETRY = Retry(attempts=5, first=timedelta(seconds=2), longest=timedelta(minutes=10))
"""How often a step that asks somebody else is tried where its rule does not say."""
LIMIT = timedelta(seconds=10)
"""How long a step may take where its rule does not say."""
PAUSED = timedelta(minutes=5)
"""How long a step waits whose connection serves nobody; no try counts meanwhile."""
_UNKNOWN = "nobody can tell whether it was done: it is not done again"


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
        return f"rule:{self.due.run_id}:{self.step.path}"


async def _notify(run: Run, called: Called, given: Given) -> None:
    """Mail the merchant's people, or tell an address of theirs."""
    via = str(given["via"]) if given.get("via") else run.connections.mailer
    try:
        ports = run.connections.named(via or "-")
    except NotFoundError as error:
        run.decide([called.told(run, StepOutcome.FAILED, code="not_possible", message=str(error))])
        return
    if ports.hooks is not None and ports.notifier is None:
        body = {"text": given["text"], "order": run.order.number, "rule": called.rule.id}
        await _ask_hook(
            run, called, str(via), HookRequest(body=body, time_limit_s=_limit(called).total_seconds()), {}
        )
        return
    if ports.notifier is None or via is None:
        said = f"{via or 'crossdock.yaml'} sends no mail"
        run.decide([called.told(run, StepOutcome.FAILED, code="not_possible", message=said)])
        return
    message, notifier = mail_of(given, number=run.order.number, rule=called.rule.id), ports.notifier

    async def call(key: str) -> Done:
        del key
        failpoint("rule_calls.mail.before")
        await notifier.send(message)
        return Done(facts=[called.told(run, StepOutcome.DONE, result={"mailed": 1})])

    await _perform(
        run,
        called,
        Effect(
            name=called.effect, operation="send", connection=via, data=called.data, call=call, find=find_mail
        ),
    )


async def _http(run: Run, called: Called, given: Given) -> None:
    """Ask an address of the merchant's own, and keep what is named of its answer."""
    request = HookRequest(
        method=given["method"],
        path=str(given.get("path", "")),
        body=plain(given.get("json")),
        time_limit_s=_limit(called).total_seconds(),
    )
    await _ask_hook(run, called, str(given["via"]), request, given.get("take", {}))


async def _ask_hook(
    run: Run, called: Called, via: str, request: HookRequest, take: Mapping[str, str]
) -> None:
    hooks = run.connections.ports[via].hooks if via in run.connections.ports else None
    if hooks is None:
        said = f"{via} asks no address"
        run.decide([called.told(run, StepOutcome.FAILED, code="not_possible", message=said)])
        return

    async def call(key: str) -> Done:
        failpoint("rule_calls.hook.before")
        # One key for every attempt: whoever knows it does it once.
        answer: HookAnswer = await hooks.call(request, key=key.rpartition("/")[0])
        failpoint("rule_calls.hook.after")
        try:
            result = {"status": answer.status, **taken_of(answer, take)}
        except StepFailedError as error:
            failed = called.told(run, StepOutcome.FAILED, code="answer", message=str(error))
            return Done(facts=[failed])
        return Done(facts=[called.told(run, StepOutcome.DONE, result=result)])

    said = called.step.said
    again = called.step.action == "http" and (said.idempotent or said.method == "GET")
    await _perform(
        run,
        called,
        Effect(
            name=called.effect,
            operation="call",
            connection=via,
            data={**called.data, "again": again},
            call=call,
            find=find_call,
        ),
    )


def _limit(called: Called) -> timedelta:
    return called.step.timeout or LIMIT


async def _perform(run: Run, called: Called, effect: Effect) -> None:
    """Do it through the journal; a failure is the step's own, and no other step of the order waits for it."""
    try:
        await perform(run, effect)
    except OutcomeUnknownError:
        return  # left open: it is looked up
    except (AuthError, VendorPausedError) as error:
        run.decide([_later(run, called, error, PAUSED)], attempts=run.attempts)
    except (RateLimitError, NotYetError) as error:
        run.decide(
            [_later(run, called, error, timedelta(seconds=error.retry_after_s))], attempts=run.attempts
        )
    except RejectedError as error:
        failed = called.told(run, StepOutcome.FAILED, code=error.code or "refused", message=str(error))
        run.decide([failed], attempts=run.attempts)
    except ConnectorError as error:
        run.decide([_again(run, called, error)], attempts=run.attempts)


def _later(run: Run, called: Called, error: ConnectorError, wait: timedelta) -> Fact:
    """Return that a step waits for its connection; no try counts."""
    return called.told(
        run, StepOutcome.WAITING, code=error.code or "paused", message=str(error), due_at=run.now + wait
    )


def _again(run: Run, called: Called, error: ConnectorError) -> Fact:
    """Return that a step is tried again, or has failed where it was tried often enough."""
    retry, tried = called.step.retry or RETRY, called.due.tries + 1
    code, message = error.code or "unavailable", str(error)
    if tried >= retry.attempts:
        return called.told(run, StepOutcome.FAILED, code=code, message=message)
    due_at = run.now + retry.pause(tried)
    return called.told(run, StepOutcome.RETRY, code=code, message=message, due_at=due_at)


async def find_mail(run: Run, intent: OpenIntent) -> Done:
    """Say that nobody can tell whether a mail went out: it is never sent twice."""
    return Done(outcome=Outcome.UNKNOWN, facts=await _unknown(run, intent))


async def find_call(run: Run, intent: OpenIntent) -> Done:
    """Say whether a request may be made once more: one that only reads, or whose rule says that a repeat does no harm."""
    if intent.data.get("again"):
        return Done(outcome=Outcome.UNDONE)
    return Done(outcome=Outcome.UNKNOWN, facts=await _unknown(run, intent))


async def _unknown(run: Run, intent: OpenIntent) -> list[Fact]:
    """Return that the step failed whose outcome nobody knows."""
    due = next((one for one in run.state.rule_runs if one.run_id == intent.data["run"]), None)
    rules = await rules_at(run.hub, run.merchant, due.digest) if due is not None else None
    rule = rules.rule(due.rule) if rules is not None and due is not None else None
    step = rule.step(str(intent.data["step"])) if rule is not None else None
    if due is None or rule is None or step is None or due.next != step.path:
        return []
    return [stepped(due, rule, step, run.now, StepOutcome.FAILED, code="unknown", message=_UNKNOWN)]


CALLS: Mapping[str, Callable[[Run, Called, Given], Awaitable[None]]] = {"notify": _notify, "http": _http}
"""Every action that asks somebody else."""
