"""What another file wants of the vendors besides: authorizations, scopes and webhooks of its connections."""

from collections.abc import Iterator, Mapping

from core.config.merchant import MerchantConfig
from core.engine.hub import Hub
from core.ports import Connector
from core.store.tokens import TokenRow


async def vendor_changes(
    hub: Hub, merchant: str, before: MerchantConfig, after: MerchantConfig, known: Mapping[str, Connector]
) -> tuple[str, ...]:
    """Return, line by line, what is to be done at vendors for another file, and which scopes are lacking already."""
    lines: list[str] = []
    for name in dict.fromkeys([*before.connections, *after.connections]):
        old, new = before.connections.get(name), after.connections.get(name)
        if old is not None and (new is None or new.use != old.use):
            lines += _goes(name, known[old.use])
        if new is not None and (old is None or new.use != old.use):
            lines += _comes(name, known[new.use])
        elif new is not None:
            lines += _lacks(name, known[new.use], await _granted(hub, merchant, name))
    return tuple(lines)


def _comes(name: str, connector: Connector) -> Iterator[str]:
    if connector.scopes:
        yield f"connections.{name}: to be authorized, crossdock connect {name}; scopes: {', '.join(connector.scopes)}"
    if connector.topics:
        who = "subscribed to by the hub" if connector.subscribes else f"to be set up at {connector.title}"
        yield f"connections.{name}: webhooks, {who}: {', '.join(connector.topics)}"


def _goes(name: str, connector: Connector) -> Iterator[str]:
    if connector.topics:
        yield (
            f"connections.{name}: its webhooks stay at {connector.title} until somebody takes them away there:"
            f" {', '.join(connector.topics)}"
        )


def _lacks(name: str, connector: Connector, granted: frozenset[str] | None) -> Iterator[str]:
    """Yield the scopes that an authorization of before does not have; who may write may read (Shopify grants it so)."""
    if granted is None:
        return
    reads = {scope.replace("write_", "read_", 1) for scope in granted if scope.startswith("write_")}
    lacking = [scope for scope in connector.scopes if scope not in granted | reads]
    if lacking:
        yield f"connections.{name}: to be authorized again, crossdock connect {name}; it lacks the scopes {', '.join(lacking)}"


async def _granted(hub: Hub, merchant: str, connection: str) -> frozenset[str] | None:
    """Return the scopes of a connection's token; None where it has none, or the vendor named none."""
    row = TokenRow(keyring=hub.store.keys, merchant=merchant, connection=connection)
    kept = await hub.store.read(row.find)
    return frozenset(kept.token.scopes) or None if kept is not None else None
