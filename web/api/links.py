"""Links: what every listing is made of, what the others could be, conflicts, CSV, and whether all is ready."""

from datetime import datetime

from pydantic import Field

from core.domain.link_proposals import ChannelListing, Proposal
from core.services import links
from core.services.links import review_links
from core.services.readiness import readiness_of
from web.api.endpoint import Answer, Call, Endpoint
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


class LinksView(Answer):
    """All links, the listings without one, and conflicts."""

    links: tuple[LinkView, ...]
    unlinked: tuple[UnlinkedView, ...]
    conflicts: tuple[ConflictView, ...]
    last_import: ImportView | None


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
    """Return the review of links."""
    review = await review_links(call.request.app[HUB], call.merchant)
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
    return LinksText(csv=await links.exported(call.request.app[HUB], call.merchant))


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
