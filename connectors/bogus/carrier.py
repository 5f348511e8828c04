"""The bogus carriers: two of them with one price list, their labels, and their scans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.bogus.client import Effect, Shipment, World
from core.errors import RejectedError
from core.model.address import Address
from core.model.money import Money
from core.model.notification import NotificationKind
from core.model.payment import Movement, MovementState
from core.model.shipment import (
    CustomsItem,
    Label,
    LabelRefused,
    Parcel,
    Quotes,
    Rate,
    TrackingEvent,
    TrackingState,
)

# (carrier, service, base, per started half kilogram, working days), in minor units of USD.
_CARD = (("Tortoise", "Ground", 480, 110, 3), ("Hare", "Ground", 780, 50, 2), ("Hare", "Swift", 1350, 110, 1))
_STEP_G = 500
_VOID_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class BogusCarrier:
    """The world's carriers."""

    connection: str
    world: World

    async def quote(
        self,
        *,
        reference: str,
        parcel: Parcel,
        sender: Address,
        recipient: Address,
        customs: Sequence[CustomsItem],
        budget_s: float,
        exemption: str = "",
    ) -> Quotes:
        """Rate the parcel by weight alone."""
        del sender, recipient, customs, budget_s, exemption
        return await self.world.call(self.connection, "quote", lambda: self._rate(reference, parcel))

    async def buy(self, shipment_id: str, rate_id: str, *, label_format: str) -> Label | LabelRefused:
        """Buy the label; a shipment whose label is bought is refused."""
        return await self.world.call(
            self.connection, "buy", lambda: self._buy(shipment_id, rate_id, label_format)
        )

    async def find_label(self, shipment_id: str, *, label_format: str | None = None) -> Label | None:
        """Return the label that was bought on the shipment."""
        label = await self.world.look(self.connection, "find_label", lambda _: self._found(shipment_id).label)
        return (
            label
            if label is None or label_format is None
            else label.model_copy(update={"format": label_format})
        )

    async def sold_labels(self, begins: str, since: datetime) -> tuple[tuple[str, Label], ...]:
        """Return (reference, label) of what was bought since, and not taken back."""
        return await self.world.look(
            self.connection,
            "sold_labels",
            lambda _: tuple(
                (made.reference, made.label)
                for made in self.world.shipments.values()
                if made.label is not None
                and not made.voided
                and made.made_at >= since
                and made.reference.startswith(begins)
            ),
        )

    async def void(self, shipment_id: str) -> Movement:
        """Ask for the label to be taken back; one that was scanned is declined at once, the others a minute later or not."""
        return await self.world.call(self.connection, "void", lambda: self._void(shipment_id))

    async def find_void(self, shipment_id: str) -> Movement:
        """Return what the carrier says of a label that it was asked to take back."""
        return await self.world.look(self.connection, "find_void", lambda _: self._answer(shipment_id))

    async def fetch_file(self, url: str) -> bytes:
        """Return the label's file."""
        return await self.world.look(self.connection, "fetch_file", lambda _: f"^XA^FD{url}^FS^XZ".encode())

    async def fetch_tracking(self, tracker_id: str) -> tuple[TrackingEvent, ...]:
        """Return every scan so far."""
        shipment = tracker_id.removeprefix("tracker-")
        return await self.world.look(
            self.connection, "fetch_tracking", lambda _: tuple(self._found(shipment).scans)
        )

    def _rate(self, reference: str, parcel: Parcel) -> Quotes:
        shipment_id = f"shp-{len(self.world.shipments) + 1}"
        steps = -(-parcel.gross_g // _STEP_G)
        rates = tuple(
            Rate(
                rate_id=f"{shipment_id}-{number}",
                carrier=carrier,
                service=service,
                price=Money(minor=base + step * steps, currency="USD"),
                days=days,
            )
            for number, (carrier, service, base, step, days) in enumerate(_CARD, start=1)
        )
        self.world.shipments[shipment_id] = Shipment(
            shipment_id=shipment_id, rates=rates, reference=reference, made_at=self.world.clock.now()
        )
        return Quotes(shipment_id=shipment_id, rates=rates)

    def _buy(self, shipment_id: str, rate_id: str, label_format: str) -> Label | LabelRefused:
        shipment = self._found(shipment_id)
        if shipment.label is not None:
            raise RejectedError("the label is bought", connection=self.connection, code="already_bought")
        rate = next((r for r in shipment.rates if r.rate_id == rate_id), None)
        if rate is None:
            return LabelRefused(code="no_such_rate", message="the shipment has no such rate")
        if rate.name in self.world.refusing:
            return LabelRefused(code="not_there", message="the carrier does not deliver there")
        shipment.label = Label(
            shipment_id=shipment_id,
            label_id=f"label-{shipment_id}",
            tracking=f"TRK{shipment_id.removeprefix('shp-'):0>8}",
            carrier=rate.carrier,
            service=rate.service,
            price=rate.price,
            file_url=f"https://labels.invalid/{shipment_id}.zpl",
            format=label_format,
            tracker_id=f"tracker-{shipment_id}",
            bought_at=self.world.clock.now(),
        )
        self.world.did(Effect.LABEL, shipment.reference)
        return shipment.label

    def _void(self, shipment_id: str) -> Movement:
        shipment = self._found(shipment_id)
        if shipment.label is None or shipment.scans:
            return Movement(state=MovementState.DECLINED, code="in_transit")
        if not shipment.voided:
            shipment.voided, shipment.void_asked_at = True, self.world.clock.now()
        return Movement(state=MovementState.PENDING, reference=shipment_id, amount=shipment.label.price)

    def _answer(self, shipment_id: str) -> Movement:
        shipment, now = self._found(shipment_id), self.world.clock.now()
        asked_at = shipment.void_asked_at
        if asked_at is not None and now < asked_at + _VOID_AFTER:
            return Movement(state=MovementState.PENDING, reference=shipment_id)
        if asked_at is not None and (self.world.voids_to_reject or shipment.scans):
            self.world.voids_to_reject = max(0, self.world.voids_to_reject - 1)
            shipment.voided = False
        if asked_at is not None and shipment.voided:
            self.world.did(Effect.VOID, shipment_id)
        shipment.void_asked_at = None
        if not shipment.voided:
            return Movement(state=MovementState.DECLINED, code="rejected")
        return Movement(state=MovementState.DONE, reference=shipment_id)

    def _found(self, shipment_id: str) -> Shipment:
        found = self.world.shipments.get(shipment_id)
        if found is None:
            raise RejectedError("no such shipment", connection=self.connection, code="not_found")
        return found


def scan(world: World, connection: str, shipment_id: str, state: TrackingState) -> None:
    """Have a carrier scan a parcel now, and tell of it."""
    shipment = world.shipments[shipment_id]
    if shipment.label is None:
        raise ValueError(f"{shipment_id} has no label to scan")
    event = TrackingEvent(tracking=shipment.label.tracking, state=state, at=world.clock.now())
    shipment.scans.append(event)
    world.notify(connection, NotificationKind.TRACKING, f"tracker-{shipment_id}")
    world.changed()
