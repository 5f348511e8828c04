"""Bogus: every kind of vendor in memory, with books of its own; for simulation, tests and the tutorial."""

from dataclasses import replace
from functools import partial

from connectors.bogus.carrier import BogusCarrier
from connectors.bogus.channel import BogusChannel
from connectors.bogus.channel_payments import BogusChannelPayments
from connectors.bogus.client import World, world_named
from connectors.bogus.gateway import BogusGateway
from connectors.bogus.hooks import BogusHooks
from connectors.bogus.levels import BogusLevels
from connectors.bogus.notifications import BogusNotifications
from connectors.bogus.notifier import BogusNotifier
from connectors.bogus.probe import probe
from connectors.bogus.settings import BogusSettings
from connectors.bogus.webhooks import BogusWebhooks
from core.ports import Connection, Connector, Fence, Operation, Ports


def build(connection: Connection) -> Ports:
    """Return what a bogus connection can do: what the vendor it plays can."""
    settings = BogusSettings.model_validate(connection.settings)
    return ports_of(world_named(settings.world, connection.clock), connection.name, settings)


def ports_of(world: World, name: str, settings: BogusSettings) -> Ports:
    """Return the ports of one vendor of a world."""
    plain = Ports(mode=settings.mode, probe=partial(probe, name, world))
    told = replace(plain, webhooks=BogusWebhooks(name, settings.webhook_secret.get_secret_value()))
    channel, carrier = BogusChannel(name, world), BogusCarrier(name, world)
    selling = replace(told, channel=channel, shipment_notifier=channel, levels=BogusLevels(name, world))
    match settings.plays:
        case "shop":
            return replace(selling, channel_payments=BogusChannelPayments(name, world))
        case "marketplace":
            return replace(selling, notifications=BogusNotifications(name, world) if settings.queue else None)
        case "gateway":
            world.gateway = name
            return replace(told, gateway=BogusGateway(name, world))
        case "carrier":
            return replace(told, carrier=carrier, label_files=carrier)
        case "mailer":
            return replace(plain, notifier=BogusNotifier(name, world))
        case "tool":
            return replace(plain, hooks=BogusHooks(name, world))


CONNECTOR = Connector(
    key="bogus",
    title="Bogus",
    settings=BogusSettings,
    build=build,
    operations={
        "set_levels": Operation(fence=Fence.ABSOLUTE),
        "tell_shipped": Operation(fence=Fence.OBJECT),
        "capture": Operation(fence=Fence.KEY),
        "cancel_order": Operation(fence=Fence.OBJECT),
        "buy": Operation(fence=Fence.OBJECT),
        "void": Operation(fence=Fence.ABSOLUTE),
        "send": Operation(fence=Fence.NONE),
        "call": Operation(fence=Fence.NONE),
    },
)
