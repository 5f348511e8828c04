"""What a step of a rule does to its order, one function an action: facts alone, in the same commit as the step."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from core.config.rules import RuleStep, label_of
from core.domain.permitted import why_not
from core.domain.rules.matching import can_be_held
from core.domain.rules.tags import tags_of, unfit_tags
from core.engine.run import Run
from core.model.annotations import MOST_TAGS, NOBODY, Assigned, Tagged, Untagged
from core.model.asks import Ask
from core.model.facts import Fact, LabelAsked, Noted, RejectionAsked, Released
from core.model.holds import Hold
from core.model.people import actor_of_rule
from core.model.rule_facts import CaptureAsked, HeldByRule, LabelChosen, RouteChosen
from core.store.assignees import assignable


class StepFailedError(Exception):
    """A step cannot be done; ``else`` is done instead."""


Given = Mapping[str, Any]
Act = Callable[[Run, str, RuleStep, Given], Awaitable[Sequence[Fact]]]
"""Given the run of the order, the rule's id, the step and what it says, computed, returns what is told."""


async def _hold(run: Run, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    if not can_be_held(run.state):
        raise StepFailedError(
            "nothing of the order can be held any more: its labels are bought, or it is over"
        )
    reason = " ".join(str(given["reason"]).split()) or f"rule {rule}"
    if run.state.held_by_rules.get(rule) == reason:
        return ()
    return [HeldByRule(at=run.now, actor=actor_of_rule(rule), rule=rule, reason=reason)]


async def _release(run: Run, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    hold = str(given["hold"])
    if hold not in run.state.holds and hold not in run.view().wanted_holds:
        return ()
    if hold not in [known.value for known in Hold if known.overrulable]:
        raise StepFailedError(f"{hold} goes away when its cause is mended")
    return [Released(at=run.now, actor=actor_of_rule(rule), reason=Hold(hold), note=f"rule {rule}")]


def _tags(given: Given) -> list[str]:
    tags = tags_of(given)
    wrong = unfit_tags(tags)
    if wrong:
        raise StepFailedError(f"{', '.join(wrong)}: no tag; small letters, digits and '-', at most 40")
    return tags


async def _tag(run: Run, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    new = [tag for tag in dict.fromkeys(_tags(given)) if tag not in run.state.tags]
    if len(new) + len(run.state.tags) > MOST_TAGS:
        raise StepFailedError(f"the order would have more than {MOST_TAGS} tags")
    return [Tagged(at=run.now, actor=actor_of_rule(rule), tag=tag) for tag in new]


async def _untag(run: Run, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    has = [tag for tag in dict.fromkeys(_tags(given)) if tag in run.state.tags]
    return [Untagged(at=run.now, actor=actor_of_rule(rule), tag=tag) for tag in has]


async def _note(run: Run, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    return [Noted(at=run.now, actor=actor_of_rule(rule), text=" ".join(str(given["text"]).split())[:2000])]


async def _assign(run: Run, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    word = str(given["to"]).strip()
    to = None
    if word not in ("", NOBODY, "nobody"):
        known = await run.hub.store.read(assignable, run.merchant)
        to = _one(word, [actor for actor, name in known.items() if word in (actor, name)])
    return [] if run.state.assignee == to else [Assigned(at=run.now, actor=actor_of_rule(rule), to=to)]


def _one(word: str, found: Collection[str]) -> str:
    if len(found) != 1:
        raise StepFailedError(f"{len(found) or 'nobody'} here {'are' if found else 'is'} called {word!r}")
    return next(iter(found))


async def _route(run: Run, rule: str, step: RuleStep, _given: Given) -> Sequence[Fact]:
    locations = tuple(dict.fromkeys(step.said.to))
    unknown = [name for name in locations if name not in run.config.locations]
    if unknown:
        raise StepFailedError(f"crossdock.yaml has no location {', '.join(unknown)} any more")
    if not can_be_held(run.state):
        raise StepFailedError("its labels are bought, or it is over")
    if run.state.route == locations:
        return ()
    return [RouteChosen(at=run.now, actor=actor_of_rule(rule), rule=rule, locations=locations)]


async def _label(run: Run, rule: str, step: RuleStep, _given: Given) -> Sequence[Fact]:
    wanted = label_of(step)
    if wanted.via is not None and wanted.via not in run.config.connections:
        raise StepFailedError(f"crossdock.yaml has no connection {wanted.via} any more")
    return [
        LabelChosen(
            at=run.now,
            actor=actor_of_rule(rule),
            rule=rule,
            via=wanted.via,
            at_most=None if wanted.at_most is None else str(wanted.at_most),
            format=wanted.format,
            services=wanted.services,
            choose=wanted.choose,
            no_label=wanted.no_label,
            attempts=wanted.retry.attempts if wanted.retry else None,
            first=wanted.retry.first if wanted.retry else None,
            longest=wanted.retry.longest if wanted.retry else None,
        )
    ]


async def _buy_label(run: Run, rule: str, _step: RuleStep, _given: Given) -> Sequence[Fact]:
    if run.state.label_asked:
        return ()
    return [LabelAsked(at=run.now, actor=actor_of_rule(rule), note=f"rule {rule}")]


async def _capture(run: Run, rule: str, _step: RuleStep, _given: Given) -> Sequence[Fact]:
    if run.state.capture_asked:
        return ()
    return [CaptureAsked(at=run.now, actor=actor_of_rule(rule), rule=rule)]


async def _cancel(run: Run, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    cancels = run.connections.named(run.order.connection).channel_payments is not None
    why = why_not(Ask.REJECT, run.view(), channel_cancels=cancels, in_test=run.connections.in_test)
    if why:
        raise StepFailedError(why)
    return [RejectionAsked(at=run.now, actor=actor_of_rule(rule), why=str(given["reason"]))]


async def _nothing(_run: Run, _rule: str, _step: RuleStep, _given: Given) -> Sequence[Fact]:
    return ()


ACTS: Mapping[str, Act] = {
    "hold": _hold,
    "release": _release,
    "tag": _tag,
    "untag": _untag,
    "note": _note,
    "assign": _assign,
    "route": _route,
    "split": _nothing,  # an order that no location holds whole leaves from several anyway
    "label": _label,
    "buy_label": _buy_label,
    "capture": _capture,
    "cancel": _cancel,
    "stop": _nothing,
}
"""Every action that is done by telling facts of the order."""
