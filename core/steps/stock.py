"""Stock: units are set aside the moment an order is known, and set free when it is cancelled."""

from datetime import timedelta

from core.domain.commit import Reserve
from core.domain.due import label_to_void, void_pause
from core.domain.scans import DEPARTED, scans_of
from core.domain.state import OpenIntent, ParcelState
from core.engine.answers import Call
from core.engine.effects import Done, Effect, perform
from core.engine.run import Run
from core.errors import NotYetError, RejectedError
from core.failpoints import failpoint
from core.model.effects import Outcome
from core.model.facts import LabelBought, LabelVoided, Noted, VoidRefused
from core.model.payment import Movement, MovementState
from core.model.shipment import VoidState
from core.steps.sync import locations_for

VOIDS_TAKEN_FOR = timedelta(days=30)
"""How long after its label carriers take one back; from then on a person must see to it (R14)."""


async def commit_units(run: Run) -> None:
    """Set aside what the order needs and does not hold yet (its fetch landed, its reservation was refused)."""
    await run.commit(
        reserve=Reserve(
            needs=run.state.needs,
            locations=locations_for(
                run.config, await run.look_around(run.settings), run.order, run.state.route
            ),
            give_back=run.state.allocations,
            why="the order changed" if run.state.allocations else "",
        )
    )


async def settle_cancellation(run: Run) -> None:
    """Void what was bought and did not leave, then set the units free."""
    bought = next((p for p in run.state.parcels if p.label is not None and not p.departed), None)
    if bought is not None:
        await void_label(run, bought, "the order was cancelled")
        return
    await run.commit(
        release=run.state.allocations,
        invalidate_levels=[(run.order.connection, line.listing) for line in run.order.lines if line.listing],
    )


async def void_again(run: Run) -> None:
    """Ask the carrier once more to take back a label that it would not at first."""
    now = run.now
    rejected = [p for p in run.state.voided if p.void is VoidState.REJECTED and p.voided_at is not None]
    parcel = min(rejected, key=lambda p: (p.voided_at or now) + void_pause(p.voids_rejected))
    await void_label(run, parcel, "the order was cancelled" if run.state.ended else "a person took it back")


async def void_asked(run: Run) -> None:
    """Void the label that a person wants taken back."""
    parcel = next(p for p in run.state.parcels if label_to_void(run.state, p))
    await void_label(run, parcel, run.state.held_by_person or "a person took it back")


async def void_label(run: Run, parcel: ParcelState, why: str) -> None:
    """Ask the carrier to take a label back; one that it will not take yet is asked again later."""
    label = parcel.label
    if label is None:
        return
    carrier = run.connections.named(label.connection).carrier
    if carrier is None:
        raise RejectedError("sells no labels any more", connection=label.connection)
    until = label.at + VOIDS_TAKEN_FOR
    if parcel.voids_rejected and run.now >= until:
        raise RejectedError("the carrier does not take the label back", connection=label.connection)

    async def call(key: str) -> Done:
        failpoint("stock.void.before")
        moved = await carrier.void(label.shipment_id)
        if moved.state is not MovementState.DECLINED:
            return Done(facts=[_voided(run, parcel, label, moved, why)])
        if moved.code in (None, "rejected") and run.now < until:
            raise NotYetError(
                f"the carrier does not take the label back yet; asked again until {until:%Y-%m-%d}",
                connection=label.connection,
                retry_after_s=void_pause(int(key.rpartition("/")[2])).total_seconds(),
            )
        if parcel.parcel_id in run.state.voids_asked:
            refused = VoidRefused(at=run.now, parcel_id=parcel.parcel_id, code=moved.code)
            return Done(outcome=Outcome.REFUSED, code=moved.code, facts=[refused])
        return await _refused_for_good(run, label, moved.code)

    again = f":{parcel.voids_rejected}" if parcel.voids_rejected else ""
    await _perform_and_note(
        run,
        Effect(
            name=f"void:{label.label_id}{again}",
            operation="void",
            connection=label.connection,
            data={"shipment": label.shipment_id, "parcel": parcel.parcel_id, "why": why},
            call=call,
            find=find_void,
            takes_back=True,
        ),
    )


def _voided(run: Run, parcel: ParcelState, label: LabelBought, moved: Movement, why: str) -> LabelVoided:
    return LabelVoided(
        at=run.now,
        parcel_id=parcel.parcel_id,
        why=f"{why}; no money comes back ({moved.code})" if moved.code else why,
        label_id=label.label_id,
        shipment_id=label.shipment_id,
        connection=label.connection,
        pending=moved.state is MovementState.PENDING,
    )


async def _refused_for_good(run: Run, label: LabelBought, code: str | None) -> Done:
    """Return the scans that say why: most often the parcel left already.

    Raises:
        RejectedError: the carrier knows of none; a person must see to it.
    """
    files = run.connections.named(label.connection).label_files
    if files is not None and label.tracker_id is not None:
        call = Call(label.connection, "fetch_tracking")
        failpoint("stock.scans.before")
        tracker = label.tracker_id
        events = await run.ask(call, lambda: files.fetch_tracking(tracker))
        scans = scans_of(run.state, label.tracker_id, events)
        if any(scan.state in DEPARTED for scan in scans):
            return Done(outcome=Outcome.REFUSED, code=code, facts=scans)
    raise RejectedError("the carrier does not take the label back", connection=label.connection, code=code)


async def _perform_and_note(run: Run, effect: Effect) -> None:
    """Ask, and let people read in the timeline, once, that a carrier takes its time."""
    try:
        await perform(run, effect)
    except NotYetError as error:
        if f"{run.order_id}/{effect.name}/2" not in run.state.settled:
            await run.commit(happened=[Noted(at=run.now, text=str(error))], attempts=run.attempts)
        raise


async def find_void(run: Run, intent: OpenIntent) -> Done:
    """Say that nothing is known: asking a carrier twice to take the same label back is refused by it, so it is asked again."""
    del run, intent
    return Done(outcome=Outcome.UNDONE)
