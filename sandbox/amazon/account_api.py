"""What the seller has at Amazon: marketplaces (Sellers v1) and stock in Amazon's warehouses (FBA inventory v1)."""

from typing import Final

from aiohttp import web

from sandbox.amazon import reading
from sandbox.amazon.listing import Listing
from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.refusals import invalid
from sandbox.amazon.state import Account
from sandbox.amazon.times import text
from sandbox.values import Json

PAGE: Final = 50


async def get_marketplace_participations(amazon: Account, _request: web.Request) -> web.Response:
    """Where the seller sells."""
    return web.json_response({"payload": [_participation(amazon, one) for one in amazon.marketplaces]})


async def get_inventory_summaries(amazon: Account, request: web.Request) -> web.Response:
    """Units in Amazon's warehouses; merchant-fulfilled listings are not in it."""
    if request.query.get("granularityType") != "Marketplace":
        raise invalid("Invalid value for granularityType.")
    marketplaces = reading.words(request, "marketplaceIds")
    if len(marketplaces) != 1 or not set(marketplaces) <= set(amazon.marketplaces):
        raise invalid("Invalid value for marketplaceIds.")
    if request.query.get("granularityId") not in amazon.marketplaces:
        raise invalid("Invalid value for granularityId.")
    skus = reading.words(request, "sellerSkus") or request.query.getall("sellerSku", [])[:1]
    if len(skus) > PAGE:
        raise invalid(f"sellerSkus: at most {PAGE}.")
    details = reading.one_of(request, "details", "false", allowed=("true", "false")) == "true"
    start = reading.place(request, "nextToken")
    found = [
        listing
        for sku, listing in sorted(amazon.listings.items())
        if listing.fba_quantity > 0 or listing.fulfilled_by == "amazon"
        if not skus or sku in skus
    ]
    end = start + PAGE
    shown: Json = {
        "payload": {
            "granularity": {"granularityType": "Marketplace", "granularityId": amazon.marketplace},
            "inventorySummaries": [_summary(listing, details=details) for listing in found[start:end]],
        },
        "pagination": {"nextToken": str(end)} if end < len(found) else {},
    }
    return web.json_response(shown)


def _summary(listing: Listing, *, details: bool) -> Json:
    shown: Json = {
        "asin": listing.asin,
        "fnSku": f"X00{listing.asin[3:]}",
        "sellerSku": listing.sku,
        "condition": "NewItem",
        "lastUpdatedTime": text(listing.updated),
        "productName": listing.title,
        "totalQuantity": listing.fba_quantity,
        "stores": [],
    }
    if details:
        shown["inventoryDetails"] = {
            "fulfillableQuantity": listing.fba_quantity,
            "inboundWorkingQuantity": 0,
            "inboundShippedQuantity": 0,
            "inboundReceivingQuantity": 0,
        }
    return shown


def _participation(amazon: Account, marketplace: str) -> Json:
    name, country, currency, language = MARKETPLACES.get(marketplace, (marketplace, "US", "USD", "en_US"))
    return {
        "marketplace": {
            "id": marketplace,
            "name": name,
            "countryCode": country,
            "defaultCurrencyCode": currency,
            "defaultLanguageCode": language,
            "domainName": f"www.{name.lower()}",
        },
        "participation": {"isParticipating": True, "hasSuspendedListings": False},
        "storeName": f"{amazon.seller} store",
    }
