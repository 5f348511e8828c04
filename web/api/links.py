"""Links: what every listing is made of, what the others could be, conflicts, CSV, and whether all is ready."""

from datetime import datetime

from pydantic import Field

from core.domain.link_proposals import ChannelListing, Proposal
from core.services import links
from core.services.link_review import review_links
from core.services.readiness import readiness_of
from web.api.endpoint import Answer, Call, Endpoint, checked_after
from web.keys import HUB


class LinkView(Answer):
    """A linked listing: units of each SKU in one unit of it; ``offered`` is false where the channel dropped it."""

    connection: str
    listing: str
    title: str
    of: dict[str, int]
    fulfilled_by_channel: bool
    offered: bool


class ProposalView(Answer):
    """What a listing could be made of, why, and how sure that is in whole percent."""

    of: dict[str, int]
    why: str
    score: int
    detail: str


class UnlinkedView(Answer):
    """A listing that nobody linked, with what it could be."""

    connection: str
    listing: str
    sku: str | None
    title: str
    barcode: str | None
    fulfilled_by_channel: bool
    proposals: tuple[ProposalView, ...]


class ConflictView(Answer):
    """Names that contradict one another, and what to do."""

    kind: str
    connection: str | None
    names: tuple[str, ...]
    what: str
    do: str


class ImportView(Answer):
    """The newest import of links."""

    at: datetime
    actor: str
    listings: int
    undone_at: datetime | None


class LinksAsked(Answer):
    """Which pages of links, and of listings without one, are given."""

    after: str | None = Field(None, max_length=2000, description="the `after` of the page before: more links")
    unlinked_after: str | None = Field(
        None,
        max_length=2000,
        description="the `unlinked_after` of the page before: more listings without one",
    )
    limit: int = Field(100, ge=1, le=500, description="links, and listings without one, a page")


class LinksView(Answer):
    """A page of the links, one of the listings without one, and the conflicts that these have a part in."""

    links: tuple[LinkView, ...]
    unlinked: tuple[UnlinkedView, ...]
    conflicts: tuple[ConflictView, ...]
    last_import: ImportView | None
    after: str | None = None
    """Behind which the next page of links begins; null on the last."""
    unlinked_after: str | None = None
    """The same of the listings without one."""


class AcceptLine(Answer):
    """What one unit of a listing is made of: units by SKU."""

    connection: str
    listing: str
    of: dict[str, int]


class AcceptAsk(Answer):
    """Links to accept, all or nothing."""

    links: tuple[AcceptLine, ...] = Field(min_length=1)


class LinksText(Answer):
    """All links as CSV: connection,listing,sku,units."""

    csv: str


class ImportAsk(Answer):
    """A CSV file of links; ``preview`` only says what it would change."""

    csv: str
    preview: bool = False


class ChangeView(Answer):
    """What a listing is made of before and after."""

    connection: str
    listing: str
    before: dict[str, int]
    after: dict[str, int]


class Imported(Answer):
    """What a file changes, and whether it was changed."""

    applied: bool
    changes: tuple[ChangeView, ...]


class FindingView(Answer):
    """Something that is not ready: what, where, and what to do."""

    kind: str
    what: str
    where: tuple[str, ...]
    count: int
    do: str


class Readiness(Answer):
    """Whether all is ready for going live, and what is not."""

    ready: bool
    findings: tuple[FindingView, ...]


async def list_links(call: Call) -> LinksView:
    """Return a page of the review of links; after a change, the first."""
    hub = call.request.app[HUB]
    asked = call.query if isinstance(call.query, LinksAsked) else LinksAsked()
    for name, after in (("after", asked.after), ("unlinked_after", asked.unlinked_after)):
        checked_after(after, 2, name)
    review = await review_links(
        hub,
        call.merchant,
        after=asked.after,
        unlinked_after=asked.unlinked_after,
        limit=asked.limit,
    )
    last = review.last_import
    gone = [
        LinkView(
            connection=connection,
            listing=listing,
            title="",
            of=dict(of),
            fulfilled_by_channel=False,
            offered=False,
        )
        for connection, listing, of in review.gone
    ]
    return LinksView(
        links=(*(_link(listing) for listing in review.linked), *gone),
        unlinked=tuple(_unlinked(listing, found) for listing, found in review.unlinked),
        conflicts=tuple(
            ConflictView(kind=c.kind, connection=c.connection, names=c.names, what=c.what, do=c.do)
            for c in review.conflicts
        ),
        last_import=ImportView(at=last.at, actor=last.actor, listings=last.listings, undone_at=last.undone_at)
        if last
        else None,
        after=review.after,
        unlinked_after=review.unlinked_after,
    )


def _link(listing: ChannelListing) -> LinkView:
    return LinkView(
        connection=listing.connection,
        listing=listing.listing,
        title=listing.title,
        of=dict(listing.of),
        fulfilled_by_channel=listing.fulfilled_by_channel,
        offered=True,
    )


def _unlinked(listing: ChannelListing, found: tuple[Proposal, ...]) -> UnlinkedView:
    return UnlinkedView(
        connection=listing.connection,
        listing=listing.listing,
        sku=listing.sku,
        title=listing.title,
        barcode=listing.barcode,
        fulfilled_by_channel=listing.fulfilled_by_channel,
        proposals=tuple(
            ProposalView(of=dict(p.of), why=p.why.value, score=p.score, detail=p.detail) for p in found
        ),
    )


async def accept(call: Call) -> LinksView:
    """Link listings, all or nothing."""
    asked: AcceptAsk = call.body
    wanted = [(line.connection, line.listing, line.of) for line in asked.links]
    await links.accept(call.request.app[HUB], call.merchant, wanted)
    return await list_links(call)


async def unlink(call: Call) -> LinksView:
    """Take a link away."""
    await links.unlink(call.request.app[HUB], call.merchant, call.path["connection"], call.path["listing"])
    return await list_links(call)


async def export(call: Call) -> LinksText:
    """Return all links as CSV."""
    pages = links.exported(call.request.app[HUB], call.merchant)
    return LinksText(csv="".join([page async for page in pages]))


async def import_csv(call: Call) -> Imported:
    """Link as a CSV file says, or only say what it would change."""
    asked: ImportAsk = call.body
    hub = call.request.app[HUB]
    if asked.preview:
        changes = await links.preview(hub, call.merchant, asked.csv)
    else:
        changes = await links.import_file(hub, call.merchant, asked.csv, actor=call.actor)
    return Imported(
        applied=not asked.preview,
        changes=tuple(
            ChangeView(connection=c.connection, listing=c.listing, before=dict(c.before), after=dict(c.after))
            for c in changes
        ),
    )


async def undo(call: Call) -> LinksView:
    """Take the newest import back."""
    await links.undo(call.request.app[HUB], call.merchant)
    return await list_links(call)


async def readiness(call: Call) -> Readiness:
    """Return what is not ready for going live."""
    found = await readiness_of(call.request.app[HUB], call.merchant)
    return Readiness(
        ready=not found,
        findings=tuple(
            FindingView(kind=f.kind, what=f.what, where=f.where, count=f.count, do=f.do) for f in found
        ),
    )


ENDPOINTS = (
    Endpoint(
        name="listLinks",
        method="GET",
        path="/links",
        summary="All links, unlinked listings with proposals, conflicts",
        gives=LinksView,
        run=list_links,
        query=LinksAsked,
    ),
    Endpoint(
        name="acceptLinks",
        method="POST",
        path="/links/accept",
        summary="Link listings, all or nothing",
        gives=LinksView,
        run=accept,
        takes=AcceptAsk,
        example={"links": [{"connection": "shop", "listing": "CHEF-8", "of": {"CHEF-8": 1}}]},
    ),
    Endpoint(
        name="unlinkListing",
        method="DELETE",
        path="/listings/{connection}/{listing}/link",
        summary="Take a link away",
        gives=LinksView,
        run=unlink,
    ),
    Endpoint(
        name="exportLinks",
        method="GET",
        path="/links/csv",
        summary="All links as CSV",
        gives=LinksText,
        run=export,
    ),
    Endpoint(
        name="importLinks",
        method="POST",
        path="/links/import",
        summary="Link as a CSV file says, or preview it",
        gives=Imported,
        run=import_csv,
        takes=ImportAsk,
        example={"csv": "connection,listing,sku,units\nshop,CHEF-8,CHEF-8,2\n"},
    ),
    Endpoint(
        name="undoLinkImport",
        method="POST",
        path="/links/undo",
        summary="Take the newest import of links back",
        gives=LinksView,
        run=undo,
    ),
    Endpoint(
        name="showReadiness",
        method="GET",
        path="/readiness",
        summary="What is not ready for going live",
        gives=Readiness,
        run=readiness,
    ),
)
