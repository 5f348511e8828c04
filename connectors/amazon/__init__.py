"""Amazon: orders and their parcels, and the listed quantities, through the Selling Partner API; news through SQS."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from pydantic import BaseModel

from connectors.amazon.limits import RATES
from connectors.amazon.settings import ORDER_CHANGE, AmazonSettings
from core.ports import Connection, Connector, Fence, Mode, Operation, Ports

CALL_LIMIT_S = 50.0
"""A call may first renew its token, and once more after a refusal: four requests of ten seconds, and some."""
PUSH_LIMIT_S = 150.0
"""Who fulfills is read first, patches begin within their budget, and the last may take a call's whole limit."""


SANDBOX = "sandbox.sellingpartnerapi"
"""How the hosts of Amazon's own sandbox begin."""


def mode_of(endpoints: Mapping[str, str]) -> Mode:
    """Return whether a connection goes to Amazon's sandbox, whose orders and listings are not real."""
    hosts = (urlsplit(url).hostname or "" for url in endpoints.values())
    return "test" if any(host.startswith(SANDBOX) for host in hosts) else "live"


def mode_by_host(_settings: BaseModel, endpoints: Mapping[str, str]) -> Mode | None:
    """Return whether a connection goes to Amazon's sandbox, whatever it says of itself."""
    return mode_of(endpoints)


def build(connection: Connection) -> Ports:
    """Return what an Amazon connection can do."""
    # The SDK takes half a second and 35 MB to import: only an installation that sells on Amazon pays for it.
    from connectors.amazon.authorize import AmazonAuthorizer  # noqa: PLC0415
    from connectors.amazon.channel import AmazonChannel  # noqa: PLC0415
    from connectors.amazon.client import AmazonClient  # noqa: PLC0415
    from connectors.amazon.levels import AmazonLevels  # noqa: PLC0415
    from connectors.amazon.notifications import AmazonNotifications, AmazonSubscriber  # noqa: PLC0415
    from connectors.amazon.probe import probe  # noqa: PLC0415
    from connectors.amazon.shipment_notifier import AmazonShipmentNotifier  # noqa: PLC0415

    settings = AmazonSettings.model_validate(connection.settings)
    client = AmazonClient(connection, settings)
    queue = AmazonNotifications(connection) if connection.app.get("queue_url") else None

    async def close() -> None:
        await client.aclose()
        if queue is not None:
            await queue.aclose()

    return Ports(
        mode=mode_of(connection.endpoints),
        channel=AmazonChannel(connection.name, client, connection.clock, overrides=connection.overrides),
        levels=AmazonLevels(connection.name, client, settings=settings, clock=connection.clock),
        shipment_notifier=AmazonShipmentNotifier(client, settings.marketplaces),
        notifications=queue,
        subscriber=AmazonSubscriber(connection, client) if queue is not None else None,
        authorizer=AmazonAuthorizer(connection, settings),
        probe=partial(probe, client),
        close=close,
    )


CONNECTOR = Connector(
    key="amazon",
    title="Amazon",
    settings=AmazonSettings,
    build=build,
    operations={
        "set_levels": Operation(fence=Fence.ABSOLUTE, call_limit_s=PUSH_LIMIT_S),
        "tell_shipped": Operation(fence=Fence.ABSOLUTE, call_limit_s=CALL_LIMIT_S),
    },
    signs_in_with=("seller", "region", "marketplaces"),
    topics=(ORDER_CHANGE,),
    subscribes=True,
    # Data Protection Policy 1.4: personal data goes no later than 30 days after delivery (reference/config-console-promises
    # D1, read 2026-11-30); what tax law wants kept (amounts, numbers) is in facts, which name nobody.
    keeps_persons=timedelta(days=30),
    limits=RATES,
    # Of one search, and of one feed: while a feed may be handed in once in two minutes, so many are read.
    at_once={"read_levels": 20, "set_levels": 10_000},
    offers=frozenset({"channel", "levels", "shipment_notifier", "authorizer"}),
    mode_of=mode_by_host,
    app_keys=(
        "client_id",
        "client_secret",
        "application_id",
        "queue_url",
        "queue_arn",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_region",
    ),
    # Orders 2026-01-01 has no end yet; confirmShipment stays in v0, of which only the reads end (2027-03-27).
    api_version="2026-01-01",
    version_ends=None,
)
