"""What a step of a rule asks somebody else, whatever the rule is about: a mail, or a request to an address of the merchant's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.config.rules import Rule, RuleStep
from core.engine.hub import Connections
from core.errors import NotFoundError
from core.failpoints import failpoint
from core.model.hooks import HookAnswer, HookRequest
from core.steps.rule_actions import Given, StepFailedError
from core.steps.rule_messages import mail_of, plain, taken_of

RESTORED = "a backup was brought back since it began: nobody can tell whether it was done"
_LIMIT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A call that a step makes; ``call`` is given the key and returns what later steps may use.

    It raises StepFailedError where the answer came and has not what the step keeps of it.
    """

    operation: str
    connection: str
    call: Callable[[str], Awaitable[dict[str, Any]]]
    again: bool = False
    """Whether it may be made once more where nobody knows what became of it."""


def asking_of(  # noqa: PLR0917 - a step and what it is about
    connections: Connections, rule: Rule, step: RuleStep, given: Given, subject: str, about: Mapping[str, str]
) -> Asking:
    """Return what a step asks; ``subject`` names what the rule is about in a mail's headers, ``about`` in a request.

    Raises:
        StepFailedError: its connection does nothing of the kind.
    """
    if step.action == "http":
        return _request(connections, step, given)
    via = str(given["via"]) if given.get("via") else connections.mailer
    try:
        ports = connections.named(via or "-")
    except NotFoundError as error:
        raise StepFailedError(str(error)) from error
    if ports.hooks is not None and ports.notifier is None:
        body = {"text": given["text"], **about, "rule": rule.id}
        return _hook(
            connections,
            str(via),
            HookRequest(body=body, time_limit_s=(step.timeout or _LIMIT).total_seconds()),
            {},
        )
    if ports.notifier is None or via is None:
        raise StepFailedError(f"{via or 'crossdock.yaml'} sends no mail")
    message, notifier = mail_of(given, number=subject, rule=rule.id), ports.notifier

    async def call(key: str) -> dict[str, Any]:
        del key
        failpoint("rule_calls.mail.before")
        await notifier.send(message)
        return {"mailed": 1}

    return Asking(operation="send", connection=via, call=call)


def _request(connections: Connections, step: RuleStep, given: Given) -> Asking:
    request = HookRequest(
        method=given["method"],
        path=str(given.get("path", "")),
        body=plain(given.get("json")),
        time_limit_s=(step.timeout or _LIMIT).total_seconds(),
    )
    again = step.said.idempotent or step.said.method == "GET"
    return _hook(connections, str(given["via"]), request, given.get("take", {}), again=again)


def _hook(
    connections: Connections, via: str, request: HookRequest, take: Mapping[str, str], *, again: bool = False
) -> Asking:
    hooks = connections.ports[via].hooks if via in connections.ports else None
    if hooks is None:
        raise StepFailedError(f"{via} asks no address")

    async def call(key: str) -> dict[str, Any]:
        failpoint("rule_calls.hook.before")
        answer: HookAnswer = await hooks.call(request, key=key)
        failpoint("rule_calls.hook.after")
        return {"status": answer.status, **taken_of(answer, take)}

    return Asking(operation="call", connection=via, call=call, again=again)
