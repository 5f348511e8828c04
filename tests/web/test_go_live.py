"""Go-live over real HTTP: what is shown, accepted, taken back, counted, released and stopped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from core.store.api_keys import save_api_key
from core.store.store import Store
from core.store.switches import accepted_actions
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.golive.kendra import COUNTED, morning, shown, written
from tests.core.store.conftest import open_store
from tests.web.site import KEY, PUBLIC, SECRET, Answer, Site, behind_door
from web.app import build
from web.context import Settings


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """The golden morning behind its site: connected, linked, nothing counted, nothing accepted."""
    async with open_store("sqlite", tmp_path, batched=True) as store:
        b = await morning(store)
        await store.write(save_api_key, MERCHANT, KEY, name="kendra", role="owner", now=b.clock.now())

        async def note(*_: object) -> None:
            return

        app = build(b.hub, Settings(public_url=PUBLIC, secret=SECRET, connected=note))
        async with behind_door(app) as (door, url), aiohttp.ClientSession() as http:
            yield Site(b=b, app=app, door=door, url=url, http=http, connected=[], log=None)  # type: ignore[arg-type]


def database_in(folder: Path) -> str:
    [file] = folder.glob("*.db")
    return f"sqlite:///{file}"


async def api(site: Site, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
    answer: Answer = await site.ask(method, f"/api/v1{path}", key=KEY, json=body, **more)
    assert answer.status == status, answer.text
    return answer.json


async def count(site: Site) -> None:
    answer = await site.ask(
        "POST", "/api/v1/stock/opening", key=KEY, data=COUNTED.encode(), headers={"Content-Type": "text/csv"}
    )
    assert answer.status == 200, answer.text
    await settle(site.b)


@pytest.mark.req("R21", "R82", "R85")
async def test_the_morning_is_shown_accepted_and_taken_back(site: Site) -> None:
    await count(site)
    before = shown(site.b)

    seen = await api(site, "GET", "/go-live")
    assert seen["listings"] | {"differ": 17, "equal": 0, "unlinked": 1, "read_only": 1} == seen["listings"]
    assert seen["of_which"] == {"by_buffer_only": 16, "by_count": 1}
    assert (seen["open_orders"], seen["writes_so_far"], seen["accepted"]) == (["KK-1000"], 0, [])
    assert (written(site.b), site.b.world.mails) == ({}, [])

    accepted = await api(
        site, "POST", "/go-live/accept", {"actions": "all", "connections": "all", "id": seen["id"]}
    )
    assert (accepted["id"], accepted["actor"]) == (seen["id"], "key:kendra")
    assert accepted["shown"] == seen
    await pass_time(site.b, timedelta(seconds=300))
    assert len(written(site.b)) == 17
    listed = await api(site, "GET", "/go-live/accepted")
    assert [(a["id"], a["listings"]["differ"]) for a in listed["accepted"]] == [(seen["id"], 17)]

    file = await api(site, "GET", f"/go-live/accepted/{seen['id']}/undo")
    assert "shop,CHEF-8,reno,15,13" in file["csv"].splitlines()
    await api(site, "POST", "/go-live/undo", {"id": seen["id"]})
    await pass_time(site.b, timedelta(seconds=300))
    assert shown(site.b) == before
    connections = await api(site, "GET", "/connections")
    assert {c["connection"]: c["accepted"] for c in connections["connections"]} == {
        "shop": ["captures"],
        "amz": [],
        "pay": [],
        "post": ["labels"],
        "mail": ["mails"],
    }


@pytest.mark.req("R82")
async def test_a_wrong_file_is_answered_line_by_line_and_nothing_is_counted(site: Site) -> None:
    wrong = {"csv": "sku,location,units\nNOPE,reno,1\nCHEF-8,reno,x\n"}
    seen = await api(site, "POST", "/stock/opening/preview", wrong)
    assert [m["line"] for m in seen["mistakes"]] == [2, 3]

    refused = await api(site, "POST", "/stock/opening", wrong, status=422)
    assert refused["errors"] == [
        {"where": "line 2", "what": "'NOPE' is no product; add it first"},
        {"where": "line 3", "what": "units: 'x' is no whole number"},
    ]
    assert (await api(site, "GET", "/stock"))["stock"] == []
    await count(site)
    assert len((await api(site, "GET", "/stock/opening"))["openings"]) == 1
    undone = await api(site, "POST", "/stock/opening/undo", {})
    assert undone["undone_at"] is not None
    await api(site, "POST", "/stock/opening/undo", {}, status=404)
    adopted = await api(site, "POST", "/stock/opening/adopt", {"connection": "shop", "preview": True})
    assert len(adopted["preview"]["lines"]) == 10


@pytest.mark.req("R83")
async def test_a_stopped_round_is_shown_and_answered(site: Site) -> None:
    await count(site)
    await api(site, "POST", "/go-live/accept", {"actions": ["levels"]})
    await pass_time(site.b, timedelta(seconds=300))
    lines = [
        {"sku": s["sku"], "location": s["location"], "units": s["on_hand"] + 10}
        for s in (await api(site, "GET", "/stock"))["stock"]
    ]
    await api(site, "POST", "/stock/count", {"lines": lines})
    await pass_time(site.b, timedelta(seconds=300))
    assert shown(site.b)["shop", "CHEF-8", "loc-reno"] == 13

    [push_guard] = [c["brake"] for c in (await api(site, "GET", "/connections"))["connections"] if c["brake"]]
    assert push_guard.startswith("a round of levels would change 12 of 12 listings")
    page = await site.ask("GET", "/connections", cookie=await site.log_in())
    assert push_guard in page.text
    await api(site, "POST", "/connections/amz/brake", {"do": "go"}, status=409)
    await api(site, "POST", "/connections/shop/brake", {"do": "perhaps"}, status=422)
    await api(site, "POST", "/connections/shop/brake", {"do": "go"})
    await pass_time(site.b, timedelta(seconds=300))
    assert shown(site.b)["shop", "CHEF-8", "loc-reno"] == 23


@pytest.mark.req("R21", "R82", "R85")
async def test_the_page_does_all_of_it_without_a_script(site: Site) -> None:
    cookie = await site.log_in()

    async def send(**form: str) -> Answer:
        return await site.ask("POST", "/go-live", cookie=cookie, data=form)

    file = aiohttp.FormData({"do": "preview"})
    file.add_field("file", COUNTED.encode(), filename="counts.csv", content_type="text/csv")
    preview = await site.ask("POST", "/go-live", cookie=cookie, data=file)
    assert "Load these 10" in preview.text
    of_excel = aiohttp.FormData({"do": "preview"})
    saved = ("sep=;\r\n" + COUNTED.replace(",", ";")).encode("utf-16")
    of_excel.add_field("file", saved, filename="counts.csv", content_type="application/vnd.ms-excel")
    assert "Load these 10" in (await site.ask("POST", "/go-live", cookie=cookie, data=of_excel)).text
    workbook = aiohttp.FormData({"do": "preview"})
    workbook.add_field("file", b"PK\x03\x04", filename="counts.xlsx")
    refused = await site.ask("POST", "/go-live", cookie=cookie, data=workbook)
    assert "this is a workbook, no CSV; in the spreadsheet: save as, CSV UTF-8" in refused.text
    assert (await api(site, "GET", "/stock"))["stock"] == []
    assert (await send(do="load", text=COUNTED)).status == 303
    await settle(site.b)

    page = (await site.ask("GET", "/go-live", cookie=cookie)).text
    for words in (
        "<b>17</b> differ (16 by buffer only, 1 by count)",
        "KK-1000",
        "Release all 1",
        "Accept all",
    ):
        assert words in page
    assert "<script" not in page
    refused = await send(do="load", text="sku,location,units\nNOPE,reno,1\n")
    assert (refused.status, "line 2: &#39;NOPE&#39; is no product" in refused.text) == (409, True)
    forged = await site.ask(
        "POST",
        "/go-live",
        cookie=cookie,
        data={"do": "accept", "action": "all"},
        headers={"Origin": "https://evil.test"},
    )
    assert forged.status == 403
    assert (await api(site, "GET", "/go-live"))["accepted"] == []

    plan = await send(do="accept", action="levels")
    assert "quantities at shop, where it shows another" in plan.text
    assert (await api(site, "GET", "/go-live/accepted"))["accepted"] == []
    assert (await site.press("/go-live", {"do": "accept", "action": "levels"})).status == 303
    await pass_time(site.b, timedelta(seconds=300))
    assert len(written(site.b)) == 17
    [one] = (await api(site, "GET", "/go-live/accepted"))["accepted"]
    csv = await site.ask("GET", f"/go-live/undo/{one['id']}.csv", cookie=cookie)
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert len(csv.text.splitlines()) == 18
    assert (await site.press("/go-live", {"do": "undo", "id": one["id"]})).status == 303
    assert (await site.press("/go-live", {"do": "release"})).status == 303
    await settle(site.b)
    assert (await api(site, "GET", "/go-live"))["open_orders"] == []


@pytest.mark.req("R87")
async def test_a_stop_over_http_holds_with_the_next_step_and_after_a_restart(
    site: Site, tmp_path: Path
) -> None:
    await count(site)
    await api(site, "POST", "/go-live/accept", {})
    await pass_time(site.b, timedelta(seconds=300))
    b: Bench = site.b
    b.world.shop("shop").writes.clear()

    began = asyncio.get_running_loop().time()
    for connection, action in (("shop", "levels"), ("post", "labels"), ("mail", "mails")):
        await api(site, "POST", f"/connections/{connection}/stop", {"actions": [action]})
    assert asyncio.get_running_loop().time() - began < 1
    place(b.world, "shop", Cart(number="KK-2", lines=(("CHEF-8", 1, 100),), ship_to=home(), email="k@x.test"))
    await pass_time(b, timedelta(seconds=3600))

    assert b.world.shop("shop").writes == []
    assert (b.world.shipments, b.world.mails) == ({}, [])
    stored = await b.store.read(accepted_actions, MERCHANT)
    keys, url = b.store.keys, database_in(tmp_path)
    await b.store.close()
    again = await Store.open(url, keys=keys)
    b.hub.store = again
    try:
        assert await again.read(accepted_actions, MERCHANT) == stored
        await pass_time(b, timedelta(seconds=3600))
        assert b.world.shop("shop").writes == []
        assert (b.world.shipments, b.world.mails) == ({}, [])
        await api(site, "POST", "/connections/post/accept", {"actions": ["labels"]})
        await pass_time(b, timedelta(seconds=600))
        assert len(b.world.shipments) == 1
        await api(site, "POST", "/orders/release", {"orders": ["KK-2"]}, status=409)
        released = await api(site, "POST", "/orders/release", {"orders": "all"})
        assert released == {"released": ["shop:kk-1000"]}
    finally:
        await again.close()
