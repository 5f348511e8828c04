"""The shop itself, the app, its subscriptions and jobs."""

from zoneinfo import ZoneInfo

from sandbox.shopify.graph.values import gid, when
from sandbox.shopify.keys import APP_ID, APP_TITLE, CLIENT_ID
from sandbox.shopify.records import Subscription
from sandbox.shopify.state import Shop
from sandbox.shopify.webhooks import VERSION
from sandbox.values import Json

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
"""The stable versions a request may name; older ones fall forward to the first."""


def shop(it: Shop) -> Json:
    """The Shop."""
    place = next(iter(it.house["locations"].values()))
    zone = place.get("timezone", "UTC")
    local = it.now().astimezone(ZoneInfo(zone))
    trial = it.house.get("mode") == "test"
    owner = f"owner@{it.house['merchant']}.test"
    return {
        "__typename": "Shop",
        "id": gid("Shop", 1),
        "name": it.house["merchant"].title(),
        "myshopifyDomain": it.domain,
        "primaryDomain": {
            "id": gid("Domain", 1), "host": it.domain, "sslEnabled": True, "url": f"https://{it.domain}",
        },
        "url": f"https://{it.domain}",
        "email": owner,
        "contactEmail": owner,
        "shopOwnerName": it.house["merchant"].title(),
        "currencyCode": it.currency,
        "enabledPresentmentCurrencies": [it.currency],
        "ianaTimezone": zone,
        "timezoneAbbreviation": local.strftime("%Z"),
        "timezoneOffset": local.strftime("%z"),
        "plan": {"partnerDevelopment": trial, "publicDisplayName": "Development" if trial else "Plus", "shopifyPlus": True},
        "taxesIncluded": bool(it.house.get("taxes_included")),
        "unitSystem": "METRIC_SYSTEM",
        "weightUnit": "GRAMS",
        "createdAt": when(it.env.clock.start),
        "updatedAt": when(it.env.clock.start),
    }  # fmt: skip


def app() -> Json:
    """The App that asks."""
    return {
        "__typename": "App",
        "id": gid("App", APP_ID),
        "title": APP_TITLE,
        "handle": "crossdock",
        "apiKey": CLIENT_ID,
    }


def installation(scopes: frozenset[str]) -> Json:
    """The AppInstallation of the token at hand."""
    return {
        "__typename": "AppInstallation",
        "id": gid("AppInstallation", APP_ID),
        "app": app(),
        "launchUrl": "https://localhost",
        "accessScopes": [
            {"handle": scope, "description": scope.replace("_", " ")} for scope in sorted(scopes)
        ],
    }


def subscription(it: Subscription) -> Json:
    """A WebhookSubscription."""
    return {
        "__typename": "WebhookSubscription",
        "id": gid("WebhookSubscription", it.id),
        "legacyResourceId": str(it.id),
        "apiVersion": version(VERSION),
        "createdAt": when(it.created_at),
        "updatedAt": when(it.updated_at),
        "topic": it.topic,
        "uri": it.uri,
        "callbackUrl": it.uri,
        "format": it.format,
        "filter": it.filter,
        "name": it.name,
        "includeFields": list(it.include_fields),
        "metafieldNamespaces": [],
    }


def version(handle: str) -> Json:
    """An ApiVersion."""
    return {"handle": handle, "displayName": handle, "supported": True}


def job(number: int, it: Json) -> Json:
    """A Job."""
    return {"__typename": "Job", "id": gid("Job", number), "done": it["done"]}
