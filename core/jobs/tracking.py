"""A parcel under way: its scans are fetched and told, until its way ends."""

from datetime import datetime, timedelta
from functools import reduce

from core.domain.fold import fold
from core.domain.scans import left_after_void, scans_of
from core.domain.state import OrderState, ParcelState
from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.failpoints import failpoint
from core.jobs.notifications import tell
from core.model.facts import Fact, Noted
from core.model.shipment import TrackingState, VoidState
from core.store.jobs import Job

LOOK_EVERY = timedelta(hours=12)
"""How often a carrier is asked for the scans of a parcel that is under way, whatever it tells by itself."""
LOOK_FOR = timedelta(days=30)
"""How long after the label: then people are told, and it is asked no more (R14)."""
_ENDED = frozenset({TrackingState.DELIVERED, TrackingState.RETURN_TO_SENDER})


async def follow_parcel(hub: Hub, job: Job) -> Reschedule | None:
    """Fetch a parcel's scans, and tell those not told yet; again later, as long as the parcel is under way.

    The carrier notifies; the looks find what it did not tell. They end with the parcel's way or after LOOK_FOR.
    """
    tracker = job.object_id
    files = hub.connections(job.merchant).named(job.connection).label_files
    if files is None:
        return None
    under_way = False
    for order_id in await hub.store.find(job.merchant, "tracker", tracker):
        failpoint("intake.tracking.before")
        call = Call(job.connection, "fetch_tracking")
        events = await asked(hub, job.merchant, call, files.fetch_tracking(tracker))
        state = await hub.store.load(job.merchant, order_id)
        if state is None:
            continue
        news: list[Fact] = [*scans_of(state, tracker, events), *left_after_void(state, tracker, events)]
        parcel = _of_tracker(reduce(fold, news, state), tracker)
        if parcel is not None and parcel.tracking not in _ENDED:
            given_up = given_up_on(parcel, hub.clock.now())
            news += given_up
            under_way = under_way or not given_up
        await tell(hub, job.merchant, order_id, news, known=state)
    return Reschedule(due_at=hub.clock.now() + LOOK_EVERY) if under_way else None


def _of_tracker(state: OrderState, tracker: str) -> ParcelState | None:
    """Return the parcel of a tracker; None where its label was taken back."""
    asked = [p for p in state.voided if p.void is not VoidState.DONE]
    labelled = (p for p in (*state.parcels, *asked) if p.label is not None and p.label.tracker_id == tracker)
    return next(labelled, None)


def given_up_on(parcel: ParcelState, now: datetime) -> list[Fact]:
    """Return the word that a parcel is asked after no more; nothing while it is young enough."""
    if parcel.label is None or now < parcel.label.at + LOOK_FOR:
        return []
    seen = parcel.tracking.value if parcel.tracking is not None else "no scan"
    text = f"{parcel.label.carrier} tells of {seen} only, {LOOK_FOR.days} days after the label; it is asked no more"
    return [Noted(at=now, text=f"parcel {parcel.parcel_id}: {text}")]
