"""The processing of JSON_LISTINGS_FEED.

A feed is processed some time after it was created; its quantities count as of its creation.
"""

import json
from datetime import timedelta
from typing import Any, Final

from sandbox.amazon.feeds import Document, Feed
from sandbox.amazon.patching import AVAILABILITY, Wanted, read_patches, wanted
from sandbox.amazon.refusals import Refused
from sandbox.amazon.state import Account
from sandbox.values import Json

FEED_TYPE: Final = "JSON_LISTINGS_FEED"
MOST_MESSAGES: Final = 25_000
STARTS_AFTER: Final = timedelta(seconds=5)
TAKES: Final = timedelta(seconds=15)


def submit(amazon: Account, document: Document, marketplaces: list[str]) -> Feed:
    """Queue a feed; a timer of the virtual clock processes it."""
    now = amazon.now()
    feed = Feed(
        feed_id=str(50_000_000_000 + len(amazon.feeds.feeds)),
        kind=FEED_TYPE,
        marketplaces=marketplaces,
        document_id=document.document_id,
        created=now,
        sold={sku: listing.sold for sku, listing in amazon.listings.items()},
    )
    amazon.feeds.feeds[feed.feed_id] = feed
    amazon.env.at(now + STARTS_AFTER, lambda: _start(amazon, feed))
    return feed


def _start(amazon: Account, feed: Feed) -> None:
    feed.status, feed.started = "IN_PROGRESS", amazon.now()
    amazon.env.at(amazon.now() + TAKES, lambda: _end(amazon, feed))


def _end(amazon: Account, feed: Feed) -> None:
    """Process the feed's messages and write the report."""
    feed.ended = amazon.now()
    content = amazon.feeds.documents[feed.document_id].content or b""
    try:
        given = json.loads(content)
        seller, messages = given["header"]["sellerId"], given["messages"]
    except (ValueError, KeyError, TypeError, RecursionError):
        feed.status = "FATAL"
        return
    if seller != amazon.seller or not isinstance(messages, list) or len(messages) > MOST_MESSAGES:
        feed.status = "FATAL"
        return
    issues = [issue for message in messages if (issue := _issue(amazon, feed, message)) is not None]
    report = _report(amazon.seller, feed, issues, count=len(messages))
    until = amazon.now() + timedelta(days=1)
    body = json.dumps(report).encode()
    feed.result_id = amazon.feeds.document(
        "application/json; charset=UTF-8", until=until, content=body
    ).document_id
    feed.status = "DONE"


def _issue(amazon: Account, feed: Feed, message: object) -> Json | None:
    """Apply one message; give the issue that refuses it, if any."""
    if not isinstance(message, dict):
        return _problem(None, "", code="BAD_REQUEST", words="Invalid parameters provided.")
    number, sku = message.get("messageId"), str(message.get("sku"))
    listing = amazon.listings.get(sku)
    if listing is None:
        return _problem(number, sku, code="90057", words=f"SKU {sku} is not a listing of this seller.")
    if message.get("operationType") != "PATCH" or not message.get("productType"):
        return _problem(number, sku, code="BAD_REQUEST", words="Invalid parameters provided.")
    try:
        patches = read_patches(message.get("patches") or [])
    except Refused as refused:
        return _problem(number, sku, code="BAD_REQUEST", words=str(refused))
    asked = [wanted(listing, op, value) for op, name, value in patches if name == AVAILABILITY]
    refused_ones = [one for one in asked if not isinstance(one, Wanted)]
    if refused_ones:
        return _problem(number, sku, code=refused_ones[0]["code"], words=refused_ones[0]["message"])
    for one in asked:
        if isinstance(one, Wanted):
            amazon.set_quantity(listing, one, sold_since=listing.sold - feed.sold.get(sku, 0))
    return None


def _problem(number: Any, sku: str, *, code: str, words: str) -> Json:
    return {"messageId": number, "sku": sku, "code": code, "severity": "ERROR", "message": words}


def _report(seller: str, feed: Feed, issues: list[Json], *, count: int) -> Json:
    return {
        "header": {"sellerId": seller, "version": "2.0", "feedId": feed.feed_id},
        "issues": issues,
        "summary": {
            "errors": len(issues),
            "warnings": 0,
            "messagesProcessed": count,
            "messagesAccepted": count - len(issues),
            "messagesInvalid": len(issues),
        },
    }
