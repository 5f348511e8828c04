"""Scans of parcels: which are news, and after which a parcel is on its way."""

from collections.abc import Sequence
from typing import Final

from core.domain.state import OrderState
from core.model.facts import LeftAfterVoid, Tracked
from core.model.shipment import TrackingEvent, TrackingState

DEPARTED: Final = frozenset(
    {
        TrackingState.IN_TRANSIT,
        TrackingState.OUT_FOR_DELIVERY,
        TrackingState.DELIVERED,
        TrackingState.RETURN_TO_SENDER,
    }
)
"""Scans that only a parcel on its way has."""


def scans_of(state: OrderState, tracker: str, events: Sequence[TrackingEvent]) -> list[Tracked]:
    """Return the scans of a parcel that are news, oldest first."""
    found: list[Tracked] = []
    for parcel in state.parcels:
        if parcel.label is None or parcel.label.tracker_id != tracker:
            continue
        found += [
            Tracked(
                at=e.at,
                actor="carrier",
                parcel_id=parcel.parcel_id,
                state=e.state,
                estimated_delivery=e.estimated_delivery,
            )
            for e in sorted(events, key=lambda e: e.at)
            if parcel.tracked_at is None or e.at > parcel.tracked_at
        ]
    return found


def left_after_void(state: OrderState, tracker: str, events: Sequence[TrackingEvent]) -> list[LeftAfterVoid]:
    """Return the word that a parcel is on its way under a label that was to be taken back."""
    for parcel in state.voided:
        label = parcel.label
        if label is None or label.tracker_id != tracker:
            continue
        scan = min((e for e in events if e.state in DEPARTED), key=lambda e: e.at, default=None)
        if scan is not None:
            told = {"parcel_id": parcel.parcel_id, "label_id": label.label_id, "state": scan.state}
            return [LeftAfterVoid.model_validate({"at": scan.at, "actor": "carrier", **told})]
    return []
