"""Notices: what the merchant should know of once; no order waits for them."""

from datetime import datetime

from core.services.notices import open_notices, see
from web.api.endpoint import Answer, Call, Endpoint
from web.keys import HUB


class NoticeView(Answer):
    """A notice that nobody marked as seen; ``subject`` of an `unlisted_method` is the method's name."""

    kind: str
    subject: str
    text: str
    since: datetime


class NoticeList(Answer):
    """All notices that are open, the oldest first."""

    notices: tuple[NoticeView, ...]


class SeenAsk(Answer):
    """Which notice was seen."""

    kind: str
    subject: str


async def list_notices(call: Call) -> NoticeList:
    """Return the notices that are open."""
    found = await open_notices(call.request.app[HUB], call.merchant)
    return NoticeList(
        notices=tuple(NoticeView(kind=n.kind, subject=n.subject, text=n.text, since=n.since) for n in found)
    )


async def seen(call: Call) -> NoticeList:
    """Mark a notice as seen; return those that are open still."""
    await see(call.request.app[HUB], call.merchant, call.body.kind, call.body.subject)
    return await list_notices(call)


ENDPOINTS = (
    Endpoint(
        name="listNotices",
        method="GET",
        path="/notices",
        summary="What should be known of once, the oldest first",
        gives=NoticeList,
        run=list_notices,
    ),
    Endpoint(
        name="markNoticeSeen",
        method="POST",
        path="/notices/seen",
        summary="Mark a notice as seen",
        gives=NoticeList,
        run=seen,
        takes=SeenAsk,
        example={"kind": "unlisted_method", "subject": "Overnight"},
    ),
)
