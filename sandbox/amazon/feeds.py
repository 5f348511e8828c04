"""Feeds and their documents, as Amazon keeps them."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.amazon.times import text
from sandbox.values import Json


@dataclass
class Document:
    """A document of a feed, going in or coming out."""

    document_id: str
    content_type: str
    until: datetime
    content: bytes | None = None


@dataclass
class Feed:
    """One submitted feed."""

    feed_id: str
    kind: str
    marketplaces: list[str]
    document_id: str
    created: datetime
    sold: dict[str, int]
    """Units sold of each listing when the feed was created."""
    status: str = "IN_QUEUE"
    started: datetime | None = None
    ended: datetime | None = None
    result_id: str | None = None

    def as_json(self) -> Json:
        """The feed as the model shows it."""
        shown: Json = {
            "feedId": self.feed_id,
            "feedType": self.kind,
            "marketplaceIds": self.marketplaces,
            "createdTime": text(self.created),
            "processingStatus": self.status,
        }
        if self.started:
            shown["processingStartTime"] = text(self.started)
        if self.ended:
            shown["processingEndTime"] = text(self.ended)
        if self.result_id:
            shown["resultFeedDocumentId"] = self.result_id
        return shown


@dataclass
class Feeds:
    """Every document and every feed."""

    documents: dict[str, Document] = field(default_factory=dict)
    feeds: dict[str, Feed] = field(default_factory=dict)

    def document(self, content_type: str, *, until: datetime, content: bytes | None = None) -> Document:
        """Make a document."""
        document_id = f"amzn1.tortuga.4.na.{uuid.uuid4()}"
        self.documents[document_id] = Document(document_id, content_type, until, content)
        return self.documents[document_id]
