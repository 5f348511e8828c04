"""Fulfillment: box, rates of every carrier, choice, one more look at the order, the label, its file."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.domain.due import not_in
from core.domain.notices import notices_of
from core.domain.shipping.boxes import Item, Packed, pack
from core.domain.shipping.rates import Choice, Wanted, choose
from core.domain.state import OpenIntent, ParcelState, region_of_order
from core.engine.effects import Done, Effect, perform
from core.engine.run import Run
from core.errors import RejectedError, UnavailableError
from core.failpoints import failpoint
from core.model.actions import Action
from core.model.address import Address
from core.model.calendar import promised_day
from core.model.effects import Outcome
from core.model.facts import Held, LabelBought, LabelStored, Quoted
from core.model.holds import Hold
from core.model.money import Money
from core.model.shipment import CustomsItem, Label, LabelRefused, Parcel, Quotes
from core.model.stock import Allocation
from core.ports import Carrier
from core.steps.sync import address_digest_of, refresh
from core.store.labels import LabelFile, save_label
from core.store.products import Product, list_products
from core.store.switches import accepted_actions

RATE_BUDGET_S = 4.0
"""How long (machine seconds) carriers may take to offer rates; the silent are named (R48)."""


async def quote(run: Run) -> None:
    """Pack what is set aside and lies in no parcel yet, location by location; have every parcel without label rated."""
    failpoint("fulfillment.products.before")
    products = await run.hub.store.read(list_products, run.merchant)
    address = await address_digest_of(run.hub, run.merchant, run.order_id, run.personal)
    waiting = [p.quote.parcel for p in run.state.parcels if p.label is None]
    facts = [await _quoted(run, parcel, products) for parcel in waiting]
    for location, allocations in _by_location(run).items():
        packed = _packed(run, allocations, products)
        if packed is None:
            await run.commit(
                decided=[Held(at=run.now, reason=Hold.NO_BOX, detail=_unboxed(allocations, products))]
            )
            return
        for number, box in enumerate(packed, start=1):
            facts.append(await _quoted(run, _parcel(run, location, number, box), products))
    told = [fact.model_copy(update={"address": address}) for fact in facts]
    await run.commit(
        decided=told,
        references=[("shipment", q.shipment_id) for q in facts],
        notices=notices_of(run.config, run.order, run.now),
    )


def _by_location(run: Run) -> dict[str, list[Allocation]]:
    found: dict[str, list[Allocation]] = {}
    for allocation in not_in(run.state, run.state.parcels):
        found.setdefault(allocation.location, []).append(allocation)
    return found


def _packed(
    run: Run, allocations: Sequence[Allocation], products: Mapping[str, Product]
) -> tuple[Packed, ...] | None:
    quantities = {line.line_id: line.quantity for line in run.order.lines}
    bundles: list[tuple[Item, ...]] = []
    for line_id, quantity in quantities.items():
        components: list[Item] = []
        for a in allocations:
            if a.line_id != line_id:
                continue
            product = products.get(a.sku)
            if product is None or product.size_mm is None or not product.weight_g:
                return None
            item = Item(line_id=line_id, sku=a.sku, size_mm=product.size_mm, weight_g=product.weight_g)
            components += [item] * a.units
        if components:
            each = len(components) // quantity
            components.sort(key=lambda i: i.sku)
            bundles += (
                [tuple(components[n::quantity]) for n in range(quantity)] if each else [tuple(components)]
            )
    return pack(bundles, run.config.boxes)


def _unboxed(allocations: Sequence[Allocation], products: Mapping[str, Product]) -> str:
    lacking = sorted(
        {
            a.sku
            for a in allocations
            if a.sku not in products or products[a.sku].size_mm is None or not products[a.sku].weight_g
        }
    )
    return (
        f"size or weight is missing of {', '.join(lacking)}"
        if lacking
        else "a unit fits no box of crossdock.yaml"
    )


def _parcel(run: Run, location: str, number: int, packed: Packed) -> Parcel:
    before = sum(p.quote.parcel.location == location for p in (*run.state.parcels, *run.state.voided))
    units_of = {a.line_id: 0 for a in run.state.allocations}
    for need in run.state.needs:
        units_of[need.line_id] = units_of.get(need.line_id, 0) + need.units
    quantities = {line.line_id: line.quantity for line in run.order.lines}
    items = Counter(place.item.line_id for place in packed.places)
    lines = tuple(
        (line_id, max(1, count * quantities[line_id] // units_of[line_id]))
        for line_id, count in sorted(items.items())
    )
    return Parcel(
        parcel_id=f"{location}-{number + before}",
        location=location,
        box=packed.box.box_id,
        size_mm=packed.box.inner_mm,
        gross_g=packed.gross_g,
        lines=lines,
    )


async def _quoted(run: Run, parcel: Parcel, products: Mapping[str, Product]) -> Quoted:
    name, carrier = _carrier(run)
    customs = _customs(run, parcel, products)
    failpoint("fulfillment.quote.before")
    quotes = await carrier.quote(
        reference=f"{run.order.number}/{parcel.parcel_id}",
        parcel=parcel,
        sender=sender_of(run, parcel.location),
        recipient=_recipient(run),
        customs=customs,
        budget_s=RATE_BUDGET_S,
    )
    failpoint("fulfillment.quote.after")
    return _judged(run, parcel, quotes, name).model_copy(update={"customs": customs})


def _judged(run: Run, parcel: Parcel, quotes: Quotes, connection: str) -> Quoted:
    config, order = run.config, run.order
    first = next(iter(config.locations.values()))
    calendar = config.locations[parcel.location].calendar
    region = region_of_order(order)
    promised = promised_day(
        calendar=first.calendar,
        placed_at=order.placed_at,
        working_days=config.promise(order.method or ""),
        deliver_by=order.deliver_by,
    )
    ships = calendar.ship_day(run.now)
    wanted = Wanted(
        ship_day=ships,
        promised=promised,
        currency=order.total.currency,
        po_box=region is not None and region.po_box,
        at_most=config.labels.at_most,
        allowed=config.allowed(order.method or ""),
    )
    choice: Choice = choose(quotes, wanted, calendar)
    return Quoted(
        at=run.now,
        parcel=parcel,
        shipment_id=quotes.shipment_id,
        rates=choice.rates,
        chosen=choice.chosen.rate_id if choice.chosen else None,
        price=choice.chosen.price if choice.chosen else None,
        saved=choice.saved,
        arrives=choice.chosen.arrives if choice.chosen else None,
        promised=promised,
        connection=connection,
        ships=ships,
    )


def sender_of(run: Run, location: str) -> Address:
    """Return a warehouse's address as the sender of a parcel."""
    return run.config.locations[location].address


def _recipient(run: Run) -> Address:
    if run.personal.ship_to is None:
        raise RejectedError("the address is not known any more", connection=run.order.connection)
    return run.personal.ship_to


def _customs(run: Run, parcel: Parcel, products: Mapping[str, Product]) -> tuple[CustomsItem, ...]:
    """Return one item per SKU where the parcel leaves the country; values add up to the goods in it (R50)."""
    region = region_of_order(run.order)
    if region is None or region.country == run.config.locations[parcel.location].country:
        return ()
    inside = dict(parcel.lines)
    found: list[CustomsItem] = []
    for line in run.order.lines:
        needs = [n for n in run.state.needs if n.line_id == line.line_id]
        if line.line_id not in inside or not needs:
            continue
        value = line.unit_price * inside[line.line_id]
        for at, need in enumerate(needs):
            product = products[need.sku]
            units = need.units * inside[line.line_id] // line.quantity
            share = value.minor // len(needs) + (value.minor % len(needs) if at == 0 else 0)
            found.append(
                CustomsItem(
                    sku=need.sku,
                    title=product.title,
                    units=units,
                    value=Money(minor=share, currency=value.currency),
                    weight_g=(product.weight_g or 0) * units,
                    hs=product.hs or "",
                    origin=product.origin or "",
                )
            )
    return tuple(found)


async def buy(run: Run) -> None:
    """Read the order once more at its channel (R84); if nothing changed, buy the chosen rate's label."""
    if await refresh(run):
        return
    parcel = next(p for p in run.state.parcels if p.label is None)
    name, carrier = _carrier(run)
    failpoint("fulfillment.switches.before")
    run.accepted = await run.hub.store.read(accepted_actions, run.merchant)
    if not run.allowed(name, Action.LABELS):
        return  # stopped while the order was read
    quoted, wanted = parcel.quote, run.config.labels.format

    async def call(key: str) -> Done:
        del key
        failpoint("fulfillment.buy.before")
        bought = await carrier.buy(quoted.shipment_id, str(quoted.chosen), label_format=wanted)
        if isinstance(bought, LabelRefused):
            raise RejectedError(bought.message, connection=name, code=bought.code)
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
    label = await carrier.find_label(str(intent.data["shipment"]))
    if label is None:
        return Done(outcome=Outcome.UNDONE)
    return bought_of(run, str(intent.data["parcel"]), label, intent.connection)


async def store_label(run: Run) -> None:
    """Fetch the label's file and keep it; an effect on nobody, so it may be repeated."""
    parcel = next(p for p in run.state.parcels if p.label is not None and not p.stored)
    bought = parcel.label
    if bought is None:
        return
    ports = run.connections.named(bought.connection)
    if ports.carrier is not None and ports.label_files is not None:
        failpoint("fulfillment.file.before")
        label = await ports.carrier.find_label(bought.shipment_id, label_format=run.config.labels.format)
        if label is None:
            raise UnavailableError("does not show the label it sold yet", connection=bought.connection)
        failpoint("fulfillment.file.found")
        file = await ports.label_files.fetch_file(label.file_url)
        failpoint("fulfillment.file.after")
        kept = LabelFile(
            order_id=run.order_id,
            parcel_id=parcel.parcel_id,
            label_id=bought.label_id,
            format=label.format,
            file=file,
        )
        await run.hub.store.write(save_label, run.merchant, kept)
    await run.commit(decided=[LabelStored(at=run.now, parcel_id=parcel.parcel_id)])


def _carrier(run: Run) -> tuple[str, Carrier]:
    name = run.connections.carrier
    carrier = run.connections.named(name).carrier if name else None
    if name is None or carrier is None:
        raise RejectedError("crossdock.yaml names no connection that sells labels", connection="-")
    return name, carrier


def parcel_named(run: Run, parcel_id: str) -> ParcelState | None:
    """Return one parcel of the order."""
    return next((p for p in run.state.parcels if p.parcel_id == parcel_id), None)
