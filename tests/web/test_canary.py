"""Nothing secret or personal gets out: planted words are looked for wherever the hub writes or answers."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.bogus.webhooks import HEADER
from core.ports import Token
from core.store.orders import facts_of
from core.store.tokens import TokenRow
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time
from tests.stored import effects_of
from tests.web.site import KEY, METRICS, Site

NAME, STREET, MAIL = "Zephyrine Quillfeather", "77 Xylophone Alley", "zephyrine.q@canary.test"
PHONE, TOKEN = "+15035557788", "shpat_canary0123456789abcdef"
PLANTED = (NAME, "Quillfeather", STREET, "Xylophone", MAIL, PHONE, TOKEN)


@pytest.mark.req("R66")
async def test_planted_words_are_nowhere_but_in_the_sealed_columns_and_on_the_order_s_page(
    site: Site, tmp_path: Path
) -> None:
    row = TokenRow(keyring=site.b.store.keys, merchant=MERCHANT, connection="shop")
    await site.b.store.write(row.put, Token(access=TOKEN, account="kendra.test"), site.b.clock.now())
    ship_to = home(name=NAME, street1=STREET, phone=PHONE)
    place(
        site.b.world,
        "shop",
        Cart(number="KK-1001", lines=(("CHEF-8", 1, 6997),), ship_to=ship_to, email=MAIL),
    )
    await pass_time(site.b, timedelta(minutes=16))
    private = f'{{"email": "{MAIL}", "name": "{NAME}", "token": "{TOKEN}"'.encode()
    await site.notify(f"/webhooks/{MERCHANT}/shop", private)
    shop = f"/webhooks/{MERCHANT}/shop"
    answers = [
        await site.ask("POST", shop, data=private, headers={HEADER: TOKEN}),
        await site.ask("POST", "/api/v1/stock/count", key=KEY, data=private),
        await site.ask("GET", "/api/v1/orders", key=TOKEN),
        await site.ask("POST", "/login", data={"key": TOKEN}),
    ]
    cookie = await site.log_in()
    api = ("/orders", "/orders/KK-1001/facts", "/orders/KK-1001", "/deliveries", "/connections", "/work")
    answers += [await site.ask("GET", f"/api/v1{path}", key=KEY) for path in api]
    pages = ("/orders", "/stock", "/connections", "/deliveries")
    answers += [await site.ask("GET", path, cookie=cookie) for path in pages]
    answers.append(await site.ask("GET", "/metrics", key=METRICS))
    facts = await site.b.store.read(facts_of, MERCHANT, "shop:kk-1001")
    effects = await site.b.store.read(effects_of, MERCHANT)

    kept = "".join(fact.model_dump_json() for fact in facts) + repr(effects)
    shown = "".join(f"{a.headers}{a.text}" for a in answers) + site.log.getvalue()
    for word in PLANTED:
        assert word not in shown
        assert word not in kept
    on_the_page = (await site.ask("GET", "/orders/KK-1001", cookie=cookie)).text
    assert NAME in on_the_page
    assert any(fact.kind == "label_bought" for fact in facts)
    kept_rows = dump(tmp_path / "hub.db")
    for word in PLANTED:
        assert word not in kept_rows


def dump(file: Path) -> str:
    """Return every row of every table, as it lies in the file."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = "".join(repr(list(db.execute(f'SELECT * FROM "{name}"'))) for name in tables)
    db.close()
    return found
