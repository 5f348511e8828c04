"""Shopify: a shop that sells, keeps its own books of money, counts by location, and is told of every parcel."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel

from connectors.shopify.errors import OPERATIONS
from connectors.shopify.settings import API_VERSION, SCOPES, TOPICS, ShopifySettings
from core.ports import Connection, Connector, Mode, Ports


def mode_of(settings: BaseModel, _endpoints: Mapping[str, str]) -> Mode | None:
    """Return whether a shop is a development store; what a live one is, nothing tells."""
    return "test" if ShopifySettings.model_validate(settings).development else None


def build(connection: Connection) -> Ports:
    """Return what one shop can do."""
    from connectors.shopify.assembly import ports_of  # noqa: PLC0415  the SDK costs 0.3 s that listing connectors need not pay

    return ports_of(connection)


CONNECTOR = Connector(
    key="shopify",
    title="Shopify",
    settings=ShopifySettings,
    build=build,
    operations=OPERATIONS,
    # Of what one query, and one mutation, takes: connectors/shopify/levels.py.
    at_once={"read_levels": 100, "set_levels": 250},
    signs_in_with=("store", "token"),
    offers=frozenset({"channel", "levels", "shipment_notifier", "channel_payments", "authorizer"}),
    mode_of=mode_of,
    app_keys=("client_id", "client_secret", "client_secret_old"),
    api_version=API_VERSION,
    # Released 2026-10-01; a version is served for at least twelve months.
    version_ends=date(2027, 10, 1),
    scopes=SCOPES,
    topics=TOPICS,
    subscribes=True,
)
