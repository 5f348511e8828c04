"""What something that a person asks for will do and cost, told before it is done (R113).

Of an order it is told from the table that decides: the fact that the person would tell is added to a copy of the order,
and what is due then is what will be done. Nothing is stored, and no vendor is asked to change anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.domain.due import View, mails_of, open_captures, ready_at
from core.domain.fold import fold
from core.domain.state import OrderState
from core.engine.hub import Hub
from core.engine.run import Run
from core.engine.step import next_step
from core.errors import ConnectorError
from core.model.actions import Action
from core.model.asks import Ask
from core.model.facts import Fact, LabelAsked, PaymentChecked, Quoted, Released, Retried
from core.model.holds import Hold
from core.model.money import Money
from core.model.payment import PaymentState
from core.services.actions import read_order, refusal
from core.steps import STEPS
from core.steps.fulfillment import pack_and_rate
from core.store.orders import orders_held

NOT_TAKEN_BACK = "It cannot be taken back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money that moves, and what for; ``about`` where the vendor may say another amount when it is done."""

    what: str
    amount: Money
    about: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What something will do and cost, how it is undone, and why it may not be done now."""

    title: str
    does: tuple[str, ...]
    costs: tuple[Cost, ...] = ()
    back: str = NOT_TAKEN_BACK
    refused: str = ""
    stands: str = ""
    """What it was told from: if that is another by now, it is told anew before anything is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlan(Plan):
    """What asking something of an order will do; ``of`` is the hold that is released, or the parcel whose label is voided."""

    ask: Ask
    of: str = ""
    version: int


async def plan(
    hub: Hub, merchant: str, order_id: str, ask: Ask, of: str = "", *, ask_rates: bool = False
) -> OrderPlan:
    """Return what asking something of an order will do.

    ``ask_rates`` has the carriers asked for a price where none is stored; that changes nothing there.

    Raises:
        NotFoundError: no such order, or it is not known yet.
    """
    return await _planned(await read_order(hub, merchant, order_id), ask, of, ask_rates=ask_rates)


async def plans(hub: Hub, merchant: str, order_id: str, *, ask_rates: bool = False) -> tuple[OrderPlan, ...]:
    """Return what may be asked of an order, and why the rest may not.

    Raises:
        NotFoundError: no such order, or it is not known yet.
    """
    run = await read_order(hub, merchant, order_id)
    labels = [p.parcel_id for p in run.state.parcels if p.label is not None]
    asks = [*((Ask.RELEASE, hold.value) for hold in run.state.holds)]
    asks += [(Ask.LABEL, ""), (Ask.HOLD, "")]
    asks += [(Ask.VOID, parcel_id) for parcel_id in labels]
    asks += [(Ask.RETRY, ""), (Ask.REJECT, "")]
    return tuple([await _planned(run, ask, of, ask_rates=ask_rates) for ask, of in asks])


async def release_all_plan(hub: Hub, merchant: str, reason: str) -> Plan:
    """Return what releasing a hold of every order that has it will do."""
    held = await hub.store.read(orders_held, merchant, reason)
    found = Plan(title=f"Release all {len(held)}: {reason}", does=(), stands=" ".join(held))
    hold = next((hold for hold in Hold if hold == reason and hold.overrulable), None)
    if hold is None:
        why = f"{reason!r} goes away when its cause is mended; a person cannot release it"
        return replace(found, refused=why)
    if not held:
        return replace(found, refused=f"no order is held: {hold.words}")
    named = ", ".join(held[:_NAMED]) + (f" and {len(held) - _NAMED} more" if len(held) > _NAMED else "")
    does = (
        f"Releases {named}.",
        "Each goes on as it stands: its label is bought where nothing else holds it and labels are accepted.",
    )
    return replace(found, title=f"Release all {len(held)}: {hold.words}", does=does, back=_HOLD_EACH)


_NAMED = 20
_HOLD_EACH = "Hold an order again, each by itself, before its label is bought."


async def _planned(run: Run, ask: Ask, of: str, *, ask_rates: bool) -> OrderPlan:
    refused = refusal(run, ask, of)
    found = OrderPlan(
        ask=ask,
        of=of,
        title=_title(run, ask, of),
        does=(),
        refused=refused,
        version=run.state.version,
        stands=str(run.state.version),
    )
    if refused:
        return found
    now = run.now
    match ask:
        case Ask.RELEASE:
            released = Released(at=now, actor="user:", reason=Hold(of))
            return await _goes_on(found, run, released, ask_rates=ask_rates)
        case Ask.LABEL:
            return await _goes_on(found, run, LabelAsked(at=now), ask_rates=ask_rates)
        case Ask.RETRY:
            return await _tried_again(found, run, ask_rates=ask_rates)
        case Ask.HOLD:
            does = ("Keeps it from being packed and labelled until a person releases it.", *_stays_aside(run))
            return replace(found, does=does, back="Release it.")
        case Ask.VOID:
            return _voided(found, run)
        case Ask.REJECT:
            return _rejected(found, run)


def _title(run: Run, ask: Ask, of: str) -> str:
    number = run.order.number
    match ask:
        case Ask.RELEASE:
            words = Hold(of).words if of in list(Hold) else repr(of)
            return f"Release {number}: {words}"
        case Ask.VOID:
            return f"Void the label of parcel {of} of {number}"
        case Ask.LABEL:
            return f"Buy the label of {number}"
        case Ask.RETRY:
            return f"Try {number} again"
        case _:
            return f"{ask.words}: {number}"


async def _goes_on(found: OrderPlan, run: Run, fact: Fact, *, ask_rates: bool) -> OrderPlan:
    """Return what comes of an order once a fact is told that lets it go on: at best a label, and what follows it."""
    after = replace(run, state=_after(run, fact))
    view = after.view()
    holds, gate = view.wanted_holds, view.closed_gate
    if holds:
        still = "; ".join(f"{hold.words}: {detail}" for hold, detail in holds.items())
        return replace(found, does=(f"Buys nothing: it stays held by {still}.",), back="Hold it again.")
    if gate is not None:
        return replace(
            found, does=(f"Buys nothing: the order then waits for {gate.words}.",), back=_HOLD_AGAIN
        )
    parcels, unknown = await _parcels(after, ask_rates=ask_rates)
    at = ready_at(view)
    when = f"At {at:%Y-%m-%d %H:%M} UTC, when its grace is over: " if at is not None and at > run.now else ""
    bought = [_purchase(when, quoted) for quoted in parcels]
    labels = [Cost(what="label", amount=q.price, about=True) for q in parcels if q.price is not None]
    captured = [amount for _, amount in open_captures(after.state)] if view.can_capture else []
    takes = view.accepted(run.order.connection, Action.CAPTURES)
    return replace(
        found,
        does=(
            *bought,
            *(f"{when}{text}" for text in unknown),
            *_after_label(after, view, captured, takes=takes),
        ),
        costs=(*labels, *(Cost(what="captured", amount=amount) for amount in captured if takes)),
        back=_HOLD_AGAIN
        if when
        else "Void the label, before it leaves and while the channel does not know it.",
    )


_HOLD_AGAIN = "Hold it again, before its label is bought."


def _after(run: Run, fact: Fact) -> OrderState:
    """Return the order as it stands once a fact is told, and its holds are what then holds it."""
    told = replace(run, state=fold(run.state, fact))
    return told.state.model_copy(update={"holds": told.view().wanted_holds})


def _purchase(when: str, quoted: Quoted) -> str:
    rate = next((r for r in quoted.rates if r.rate_id == quoted.chosen), None)
    parcel, place = quoted.parcel, quoted.parcel.location
    if rate is None or rate.price is None:
        lost = "; ".join(f"{r.name}: {r.reason.words}" for r in quoted.rates) or "no carrier offers one"
        return f"Buys no label for parcel {parcel.parcel_id}: no rate will do ({lost}); the order is held."
    return f"{when}Buys {rate.name} for about {_text(rate.price)} from {place}, in box {parcel.box}."


async def _parcels(run: Run, *, ask_rates: bool) -> tuple[list[Quoted], list[str]]:
    """Return the parcels that labels would be bought for, and what to say where a price is not known."""
    stored = [p.quote for p in run.state.parcels if p.label is None]
    if stored and next_step(run.view(), STEPS).name != "quote":
        return stored, []
    if not ask_rates:
        return [], [
            "Packs it, asks every carrier, and buys the best rate that meets the promise; its price is not known yet."
        ]
    try:
        rated, unboxed = await pack_and_rate(run)
    except ConnectorError as error:
        return [], [
            f"Packs it and buys the best rate; its price is not known: {error.connection} does not say one now."
        ]
    return rated, [f"Buys nothing: it fits no box ({unboxed}); the order is held."] if unboxed else []


def _after_label(run: Run, view: View, captured: Sequence[Money], *, takes: bool) -> list[str]:
    connection = run.order.connection
    does: list[str] = []
    if captured:
        amount = " and ".join(_text(money) for money in captured)
        may_not = f"Does not capture {amount}: captures of {connection} are not accepted."
        does.append(f"Then captures {amount}." if takes else may_not)
    scans = any(place.tell == "scan" for place in run.config.locations.values())
    when = "once the carrier scans it" if scans else "at once"
    does.append(f"Then tells {connection} the tracking number, {when}.")
    if mails_of(view):
        does.append("Then mails the tracking number to the shopper.")
    return does


async def _tried_again(found: OrderPlan, run: Run, *, ask_rates: bool) -> OrderPlan:
    back = "Hold it."
    if run.order.unreadable is not None:
        read = f"Reads the order again at {run.order.connection}; if it can be read whole, it goes on."
        return replace(found, does=(read,), back=back)
    after = replace(run, state=_after(run, Retried(at=run.now)))
    due = next_step(after.view(), STEPS).name
    if due in ("quote", "buy"):
        return await _goes_on(found, run, Retried(at=run.now), ask_rates=ask_rates)
    next_thing = STEPS[due].words if due is not None else "nothing that is due now"
    return replace(found, does=(f"Goes on where it failed: the order waits for {next_thing}.",), back=back)


def _voided(found: OrderPlan, run: Run) -> OrderPlan:
    parcel = next(p for p in run.state.parcels if p.parcel_id == found.of)
    label = parcel.label
    if label is None:
        return found
    price, asked = _text(label.price), f"Asks {label.connection} to take label {label.tracking} back"
    return replace(
        found,
        does=(
            f"{asked}; {price} comes back if {label.carrier} agrees, which may take days.",
            "Holds the order until a person releases it; its units stay set aside.",
        ),
        costs=(Cost(what="comes back", amount=label.price, about=True),),
        back="Release it: another label is bought then.",
    )


def _rejected(found: OrderPlan, run: Run) -> OrderPlan:
    order, paid = run.order, run.state.payment
    does = [f"Cancels {order.number} at {order.connection}, for good."]
    taken = _still_taken(paid)
    open_ones = (
        [v.amount for v in paid.verdicts if v.state is PaymentState.VERIFIED] if paid is not None else []
    )
    waiting = [] if taken else _sum(open_ones)
    costs = [Cost(what="given back", amount=amount) for amount in taken]
    does += [f"Gives {_text(amount)} back to the shopper." for amount in taken]
    does += [f"Lets the authorization of {_text(amount)} go." for amount in waiting]
    if not taken and not waiting:
        does.append("Has the channel give back whatever was paid; how much is not known here.")
    freed = ", ".join(f"{a.units} x {a.sku} at {a.location}" for a in run.state.allocations)
    if freed:
        does.append(f"Sets {freed} free, to be sold again.")
    if "confirmation" in run.state.messages and mails_of(run.view()):
        does.append("Mails the cancellation to the shopper.")
    return replace(found, does=tuple(does), costs=tuple(costs))


def _still_taken(paid: PaymentChecked | None) -> list[Money]:
    """Return what was captured and not given back yet, by currency."""
    if paid is None:
        return []
    back = paid.given_back
    taken = _sum([verdict.captured for verdict in paid.verdicts])
    return _sum([a - back if back is not None and back.currency == a.currency else a for a in taken])


def _stays_aside(run: Run) -> list[str]:
    held = ", ".join(f"{a.units} x {a.sku}" for a in run.state.allocations)
    return [f"Its units stay set aside: {held}."] if held else []


def _sum(amounts: Sequence[Money]) -> list[Money]:
    """Return amounts added up by currency, without those of nothing."""
    found: dict[str, Money] = {}
    for amount in amounts:
        if amount.minor and amount.known:
            found[amount.currency] = found[amount.currency] + amount if amount.currency in found else amount
    return list(found.values())


def _text(amount: Money) -> str:
    return f"{amount.text()} {amount.currency}"
