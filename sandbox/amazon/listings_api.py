"""Listings Items API 2021-08-01."""

import uuid
from typing import Final

from aiohttp import web

from sandbox.amazon import listing_search, reading
from sandbox.amazon.listing import Listing, item_json
from sandbox.amazon.patching import AVAILABILITY, Wanted, read_patches, wanted
from sandbox.amazon.refusals import invalid, not_found, unauthorized
from sandbox.amazon.state import Account
from sandbox.values import Json

INCLUDABLE: Final = ("summaries", "attributes", "issues", "fulfillmentAvailability", "productTypes")
SUBMITTED: Final = ("identifiers", "issues")
"""What the answer to a submission may hold."""
MOST: Final = 20
USUAL_PAGE: Final = 10
MODES: Final = ("VALIDATION_PREVIEW",)


async def get_listings_item(amazon: Account, request: web.Request) -> web.Response:
    """One listing."""
    _check_place(amazon, request)
    included = reading.chosen(request, "includedData", INCLUDABLE) or {"summaries"}
    listing = amazon.listings.get(request.match_info["sku"])
    if listing is None:
        raise not_found(f"SKU '{request.match_info['sku']}' not found in marketplace {amazon.marketplace}.")
    return web.json_response(_shown(amazon, listing, included))


async def search_listings_items(amazon: Account, request: web.Request) -> web.Response:
    """The seller's listings, page by page, or those of up to twenty identifiers."""
    _check_place(amazon, request)
    included = reading.chosen(request, "includedData", INCLUDABLE) or {"summaries"}
    size = reading.count(request, "pageSize", USUAL_PAGE, most=MOST)
    found = listing_search.found(amazon, request)
    start = reading.place(request, "pageToken")
    end = min(start + size, listing_search.REACHABLE)
    shown: Json = {
        "numberOfResults": len(found),
        "items": [_shown(amazon, listing, included) for listing in found[start:end]],
    }
    if end < min(len(found), listing_search.REACHABLE):
        shown["pagination"] = {"nextToken": str(end)}
    return web.json_response(shown)


async def patch_listings_item(amazon: Account, request: web.Request) -> web.Response:
    """Change a listing's attributes; the answer says ACCEPTED before anything is visible."""
    _check_place(amazon, request)
    preview = bool(reading.chosen(request, "mode", MODES))
    included = reading.chosen(request, "includedData", SUBMITTED) or {"issues"}
    given = await reading.body(request)
    reading.field(given, "productType", str)
    patches = read_patches(reading.field(given, "patches", list))
    sku = request.match_info["sku"]
    listing = amazon.listings.get(sku)
    if listing is None:
        raise invalid(f"SKU '{sku}' not found in marketplace {amazon.marketplace}.")
    asked = [wanted(listing, op, value) for op, name, value in patches if name == AVAILABILITY]
    issues = [one for one in asked if not isinstance(one, Wanted)]
    if not issues and not preview:
        for one in asked:
            if isinstance(one, Wanted):
                amazon.set_quantity(listing, one)
        _keep_others(listing, patches)
    status = "INVALID" if issues else "VALID" if preview else "ACCEPTED"
    answer: Json = {"sku": sku, "status": status, "submissionId": uuid.uuid4().hex}
    if "issues" in included:
        answer["issues"] = issues
    if "identifiers" in included:
        answer["identifiers"] = [{"marketplaceId": amazon.marketplace, "asin": listing.asin}]
    return web.json_response(answer)


def _keep_others(listing: Listing, patches: list[tuple[str, str, list[Json]]]) -> None:
    """Keep every other attribute as it was sent."""
    for op, name, value in patches:
        if name == AVAILABILITY:
            continue
        if op == "delete":
            listing.other_attributes.pop(name, None)
        else:
            listing.other_attributes[name] = value


def _check_place(amazon: Account, request: web.Request) -> None:
    """Refuse another seller's listings and another marketplace."""
    marketplaces = reading.words(request, "marketplaceIds")
    if not marketplaces:
        raise invalid("Missing required parameter marketplaceIds.")
    if request.match_info["sellerId"] != amazon.seller:
        raise unauthorized("The token was not granted by this selling partner.")
    if not set(marketplaces) <= set(amazon.marketplaces):
        raise invalid("Invalid value for marketplaceIds.")


def _shown(amazon: Account, listing: Listing, included: set[str]) -> Json:
    quantity = amazon.shown_quantity(listing)
    return item_json(listing, included, marketplace=amazon.marketplace, quantity=quantity)
