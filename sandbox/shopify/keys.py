"""The one app the stand-in knows; its secret is no secret."""

from typing import Final

CLIENT_ID: Final = "sandbox-shopify-client"
CLIENT_SECRET: Final = "shpss_sandbox_client_secret"  # noqa: S105  the stand-in's own, known to everyone
APP_ID: Final = 1
APP_TITLE: Final = "Crossdock"
SCOPES: Final = frozenset({
    "read_orders", "write_orders", "read_products", "read_customers", "read_inventory", "write_inventory",
    "read_locations", "read_fulfillments", "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
})  # fmt: skip
"""What the app is configured to ask for: a token of its client credentials has these."""
