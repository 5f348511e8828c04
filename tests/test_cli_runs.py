"""``crossdock runs``: the list, one of them, and retrying one from a step."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.commit import OrderCommit
from core.engine.hub import Hub
from core.model.rule_facts import RuleMatched, RuleRetried, RuleStepped
from core.model.rule_runs import RunOutcome, StepOutcome
from core.model.rule_values import EventValues
from core.services.rules_in_force import put_in_force
from core.store.orders import facts_of
from tests.command import Said, command, in_hub, rows, with_an_order
from tests.installed import MERCHANT

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

RULES = """
rules:
  - id: tell
    when: order.received
    then:
      - note: an order has come
      - notify: {to: ops@example.test, text: an order}
"""
RUN = "3/order.received/tell"


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


def a_failed_run(said: Said) -> str:
    """Have one order, a run of whose rule failed at its mail; return the run's id."""
    with_an_order(said)
    file = Path(os.environ["CROSSDOCK_CONFIG"])
    file.write_text(file.read_text(encoding="utf-8") + RULES, encoding="utf-8")

    async def fail(hub: Hub) -> None:
        await put_in_force(hub, MERCHANT)
        now, rules = hub.clock.now(), hub.config(MERCHANT).rules
        begun = RuleMatched(
            at=now,
            actor="rule:tell",
            run_id=RUN,
            rule="tell",
            digest=rules.digest,
            where=rules.where(rules.rules[0]),
            trigger="order.received",
            event=EventValues(trigger="order.received", at=now),
        )
        noted = RuleStepped(
            at=now,
            run_id=RUN,
            rule="tell",
            step="then.0",
            action="note",
            outcome=StepOutcome.DONE,
            next="then.1",
        )
        failed = RuleStepped(
            at=now,
            run_id=RUN,
            rule="tell",
            step="then.1",
            action="notify",
            outcome=StepOutcome.FAILED,
            code="refused",
            message="mail: no such domain",
            ended=RunOutcome.FAILED,
        )
        told = OrderCommit(
            merchant=MERCHANT, order_id="shop:kk-1", at=now, happened=(begun, noted, failed), due_at=None
        )
        await hub.store.commit(told)

    in_hub(fail)
    [run] = rows(said, "runs")
    assert (run["rule"], run["outcome"]) == ("tell", "failed")
    return str(run["run"])


def retried() -> list[RuleRetried]:
    found: list[RuleRetried] = []

    async def look(hub: Hub) -> None:
        facts = await hub.store.read(facts_of, MERCHANT, "shop:kk-1")
        found.extend(fact for fact in facts if isinstance(fact, RuleRetried))

    in_hub(look)
    return found


def test_a_failed_run_is_retried_once_it_was_said_what_that_does(said: Said) -> None:
    run_id = a_failed_run(said)

    code, out, err = said("runs", "retry", run_id, "--from", "then.1")
    assert (code, out) == (2, "")
    assert err.splitlines()[:4] == [
        "Retry the run of rule tell from then.1",
        "  Does then.1 (notify) and what comes behind it, as crossdock.yaml:67:5 in force says now.",
        "  Does not again what was done: then.0 (note).",
        "  The way back: It cannot be taken back.",
    ]
    assert "nothing was done: say --yes" in err
    assert retried() == []

    [row] = rows(said, "runs", "retry", run_id, "--from", "then.1", "--yes")

    [fact] = retried()
    assert (row["rule"], row["from"], row["again of"]) == ("tell", "then.1", run_id)
    assert (fact.actor, fact.run_id, fact.again_of) == ("person:command", f"{RUN}~2", RUN)
    assert {run["run"]: run["outcome"] for run in rows(said, "runs")} == {
        run_id: "failed",
        row["run"]: "open",
    }


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--from", "then.0"), "then.0 (note) was done, and would be done twice: name a step behind it"),
        (
            ("--from", "ask"),
            "rule tell has no step 'ask' in the file in force; it has then.0 (note), then.1 (notify)",
        ),
    ],
)
def test_a_retry_that_may_not_be_says_why_and_changes_nothing(
    said: Said, words: tuple[str, ...], why: str
) -> None:
    run_id = a_failed_run(said)

    assert said("runs", "retry", run_id, *words, "--yes") == (1, "", f"crossdock: {why}\n")
    assert retried() == []


def test_what_a_retry_wants_is_said(said: Said) -> None:
    for words in (("retry", "order-1"), ("retry", "--from", "then.0"), ("list", "--from", "then.0")):
        code, _, err = said("runs", *words)
        assert (code, " wants " in err) == (2, True)
    code, _, err = said("runs", "retry", "order-1", "--from", "then.0", "--yes")
    assert (code, err.partition(";")[0]) == (1, "crossdock: no run 'order-1'")
