"""What crossdock.yaml says of a shop."""

from pydantic import BaseModel, ConfigDict, Field

API_VERSION = "2026-10"


class ShopifySettings(BaseModel):
    """The ``with:`` of a Shopify connection."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*[a-z0-9]\.myshopify\.com$")
    """The shop's permanent domain, as in ``acme.myshopify.com``."""
    api_version: str = Field(default=API_VERSION, pattern=r"^20\d\d-(01|04|07|10)$")
    """Another version of the Admin API than the one this connector was written for."""
    development: bool = False
    """The shop is a development store: it counts as test, and so does the whole merchant."""
