"""Puts the ports of one shop together, on one client."""

from functools import partial

from connectors.shopify.authorize import ShopifyAuthorizer
from connectors.shopify.channel import ShopifyChannel
from connectors.shopify.channel_payments import ShopifyChannelPayments
from connectors.shopify.client import Admin
from connectors.shopify.levels import ShopifyLevels
from connectors.shopify.probe import probe
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.shipment_notifier import ShopifyShipmentNotifier
from connectors.shopify.webhooks import ShopifySubscriber, ShopifyWebhooks
from core import http
from core.ports import Connection, Ports


def ports_of(connection: Connection) -> Ports:
    """Return everything a shop can do."""
    client = http.open_client()
    admin = Admin(connection, client)
    return Ports(
        mode=admin.mode,
        account=ShopifySettings.model_validate(connection.settings).store,
        channel=ShopifyChannel(admin),
        levels=ShopifyLevels(admin),
        shipment_notifier=ShopifyShipmentNotifier(admin),
        channel_payments=ShopifyChannelPayments(admin),
        webhooks=ShopifyWebhooks(connection),
        subscriber=ShopifySubscriber(admin),
        authorizer=ShopifyAuthorizer(admin),
        probe=partial(probe, admin),
        close=client.aclose,
    )
