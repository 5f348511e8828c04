"""A process goes by the crossdock.yaml that is in force, also where it was put in force since the process began."""

import asyncio
import logging

from core.config.text_changes import connection_changes
from core.engine.hub import Hub
from core.errors import ConfigError
from core.store.configs import text_of_config

LOG = logging.getLogger("crossdock.config")


async def follow_config(hub: Hub, merchant: str, digest: str | None) -> None:
    """Take the file of a digest, if it is another one than this process has; one that cannot be taken leaves the old one."""
    if hub.reopened is None or hub.read_config is None or digest in (None, hub.config(merchant).digest):
        return
    if hub.not_taken.get(merchant) == digest:
        return
    text = await hub.store.read(text_of_config, merchant, digest)
    if text is None:
        return
    before = hub.connections(merchant)
    try:
        # Hundreds of rules take a while to be read: who is answered meanwhile does not wait for it.
        config = await asyncio.to_thread(hub.read_config, text)
    except ConfigError as error:
        _keep(hub, merchant, digest, str(error))
        return
    changed = connection_changes(before.config.text, text)
    if changed:
        _keep(hub, merchant, digest, f"{', '.join(changed)} changed: that wants a start")
        return
    hub.merchants[merchant] = hub.reopened(before, config)
    LOG.info("%s: goes by the crossdock.yaml that was put in force", merchant)


def _keep(hub: Hub, merchant: str, digest: str | None, why: str) -> None:
    hub.not_taken[merchant] = digest or ""
    LOG.error("%s: the file in force cannot be taken here (%s); going on with the one before", merchant, why)
