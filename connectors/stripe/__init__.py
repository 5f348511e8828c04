"""Stripe: payments are read to check what a channel says of them."""

from collections.abc import Mapping
from functools import partial

from pydantic import BaseModel

from connectors.stripe.settings import ENABLED_EVENTS, StripeSettings
from core.ports import Connection, Connector, Mode, Ports

API_VERSION = "2026-10-28.endive"


def mode_of(settings: BaseModel, _endpoints: Mapping[str, str]) -> Mode | None:
    """Return whether an account is tried out, by its key."""
    return StripeSettings.model_validate(settings).mode


def build(connection: Connection) -> Ports:
    """Return what a Stripe connection can do."""
    # The SDK takes a third of a second and 38 MB to import: only an installation that uses Stripe pays for it.
    from connectors.stripe.client import StripeApi  # noqa: PLC0415
    from connectors.stripe.gateway import StripeGateway  # noqa: PLC0415
    from connectors.stripe.probe import probe  # noqa: PLC0415
    from connectors.stripe.webhooks import StripeWebhooks  # noqa: PLC0415

    settings = StripeSettings.model_validate(connection.settings)
    api = StripeApi(
        connection.name, settings.key, api_version=API_VERSION, base=connection.endpoints.get("api")
    )
    secrets = settings.webhook_secrets
    return Ports(
        mode=settings.mode,
        gateway=StripeGateway(connection.name, api),
        webhooks=StripeWebhooks(connection.name, secrets) if secrets else None,
        probe=partial(probe, api, settings),
        close=api.close,
    )


CONNECTOR = Connector(
    key="stripe",
    title="Stripe",
    settings=StripeSettings,
    build=build,
    operations={},
    signs_in_with=("key",),
    topics=ENABLED_EVENTS,
    offers=frozenset({"gateway"}),
    mode_of=mode_of,
    api_version=API_VERSION,
    # Stripe dates its versions and names no end: an old one keeps working until the account is moved.
    version_ends=None,
)
