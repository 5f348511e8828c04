"""Delivery: the channel and the shopper are told; scans move the parcel on."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.domain.departures import left_after_void, units_gone
from core.domain.due import mails_of, tells
from core.domain.notices import left_notices
from core.domain.state import OpenIntent, ParcelState, contents
from core.engine.effects import Done, Effect, perform
from core.engine.run import Run
from core.errors import RejectedError
from core.failpoints import failpoint
from core.model.effects import Outcome
from core.model.facts import ChannelTold, LabelBought, Noted, NotSendable, ShopperTold, UnitsShipped
from core.model.order import Order
from core.model.shipment import Dispatch
from core.steps.fulfillment import parcel_named
from core.steps.messages import Sent, render
from core.steps.sync import refresh, require_whole


async def tell_channel(run: Run) -> None:
    """Tell the channel of one parcel, with its tracking number."""
    parcel = next(p for p in run.state.parcels if tells(run.view(), p))
    if parcel.departed and await refresh(run):
        return  # hours may lie between label and scan: a third party may have shipped it meanwhile
    shipment_notifier, label = run.connections.named(run.order.connection).shipment_notifier, parcel.label
    if shipment_notifier is None or label is None:
        run.decide([ChannelTold(at=run.now, parcel_id=parcel.parcel_id, reference="-")])
        return
    dispatch = dispatch_of(run, parcel, label)
    again = f":{parcel.tellings}" if parcel.tellings else ""

    async def call(key: str) -> Done:
        failpoint("delivery.tell.before")
        reference = await shipment_notifier.tell_shipped(run.order.order_id, dispatch, key=key)
        fact = ChannelTold(at=run.now, parcel_id=parcel.parcel_id, reference=reference)
        return Done(facts=[fact], result={"reference": reference})

    await perform(
        run,
        Effect(
            name=f"tell:{parcel.parcel_id}:{label.tracking}{again}",
            operation="tell_shipped",
            connection=run.order.connection,
            data={"parcel": parcel.parcel_id, "tracking": label.tracking},
            call=call,
            find=find_told,
        ),
    )


async def find_told(run: Run, intent: OpenIntent) -> Done:
    """Say whether the channel knows the whole parcel under its tracking number already.

    One that it was told and that was taken back since is withdrawn, and told again on a person's word only.
    """
    await refresh(run)
    tracking, parcel = str(intent.data["tracking"]), parcel_named(run, str(intent.data["parcel"]))
    known: Counter[str] = Counter()
    for shipped in run.order.shipped:
        if shipped.tracking == tracking:
            known.update(dict(shipped.lines))
    whole = parcel is not None and all(known[line] >= n for line, n in parcel.quote.parcel.lines)
    if known and whole:
        fact = ChannelTold(at=run.now, parcel_id=str(intent.data["parcel"]), reference=tracking)
        return Done(facts=[fact], result={"reference": tracking})
    require_whole(run)
    return Done(outcome=Outcome.UNDONE)


def dispatch_of(run: Run, parcel: ParcelState, label: LabelBought) -> Dispatch:
    """Return what the channel is told of a parcel."""
    named = {place: ours for place, (_, ours) in run.places.items()}
    return Dispatch(
        parcel_id=parcel.parcel_id,
        carrier=label.carrier,
        service=label.service,
        tracking=label.tracking,
        shipped_at=label.at,
        location=parcel.quote.parcel.location,
        lines=parcel.quote.parcel.lines,
        work_lines=work_lines(run.order, parcel, named),
        work_places=tuple((w.work_id, w.location) for w in run.order.work_orders),
    )


def work_lines(
    order: Order, parcel: ParcelState, named: Mapping[str, str | None]
) -> tuple[tuple[str, str, int], ...]:
    """Return which lines of the channel's work orders a parcel serves: those of its own location first.

    Work at a location that crossdock.yaml does not name is never touched (R97).
    """
    wanted = dict(parcel.quote.parcel.lines)
    here = parcel.quote.parcel.location
    found: list[tuple[str, str, int]] = []
    open_orders = [w for w in order.work_orders if w.open and named.get(w.location or "") is not None]
    for work in sorted(open_orders, key=lambda w: named.get(w.location or "") != here):
        for work_line, line_id, units in work.lines:
            part = min(units, wanted.get(line_id, 0))
            if part:
                found.append((work.work_id, work_line, part))
                wanted[line_id] -= part
    return tuple(found)


async def confirm(run: Run) -> None:
    """Send the shopper the confirmation of the order."""
    await _mail(run, "confirmation", "confirmation", ())


async def tell_shopper(run: Run) -> None:
    """Send the shopper the tracking number of a parcel that the channel knows."""
    parcel = next(
        p for p in run.state.parcels if p.told and not run.state.mail_is_over(f"shipping:{p.parcel_id}")
    )
    label = parcel.label
    sent = (Sent(carrier=label.carrier, service=label.service, tracking=label.tracking),) if label else ()
    await _mail(run, f"shipping:{parcel.parcel_id}", "shipping", sent)


async def mail_cancellation(run: Run) -> None:
    """Send the shopper word that the order was cancelled."""
    await _mail(run, "cancellation", "cancellation", ())


async def _mail(run: Run, about: str, kind: str, parcels: Sequence[Sent]) -> None:
    connection = mails_of(run.view())
    notifier = run.connections.named(connection).notifier if connection else None
    if connection is None or notifier is None:
        raise RejectedError("sends no mail any more", connection=connection or "-")
    message = render(
        kind,
        order=run.order,
        personal=run.personal,
        shop_name=run.config.merchant,
        parcels=parcels,
    )

    async def call(key: str) -> Done:
        del key
        failpoint("delivery.mail.before")
        try:
            await notifier.send(message)
        except RejectedError as error:  # telling never gates shipping: noted, and the order goes on
            refused = NotSendable(at=run.now, about=about, code=error.code)
            return Done(outcome=Outcome.REFUSED, code=error.code, facts=[refused])
        return Done(facts=[ShopperTold(at=run.now, about=about)])

    await perform(
        run,
        Effect(
            name=f"mail:{about}",
            operation="send",
            connection=connection,
            data={"about": about},
            call=call,
            find=find_mail,
        ),
    )


async def find_mail(run: Run, intent: OpenIntent) -> Done:
    """Say that nobody can tell whether a mail went out: it is never sent twice, and people are shown it."""
    about = str(intent.data["about"])
    return Done(
        outcome=Outcome.UNKNOWN,
        facts=[
            ShopperTold(at=run.now, about=about),
            Noted(
                at=run.now,
                text=f"the mail server did not say whether it took the {about} mail; it is not sent again",
            ),
        ],
    )


async def leave(run: Run) -> None:
    """Take the units of parcels that the carrier scanned off on hand and off committed (rule S2).

    Those that were set free with a voided label are off on hand too, and of a cancelled order people are told.
    """
    notices = left_notices(run.state, run.now)
    gone, parcel = units_gone(run.state), left_after_void(run.state)
    if gone or parcel is None or parcel.label is None:
        await run.commit(ship=gone, notices=notices)
        return
    lost = contents(run.state, parcel)
    left = UnitsShipped(at=run.now, allocations=lost, label_id=parcel.label.label_id)
    await run.commit(decided=[left], lost=lost, notices=notices)
