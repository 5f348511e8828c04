"""The one app the stand-in knows; its secret is no secret."""

from typing import Final

CLIENT_ID: Final = "sandbox-shopify-client"
CLIENT_SECRET: Final = "shpss_sandbox_client_secret"  # noqa: S105  the stand-in's own, known to everyone
APP_ID: Final = 1
APP_TITLE: Final = "Crossdock"
