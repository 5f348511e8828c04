"""A merchant's file to put rules into, as the pages and the gallery speak of them."""

from textwrap import dedent

from pydantic import BaseModel

from connectors.bogus.settings import BogusSettings
from core.config.loader import read
from core.config.merchant import MerchantConfig

KNOWN: dict[str, type[BaseModel]] = {"bogus": BogusSettings}
HEAD = """\
version: 1
merchant: acme
connections:
  shop: {use: bogus, with: {plays: shop}}
  post: {use: bogus, with: {plays: carrier}}
  mail: {use: bogus, with: {plays: mailer}}
  crm: {use: bogus, with: {plays: tool}}
locations:
  west: {name: Reno, street1: 1 Depot Way, city: Reno, state: NV, zip: "89502", country: US, timezone: America/Los_Angeles, cutoff: "15:00"}
  east: {name: Easton, street1: 1 Depot Way, city: Easton, state: PA, zip: "18042", country: US, timezone: America/New_York, cutoff: "15:00"}
sla: {stages: {on_hold: 4h}}
"""


def config_of(text: str, head: str = HEAD) -> MerchantConfig:
    return read(head + dedent(text), file="crossdock.yaml", environ={}, known=KNOWN)
