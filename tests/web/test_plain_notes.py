"""Notes that people write where they do something: nothing that is not seen, nothing that turns what others read."""

from typing import Any

import pytest

from core.store.orders import facts_of
from core.store.users import list_users
from tests.builders import MERCHANT
from tests.web.site import KEY, PUBLIC, Site, fields_of
from tests.web.test_people import API, PASSWORD, invited
from tests.web.test_sessions import with_an_order

SAYS = "the note has characters that turn the order of others; write plain text"
TURNED = "ship to \u202eoneR\u202c"
pytestmark = [pytest.mark.case("F14")]


async def notes(site: Site) -> list[tuple[str, Any]]:
    facts = await site.b.store.read(facts_of, MERCHANT, "shop:kk-1001")
    return [
        (fact.kind, getattr(fact, "note", None)) for fact in facts if fact.kind in ("hold_asked", "rejected")
    ]


@pytest.mark.parametrize(("ask", "field"), [("hold", "note"), ("reject", "why")])
async def test_the_api_takes_no_note_that_turns_what_others_read(site: Site, ask: str, field: str) -> None:
    await with_an_order(site)

    answer = await site.ask("POST", f"{API}/orders/KK-1001/{ask}", key=KEY, json={field: TURNED})

    assert (answer.status, SAYS in answer.text) == (422, True), answer.text
    assert await notes(site) == []


async def test_parked_work_and_privacy_requests_take_no_such_note_either(site: Site) -> None:
    privacy = {"connection": "shop", "event": "e", "note": TURNED}
    for path, body in (("parked/retry", {"note": TURNED}), ("privacy-requests/answered", privacy)):
        answer = await site.ask("POST", f"{API}/{path}", key=KEY, json=body)
        assert (answer.status, SAYS in answer.text) == (422, True), answer.text


async def test_the_page_takes_no_note_that_turns_what_others_read_and_an_unseen_one_is_none(
    site: Site,
) -> None:
    await with_an_order(site)
    cookie = await site.log_in()
    plan = await site.ask("POST", "/orders/KK-1001", cookie=cookie, data={"action": "hold", "of": ""})
    form = fields_of(plan.text)

    turned = await site.ask("POST", "/orders/KK-1001", cookie=cookie, data=form | {"note": TURNED})
    assert (turned.status, f"nothing was done: {SAYS}" in turned.text) == (409, True)
    assert await notes(site) == []
    unseen = await site.ask("POST", "/orders/KK-1001", cookie=cookie, data=form | {"note": "\u200b\ufeff"})

    assert unseen.status == 303
    assert await notes(site) == [("hold_asked", "")]


@pytest.mark.parametrize("login", ["ki\u200bm", "\u2066kim\u2069", "\ufeffkim", "\u3164\u3164"])
async def test_a_sign_in_name_shows_all_that_it_holds(site: Site, login: str) -> None:
    link = (await invited(site, "picker")).removeprefix(PUBLIC)

    answer = await site.ask("POST", link, data={"name": "Kim", "login": login, "password": PASSWORD})

    assert answer.status == 409
    assert "A sign-in name holds only characters that can be read." in answer.text
    assert await site.b.store.read(list_users, MERCHANT) == []
