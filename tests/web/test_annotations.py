"""Notes, tags and the assignee of an order over the API and on the console's pages (S43)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.store.api_keys import save_api_key
from core.store.orders import facts_of
from simulation.shoppers import place
from tests.builders import MERCHANT
from tests.core.annotations.test_annotations import forget
from tests.core.flow.play import pass_time, settle
from tests.web.site import KEY, OTHER_KEY, Site
from tests.web.test_api import API, ORDER, cart
from tests.web.test_canary import dump

pytestmark = pytest.mark.req("S43")

PATH = f"{API}/orders/{ORDER}"


async def sold(site: Site, *numbers: int) -> None:
    for number in numbers:
        place(site.b.world, "shop", cart(number))
    await settle(site.b)


async def asked(site: Site, method: str, path: str, body: Any = None, *, key: str = KEY) -> Any:
    answer = await site.ask(method, f"{API}{path}", key=key, json=body)
    assert answer.status == 200, answer.text
    return answer.json


async def kinds(site: Site) -> list[str]:
    return [fact.kind for fact in await site.b.store.read(facts_of, MERCHANT, ORDER)]


async def test_a_note_is_written_listed_and_told_on_the_timeline_until_it_is_forgotten(site: Site) -> None:
    await sold(site, 1001)

    written = await asked(site, "POST", f"/orders/{ORDER}/notes", {"text": "Kara wants a gift wrap"})

    note = {"note_id": written["note_id"], "at": "2026-11-30T16:00:00Z", "actor": "key:kendra"}
    assert written == note
    listed = await asked(site, "GET", f"/orders/{ORDER}/notes")
    assert listed == {"notes": [{**note, "text": "Kara wants a gift wrap"}]}
    told = (await asked(site, "GET", f"/orders/{ORDER}/facts"))["facts"][-1]
    assert told == {**note, "kind": "note_added", "v": 1, "text": "Kara wants a gift wrap"}

    await forget(site.b)

    listed = await asked(site, "GET", f"/orders/{ORDER}/notes")
    assert listed == {"notes": [{**note, "text": None}]}
    assert (await asked(site, "GET", f"/orders/{ORDER}/facts"))["facts"][-1]["text"] is None
    again = await site.ask("POST", f"{PATH}/notes", key=KEY, json={"text": "Kara again"})
    assert (again.status, (await kinds(site)).count("note_added")) == (409, 1)


async def test_a_note_under_an_idempotency_key_is_written_once_and_its_text_is_in_no_log_or_clear_column(
    site: Site, tmp_path: Path
) -> None:
    await sold(site, 1001)
    body, headers = {"text": "Zephyrine Quillfeather moves house"}, {"Idempotency-Key": "n1"}

    first = await site.ask("POST", f"{PATH}/notes", key=KEY, json=body, headers=headers)
    again = await site.ask("POST", f"{PATH}/notes", key=KEY, json=body, headers=headers)
    long = await site.ask("POST", f"{PATH}/notes", key=KEY, json={"text": "Quillfeather" * 200})
    orders = await site.ask("GET", f"{API}/orders", key=KEY)
    cookie = await site.log_in()
    pages = [await site.ask("GET", path, cookie=cookie) for path in ("/orders", "/exceptions", "/metrics")]

    assert first.json == again.json
    assert (again.headers["Idempotent-Replayed"], long.status) == ("true", 422)
    assert (await kinds(site)).count("note_added") == 1
    for shown in (first, again, long, orders, *pages):
        assert "Quillfeather" not in shown.text
    assert "Quillfeather" not in site.log.getvalue()
    assert "Quillfeather" not in dump(tmp_path / "hub.db")


async def test_tags_and_assignee_are_set_shown_and_filtered_by(site: Site) -> None:
    await sold(site, 1001, 1002)

    view = await asked(site, "PUT", f"/orders/{ORDER}/tags", {"tags": ["urgent", "gift"]})
    assert (view["tags"], view["assignee"]) == (["gift", "urgent"], None)
    view = await asked(site, "PUT", f"/orders/{ORDER}/assignee", {"assignee": "kendra"})
    assert (view["tags"], view["assignee"]) == (["gift", "urgent"], "key:kendra")
    bulk = {"orders": ["KK-1001", "KK-1002"], "add": ["late"], "remove": ["gift"]}
    assert await asked(site, "POST", "/orders/tags", bulk) == {
        "orders": [
            {"order_id": ORDER, "tags": ["late", "urgent"]},
            {"order_id": "shop:kk-1002", "tags": ["late"]},
        ]
    }

    found = {
        query: [
            (o["order_id"], o["tags"], o["assignee"])
            for o in (await asked(site, "GET", f"/orders?{query}"))["orders"]
        ]
        for query in ("tag=urgent", "tag=gift", "assignee=kendra", "assignee=none", "tag=late&assignee=none")
    }
    first, second = (ORDER, ["late", "urgent"], "key:kendra"), ("shop:kk-1002", ["late"], None)
    assert found == {
        "tag=urgent": [first],
        "tag=gift": [],
        "assignee=kendra": [first],
        "assignee=none": [second],
        "tag=late&assignee=none": [second],
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/tags", {"tags": ["Urgent"]}, 422),
        ("PUT", "/tags", {"tags": [f"t{n}" for n in range(21)]}, 422),
        ("PUT", "/tags", {}, 422),
        ("PUT", "/assignee", {"assignee": "rita"}, 404),
        ("PUT", "/assignee", {}, 422),
        ("POST", "/notes", {"text": ""}, 422),
        ("POST", "/notes", {"text": "   "}, 409),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_written(
    site: Site, method: str, path: str, body: Any, status: int
) -> None:
    await sold(site, 1001)
    before = await kinds(site)

    answer = await site.ask(method, PATH + path, key=KEY, json=body)

    assert answer.status == status
    assert await kinds(site) == before


async def test_an_order_of_another_merchant_is_not_there(site: Site) -> None:
    await sold(site, 1001)
    before = await kinds(site)

    for method, path, body in (
        ("POST", f"/orders/{ORDER}/notes", {"text": "a"}),
        ("GET", f"/orders/{ORDER}/notes", None),
        ("PUT", f"/orders/{ORDER}/tags", {"tags": ["a"]}),
        ("POST", "/orders/tags", {"orders": [ORDER], "add": ["a"]}),
        ("PUT", f"/orders/{ORDER}/assignee", {"assignee": "rita"}),
    ):
        answer = await site.ask(method, f"{API}{path}", key=OTHER_KEY, json=body)
        assert answer.status == 404, path

    assert await kinds(site) == before


async def test_a_viewer_sees_that_there_is_a_note_and_reads_no_word_of_it(site: Site) -> None:
    await sold(site, 1001)
    await asked(site, "POST", f"/orders/{ORDER}/notes", {"text": "Kara wants a gift wrap"})
    viewer, now = "viewer-key-0123456789", site.b.clock.now()
    await site.b.store.write(save_api_key, MERCHANT, viewer, name="vic", role="viewer", now=now)
    cookie = await site.log_in(viewer)

    facts = await asked(site, "GET", f"/orders/{ORDER}/facts", key=viewer)
    page = await site.ask("GET", f"/orders/{ORDER}", cookie=cookie)
    refused = [
        (await site.ask("GET", f"{PATH}/notes", key=viewer)).status,
        (await site.ask("POST", f"{PATH}/notes", key=viewer, json={"text": "a"})).status,
        (await site.ask("POST", f"/orders/{ORDER}/tags", cookie=cookie, data={"add": "a"})).status,
    ]

    assert sorted(facts["facts"][-1]) == ["actor", "at", "kind", "note_id", "v"]
    assert "<span>Note <small>kendra</small></span>" in page.text
    assert ("gift wrap" in page.text, "<textarea" in page.text, "Assign</button>" in page.text) == (
        False,
    ) * 3
    assert refused == [403, 403, 403]


async def test_a_person_writes_on_the_order_s_page_and_finds_it_again_in_the_list(site: Site) -> None:
    await sold(site, 1001, 1002)
    cookie, page = await site.log_in(), f"/orders/{ORDER}"
    forms = (
        ("notes", {"text": "Kara <b>wants</b> a gift wrap"}),
        ("tags", {"add": "Urgent, gift  b2b"}),
        ("tags", {"remove": "gift"}),
        ("assignee", {"to": "kendra"}),
    )

    for form, data in forms:
        answer = await site.ask("POST", f"{page}/{form}", cookie=cookie, data=data)
        assert answer.status == 303, answer.text

    shown = (await site.ask("GET", page, cookie=cookie)).text
    assert shown.count("Kara &lt;b&gt;wants&lt;/b&gt; a gift wrap") == 2
    assert '<a href="/orders?tag=urgent">urgent</a>' in shown
    assert '<a href="/orders?tag=gift">' not in shown
    assert '<option value="key:kendra" selected>kendra</option>' in shown
    listed = (await site.ask("GET", "/orders?tag=URGENT&assignee=kendra", cookie=cookie)).text
    assert ("KK-1001" in listed, "KK-1002" in listed) == (True, False)
    assert '<a class="tag" href="/orders?tag=b2b">b2b</a>' in listed
    nobody = (await site.ask("GET", "/orders?assignee=none", cookie=cookie)).text
    assert ("KK-1001" in nobody, "KK-1002" in nobody) == (False, True)
    assert "No such orders" in (await site.ask("GET", "/orders?tag=nothing", cookie=cookie)).text
    await forget(site.b)
    shown = (await site.ask("GET", page, cookie=cookie)).text
    assert ("note (forgotten)" in shown, "Note (forgotten)" in shown) == (True, True)


async def test_a_long_list_keeps_its_filter_from_page_to_page(site: Site) -> None:
    names = [f"shop:kk-{number}" for number in range(1001, 1053)]
    for number in range(1001, 1053):
        place(site.b.world, "shop", cart(number))
    await pass_time(site.b, timedelta(seconds=1))
    await asked(site, "POST", "/orders/tags", {"orders": names[:51], "add": ["urgent"]})
    cookie = await site.log_in()

    first = (await site.ask("GET", "/orders?tag=urgent", cookie=cookie)).text
    older = first.partition('<p><a href="')[2].partition('"')[0].replace("&amp;", "&")

    assert first.count('<td class="first">') == 50
    assert older.startswith("/orders?tag=urgent&after=")
    assert (await site.ask("GET", older, cookie=cookie)).text.count('<td class="first">') == 1
