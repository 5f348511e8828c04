"""A hub that runs under rules, and a tool that they may ask."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from textwrap import dedent

from connectors.bogus import CONNECTOR, ports_of
from connectors.bogus.client import World
from connectors.bogus.settings import BogusSettings
from core.config.loader import read
from core.config.merchant import ConnectionConfig, MerchantConfig
from core.engine.hub import Connections
from tests.builders import MERCHANT, Bench

STAGES: Mapping[str, timedelta] = {"on_hold": timedelta(hours=4)}
FILE = """\
version: 1
merchant: kendra
connections:
  shop: {use: bogus, with: {plays: shop}}
  amz: {use: bogus, with: {plays: marketplace}}
  pay: {use: bogus, with: {plays: gateway}}
  post: {use: bogus, with: {plays: carrier}}
  mail: {use: bogus, with: {plays: mailer}}
  crm: {use: bogus, with: {plays: tool}}
locations:
  reno: {name: Reno, street1: 1 Depot Way, city: Reno, state: NV, zip: "89502", country: US, timezone: America/Los_Angeles, cutoff: "15:00"}
  easton: {name: Easton, street1: 1 Depot Way, city: Easton, state: PA, zip: "18042", country: US, timezone: America/New_York, cutoff: "15:00"}
sla: {stages: {on_hold: 4h}}
rules:
"""


def read_rules(text: str) -> MerchantConfig:
    """Read a merchant's file that has these rules."""
    whole = FILE + "".join(f"  {line}\n" for line in dedent(text).strip("\n").splitlines())
    return read(whole, file="crossdock.yaml", environ={}, known={"bogus": BogusSettings})


def use(b: Bench, text: str, digest: str = "") -> None:
    """Have the hub run under these rules from now on, with a tool that they may ask."""
    b.hub.merchants[MERCHANT] = ruled(b.hub.connections(MERCHANT), b.world, text, digest)


def ruled(known: Connections, world: World, text: str, digest: str = "") -> Connections:
    """Return a merchant's connections under these rules, with a tool that they may ask."""
    settings, found = BogusSettings(plays="tool"), read_rules(text)
    crm = ConnectionConfig(
        name="crm", use="bogus", with_=settings, payments="channel", mails="channel", endpoints={}, token=None
    )
    config = replace(
        known.config,
        connections={**known.config.connections, "crm": crm},
        rules=replace(found.rules, digest=digest or found.digest),
        digest=digest or found.digest,
        labels=found.labels,
        stages=STAGES,
    )
    return replace(
        known,
        config=config,
        ports={**known.ports, "crm": ports_of(world, "crm", settings)},
        connectors={**known.connectors, "crm": CONNECTOR},
    )
