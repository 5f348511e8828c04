"""Mail to shoppers over SMTP, where a connection says ``mails: hub``."""

from functools import partial

from connectors.email.settings import EmailSettings
from core.ports import Connection, Connector, Fence, Operation, Ports


def build(connection: Connection) -> Ports:
    """Return what a mail connection can do."""
    from connectors.email.client import SmtpServer  # noqa: PLC0415  only an installation that sends mail pays for the SDK
    from connectors.email.notifier import EmailNotifier  # noqa: PLC0415
    from connectors.email.probe import probe  # noqa: PLC0415

    settings = EmailSettings.model_validate(connection.settings)
    server = SmtpServer(connection.name, settings.smtp)
    return Ports(
        notifier=EmailNotifier(server, settings.sender, clock=connection.clock), probe=partial(probe, server)
    )


CONNECTOR = Connector(
    key="email",
    title="Email",
    settings=EmailSettings,
    build=build,
    signs_in_with=("smtp",),
    # SMTP knows no key: a mail that may have been taken is never sent again.
    offers=frozenset({"notifier"}),
    operations={"send": Operation(fence=Fence.NONE)},
)
