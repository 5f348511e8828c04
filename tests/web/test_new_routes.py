"""Every route of going live, links, exceptions, notices and zones: who may call it, and what odd input does to it."""

import io
from typing import Any

import pytest

from core.store.links import Links
from core.store.switches import accepted_actions
from tests.builders import MERCHANT
from tests.stored import all_links, list_stock
from tests.web.site import KEY, OTHER, OTHER_KEY, Site

CHANGING: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/api/v1/go-live/accept", {}),
    ("POST", "/api/v1/go-live/undo", {"id": "x"}),
    ("POST", "/api/v1/stock/opening", {"csv": "sku,location,units\nCHEF-8,reno,1\n"}),
    ("POST", "/api/v1/stock/opening/undo", {}),
    ("POST", "/api/v1/stock/opening/adopt", {"connection": "shop"}),
    ("POST", "/api/v1/connections/shop/brake", {"do": "go"}),
    ("POST", "/api/v1/connections/post/resume", {}),
    ("POST", "/api/v1/orders/release", {"orders": "all"}),
    (
        "POST",
        "/api/v1/links/accept",
        {"links": [{"connection": "shop", "listing": "CHEF-8", "of": {"CHEF-8": 1}}]},
    ),
    ("POST", "/api/v1/links/import", {"csv": "connection,listing,sku,units\nshop,CHEF-8,CHEF-8,2\n"}),
    ("POST", "/api/v1/links/undo", {}),
    ("PUT", "/api/v1/zones", {"zones": {}}),
    ("POST", "/api/v1/notices/seen", {"kind": "unlisted_method", "subject": "x"}),
)
FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/go-live", {"do": "accept", "action": "all"}),
    ("/go-live", {"do": "load", "text": "sku,location,units\nCHEF-8,reno,1\n"}),
    ("/links", {"do": "accept", "connection": "shop", "listing": "CHEF-8", "of": "2 x CHEF-8"}),
    ("/exceptions", {"action": "release", "order": "KK-1", "reason": "risk"}),
    ("/connections/shop", {"brake": "go"}),
    ("/connections/post/resume", {}),
)
PAGES = ("/go-live", "/links", "/links.csv", "/exceptions", "/go-live/undo/x.csv")
MANY = "9" * 5000


async def standing(site: Site) -> tuple[Links, dict[tuple[str, str], int], frozenset[tuple[str, str]]]:
    store = site.b.store
    return (
        await store.read(all_links, MERCHANT),
        {(row.sku, row.location): row.on_hand for row in await store.read(list_stock, MERCHANT)},
        await store.read(accepted_actions, MERCHANT),
    )


@pytest.mark.parametrize(("method", "path", "body"), CHANGING, ids=[path for _, path, _ in CHANGING])
async def test_without_a_key_nothing_is_done(site: Site, method: str, path: str, body: Any) -> None:
    before = await standing(site)
    answer = await site.ask(method, path, json=body)
    wrong = await site.ask(method, path, json=body, key="not-a-key")
    assert (answer.status, wrong.status) == (401, 401)
    assert await standing(site) == before


@pytest.mark.parametrize(("path", "form"), FORMS)
async def test_a_form_of_another_site_does_nothing(site: Site, path: str, form: dict[str, str]) -> None:
    cookie, before = await site.log_in(), await standing(site)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = await site.ask("POST", path, cookie=cookie, data=form, headers=headers)
        assert answer.status == 403
    assert (await site.ask("POST", path, data=form)).status == 303  # to the log-in
    assert await standing(site) == before


@pytest.mark.parametrize("path", PAGES)
async def test_without_a_session_no_page_shows_anything(site: Site, path: str) -> None:
    answer = await site.ask("GET", path)
    assert (answer.status, answer.headers["Location"].partition("?")[0]) == (303, "/login")


async def test_a_rival_changes_and_reads_nothing_of_ours(site: Site) -> None:
    before = await standing(site)
    shown = await site.ask("GET", "/api/v1/go-live", key=KEY)
    for method, path, body in CHANGING:
        await site.ask(method, path, key=OTHER_KEY, json=body)
    known = shown.json["id"]
    stolen = await site.ask("POST", "/api/v1/go-live/accept", key=OTHER_KEY, json={"id": known})
    file = await site.ask("GET", f"/api/v1/go-live/accepted/{known}/undo", key=OTHER_KEY)
    assert await standing(site) == before
    assert (stolen.status, file.status) == (404, 404)
    assert OTHER != MERCHANT


@pytest.mark.parametrize(
    "text",
    [
        f"sku,location,units\nCHEF-8,reno,{MANY}\n",
        f"sku,location,units\nCHEF-8,reno,-{MANY}\n",
        "sku,location,units\nCHEF-8,reno,1000000001\n",
        "sku,location,units\nCHEF-8,reno,1\nCHEF-8,reno,2\n",
        "sku,location,units\nNOPE,reno,1\n",
        "sku,location,units\n" + "x" * 200_000 + ",reno,1\n",
        "sku,location,units\nCHEF-8,reno,\x001\n",
        'sku,location,units\n"CHEF-8,reno,1\n',
        "sku,location,units\nCHEF-8,reno,\u0661\n",
        "",
        "\ufeff",
    ],
    ids=range(11),
)
async def test_an_odd_file_of_counts_is_a_mistake_of_the_file(site: Site, text: str) -> None:
    before, cookie = await standing(site), await site.log_in()
    sent = await site.ask("POST", "/api/v1/stock/opening", key=KEY, json={"csv": text})
    previewed = await site.ask("POST", "/api/v1/stock/opening/preview", key=KEY, json={"csv": text})
    form = await site.ask("POST", "/go-live", cookie=cookie, data={"do": "load", "text": text})

    assert (sent.status, previewed.status, form.status) == (422, 200, 409)
    assert sent.json["errors"][0]["where"].startswith("line ")
    assert previewed.json["mistakes"]
    assert len(sent.text) < 2_000
    assert await standing(site) == before


async def test_a_file_as_spreadsheets_write_it_is_loaded(site: Site) -> None:
    text = '\ufeffSKU, Location ,Units\r\n\r\nCHEF-8, reno ,007\r\n,,\r\n"SOCKS-CHEF",reno,0\r\n'
    answer = await site.ask("POST", "/api/v1/stock/opening", key=KEY, json={"csv": text})
    assert answer.status == 200, answer.text
    stock = (await standing(site))[1]
    assert (stock["CHEF-8", "reno"], stock["SOCKS-CHEF", "reno"]) == (7, 0)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
async def test_a_file_of_counts_is_sent_as_it_was_saved(site: Site, encoding: str) -> None:
    content = "sep=;\r\nSKU;Location;Units;;\r\nCHEF-8;reno;1.000;;\r\n;;;;\r\n".encode(encoding)
    answer = await site.ask(
        "POST", "/api/v1/stock/opening", key=KEY, data=content, headers={"Content-Type": "text/csv"}
    )
    assert answer.status == 200, answer.text
    assert (await standing(site))[1]["CHEF-8", "reno"] == 1000


async def test_a_workbook_is_refused_as_one_and_nothing_is_stored(site: Site) -> None:
    before = await standing(site)
    answer = await site.ask(
        "POST", "/api/v1/stock/opening", key=KEY, data=b"PK\x03\x04...", headers={"Content-Type": "text/csv"}
    )
    assert answer.status == 400
    assert "this is a workbook, no CSV" in answer.text
    assert await standing(site) == before


async def test_ten_megabytes_are_refused_before_they_are_read(site: Site) -> None:
    before, cookie = await standing(site), await site.log_in()
    huge = b"sku,location,units\n" + b"CHEF-8,reno,1\n" * 750_000
    sent = await site.ask(
        "POST", "/api/v1/stock/opening", key=KEY, data=io.BytesIO(huge), headers={"Content-Type": "text/csv"}
    )
    form = await site.ask(
        "POST",
        "/go-live",
        cookie=cookie,
        data=io.BytesIO(b"do=load&text=" + huge),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (sent.status, form.status) == (413, 413)
    assert await standing(site) == before


@pytest.mark.parametrize(
    "of", [f"{MANY} x CHEF-8", '{"CHEF-8": ' + MANY + "}", "{", "x" * 100_000, "0 x CHEF-8"]
)
async def test_odd_words_for_a_link_are_told_as_such(site: Site, of: str) -> None:
    before, cookie = await standing(site), await site.log_in()
    form = {"do": "accept", "connection": "shop", "listing": "CHEF-8", "of": of}
    answer = await site.ask("POST", "/links", cookie=cookie, data=form)
    assert answer.status in {409, 422}
    assert await standing(site) == before


async def test_a_file_of_links_with_a_huge_number_is_a_mistake_of_its_line(site: Site) -> None:
    before = await standing(site)
    csv = f"connection,listing,sku,units\nshop,CHEF-8,CHEF-8,{MANY}\n"
    answer = await site.ask("POST", "/api/v1/links/import", key=KEY, json={"csv": csv})
    line = {"connection": "shop", "listing": "CHEF-8", "of": {"CHEF-8": int("9" * 4000)}}
    asked = await site.ask("POST", "/api/v1/links/accept", key=KEY, json={"links": [line]})
    assert (answer.status, asked.status) == (422, 422)
    assert await standing(site) == before
