"""Feeds of quantities: uploaded, queued, processed and reported, with the SDK as shipped."""

import asyncio
import io
import json
from typing import Any

import pytest
from sp_api.base.exceptions import SellingApiBadRequestException, SellingApiException

from tests.sandbox.amazon_stand import KARL, SELLER, US, Stand, browser, served

KNIFE = "KK-CHEF8-FBM"
JSON_TYPE = "application/json; charset=UTF-8"
FAST = 1000.0


def feed(*messages: dict[str, Any], seller: str = SELLER) -> io.BytesIO:
    header = {"sellerId": seller, "version": "2.0", "issueLocale": "en_US"}
    return io.BytesIO(json.dumps({"header": header, "messages": list(messages)}).encode())


def message(number: int, sku: str, quantity: object) -> dict[str, Any]:
    return {
        "messageId": number,
        "sku": sku,
        "operationType": "PATCH",
        "productType": "PRODUCT",
        "patches": [
            {
                "op": "replace",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}],
            }
        ],
    }


async def submit(stand: Stand, content: io.BytesIO) -> str:
    feeds = stand.feeds()
    _document, answer = await feeds.submit_feed(
        "JSON_LISTINGS_FEED", content, content_type=JSON_TYPE, marketplaceIds=[US]
    )
    return str(answer.payload["feedId"])


async def ended(stand: Stand, feed_id: str) -> Any:
    feeds = stand.feeds()
    async with asyncio.timeout(10):
        while True:
            shown = (await feeds.get_feed(feed_id)).payload
            if shown["processingStatus"] not in {"IN_QUEUE", "IN_PROGRESS"}:
                return shown
            await asyncio.sleep(0.02)


async def test_a_feed_is_queued_processed_and_reported() -> None:
    async with served(rate=FAST) as stand:
        feed_id = await submit(
            stand, feed(message(1, KNIFE, 5), message(2, "NOPE", 1), message(3, KNIFE, -2))
        )
        shown = await ended(stand, feed_id)
        report = json.loads(await stand.feeds().get_feed_document(shown["resultFeedDocumentId"]))
        books = stand.books()

    assert shown["processingStatus"] == "DONE"
    assert report["summary"] == {
        "errors": 2,
        "warnings": 0,
        "messagesProcessed": 3,
        "messagesAccepted": 1,
        "messagesInvalid": 2,
    }
    assert [issue["messageId"] for issue in report["issues"]] == [2, 3]
    assert books["levels"][KNIFE] == 5


async def test_units_sold_while_a_feed_waits_are_off_its_quantity() -> None:
    line = {"listing": KNIFE, "qty": 2, "price": 9200}
    async with served(rate=50) as stand:
        feed_id = await submit(stand, feed(message(1, KNIFE, 5)))
        stand.amazon.place({**KARL, "lines": [line], "shipping": 0, "tax": 0, "total": 18400})
        await ended(stand, feed_id)
        books = stand.books()

    assert books["levels"][KNIFE] == 3


@pytest.mark.parametrize(
    "content",
    [
        io.BytesIO(b"no json"),
        io.BytesIO(b'{"header": [], "messages": []}'),
        io.BytesIO(b'{"header": {"sellerId": "A1KENDRA"}, "messages": "none"}'),
        feed(message(1, KNIFE, 5), seller="A1SOMEONE"),
    ],
)
async def test_a_feed_that_cannot_be_read_is_fatal_and_changes_nothing(content: io.BytesIO) -> None:
    async with served(rate=FAST) as stand:
        before = stand.books()["levels"]
        shown = await ended(stand, await submit(stand, content))

        assert stand.books()["levels"] == before
    assert shown["processingStatus"] == "FATAL"
    assert "resultFeedDocumentId" not in shown


async def test_a_document_takes_only_the_content_type_it_was_made_for() -> None:
    async with served() as stand, browser() as http:
        made = (await stand.feeds().create_feed_document(None, content_type=JSON_TYPE)).payload
        async with http.put(made["url"], data=b"{}", headers={"Content-Type": "text/plain"}) as answer:
            status = answer.status
        with pytest.raises(SellingApiBadRequestException, match="nothing was uploaded"):
            await stand.feeds().create_feed("JSON_LISTINGS_FEED", made["feedDocumentId"], marketplaceIds=[US])

    assert status == 403


async def test_other_feed_types_are_refused() -> None:
    async with served() as stand:
        with pytest.raises(SellingApiException, match="feedType"):
            await stand.feeds().create_feed("POST_INVENTORY_AVAILABILITY_DATA", "1", marketplaceIds=[US])
