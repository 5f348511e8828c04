"""Many levels at once: one feed, and what becomes of it."""

import asyncio
import json

import pytest
import respx

from connectors.amazon.levels import AmazonLevels
from core.errors import UnavailableError
from core.model.stock import LevelState
from tests.connectors.amazon.account import API, an_account, selling
from tests.connectors.amazon.test_levels import (
    CHEF,
    FBA,
    ITEMS,
    SOCKS,
    TONGS,
    _found,
    _item,
    change,
    levels_of,
)
from tests.sandbox.amazon_stand import SELLER


async def test_many_levels_go_as_one_feed_that_merges() -> None:
    async with selling(feed_threshold=2) as sold:
        levels = sold.ports.levels
        assert isinstance(levels, AmazonLevels)
        wanted = [change(CHEF, 4), change(TONGS, 5), change(SOCKS, 6), change(FBA, 9)]
        results = await levels.set_levels(wanted, key="k")
        document = next(iter(sold.stand.amazon.feeds.documents.values()))

    assert [one.state for one in results] == [LevelState.ACCEPTED] * 3 + [LevelState.REJECTED]
    assert sold.account.quota.taken["patchListingsItem"] == 0
    fed = json.loads(document.content or b"")
    assert fed["header"] == {"sellerId": SELLER, "version": "2.0", "issueLocale": "en_US"}
    assert [one["sku"] for one in fed["messages"]] == [CHEF, TONGS, SOCKS]
    assert fed["messages"][0] == {
        "messageId": 1,
        "sku": CHEF,
        "operationType": "PATCH",
        "productType": "PRODUCT",
        "patches": [
            {
                "op": "merge",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 4}],
            }
        ],
    }


async def test_a_feed_sets_what_is_there_and_leaves_out_a_sku_that_is_gone() -> None:
    async with selling(feed_threshold=1, rate=1000) as sold:
        levels = sold.ports.levels
        assert isinstance(levels, AmazonLevels)
        await levels.list_listings()
        gone = sold.stand.amazon.listings.pop(TONGS)
        await levels.set_levels([change(CHEF, 4), change(gone.sku, 5)], key="k")
        async with asyncio.timeout(10):
            while sold.stand.amazon.listings[CHEF].quantity != 4:  # noqa: ASYNC110  a feed sets no event
                await asyncio.sleep(0.02)

    assert TONGS not in sold.stand.amazon.listings


@respx.mock
async def test_an_upload_that_the_document_store_refuses_does_not_suspend_the_connection() -> None:
    respx.get(ITEMS).respond(json=_found(_item("X", "DEFAULT", 3), _item("Y", "DEFAULT", 3)))
    respx.post(f"{API}/feeds/2021-06-30/documents").respond(
        201, json={"feedDocumentId": "d", "url": "https://store.test/d?sig=s"}
    )
    put = respx.put("https://store.test/d").respond(403, text="<Error><Code>AccessDenied</Code></Error>")
    created = respx.post(f"{API}/feeds/2021-06-30/feeds")
    account = an_account(feed_threshold=1)
    levels = levels_of(account)

    with pytest.raises(UnavailableError):
        await levels.set_levels([change("X", 1), change("Y", 2)], key="k")

    assert "x-amz-access-token" not in put.calls.last.request.headers
    assert created.call_count == 0
