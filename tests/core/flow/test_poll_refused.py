"""A list that cannot be read to its end is begun anew once at once; then it waits, says so, and its cursor stays (R70)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from connectors.bogus.channel import PAGE, BogusChannel
from core.errors import RejectedError
from core.model.order import OrderPage
from core.store.jobs import Job, list_jobs
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time
from tests.core.flow.test_poll_goes_on import known, sold_unheard

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECOND = str(PAGE)
List = Callable[[BogusChannel, datetime, str | None], Awaitable[OrderPage]]
LISTS = pytest.mark.parametrize("operation", ["changed_orders", "open_orders"])
ROUND = "next_page: expected a place further on in the list, found one asked for before"


@dataclass(slots=True)
class Odd:
    """A channel's list that is broken until it is mended; when it was asked for which page."""

    asked: list[tuple[datetime, str | None]] = field(default_factory=list)
    leads: dict[str | None, str] = field(default_factory=dict)
    refused: bool = False

    @property
    def pages(self) -> list[str | None]:
        return [page for _, page in self.asked]


def odd_list(b: Bench, monkeypatch: pytest.MonkeyPatch, operation: str) -> Odd:
    """Have a list of the channel refuse every page but its first, or name other next pages than it should."""
    really: List = getattr(BogusChannel, operation)
    odd = Odd()

    async def listed(channel: BogusChannel, since: datetime, page: str | None) -> OrderPage:
        odd.asked.append((b.clock.now(), page))
        if page is not None and odd.refused:
            raise RejectedError("the page is not known", connection="shop", code="400")
        at = page if page is None or page.isdigit() else None
        found = await really(channel, since, at)
        return found.model_copy(update={"next_page": odd.leads.get(page, found.next_page)})

    monkeypatch.setattr(BogusChannel, operation, listed)
    return odd


async def poll(b: Bench) -> Job:
    [job] = [job for job in await b.store.read(list_jobs, MERCHANT) if job.kind == "poll"]
    return job


async def waits(b: Bench, error: str, since: object) -> None:
    """See that the poll failed once, is put off for five minutes or more, and has moved no cursor."""
    job, now = await poll(b), b.clock.now()
    assert (job.error, job.attempts, job.data["since"]) == (error, 1, since)
    assert job.due_at is not None
    assert now + 4 * MINUTE <= job.due_at <= now + 8 * MINUTE


@pytest.mark.req("R70")
@LISTS
async def test_a_page_that_is_always_refused_is_asked_for_twice_at_once_and_then_after_waits(
    b: Bench, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    odd = odd_list(b, monkeypatch, operation)
    odd.refused = True
    await sold_unheard(b, PAGE + 5)
    begun, since = b.clock.now(), (await poll(b)).data["since"]

    await pass_time(b, MINUTE)

    assert odd.asked == [(begun, None), (begun, SECOND)] * 2
    # What changed was in the list of what is open, which was read before.
    assert await known(b) == (PAGE if operation == "open_orders" else PAGE + 5)
    await waits(b, "shop: the page is not known", since)

    await pass_time(b, HOUR)
    assert odd.pages[4:7] == [SECOND, None, SECOND]
    assert len(odd.asked) <= 4 + 3 * 12
    assert (await poll(b)).data["since"] == since

    odd.refused = False
    await pass_time(b, 10 * MINUTE)
    assert await known(b) == PAGE + 5
    job = await poll(b)
    assert (job.error, job.attempts, "anew" in job.data, "page" in job.data) == (None, 0, False, False)
    assert job.data["since"] > since


@pytest.mark.req("R70")
@LISTS
@pytest.mark.parametrize(
    ("leads", "first"),
    [
        ({SECOND: SECOND}, [None, SECOND]),
        ({SECOND: "b", "b": SECOND}, [None, SECOND, "b", SECOND]),
        ({SECOND: "b", "b": "c", "c": "b"}, [None, SECOND, "b", "c"]),
    ],
)
async def test_a_list_that_goes_round_is_begun_anew_once_and_then_waits(
    b: Bench,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    leads: dict[str | None, str],
    first: list[str | None],
) -> None:
    odd = odd_list(b, monkeypatch, operation)
    odd.leads = leads
    await sold_unheard(b, PAGE + 5)
    since = (await poll(b)).data["since"]

    await pass_time(b, MINUTE)

    assert odd.pages == first * 2  # the whole round, and once more from its beginning
    assert await known(b) == PAGE + 5  # what its pages told is learnt all the same
    await waits(b, ROUND, since)

    odd.leads = {}
    await pass_time(b, 20 * MINUTE)
    job = await poll(b)
    assert (job.error, job.attempts, "anew" in job.data, "page" in job.data) == (None, 0, False, False)
    assert job.data["since"] > since


@pytest.mark.req("R70")
async def test_a_list_of_many_pages_is_no_round(b: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = odd_list(b, monkeypatch, "open_orders")
    many: list[str | None] = [None, *(f"p{n}" for n in range(40))]
    odd.leads = {page: f"p{n}" for n, page in enumerate(many[:-1])}
    await sold_unheard(b, 5)

    await pass_time(b, MINUTE)

    assert odd.pages == many
    assert await known(b) == 5
