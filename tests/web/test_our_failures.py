"""While our own database fails: 503 and come again, for vendors, programs and people; and nothing is half done."""

import pytest

from core.store.failures import CommitLostError
from tests.outages import CUT, FULL, KINDS, away
from tests.web.site import KEY, Site, a_notification
from tests.web.test_idempotency import BEFORE, ask, on_hand
from tests.web.test_webhooks import SHOP, nothing_is_stored
from web.problems import PROBLEM

pytestmark = [pytest.mark.case("F1"), pytest.mark.req("R66")]
DETAIL = "the hub's own database does not answer just now; ask again in a few seconds"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_webhook_is_not_acknowledged_and_the_vendor_is_told_when_to_come_again(
    site: Site, kind: str
) -> None:
    with away(site.b.store.db, KINDS[kind]):
        answer = await site.notify(SHOP, a_notification())

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"] == PROBLEM
    assert (answer.json["status"], answer.json["detail"]) == (503, DETAIL)
    assert await nothing_is_stored(site)
    assert "Traceback" not in site.log.getvalue()
    assert (await site.notify(SHOP, a_notification())).status == 200
    assert await site.stored() == [("shop", "e1", "order", "pending")]


@pytest.mark.parametrize("path", ["/api/v1/orders", "/api/v1/parked", "/api/v1/connections"])
async def test_a_program_is_told_to_come_again(site: Site, path: str) -> None:
    with away(site.b.store.db, CUT):
        answer = await site.ask("GET", path, key=KEY)

    assert (answer.status, answer.headers["Retry-After"], answer.json["detail"]) == (503, "5", DETAIL)


async def test_a_person_sees_a_page_that_says_so(site: Site) -> None:
    cookie = await site.log_in()
    with away(site.b.store.db, CUT):
        answer = await site.ask("GET", "/orders", cookie=cookie)

    assert answer.status == 503
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "does not answer just now" in answer.text


@pytest.mark.req("R42")
async def test_what_was_not_done_in_an_outage_is_done_once_when_it_is_asked_for_again(site: Site) -> None:
    with away(site.b.store.db, FULL, of=("write",)):
        refused = await ask(site)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert await on_hand(site) == BEFORE

    assert (await ask(site)).status == 200
    assert (await ask(site)).headers["Idempotent-Replayed"] == "true"
    assert await on_hand(site) == BEFORE + 3


@pytest.mark.req("R42")
async def test_what_was_done_is_answered_so_although_its_answer_cannot_be_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object, **_more: object) -> None:
        raise CommitLostError

    with monkeypatch.context() as outage:
        outage.setattr("web.api.once.finish_request", fails)
        answer = await ask(site)
    assert answer.status == 200
    assert await on_hand(site) == BEFORE + 3

    again = await ask(site)
    assert again.status == 409
    assert await on_hand(site) == BEFORE + 3
