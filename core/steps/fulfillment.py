"""Fulfillment: box, rates of every carrier, choice, one more look at the order, the label, its file."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from core.domain.commit import NewLabel
from core.domain.departures import not_in
from core.domain.label_choice import labels_of
from core.domain.notices import notices_of
from core.domain.shipping.customs import customs_items
from core.domain.shipping.exports import export_exemption
from core.domain.shipping.judging import judge
from core.domain.shipping.packing import pack_lines, parcel_of, why_unboxed
from core.domain.state import OpenIntent, ParcelState, region_of_order
from core.engine.answers import Call
from core.engine.effects import Done, Effect, perform
from core.engine.run import Run
from core.errors import RejectedError, UnavailableError
from core.failpoints import failpoint
from core.model.address import Address
from core.model.effects import Outcome
from core.model.facts import Held, LabelBought, LabelStored, Quoted, RateRefused
from core.model.holds import Hold
from core.model.products import Product
from core.model.shipment import Label, LabelRefused, Parcel
from core.model.stock import Allocation
from core.ports import Carrier
from core.steps.restored import sold_before_loss
from core.steps.sync import address_digest_of, refresh

RATE_BUDGET_S = 4.0
"""How long (seconds) carriers may take to offer rates; the silent are named (R48)."""


async def quote(run: Run) -> None:
    """Pack what is set aside and lies in no parcel yet, location by location; have every parcel without label rated."""
    facts, unboxed = await pack_and_rate(run)
    if unboxed:
        run.decide([Held(at=run.now, reason=Hold.NO_BOX, detail=unboxed)])
        return
    address = address_digest_of(run.unsealed.key, run.personal)
    told = [fact.model_copy(update={"address": address}) for fact in facts]
    run.decide(
        told,
        references=[("shipment", q.shipment_id) for q in facts],
        notices=notices_of(run.config, run.order, run.now),
        attempts=run.attempts,  # rates that are asked again are no success of the purchase that failed
    )


async def pack_and_rate(run: Run) -> tuple[list[Quoted], str]:
    """Return every parcel without label with its rates, and why something fits no box where it does not; nothing is told."""
    products = run.products
    facts: list[Quoted] = []
    for waiting in run.state.parcels:
        if waiting.label is None:
            facts.append(await _quoted(run, waiting.quote.parcel, products, facts))
    for location, allocations in _by_location(run).items():
        # Beside the event loop: many units take a while, and nobody else is to wait for them (R109).
        packed = await asyncio.to_thread(pack_lines, run.order, run.config.boxes, allocations, products)
        if packed is None:
            return [], why_unboxed(allocations, products)
        for number, box in enumerate(packed, start=1):
            parcel = parcel_of(run.state, run.order, location, number, box)
            facts.append(await _quoted(run, parcel, products, facts))
    return facts, ""


def _by_location(run: Run) -> dict[str, list[Allocation]]:
    found: dict[str, list[Allocation]] = {}
    for allocation in not_in(run.state, run.state.parcels):
        found.setdefault(allocation.location, []).append(allocation)
    return found


async def _quoted(
    run: Run, parcel: Parcel, products: Mapping[str, Product], beside: Sequence[Quoted]
) -> Quoted:
    name, carrier = _carrier(run)
    home, region = run.config.locations[parcel.location].country, region_of_order(run.order)
    labelled = [p.quote for p in run.state.parcels if p.label is not None]
    customs = customs_items(run.state, run.order, parcel, products, home=home, beside=[*labelled, *beside])
    failpoint("fulfillment.quote.before")
    quotes = await run.ask(
        Call(name, "quote"),
        lambda: carrier.quote(
            reference=f"{run.order.number}/{parcel.parcel_id}",
            parcel=parcel,
            sender=sender_of(run, parcel.location),
            recipient=_recipient(run),
            customs=customs,
            budget_s=RATE_BUDGET_S,
            exemption=export_exemption(region, home) if region is not None and customs else "",
        ),
    )
    failpoint("fulfillment.quote.after")
    known = parcel_named(run, parcel.parcel_id)
    return judge(
        run.order,
        run.config,
        parcel,
        quotes,
        connection=name,
        now=run.now,
        customs=customs,
        refused=known.refusals if known is not None else {},
        labels=labels_of(run.config.labels, run.state),
    )


def sender_of(run: Run, location: str) -> Address:
    """Return a warehouse's address as the sender of a parcel."""
    return run.config.locations[location].address


def _recipient(run: Run) -> Address:
    if run.personal.ship_to is None:
        raise RejectedError("the address is not known any more", connection=run.order.connection)
    return run.personal.ship_to


async def buy(run: Run) -> None:
    """Read the order once more at its channel (R84); if nothing changed, buy the chosen rate's label."""
    if await refresh(run):
        return
    parcel = next(p for p in run.state.parcels if p.label is None)
    name, carrier = _carrier(run)
    sold = await sold_before_loss(run, name, carrier, parcel)
    if sold is not None:
        done = bought_of(run, parcel.parcel_id, sold, name)
        await run.commit(happened=done.facts, references=done.references)
        return
    quoted, wanted = parcel.quote, labels_of(run.config.labels, run.state).format

    async def call(key: str) -> Done:
        del key
        failpoint("fulfillment.buy.before")
        bought = await carrier.buy(quoted.shipment_id, str(quoted.chosen), label_format=wanted)
        if isinstance(bought, LabelRefused):
            refusal = _refused(run, quoted, bought)
            return Done(outcome=Outcome.REFUSED, code=bought.code, facts=[refusal])
        return bought_of(run, parcel.parcel_id, bought, name)

    await perform(
        run,
        Effect(
            name=f"label:{parcel.parcel_id}:{quoted.shipment_id}",
            operation="buy",
            connection=name,
            data={"shipment": quoted.shipment_id, "parcel": parcel.parcel_id, "rate": quoted.chosen},
            call=call,
            find=find_label,
        ),
    )


def _refused(run: Run, quoted: Quoted, refusal: LabelRefused) -> RateRefused:
    """Return that the chosen rate's label was refused; the table then has the next best bought (R73)."""
    chosen = next(r for r in quoted.rates if r.rate_id == quoted.chosen)
    return RateRefused(
        at=run.now,
        parcel_id=quoted.parcel.parcel_id,
        rate_id=str(quoted.chosen),
        carrier=chosen.carrier,
        service=chosen.service,
        code=refusal.code,
        message=refusal.message,
    )


def bought_of(run: Run, parcel_id: str, label: Label, connection: str) -> Done:
    """Return what a bought label makes true."""
    parcel = parcel_named(run, parcel_id)
    asked = parcel.quote.at if parcel is not None else run.now
    fact = LabelBought(
        # When the vendor sold it, however late it is found; its clock may be a little off ours.
        at=min(run.now, max(asked, label.bought_at)) if label.bought_at else run.now,
        parcel_id=parcel_id,
        shipment_id=label.shipment_id,
        label_id=label.label_id,
        tracking=label.tracking,
        carrier=label.carrier,
        service=label.service,
        price=label.price,
        connection=connection,
        tracker_id=label.tracker_id,
    )
    references = [("shipment", label.shipment_id), ("tracking", label.tracking)]
    if label.tracker_id:
        references.append(("tracker", label.tracker_id))
    return Done(facts=[fact], result={"label": label.label_id}, references=references)


async def find_label(run: Run, intent: OpenIntent) -> Done:
    """Say whether the label was bought: the shipment itself tells."""
    carrier = run.connections.named(intent.connection).carrier
    if carrier is None:
        raise RejectedError("sells no labels any more", connection=intent.connection)
    failpoint("fulfillment.find.before")
    call = Call(intent.connection, "find_label")
    label = await run.ask(call, lambda: carrier.find_label(str(intent.data["shipment"])))
    if label is None:
        return Done(outcome=Outcome.UNDONE)
    return bought_of(run, str(intent.data["parcel"]), label, intent.connection)


async def store_label(run: Run) -> None:
    """Fetch the label's file and keep it; an effect on nobody, so it may be repeated."""
    parcel = next(p for p in run.state.parcels if p.label is not None and not p.stored)
    bought = parcel.label
    if bought is None:
        return
    ports, wanted = run.connections.named(bought.connection), labels_of(run.config.labels, run.state).format
    carrier, files, kept = ports.carrier, ports.label_files, list[NewLabel]()
    if carrier is not None and files is not None:
        failpoint("fulfillment.file.before")
        label = await run.ask(
            Call(bought.connection, "find_label"),
            lambda: carrier.find_label(bought.shipment_id, label_format=wanted),
        )
        if label is None:
            raise UnavailableError("does not show the label it sold yet", connection=bought.connection)
        failpoint("fulfillment.file.found")
        call = Call(bought.connection, "fetch_file")
        file = await run.ask(call, partial(files.fetch_file, label.file_url))
        failpoint("fulfillment.file.after")
        kept.append(
            NewLabel(parcel_id=parcel.parcel_id, label_id=bought.label_id, format=label.format, file=file)
        )
    run.decide([LabelStored(at=run.now, parcel_id=parcel.parcel_id)], labels=kept)


def _carrier(run: Run) -> tuple[str, Carrier]:
    name = run.view().carrier
    carrier = run.connections.named(name).carrier if name else None
    if name is None or carrier is None:
        raise RejectedError("crossdock.yaml names no connection that sells labels", connection="-")
    return name, carrier


def parcel_named(run: Run, parcel_id: str) -> ParcelState | None:
    """Return one parcel of the order."""
    return next((p for p in run.state.parcels if p.parcel_id == parcel_id), None)
