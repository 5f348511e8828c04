"""What a step of a rule does to its order, one function an action: facts alone, in the same commit as the step. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.config.rules import Rule, RuleStep, label_of
from core.domain.due import View
from core.domain.permitted import why_not
from core.domain.rule_guards import can_be_held
from core.domain.rules.matching import held_undecided, values_at
from core.domain.rules.stepping import acted, begun_wait, has_come, label_answer, said_by, stepped, wait_over
from core.domain.rules.tags import tags_of, unfit_tags
from core.expressions import EvaluationError
from core.model.annotations import MOST_TAGS, NOBODY, Assigned, Tagged, Untagged
from core.model.asks import Ask
from core.model.facts import Fact, LabelAsked, Noted, RejectionAsked, Released
from core.model.holds import Hold
from core.model.people import actor_of_rule
from core.model.products import Product
from core.model.rule_facts import CaptureAsked, HeldByRule, LabelChosen, RouteChosen
from core.model.rule_runs import RuleRun, StepOutcome


class StepFailedError(Exception):
    """A step cannot be done; ``else`` is done instead."""


Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """What an action may look at besides what its step says."""

    view: View
    people: Mapping[str, str]
    """By actor what everybody is called who may look after an order; only assigning asks."""
    in_test: Sequence[str] = ()
    """The connections in test mode."""


Act = Callable[[Acting, str, RuleStep, Given], Sequence[Fact]]
"""Given what it may look at, the rule's id, the step and what it says, computed, returns what is told."""


def _hold(on: Acting, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    if not can_be_held(on.view.state):
        raise StepFailedError(
            "nothing of the order can be held any more: its labels are bought, or it is over"
        )
    reason = " ".join(str(given["reason"]).split()) or f"rule {rule}"
    if on.view.state.held_by_rules.get(rule) == reason:
        return ()
    return [HeldByRule(at=on.view.now, actor=actor_of_rule(rule), rule=rule, reason=reason)]


def _release(on: Acting, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    hold = str(given["hold"])
    if hold not in on.view.state.holds and hold not in on.view.wanted_holds:
        return ()
    if hold not in [known.value for known in Hold if known.overrulable]:
        raise StepFailedError(f"{hold} goes away when its cause is mended")
    return [Released(at=on.view.now, actor=actor_of_rule(rule), reason=Hold(hold), note=f"rule {rule}")]


def _tags(given: Given) -> list[str]:
    tags = tags_of(given)
    wrong = unfit_tags(tags)
    if wrong:
        raise StepFailedError(f"{', '.join(wrong)}: no tag; small letters, digits and '-', at most 40")
    return tags


def _tag(on: Acting, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    new = [tag for tag in dict.fromkeys(_tags(given)) if tag not in on.view.state.tags]
    if len(new) + len(on.view.state.tags) > MOST_TAGS:
        raise StepFailedError(f"the order would have more than {MOST_TAGS} tags")
    return [Tagged(at=on.view.now, actor=actor_of_rule(rule), tag=tag) for tag in new]


def _untag(on: Acting, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    has = [tag for tag in dict.fromkeys(_tags(given)) if tag in on.view.state.tags]
    return [Untagged(at=on.view.now, actor=actor_of_rule(rule), tag=tag) for tag in has]


def _note(on: Acting, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    return [
        Noted(at=on.view.now, actor=actor_of_rule(rule), text=" ".join(str(given["text"]).split())[:2000])
    ]


def _assign(on: Acting, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    word = str(given["to"]).strip()
    to = None
    if word not in ("", NOBODY, "nobody"):
        to = _one(word, [actor for actor, name in on.people.items() if word in (actor, name)])
    return (
        [] if on.view.state.assignee == to else [Assigned(at=on.view.now, actor=actor_of_rule(rule), to=to)]
    )


def _one(word: str, found: Collection[str]) -> str:
    if len(found) != 1:
        raise StepFailedError(f"{len(found) or 'nobody'} here {'are' if found else 'is'} called {word!r}")
    return next(iter(found))


def _route(on: Acting, rule: str, step: RuleStep, _given: Given) -> Sequence[Fact]:
    locations = tuple(dict.fromkeys(step.said.to))
    unknown = [name for name in locations if name not in on.view.config.locations]
    if unknown:
        raise StepFailedError(f"crossdock.yaml has no location {', '.join(unknown)} any more")
    if not can_be_held(on.view.state):
        raise StepFailedError("its labels are bought, or it is over")
    if on.view.state.route == locations:
        return ()
    return [RouteChosen(at=on.view.now, actor=actor_of_rule(rule), rule=rule, locations=locations)]


def _label(on: Acting, rule: str, step: RuleStep, _given: Given) -> Sequence[Fact]:
    wanted = label_of(step)
    if wanted.via is not None and wanted.via not in on.view.config.connections:
        raise StepFailedError(f"crossdock.yaml has no connection {wanted.via} any more")
    chosen = LabelChosen(
        at=on.view.now,
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
    known = on.view.state.label_choice
    same = known is not None and known.model_copy(update={"at": chosen.at}) == chosen
    return () if same and on.view.state.label_given_up is None else [chosen]


def _buy_label(on: Acting, rule: str, _step: RuleStep, _given: Given) -> Sequence[Fact]:
    if on.view.state.label_asked:
        return ()
    return [LabelAsked(at=on.view.now, actor=actor_of_rule(rule), note=f"rule {rule}")]


def _capture(on: Acting, rule: str, _step: RuleStep, _given: Given) -> Sequence[Fact]:
    if on.view.state.capture_asked:
        return ()
    return [CaptureAsked(at=on.view.now, actor=actor_of_rule(rule), rule=rule)]


def _cancel(on: Acting, rule: str, _step: RuleStep, given: Given) -> Sequence[Fact]:
    why = why_not(Ask.REJECT, on.view, channel_cancels=on.view.can_capture, in_test=on.in_test)
    if why:
        raise StepFailedError(why)
    return [RejectionAsked(at=on.view.now, actor=actor_of_rule(rule), why=str(given["reason"]))]


def _nothing(_on: Acting, _rule: str, _step: RuleStep, _given: Given) -> Sequence[Fact]:
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


def go_on(
    view: View, due: RuleRun, rule: Rule, step: RuleStep, products: Mapping[str, Product]
) -> tuple[Fact, ...] | Given:
    """Return what is told of a step that waits, is skipped or cannot be computed; else what it says: it is to be done."""
    now = view.now
    if due.waits_for is not None:
        return (wait_over(due, rule, step, now, label_answer(view.state)),)
    try:
        given = said_by(due, step, values_at(view, due.event, products))
    except EvaluationError as error:
        failed = stepped(due, rule, step, now, StepOutcome.FAILED, message=str(error))
        held = () if step.otherwise else held_undecided(view.state, rule.id, str(error), now)
        return (failed, *held)
    if given is None:
        return (stepped(due, rule, step, now, StepOutcome.SKIPPED),)
    if step.action != "wait":
        return given
    if step.said.until is not None and has_come(view.state.offered, due, step.said.until):
        return (stepped(due, rule, step, now, StepOutcome.DONE),)
    return (begun_wait(due, rule, step, now),)


def done(on: Acting, due: RuleRun, rule: Rule, step: RuleStep, given: Given) -> tuple[Fact, ...]:
    """Return what a step does to the order, and that it was done; or that it cannot be."""
    now = on.view.now
    try:
        facts = ACTS[step.action](on, rule.id, step, given)
    except StepFailedError as error:
        said = str(error)
        return (stepped(due, rule, step, now, StepOutcome.FAILED, code="not_possible", message=said),)
    return (*facts, acted(due, rule, step, now))
