"""The console: every page renders with and without data, as well-formed markup without scripts, and can be looked at."""

import asyncio
import os
import shutil
import struct
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.store.orders import facts_of
from core.store.switches import accepted_actions
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time, settle
from tests.stored import jobs_of_kind
from tests.web.site import KEY, OTHER_KEY, Site, a_notification

VOID = {"meta", "link", "input", "br"}
PATHS = ("/orders", "/exceptions", "/orders?stage=shipped", "/orders/KK-1001", "/orders/KK-1001/why", "/orders/KK-1002", "/connections", "/stock", "/deliveries", "/login", "/orders/NOPE")  # fmt: skip
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip


class Markup(HTMLParser):
    """Notes what is open, what is closed wrongly, and what should not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" or any(name.startswith("on") or name == "style" for name, _ in attrs):
            self.wrong.append(f"<{tag}> with a script or a style")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")


async def with_orders(site: Site) -> None:
    """Have a shipped order and one on hold."""
    shop = Cart(number="KK-1001", lines=(("SET-KNIFE-BOARD", 1, 11610),), ship_to=home(), email="k@example.test")  # fmt: skip
    place(site.b.world, "shop", shop)
    await pass_time(site.b, timedelta(minutes=16))
    name = '<script>alert("x")</script>'
    place(
        site.b.world,
        "shop",
        Cart(number="KK-1002", lines=(("SKILLET-12", 9, 8597),), ship_to=home(name=name)),
    )
    await settle(site.b)
    await site.notify(f"/webhooks/{MERCHANT}/shop", b"garbage")


async def test_every_page_is_whole_and_has_no_script_with_and_without_data(site: Site) -> None:
    await with_orders(site)
    full, empty = await site.log_in(), await site.log_in(OTHER_KEY)

    for cookie in (full, empty, "a=b"):
        for path in PATHS:
            answer = await site.ask("GET", path, cookie=cookie)
            assert answer.status in {200, 303, 404}, path
            if answer.status == 303:
                continue
            markup = Markup()
            markup.feed(answer.text)
            assert (markup.wrong, markup.open) == ([], []), path
            assert answer.text.startswith("<!doctype html>"), path
            assert "<h1>" in answer.text, path


@pytest.mark.req("S04")
async def test_an_order_s_page_tells_its_whole_way(site: Site) -> None:
    await with_orders(site)

    text = (await site.ask("GET", "/orders/KK-1001", cookie=await site.log_in())).text

    for words in ("Received: 116.10 USD", "Payment verified: 116.10 USD", "Label bought: ", "Kara Kline"):
        assert words in text
    assert "dearer" in text


async def test_a_button_that_may_not_be_pressed_now_says_why_and_changes_nothing(site: Site) -> None:
    await with_orders(site)
    cookie = await site.log_in()
    before = await site.b.store.read(facts_of, MERCHANT, "shop:kk-1002")

    for form, says in (
        ({"action": "label"}, "no label is bought: the order is held: backordered: 9 x SKILLET-12"),
        ({"action": "retry"}, "the order is not parked"),
        ({"action": "release", "of": "backordered"}, "goes away when its cause is mended"),
        ({"action": "fly"}, "is nothing that can be done with an order"),
        ({}, "is nothing that can be done with an order"),
    ):
        answer = await site.ask("POST", "/orders/KK-1002", cookie=cookie, data=form)
        assert (answer.status, says in answer.text) == (409, True), form
    assert await site.b.store.read(facts_of, MERCHANT, "shop:kk-1002") == before


async def test_an_order_is_rejected_by_its_button(site: Site) -> None:
    await with_orders(site)

    answer = await site.press("/orders/KK-1002", {"action": "reject"}, note="the shopper called")

    assert answer.status == 303
    [asked] = [
        f for f in await site.b.store.read(facts_of, MERCHANT, "shop:kk-1002") if f.kind == "rejection_asked"
    ]
    assert (asked.actor, asked.why) == ("key:kendra", "the shopper called")


async def test_a_delivery_is_replayed_by_its_button(site: Site) -> None:
    await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification())
    form = {"connection": "shop", "event": "e1"}

    answer = await site.ask("POST", "/deliveries", cookie=await site.log_in(), data=form)

    assert (answer.status, answer.headers["Location"]) == (303, "/deliveries")
    [job] = await site.b.store.read(jobs_of_kind, MERCHANT, "fetch")
    assert job.requests == 2


@pytest.mark.parametrize(
    "path",
    ["/orders?after=broken", "/orders?stage=nowhere", "/orders?x=1", "/deliveries?after=2026-11-30T10:00:00%2B00:00/x"],
)  # fmt: skip
async def test_a_broken_address_is_a_page_with_422(site: Site, path: str) -> None:
    answer = await site.ask("GET", path, cookie=await site.log_in())

    assert (answer.status, answer.headers["Content-Type"]) == (422, "text/html; charset=utf-8")


async def test_a_switch_that_does_not_exist_is_422_and_changes_nothing(site: Site) -> None:
    cookie, before = await site.log_in(), await site.b.store.read(accepted_actions, MERCHANT)

    for form in ({"action": "lables", "to": "on"}, {"action": "labels", "to": "maybe"}, {}):
        assert (await site.ask("POST", "/connections/post", cookie=cookie, data=form)).status == 422
    assert await site.b.store.read(accepted_actions, MERCHANT) == before


def chromium() -> str:
    """Return the browser; skip where it is missing, fail where CI misses it."""
    found = shutil.which("chromium")
    if found is None:
        reason = "no chromium; install it to look at the pages"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


async def test_the_pages_can_be_looked_at_on_a_desk_and_on_a_phone(site: Site, tmp_path: Path) -> None:
    browser = chromium()
    await with_orders(site)
    cookie = await site.log_in()
    css = (await site.ask("GET", "/assets/style.css")).text
    pages = []
    for number, path in enumerate(("/orders", "/orders/KK-1001", "/connections", "/stock", "/login")):
        text = (await site.ask("GET", path, cookie=cookie)).text
        assert '<link rel="stylesheet" href="/assets/style.css">' in text
        pages.append(tmp_path / f"{number}.html")
        await asyncio.to_thread(pages[-1].write_text, text.replace("</head>", f"<style>{css}</style></head>"))
    frames = "".join(f'<iframe src="{page.name}" width="{w}" height="700"></iframe>' for page in pages for w in (1000, 400))  # fmt: skip
    await asyncio.to_thread((tmp_path / "all.html").write_text, f"<!doctype html>{frames}")
    picture = tmp_path / "all.png"

    child = await asyncio.create_subprocess_exec(
        browser, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1440,3700",
        f"--screenshot={picture}", (tmp_path / "all.html").as_uri(),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await asyncio.wait_for(child.wait(), 60) == 0

    drawn = await asyncio.to_thread(picture.read_bytes)
    assert struct.unpack(">II", drawn[16:24]) == (1440, 3700)
    # A page without its styles, or an empty one, packs to far less.
    assert len(drawn) > 60_000


async def test_health_pages_never_need_a_key(site: Site) -> None:
    assert (await site.ask("GET", "/")).headers["Location"].startswith("/login")
    assert (await site.ask("GET", "/healthz", key=KEY)).status == 200
