"""Telling the shop that a parcel leaves."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from connectors.shopify.client import Admin, gid, tail
from core.model.shipment import Dispatch

CARRIERS = Path(__file__).with_name("carriers.yaml")


class ShopifyShipmentNotifier:
    """Creates fulfillments."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def tell_shipped(self, order_id: str, dispatch: Dispatch, *, key: str) -> str:  # noqa: ARG002  no key there
        """Tell the parcel once, in one fulfillment for each location that its work is assigned to.

        Shopify takes the work of one location in one call only. A fulfillment of that location that already carries
        the parcel's number is that part of it: looking first is what makes a repeat harmless, for Shopify itself
        would ship the rest of a half-shipped fulfillment order under the same number.
        """
        told = {
            _place(one): str(one["legacyResourceId"])
            for one in await self._admin.fulfillments(gid("Order", order_id))
            if one["status"] != "CANCELLED"
            and dispatch.tracking in [info["number"] for info in one["trackingInfo"]]
        }
        by_place = _by_place(dispatch)
        if told and (not by_place or not dispatch.work_places):
            return next(iter(told.values()))
        if not by_place:
            raise self._admin.refusal("the parcel names no fulfillment order", code="NO_WORK_ORDER")
        for place, lines in by_place.items():
            if place not in told:
                created = await self._admin.fulfillment_create(_fulfillment(dispatch, lines))
                told[place] = str(created["legacyResourceId"])
        return told[next(iter(by_place))]


WorkLines = list[tuple[str, str, int]]


def _place(fulfillment: dict[str, Any]) -> str | None:
    location = fulfillment.get("location")
    return tail(location["id"]) if location else None


def _by_place(dispatch: Dispatch) -> dict[str | None, WorkLines]:
    """Return the parcel's work lines by the shop's location that they are assigned to."""
    places = dict(dispatch.work_places)
    found: dict[str | None, WorkLines] = {}
    for work_id, work_line_id, units in dispatch.work_lines:
        found.setdefault(places.get(work_id), []).append((work_id, work_line_id, units))
    return found


def _fulfillment(dispatch: Dispatch, work_lines: WorkLines) -> dict[str, Any]:
    by_work: dict[str, list[dict[str, Any]]] = {}
    for work_id, work_line_id, units in work_lines:
        line = {"id": gid("FulfillmentOrderLineItem", work_line_id), "quantity": units}
        by_work.setdefault(work_id, []).append(line)
    return {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": gid("FulfillmentOrder", work_id), "fulfillmentOrderLineItems": lines}
            for work_id, lines in by_work.items()
        ],
        "trackingInfo": {
            "company": company_of(dispatch.carrier),
            "number": dispatch.tracking,
        },
        "notifyCustomer": False,
    }


def company_of(carrier: str) -> str:
    """Return the carrier as Shopify spells it; one that is not in the table keeps its name."""
    return _companies().get(_plain(carrier), carrier)


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


@cache
def _companies() -> Mapping[str, str]:
    table: dict[str, str] = yaml.safe_load(CARRIERS.read_text(encoding="utf-8"))
    return {_plain(name): company for name, company in table.items()}
