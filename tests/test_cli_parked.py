"""``crossdock parked``, and what the command says when its own database fails."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.commit import OrderCommit
from core.engine.hub import Hub
from core.errors import RejectedError
from core.model.facts import Parked
from core.model.failures import Failure
from core.store.job_ends import JobEnd
from core.store.jobs import claim_jobs
from tests.command import Said, command, in_hub, rows, with_an_order
from tests.installed import MERCHANT

pytestmark = [pytest.mark.case("F1"), pytest.mark.req("R68")]


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


def park(said: Said) -> None:
    """Park the one order, and the job that fetches it with its delivery."""
    with_an_order(said)

    async def parked(hub: Hub) -> None:
        now = hub.clock.now()
        fact = Parked(at=now, step="quote", error="KeyError", message="KeyError", failure=Failure.CODE)
        told = OrderCommit(merchant=MERCHANT, order_id="shop:kk-1", at=now, happened=(fact,), due_at=None)
        await hub.store.commit(told)
        [job] = await hub.store.write(claim_jobs, owner="test", now=now, until=now, limit=1, kinds=["fetch"])
        error = str(RejectedError("no such order", connection="shop"))
        await hub.store.end_job(JobEnd(job=job, now=now, error=error, attempts=1, park=True))

    in_hub(parked)


def named(found: object) -> list[tuple[str, str]]:
    return [(row["parked"], row["name"]) for row in found]  # type: ignore[attr-defined]


def test_what_is_parked_is_listed_with_the_reason_and_at_whom_it_failed(said: Said) -> None:
    park(said)

    order, job, delivery = rows(said, "parked")
    assert (order["name"], order["why"], order["failure"]) == ("KK-1", "quote: KeyError", "our code's")
    assert (job["name"], job["why"]) == ("fetch shop:kk-1", "shop: no such order")
    assert delivery["name"] == "shop e1"


def test_all_of_it_is_tried_again_once_it_was_said_what_that_does(said: Said) -> None:
    park(said)

    code, out, err = said("parked", "retry")
    assert (code, out) == (2, "")
    assert "Try 1 order, 1 job and 1 delivery again" in err
    assert "nothing was done: say --yes" in err
    assert len(rows(said, "parked")) == 3

    assert len(rows(said, "parked", "retry", "--yes")) == 3
    assert rows(said, "parked") == []


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (("parked", "retry", "orders"), [("job", "fetch shop:kk-1"), ("delivery", "shop e1")]),
        (("parked", "retry", "KK-1"), [("job", "fetch shop:kk-1"), ("delivery", "shop e1")]),
        (("orders", "retry", "all"), [("job", "fetch shop:kk-1"), ("delivery", "shop e1")]),
        (("parked", "retry", "fetch", "shop:kk-1"), [("order", "KK-1")]),
        (("parked", "retry", "jobs"), [("order", "KK-1")]),
        (("parked", "retry", "deliveries"), [("order", "KK-1")]),
    ],
    ids=str,
)
def test_a_part_of_it_is_tried_again(said: Said, words: tuple[str, ...], left: list[tuple[str, str]]) -> None:
    park(said)

    assert said(*words, "--yes")[0] == 0
    assert named(rows(said, "parked")) == left


def test_what_is_not_parked_is_refused(said: Said) -> None:
    park(said)

    code, out, err = said("parked", "retry", "KK-2", "--yes")
    assert (code, out) == (1, "")
    assert err == "crossdock: not parked: KK-2; nothing was tried again\n"
    assert len(rows(said, "parked")) == 3


@pytest.mark.parametrize("words", [("parked", "list", "x"), ("parked", "retry", "a", "b", "c")], ids=" ".join)
def test_wrong_words_are_refused(said: Said, words: tuple[str, ...]) -> None:
    code, _, err = said(*words)
    assert code == 2
    assert "retry wants orders, jobs, deliveries, an order, or KIND SUBJECT of a job" in err


def test_a_database_that_fails_is_named_with_what_to_look_at(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(said("parked", "--json")[1]) == []

    def full(*_args: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("core.services.parked.parked_orders", full)
    code, out, err = said("parked")
    assert (code, out) == (1, "")
    assert err == (
        "crossdock: the database does not answer, or cannot be written (OperationalError); see that it runs, that its "
        "disk is not full and that CROSSDOCK_DATABASE_URL is right, then say it again\n"
    )
