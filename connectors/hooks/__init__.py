"""An address of the merchant's own that rules ask: a tool, an ERP, a CRM, a chat."""

from functools import partial

from connectors.hooks.settings import HooksSettings
from core.ports import Connection, Connector, Fence, Operation, Ports

CALL_LIMIT_S = 40.0
"""Longer than any step's ``timeout``, with what it takes to commit the intent before it."""


def build(connection: Connection) -> Ports:
    """Return what a connection to an address of the merchant's own can do."""
    from connectors.hooks.client import Tool  # noqa: PLC0415  only an installation that asks one loads what calls
    from connectors.hooks.hooks import ToolHooks  # noqa: PLC0415
    from connectors.hooks.probe import probe  # noqa: PLC0415

    settings = HooksSettings.model_validate(connection.settings)
    tool = Tool(connection.name, settings, allowed=connection.outgoing_hosts)
    return Ports(
        hooks=ToolHooks(tool), probe=partial(probe, tool, settings.probe) if settings.probe else None
    )


CONNECTOR = Connector(
    key="hooks",
    title="Hooks",
    settings=HooksSettings,
    build=build,
    signs_in_with=("url", "headers"),
    tested_by="probe",
    # Each request bears a key, but nobody can know whether a tool of the merchant's own looks at it.
    operations={"call": Operation(fence=Fence.NONE, call_limit_s=CALL_LIMIT_S)},
    offers=frozenset({"hooks"}),
)
