"""Stock: units are set aside the moment an order is known, and set free when it is cancelled."""

from core.effects import Done, Effect, perform
from core.errors import RejectedError, UnavailableError
from core.failpoints import failpoint
from core.flow.run import Run
from core.flow.state import OpenIntent, ParcelState
from core.model.facts import LabelVoided
from core.model.payment import MovementState
from core.stages.capture import locations_for
from core.store.unit import Reserve


async def commit_units(run: Run) -> None:
    """Set aside what the order needs and does not hold yet (its fetch landed, its reservation was refused)."""
    await run.commit(
        reserve=Reserve(
            needs=run.state.needs,
            locations=await locations_for(run.hub, run.merchant, run.order),
            give_back=run.state.allocations,
            why="the order changed" if run.state.allocations else "",
        )
    )


async def settle_cancellation(run: Run) -> None:
    """Void what was bought and did not leave, then set the units free."""
    bought = next((p for p in run.state.parcels if p.label is not None and not p.left), None)
    if bought is not None:
        await void_label(run, bought, "the order was cancelled")
        return
    await run.commit(
        release=run.state.allocations,
        forget_levels=[(run.order.connection, line.listing) for line in run.order.lines if line.listing],
    )


async def void_label(run: Run, parcel: ParcelState, why: str) -> None:
    """Ask the carrier to take a label back; one that it will not take yet is asked again later."""
    label = parcel.label
    if label is None:
        return
    carrier = run.desk.named(label.connection).carrier
    if carrier is None:
        raise RejectedError("sells no labels any more", connection=label.connection)

    async def call(key: str) -> Done:
        del key
        failpoint("stock.void.before")
        moved = await carrier.void(label.shipment_id)
        if moved.state is MovementState.DECLINED and moved.code in (None, "rejected"):
            raise UnavailableError(
                "the carrier does not take the label back yet", connection=label.connection
            )
        if moved.state is MovementState.DECLINED:
            raise RejectedError(
                "the carrier does not take the label back", connection=label.connection, code=moved.code
            )
        return Done(facts=[LabelVoided(at=run.now, parcel_id=parcel.parcel_id, why=why)])

    await perform(
        run,
        Effect(
            name=f"void:{label.label_id}",
            operation="void",
            connection=label.connection,
            data={"shipment": label.shipment_id, "parcel": parcel.parcel_id, "why": why},
            call=call,
            find=find_void,
        ),
    )


async def find_void(run: Run, intent: OpenIntent) -> Done:
    """Say that nothing is known: asking a carrier twice to take the same label back is refused by it, so it is asked again."""
    del run, intent
    return Done(outcome="undone")
