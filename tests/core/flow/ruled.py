"""A hub that runs under rules, and a tool that they may ask."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from textwrap import dedent

from connectors.bogus import CONNECTOR, ports_of
from connectors.bogus.client import World
from connectors.bogus.settings import BogusSettings
from core.config.loader import read
from core.config.merchant import ConnectionConfig
from core.config.rules import RuleSet
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


def rules_of(text: str, digest: str = "") -> RuleSet:
    """Read rules as a merchant's file has them."""
    whole = FILE + "".join(f"  {line}\n" for line in dedent(text).strip("\n").splitlines())
    found = read(whole, file="crossdock.yaml", environ={}, known={"bogus": BogusSettings}).rules
    return replace(found, digest=digest or found.digest)


def use(b: Bench, text: str, digest: str = "") -> None:
    """Have the hub run under these rules from now on, with a tool that they may ask."""
    b.hub.merchants[MERCHANT] = ruled(b.hub.connections(MERCHANT), b.world, text, digest)


def ruled(known: Connections, world: World, text: str, digest: str = "") -> Connections:
    """Return a merchant's connections under these rules, with a tool that they may ask."""
    settings = BogusSettings(plays="tool")
    crm = ConnectionConfig(
        name="crm", use="bogus", with_=settings, payments="channel", mails="channel", endpoints={}, token=None
    )
    config = replace(
        known.config,
        connections={**known.config.connections, "crm": crm},
        rules=rules_of(text, digest),
        stages=STAGES,
    )
    return replace(
        known,
        config=config,
        ports={**known.ports, "crm": ports_of(world, "crm", settings)},
        connectors={**known.connectors, "crm": CONNECTOR},
    )
