"""Opens what merchants' connections can do: each with its tokens, quotas and endpoints, when something is first asked of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from core.clock import Clock
from core.config.installation import Apps
from core.config.merchant import ConnectionConfig, MerchantConfig
from core.config.problems import ConfigFileError
from core.engine.hub import Connections
from core.errors import ConfigError
from core.outgoing.addresses import NONE, AllowedHosts
from core.ports import Connection, Connector, Ports, Token, Tokens, as_read
from core.store.quota import Limit, quota_of
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.vault import StaticTokens, VaultTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What all merchants of this installation share."""

    store: Store
    keys: Keyring
    clock: Clock
    owner: str
    """The name under which this process claims work."""
    connectors: Mapping[str, Connector]
    apps: Callable[[], Apps]
    """Read when it is first asked for."""
    outgoing_hosts: AllowedHosts = NONE
    """What addresses that merchants write may lead to beside public ones."""


KINDS = frozenset({
    "channel", "levels", "shipment_notifier", "channel_payments", "gateway", "carrier", "label_files", "notifier",
    "hooks", "authorizer",
})  # fmt: skip
"""The ports by which people tell connections apart: those of ``Ports`` that depend on no setting."""


class _Port:
    """A port of a connection that nobody asked yet: what is asked of it opens the connection."""

    def __init__(self, opened: Callable[[], object]) -> None:
        self._opened = opened

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened(), name)


class _Unopened:
    """What a connection can do, as far as it can be told without its vendor's SDK and its secrets."""

    def __init__(self, connector: Connector, config: ConnectionConfig, opened: Callable[[], Ports]) -> None:
        self._connector, self._config, self._opened = connector, config, opened

    def __getattr__(self, name: str) -> Any:
        if name == "mode":
            with_, mode_of = self._config.with_, self._connector.mode_of
            return None if with_ is None or mode_of is None else mode_of(with_, self._config.endpoints)
        if name not in KINDS:
            return getattr(self._opened(), name)
        return _Port(lambda: getattr(self._opened(), name)) if name in self._connector.offers else None


class OnDemand(Mapping[str, Ports]):
    """The ports of a merchant's connections, each opened when something is first asked of it."""

    def __init__(
        self, merchant: MerchantConfig, known: Mapping[str, Connector], build: Callable[[str], Ports]
    ) -> None:
        self._merchant, self._known, self._build = merchant, known, build
        self.opened: dict[str, Ports] = {}
        self.replaced: list[Ports] = []
        """What was opened under an earlier file, and is still used by whoever had it in hand."""

    def __getitem__(self, name: str) -> Ports:
        config = self._merchant.connections[name]
        connector = self._known[config.use]
        if name in self.opened or not connector.offers:
            return self.open(name)
        return cast(Ports, _Unopened(connector, config, lambda: self.open(name)))

    def open(self, name: str) -> Ports:
        """Build what a connection can do, once."""
        if name not in self.opened:
            self.opened[name] = self._build(name)
        return self.opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._merchant.connections)

    def __len__(self) -> int:
        return len(self._merchant.connections)

    def __contains__(self, name: object) -> bool:
        return name in self._merchant.connections


def connections_of(
    installation: Installation, config: MerchantConfig, *, serves: bool = False
) -> Connections:
    """Return what a merchant's connections can do: each with its tokens, quotas and endpoints, opened when it is asked.

    What ``serves`` has all of them open at once.
    """
    ports = OnDemand(
        config, installation.connectors, lambda name: _ports(installation, config, config.connections[name])
    )
    for name in config.connections if serves else ():
        ports.open(name)
    return Connections(
        config=config,
        ports=ports,
        connectors={name: installation.connectors[c.use] for name, c in config.connections.items()},
    )


def reopened(installation: Installation, before: Connections, config: MerchantConfig) -> Connections:
    """Return a merchant's connections under another file of the same connections; only whose orders are read otherwise open anew."""
    after = connections_of(installation, config)
    if isinstance(before.ports, OnDemand) and isinstance(after.ports, OnDemand):
        old, new = before.config, config
        after.ports.replaced = list(before.ports.replaced)
        for name, ports in before.ports.opened.items():
            use = new.connections[name].use
            if old.maps.get(use) == new.maps.get(use):
                after.ports.opened[name] = ports
            else:
                after.ports.replaced.append(ports)
        for name in before.ports.opened:
            after.ports.open(name)
    return after


def _ports(installation: Installation, merchant: MerchantConfig, config: ConnectionConfig) -> Ports:
    if config.with_ is None:
        raise ConfigFileError(merchant.unset)
    connector = installation.connectors[config.use]
    built: list[Ports] = []
    tokens: Tokens
    if config.token is not None:
        tokens = StaticTokens(config.token, connection=config.name)
    else:
        tokens = tokens_of(installation, merchant.merchant, config.name, built)
    connection = Connection(
        merchant=merchant.merchant,
        name=config.name,
        settings=config.with_,
        app=installation.apps().get(config.use, {}),
        endpoints=config.endpoints,
        tokens=tokens,
        quota=quota_of(
            installation.store.db,
            merchant=merchant.merchant,
            app=config.use,
            connection=config.name,
            limits={
                name: Limit(rate_per_s=rate, burst=burst) for name, (rate, burst) in connector.limits.items()
            },
            clock=installation.clock,
        ),
        clock=installation.clock,
        outgoing_hosts=installation.outgoing_hosts,
        overrides=merchant.maps.get(config.use, as_read),
    )
    built.append(connector.build(connection))
    return built[0]


def tokens_of(
    installation: Installation, merchant: str, connection: str, built: Sequence[Ports] = ()
) -> VaultTokens:
    """Return the vault's token of a connection; it is renewed by the connection's own authorizer."""

    async def refresh(token: Token) -> Token:
        authorizer = built[0].authorizer if built else None
        if authorizer is None:
            raise ConfigError(f"{connection} has no authorizer: nothing renews its token")
        return await authorizer.refresh(token)

    return VaultTokens(
        installation.store.db,
        installation.keys,
        clock=installation.clock,
        merchant=merchant,
        connection=connection,
        refresh=refresh,
        process=installation.owner,
    )
