"""What an order waits for, until when, and what to do, in one line (R112): page, API and command say these words.

It is told from the table that decides: what is due, what holds, which gate is closed, what a vendor does for nobody.
Messages to shoppers are left out: no order waits for one (R107).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.domain.due import (
    View,
    locations_of,
    look_up_at,
    open_captures,
    ready_at,
    void_again,
)
from core.domain.holds import due_later
from core.domain.payment import RISK_LIMIT
from core.domain.state import OrderState, ParcelState, Stage
from core.engine.hub import Hub
from core.engine.run import view_of
from core.engine.step import Step, Steps, next_step
from core.model.actions import Action
from core.model.failures import Failure
from core.model.gates import Gate
from core.model.holds import Hold
from core.model.payment import PaymentState
from core.model.shipment import TrackingState, VoidState
from core.steps import STEPS
from core.store.pauses import VendorPause
from core.store.surroundings import read_around

BY_ITSELF = "Nothing: the hub does it."
RETRIED = "Nothing: the hub tries it again by itself."
_TRY_AGAIN = "then press Try again, or: crossdock orders retry."
_MEND: Mapping[Failure | None, str] = {
    None: f"Mend the cause, {_TRY_AGAIN}",
    Failure.VENDOR: f"See whether the vendor does it for others, {_TRY_AGAIN}",
    Failure.OBJECT: f"Mend the cause, {_TRY_AGAIN}",
    Failure.CODE: "It is a fault of the hub's code: report it with what the log says. "
    "Once it is mended, press Try again, or: crossdock orders retry.",
    Failure.INFRASTRUCTURE: f"Mend the cause, {_TRY_AGAIN}",
}
"""What a person does about a parked order, by where the failure lies."""
_PERSONS_WORD = ("void_label", "reject", "settle_cancellation")
"""Steps that a person, or the end of the order, asked for: they come before whatever holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What an order waits for: one line of text, an instant if there is one, and what a person does about it."""

    what: str
    until: datetime | None = None
    do: str

    @property
    def line(self) -> str:
        """All of it in one line of text."""
        until = f", until {self.until:%Y-%m-%d %H:%M} UTC" if self.until is not None else ""
        return f"{self.what}{until}. {self.do}"

    @property
    def told(self) -> dict[str, str | None]:
        """All of it as JSON has it."""
        return {"what": self.what, "until": self.until.isoformat() if self.until else None, "do": self.do}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An order as it stands, and what is known around it."""

    view: View
    pauses: tuple[VendorPause, ...] = ()
    """All that stand, of whatever connection."""
    due_at: datetime | None = None
    """When it is looked at next; later than now while a failed run is waited out."""
    attempts: int = 0
    error: str | None = None
    """Why its last run failed."""


async def waiting_of(hub: Hub, merchant: str, order_ids: Iterable[str]) -> dict[str, Waiting]:
    """Return what each of a merchant's orders waits for."""
    around = await hub.store.read(read_around, merchant, tuple(order_ids), now=hub.clock.now())
    found: dict[str, Waiting] = {}
    for order_id, standing in around.standings.items():
        order = standing.state.order
        view = view_of(
            hub,
            merchant,
            standing.state,
            accepted=around.accepted,
            customs=around.customs,
            places=around.places[order.connection] if order is not None else {},
            mails_since=None,
            email_known=False,
        )
        asked = Asked(
            view=view,
            pauses=around.pauses,
            due_at=standing.due_at,
            attempts=standing.attempts,
            error=standing.error,
        )
        found[order_id] = waits_for(asked, STEPS)
    return found


def waits_for(asked: Asked, steps: Steps) -> Waiting:
    """Return what an order waits for; pure."""
    view, state = asked.view, asked.view.state
    if state.order is None:
        return Waiting(what="its first reading at the channel", do=BY_ITSELF)
    if state.parked is not None:
        step = steps.get(state.parked.step)
        failed = f"{step.words}; that" if step else "it"
        return Waiting(
            what=f"a person: it waits for {failed} failed: {state.parked.message}",
            do=_MEND[state.parked.failure],
        )
    if state.order.connection not in view.config.connections:
        return Waiting(
            what=f"its channel {state.order.connection}, which crossdock.yaml does not name",
            do="Put the connection back into crossdock.yaml.",
        )
    looked_up = look_up_at(view)
    if looked_up is not None and looked_up > view.now:
        intent = min(state.open, key=lambda intent: intent.look_up_at)
        called = intent.operation.replace("_", " ")
        return Waiting(what=f"the answer of {intent.connection} to {called}", until=looked_up, do=BY_ITSELF)
    return _of_the_table(asked, steps)


def _of_the_table(asked: Asked, steps: Steps) -> Waiting:
    view, due = asked.view, next_step(asked.view, steps)
    step = steps[due.name] if due.name is not None else None
    holds = view.wanted_holds
    if step is not None and (step.name in _PERSONS_WORD or not holds):
        return _of_step(asked, step)
    return _of_holds(view, holds) if holds else _of_stage(view)


def _of_step(asked: Asked, step: Step) -> Waiting:
    """Return the wait for a step that is due: it is done next, waits for its vendor, or is tried again."""
    now = asked.view.now
    paused = {pause.key: pause for pause in asked.pauses}
    pause = next((paused[c.kind] for c in step.asks(asked.view) if c.kind in paused), None)
    if pause is not None:
        return Waiting(
            what=f"{step.words}; {pause.connection} does it for nobody now: {pause.reason}",
            until=pause.look_at,
            do=f"Mend it at {pause.connection}, then press Try again now on the page Connections; else it is tried by itself.",
        )
    later = asked.due_at if asked.due_at is not None and asked.due_at > now else None
    tried = f"{asked.attempts} {'attempt' if asked.attempts == 1 else 'attempts'} failed"
    failed = [*([tried] if asked.attempts else []), *([asked.error] if asked.error else [])]
    what = f"{step.words}; {': '.join(failed)}" if failed and later is not None else step.words
    return Waiting(what=what, until=later, do=RETRIED if later is not None else BY_ITSELF)


def _of_holds(view: View, holds: Mapping[Hold, str]) -> Waiting:
    return Waiting(
        what="; ".join(f"{hold.words}: {detail}" if detail else hold.words for hold, detail in holds.items()),
        until=min((at for hold in holds for at in _hold_until(hold, view)), default=None),
        do=" ".join(dict.fromkeys(hold.do for hold in holds)),
    )


def _hold_until(hold: Hold, view: View) -> list[datetime]:
    """Return when a hold is looked at again by itself; nothing where only a person or the channel ends it."""
    paid = view.state.payment
    if hold is Hold.NOT_OURS:
        return due_later(view.order, view.now)
    if hold is Hold.RISK and paid is not None and not paid.disputed:
        limit = view.order.placed_at + RISK_LIMIT
        return [limit] if paid.risk == "pending" and limit > view.now else []
    asked_again = hold is Hold.PAYMENT_SHORT and paid is not None and paid.state is PaymentState.PENDING
    return [paid.again_at] if asked_again and paid is not None and paid.again_at is not None else []


def _of_stage(view: View) -> Waiting:
    waits = _OF_VOIDS & {parcel.void for parcel in view.state.voided}
    if view.state.ended and waits:
        return Waiting(what=STEPS["void_again"].words, until=void_again(view), do=BY_ITSELF)
    found = STAGES[view.state.stage]
    return found if isinstance(found, Waiting) else found(view)


def _fixed(what: str) -> Waiting:
    return Waiting(what=what, do="Nothing.")


def _unpaid(view: View) -> Waiting:
    paid = view.state.payment
    told = (
        f"its payment, which is {paid.state.value.replace('_', ' ')}"
        if paid
        else "its payment to be verified"
    )
    again = paid.again_at if paid is not None else None
    return Waiting(
        what=told, until=again, do="Nothing: it is asked for again." if again else Gate.NOT_PAID.do
    )


def _ready(view: View) -> Waiting:
    gate = view.closed_gate
    if gate is Gate.ASK:
        asking = ", ".join(place.name for place in locations_of(view) if place.labels == "ask")
        return Waiting(what=f"a person's word: {asking} asks before it buys", do=gate.do)
    if gate is Gate.NOT_ACCEPTED:
        return Waiting(what=f"labels to be accepted: {view.carrier} may not sell any yet", do=gate.do)
    if gate is not None:
        return Waiting(what=gate.words, do=gate.do)
    at = ready_at(view)
    return Waiting(what=Gate.GRACE.words, until=at, do=Gate.GRACE.do)


def _under_way(view: View) -> Waiting:
    """Return what a labelled order waits for: its money, its first scan, its delivery."""
    state, order = view.state, view.order
    if open_captures(state) and view.can_capture and not view.accepted(order.connection, Action.CAPTURES):
        return Waiting(
            what=f"its money: captures of {order.connection} are not accepted",
            do="Accept Capture money on the page Connections, or: crossdock go-live accept captures.",
        )
    strayed = next((p for p in state.parcels if p.tracking in _STRAYED), None)
    if strayed is not None and strayed.tracking is not None:
        told = strayed.tracking.value.replace("_", " ")
        return Waiting(
            what=f"a person: parcel {strayed.parcel_id} tells {told}", do="Ask the carrier for it."
        )
    if not all(p.told for p in state.parcels):
        first = _carriers(state, lambda p: not p.departed)
        return Waiting(what=f"the first scan by {first}", do="Hand it to the carrier.")
    return Waiting(
        what=f"its delivery by {_carriers(state, lambda p: p.tracking is not TrackingState.DELIVERED)}",
        do="Nothing: its scans are followed."
        if any(p.departed for p in state.parcels)
        else "Hand it to the carrier.",
    )


_OF_VOIDS = frozenset({VoidState.ASKED, VoidState.REJECTED})
_STRAYED = frozenset({TrackingState.RETURN_TO_SENDER, TrackingState.FAILURE})


def _carriers(state: OrderState, wanted: Callable[[ParcelState], bool]) -> str:
    names = {p.label.carrier for p in state.parcels if p.label is not None and wanted(p)}
    return " and ".join(sorted(names)) or "its carrier"


STAGES: Mapping[Stage, Waiting | Callable[[View], Waiting]] = {
    Stage.AWAITING_PAYMENT: _unpaid,
    Stage.ON_HOLD: Waiting(what=STEPS["sync_holds"].words, do=BY_ITSELF),
    Stage.READY: _ready,
    Stage.LABELLED: _under_way,
    Stage.SHIPPED: _under_way,
    Stage.DELIVERED: _fixed("nothing: it is delivered"),
    Stage.SHIPPED_ELSEWHERE: _fixed("nothing: it was shipped elsewhere"),
    Stage.FULFILLED_BY_CHANNEL: _fixed("nothing here: its channel ships it"),
    Stage.CANCELLED: _fixed("nothing: it is cancelled"),
    Stage.CLOSED: _fixed("nothing: all its money was given back before it was shipped"),
}
"""What an order waits for where nothing is due and nothing holds it, by its stage."""
