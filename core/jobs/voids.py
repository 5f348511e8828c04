"""A label that the carrier was asked to take back: its answer is looked for until there is one."""

from datetime import datetime, timedelta

from core.domain.state import ParcelState
from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.failpoints import failpoint
from core.jobs.notifications import tell
from core.model.facts import Fact, LabelBought, Noted, VoidAnswered
from core.model.payment import Movement, MovementState
from core.model.shipment import VoidState
from core.store.jobs import Job
from core.store.orders import find
from core.store.void_jobs import FIRST_LOOK

LOOK_EVERY = timedelta(hours=12)
"""How often a carrier is asked for its answer once it takes its time: USPS takes 15 days and more."""
LOOK_FOR = timedelta(days=45)
"""How long after it was asked: then people are told, and it is asked no more (R14)."""


async def follow_void(hub: Hub, job: Job) -> Reschedule | None:
    """Ask what became of a void, and tell it; again later, as long as the carrier has not answered."""
    carrier = hub.connections(job.merchant).named(job.connection).carrier
    if carrier is None:
        return None
    following: Reschedule | None = None
    for order_id in await hub.store.read(find, job.merchant, "shipment", job.object_id):
        state = await hub.store.load(job.merchant, order_id)
        parcel = next((p for p in state.voided if _is_asked(p, job.object_id)), None) if state else None
        if parcel is None or parcel.label is None or parcel.voided_at is None:
            continue
        failpoint("intake.void.before")
        call = Call(job.connection, "find_void")
        moved = await asked(hub, job.merchant, call, carrier.find_void(job.object_id))
        now = hub.clock.now()
        await tell(hub, job.merchant, order_id, _told(parcel, parcel.label, moved, now))
        age = now - parcel.voided_at
        if moved.state is MovementState.PENDING and age < LOOK_FOR:
            following = Reschedule(due_at=now + min(LOOK_EVERY, max(FIRST_LOOK, age)))
    return following


def _is_asked(parcel: ParcelState, shipment: str) -> bool:
    label = parcel.label
    return label is not None and label.shipment_id == shipment and parcel.void is VoidState.ASKED


def _told(parcel: ParcelState, label: LabelBought, moved: Movement, now: datetime) -> list[Fact]:
    if moved.state is not MovementState.PENDING:
        taken = moved.state is MovementState.DONE
        return [
            VoidAnswered(
                at=now, actor="carrier", parcel_id=parcel.parcel_id, label_id=label.label_id, taken=taken
            )
        ]
    if parcel.voided_at is None or now - parcel.voided_at < LOOK_FOR:
        return []
    text = f"{label.carrier} did not say within {LOOK_FOR.days} days whether it takes the label back; it is asked no more"
    return [Noted(at=now, text=f"parcel {parcel.parcel_id}: {text}")]
