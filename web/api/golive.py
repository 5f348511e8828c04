"""Go-live: the written differences, accepting and taking back, opening counts, the push guard, orders from before."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from core.model.actions import Action
from core.model.holds import Hold
from core.services import actions
from core.services.golive import accept as acceptance
from core.services.golive import adopt, opening
from core.services.golive.accept import Acceptance, undo_text
from core.services.golive.document import Differences, differences, page_shown
from core.services.golive.listings import ListingDifference
from core.services.golive.opening import Loaded, Preview
from web.api.connections import ConnectionList, list_connections
from web.api.endpoint import Answer, Call, Endpoint
from web.keys import HUB


class GoLiveAsk(Answer):
    """What is accepted, and which differences were shown for it; without an id, what holds now is written down."""

    actions: tuple[Action, ...] | Literal["all"] = "all"
    connections: tuple[str, ...] | Literal["all"] = "all"
    id: str | None = Field(None, description="the `id` of the differences that were shown")


class ShownRowsAsked(Answer):
    """Which page of a document's listings is given."""

    after: str | None = Field(
        None, pattern=r"^[0-9]{1,9}$", description="the `after` of the differences, or of the page before"
    )


class ShownRows(Answer):
    """A page of the listings that a document shows."""

    rows: tuple[ListingDifference, ...]
    after: str | None


class UndoAsk(Answer):
    """Which acceptance is taken back."""

    id: str


class UndoFile(Answer):
    """What each accepted listing showed before, as CSV: connection,listing,location,shows,wanted."""

    csv: str


class AcceptedItem(Answer):
    """Something that was accepted; its listings are at `/go-live/accepted/{id}`."""

    id: str
    at: datetime
    actor: str
    actions: tuple[str, ...]
    connections: tuple[str, ...]
    undone_at: datetime | None
    taken_at: datetime
    listings: dict[str, int]
    of_which: dict[str, int]


class AcceptedList(Answer):
    """Everything that was accepted, the newest first."""

    accepted: tuple[AcceptedItem, ...]


class OpeningAsk(Answer):
    """The text of a CSV file with the columns sku, location, units. Sent as `text/csv`, the body is the file itself."""

    csv: str


class OpeningUndoAsk(Answer):
    """Which opening counts are taken back; the newest, where no number is given."""

    number: int | None = None


class AdoptAsk(Answer):
    """The channel whose numbers are taken over; ``location`` where it keeps one quantity for all locations."""

    connection: str
    location: str | None = None
    preview: bool = False


class Adopted(Answer):
    """What was taken over (``loaded``), or would be (``preview``)."""

    preview: Preview | None = None
    loaded: Loaded | None = None


class OpeningList(Answer):
    """All opening counts, the newest first."""

    openings: tuple[Loaded, ...]


class PushGuardAsk(Answer):
    """Write what the push guard stopped, once; or stop the connection's levels."""

    do: Literal["go", "stop"]


class ReleaseAllAsk(Answer):
    """A hold that is released of many orders: of all that have it, or of those named."""

    reason: str = Hold.BEFORE_GO_LIVE
    orders: tuple[str, ...] | Literal["all"]


class ReleasedAll(Answer):
    """The ids of the orders that were released."""

    released: tuple[str, ...]


async def show(call: Call) -> Differences:
    """Return what the hub would change."""
    return await differences(call.request.app[HUB], call.merchant)


async def show_rows(call: Call) -> ShownRows:
    """Return a page of the listings that a document shows."""
    rows, after = await page_shown(call.request.app[HUB], call.merchant, call.path["id"], call.query.after)
    return ShownRows(rows=tuple(rows), after=after)


async def accept(call: Call) -> Acceptance:
    """Turn kinds of action on."""
    return await acceptance.accept(
        call.request.app[HUB],
        call.merchant,
        kinds=call.body.actions,
        connections=call.body.connections,
        document=call.body.id,
        actor=call.actor,
    )


async def list_accepted(call: Call) -> AcceptedList:
    """Return everything that was accepted."""
    found = await acceptance.acceptances(call.request.app[HUB], call.merchant)
    return AcceptedList(
        accepted=tuple(
            AcceptedItem(
                **a.model_dump(exclude={"shown"}),
                taken_at=a.shown.taken_at,
                listings=a.shown.listings,
                of_which=a.shown.of_which,
            )
            for a in found
        )
    )


async def show_accepted(call: Call) -> Acceptance:
    """Return one acceptance with the differences that were shown."""
    return await acceptance.acceptance(call.request.app[HUB], call.merchant, call.path["id"])


async def undo(call: Call) -> Acceptance:
    """Stop levels, and set every listing to the number it showed before."""
    return await acceptance.undo(call.request.app[HUB], call.merchant, call.body.id, actor=call.actor)


async def undo_file(call: Call) -> UndoFile:
    """Return the undo file: what each accepted listing showed before."""
    pages = undo_text(call.request.app[HUB], call.merchant, call.path["id"])
    return UndoFile(csv="".join([page async for page in pages]))


async def preview_opening(call: Call) -> Preview:
    """Return what a file would change; nothing is stored."""
    return await opening.preview(call.request.app[HUB], call.merchant, call.body.csv)


async def load_opening(call: Call) -> Loaded:
    """Count what a file says, all or nothing."""
    return await opening.load(call.request.app[HUB], call.merchant, call.body.csv, actor=call.actor)


async def list_openings(call: Call) -> OpeningList:
    """Return all opening counts."""
    return OpeningList(openings=tuple(await opening.openings(call.request.app[HUB], call.merchant)))


async def undo_opening(call: Call) -> Loaded:
    """Take opening counts back."""
    return await opening.undo(call.request.app[HUB], call.merchant, call.body.number, actor=call.actor)


async def adopt_opening(call: Call) -> Adopted:
    """Take over what one channel shows, or say what would be taken over."""
    hub, asked = call.request.app[HUB], call.body
    if asked.preview:
        return Adopted(preview=await adopt.preview(hub, call.merchant, asked.connection, asked.location))
    return Adopted(
        loaded=await adopt.adopt(hub, call.merchant, asked.connection, asked.location, actor=call.actor)
    )


async def answer_push_guard(call: Call) -> ConnectionList:
    """Answer the push guard."""
    go = call.body.do == "go"
    await actions.answer_push_guard(
        call.request.app[HUB], call.merchant, call.path["connection"], go=go, actor=call.actor
    )
    return await list_connections(call)


async def release_all(call: Call) -> ReleasedAll:
    """Release one hold of many orders, all of them or none."""
    released = await actions.release_all(
        call.request.app[HUB], call.merchant, call.body.reason, call.body.orders, call.actor
    )
    return ReleasedAll(released=tuple(released))


ENDPOINTS = (
    Endpoint(
        name="showDifferences",
        method="GET",
        path="/go-live",
        summary="What the hub would change",
        gives=Differences,
        run=show,
    ),
    Endpoint(
        name="listDifferences",
        method="GET",
        path="/go-live/documents/{id}/listings",
        summary="The listings that differences show, page by page",
        gives=ShownRows,
        run=show_rows,
        query=ShownRowsAsked,
    ),
    Endpoint(
        name="acceptGoLive",
        method="POST",
        path="/go-live/accept",
        summary="Accept kinds of action",
        gives=Acceptance,
        run=accept,
        takes=GoLiveAsk,
        example={"actions": ["levels"], "connections": ["shop"]},
    ),
    Endpoint(
        name="listAcceptances",
        method="GET",
        path="/go-live/accepted",
        summary="Everything that was accepted",
        gives=AcceptedList,
        run=list_accepted,
    ),
    Endpoint(
        name="showAcceptance",
        method="GET",
        path="/go-live/accepted/{id}",
        summary="One acceptance and the differences that were shown",
        gives=Acceptance,
        run=show_accepted,
    ),
    Endpoint(
        name="exportUndoFile",
        method="GET",
        path="/go-live/accepted/{id}/undo",
        summary="The undo file of an acceptance",
        gives=UndoFile,
        run=undo_file,
    ),
    Endpoint(
        name="undoGoLive",
        method="POST",
        path="/go-live/undo",
        summary="Stop levels and put every listing back",
        gives=Acceptance,
        run=undo,
        takes=UndoAsk,
        example={"id": "3f0c9a1b2d4e"},
    ),
    Endpoint(
        name="previewOpening",
        method="POST",
        path="/stock/opening/preview",
        summary="What opening counts would change",
        gives=Preview,
        run=preview_opening,
        takes=OpeningAsk,
        example={"csv": "sku,location,units\nCHEF-8,reno,9\n"},
    ),
    Endpoint(
        name="loadOpening",
        method="POST",
        path="/stock/opening",
        summary="Load opening counts, all or nothing",
        gives=Loaded,
        run=load_opening,
        takes=OpeningAsk,
        example={"csv": "sku,location,units\nCHEF-8,reno,9\n"},
    ),
    Endpoint(
        name="listOpenings",
        method="GET",
        path="/stock/opening",
        summary="All opening counts",
        gives=OpeningList,
        run=list_openings,
    ),
    Endpoint(
        name="undoOpening",
        method="POST",
        path="/stock/opening/undo",
        summary="Take opening counts back",
        gives=Loaded,
        run=undo_opening,
        takes=OpeningUndoAsk,
        example={"number": 1},
    ),
    Endpoint(
        name="adoptLevels",
        method="POST",
        path="/stock/opening/adopt",
        summary="Count what one channel shows",
        gives=Adopted,
        run=adopt_opening,
        takes=AdoptAsk,
        example={"connection": "shop", "preview": True},
    ),
    Endpoint(
        name="answerPushGuard",
        method="POST",
        path="/connections/{connection}/brake",
        summary="Answer the push guard: go or stop",
        gives=ConnectionList,
        run=answer_push_guard,
        takes=PushGuardAsk,
        example={"do": "go"},
    ),
    Endpoint(
        name="releaseOrders",
        method="POST",
        path="/orders/release",
        summary="Release one hold of many orders",
        gives=ReleasedAll,
        run=release_all,
        takes=ReleaseAllAsk,
        example={"reason": "before_go_live", "orders": "all"},
    ),
)
