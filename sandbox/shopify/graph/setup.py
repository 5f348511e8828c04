"""The shop itself, the app, its subscriptions and jobs."""

from zoneinfo import ZoneInfo

from sandbox.shopify.graph.values import gid, identified
from sandbox.shopify.keys import APP_ID, SCOPES
from sandbox.shopify.records import Subscription
from sandbox.shopify.state import Shop
from sandbox.shopify.webhooks import VERSION
from sandbox.values import Json

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
"""The stable versions a request may name; older ones fall forward to the first."""


def shop(it: Shop) -> Json:
    """The Shop."""
    zone = next(iter(it.house["locations"].values())).get("timezone", "UTC")
    return {
        "__typename": "Shop",
        "id": gid("Shop", 1),
        "name": it.house["merchant"].title(),
        "myshopifyDomain": it.domain,
        "currencyCode": it.currency,
        "ianaTimezone": zone,
        "timezoneOffset": it.now().astimezone(ZoneInfo(zone)).strftime("%z"),
        "taxesIncluded": bool(it.house.get("taxes_included")),
    }


def installation(scopes: frozenset[str]) -> Json:
    """The AppInstallation of the token at hand."""
    handles = SCOPES if "*" in scopes else scopes
    granted = [{"handle": scope} for scope in sorted(handles)]
    return {"id": gid("AppInstallation", APP_ID), "accessScopes": granted}


def subscription(it: Subscription) -> Json:
    """A WebhookSubscription."""
    return {
        **identified("WebhookSubscription", it.id),
        "apiVersion": {"handle": VERSION},
        "topic": it.topic,
        "uri": it.uri,
        "format": "JSON",
        "includeFields": list(it.include_fields),
    }


def job(number: int, it: Json) -> Json:
    """A Job."""
    return {**identified("Job", number), "done": it["done"]}
