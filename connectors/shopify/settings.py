"""What crossdock.yaml says of a shop."""

import re

from pydantic import BaseModel, ConfigDict, field_validator

API_VERSION = "2026-10"
TOPICS = (
    "APP_UNINSTALLED",
    "FULFILLMENTS_CREATE",
    "FULFILLMENTS_UPDATE",
    "INVENTORY_LEVELS_UPDATE",
    "ORDERS_CANCELLED",
    "ORDERS_CREATE",
    "ORDERS_EDITED",
    "ORDERS_PAID",
    "ORDERS_RISK_ASSESSMENT_CHANGED",
    "ORDERS_UPDATED",
    "ORDER_TRANSACTIONS_CREATE",
    "REFUNDS_CREATE",
)
"""What is subscribed to. The three compliance topics are set up with the app, not through the API."""
SCOPES = (
    "read_customers",
    "read_fulfillments",
    "read_inventory",
    "read_locations",
    "read_products",
    "read_orders",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "write_inventory",
    "write_orders",
)
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]\.myshopify\.com")
_VERSION = re.compile(r"20\d\d-(?:01|04|07|10)")


class ShopifySettings(BaseModel):
    """The ``with:`` of a Shopify connection."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str
    """The shop's permanent domain, as in ``acme.myshopify.com``."""
    api_version: str = API_VERSION
    """Another version of the Admin API than the one this connector was written for."""
    development: bool = False
    """The shop is a development store: it counts as test, and so does the whole merchant."""

    @field_validator("store")
    @classmethod
    def _a_permanent_domain(cls, value: str) -> str:
        if not _DOMAIN.fullmatch(value):
            raise ValueError("write the shop's permanent domain, without https://, as in acme.myshopify.com")
        return value

    @field_validator("api_version")
    @classmethod
    def _a_version(cls, value: str) -> str:
        if not _VERSION.fullmatch(value):
            raise ValueError(f"versions of the Admin API are named by year and quarter, as in {API_VERSION}")
        return value
