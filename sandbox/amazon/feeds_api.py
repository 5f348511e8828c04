"""Feeds API 2021-06-30, and the place that documents are uploaded to and fetched from."""

from datetime import timedelta
from typing import Final

from aiohttp import web

from sandbox.amazon import reading
from sandbox.amazon.feed_processing import FEED_TYPE, submit
from sandbox.amazon.feeds import Document, Feed
from sandbox.amazon.refusals import invalid, not_found
from sandbox.amazon.state import Account

UPLOAD_LIFE: Final = 300
NETWORK: Final = 10.0
"""Real seconds that a URL lives at least, however fast the clock."""
MOST_MARKETPLACES: Final = 25


async def create_feed_document(amazon: Account, request: web.Request) -> web.Response:
    """A document to upload to."""
    given = await reading.body(request)
    kind = reading.field(given, "contentType", str)
    clock = amazon.env.clock
    until = amazon.now() + timedelta(seconds=max(UPLOAD_LIFE, NETWORK * clock.rate))
    document = amazon.feeds.document(kind, until=until)
    return web.json_response(
        {"feedDocumentId": document.document_id, "url": _url(amazon, document)}, status=201
    )


async def create_feed(amazon: Account, request: web.Request) -> web.Response:
    """Submit an uploaded document."""
    given = await reading.body(request)
    if reading.field(given, "feedType", str) != FEED_TYPE:
        raise invalid(f"Invalid value for feedType: {given['feedType']}.")
    marketplaces = reading.each(reading.field(given, "marketplaceIds", list), str, at="marketplaceIds")
    if not 1 <= len(marketplaces) <= MOST_MARKETPLACES or not set(marketplaces) <= set(amazon.marketplaces):
        raise invalid("Invalid value for marketplaceIds.")
    document = amazon.feeds.documents.get(reading.field(given, "inputFeedDocumentId", str))
    if document is None or document.content is None:
        raise invalid("Invalid value for inputFeedDocumentId: nothing was uploaded to it.")
    feed = submit(amazon, document, marketplaces)
    return web.json_response({"feedId": feed.feed_id}, status=202)


async def get_feed(amazon: Account, request: web.Request) -> web.Response:
    """How far a feed is."""
    return web.json_response(_feed(amazon, request).as_json())


async def get_feed_document(amazon: Account, request: web.Request) -> web.Response:
    """Where a document can be fetched."""
    reading.one_of(request, "enableContentEncodingUrlHeader", "false", allowed=("true", "false"))
    document = amazon.feeds.documents.get(request.match_info["feedDocumentId"])
    if document is None or document.content is None:
        raise not_found("The feed document does not exist.")
    return web.json_response({"feedDocumentId": document.document_id, "url": _url(amazon, document)})


async def upload(amazon: Account, request: web.Request) -> web.Response:
    """PUT to a presigned URL: no token, the content type that was signed, and only while it lives."""
    document = _document(amazon, request)
    if request.headers.get("Content-Type") != document.content_type:
        return _storage_error("SignatureDoesNotMatch", 403)
    if amazon.now() > document.until:
        return _storage_error("AccessDenied", 403)
    document.content = await request.read()
    return web.Response()


async def download(amazon: Account, request: web.Request) -> web.Response:
    """GET from a presigned URL."""
    document = _document(amazon, request)
    if document.content is None:
        return _storage_error("NoSuchKey", 404)
    return web.Response(body=document.content, headers={"Content-Type": document.content_type})


def _feed(amazon: Account, request: web.Request) -> Feed:
    feed = amazon.feeds.feeds.get(request.match_info["feedId"])
    if feed is None:
        raise not_found("The feed does not exist.")
    return feed


def _document(amazon: Account, request: web.Request) -> Document:
    document = amazon.feeds.documents.get(request.match_info["documentId"])
    if document is None:
        raise web.HTTPNotFound
    return document


def _url(amazon: Account, document: Document) -> str:
    return f"{amazon.env.urls['amazon']}/tortuga/{document.document_id}?X-Amz-Signature=sandbox"


def _storage_error(code: str, status: int) -> web.Response:
    page = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>'
    return web.Response(text=page, content_type="application/xml", status=status)
