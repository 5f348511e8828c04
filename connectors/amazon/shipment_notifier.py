"""Tells Amazon that a parcel has left: confirmShipment, where a package told twice is the same package."""

import hashlib
from collections.abc import Mapping
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from connectors.amazon.client import AmazonClient
from core.model.shipment import Dispatch

CARRIERS = Path(__file__).with_name("carriers.yaml")
OTHER = "Other"
_LARGEST = 2**31 - 1


class AmazonShipmentNotifier:
    """Amazon as a channel that is told when a parcel leaves."""

    def __init__(self, client: AmazonClient, marketplaces: tuple[str, ...]) -> None:
        self._client = client
        self._marketplaces = marketplaces

    async def tell_shipped(self, order_id: str, dispatch: Dispatch, *, key: str) -> str:  # noqa: ARG002
        """Tell of the parcel; return the package's reference. The parcel itself is the key: its newest telling wins."""
        reference = package_reference(dispatch.parcel_id)
        await self._client.confirm_shipment(
            order_id, marketplace=await self._marketplace(order_id), package=package_of(dispatch, reference)
        )
        return reference

    async def _marketplace(self, order_id: str) -> str:
        """Return the marketplace of the order; asked only where the connection has several."""
        if len(self._marketplaces) == 1:
            return self._marketplaces[0]
        order = await self._client.get_order(order_id)
        return str(order.get("salesChannel", {}).get("marketplaceId", self._marketplaces[0]))


def package_of(dispatch: Dispatch, reference: str) -> dict[str, Any]:
    """Return the package as confirmShipment takes it."""
    shipped_at = dispatch.shipped_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "packageReferenceId": reference,
        **carrier_of(dispatch.carrier, dispatch.service),
        "trackingNumber": dispatch.tracking,
        "shipDate": shipped_at,
        "orderItems": [{"orderItemId": line_id, "quantity": units} for line_id, units in dispatch.lines],
    }


def package_reference(parcel_id: str) -> str:
    """Return the parcel's number at Amazon: the same for the same parcel, positive, and short enough for an int."""
    digest = hashlib.sha256(parcel_id.encode()).digest()
    return str(int.from_bytes(digest[:8]) % _LARGEST + 1)


def carrier_of(carrier: str, service: str) -> dict[str, str]:
    """Return Amazon's code, and shipping method where known; a carrier without one is told by its own name."""
    known = _carriers().get(_plain(carrier), {"name": carrier})
    if "code" not in known:
        return {"carrierCode": OTHER, "carrierName": known["name"], "shippingMethod": service}
    return {"carrierCode": known["code"], "shippingMethod": known["services"].get(service, service)}


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


@cache
def _carriers() -> Mapping[str, Mapping[str, Any]]:
    table: dict[str, dict[str, Any]] = yaml.safe_load(CARRIERS.read_text(encoding="utf-8"))
    return {_plain(name): table[entry["like"]] if "like" in entry else entry for name, entry in table.items()}
