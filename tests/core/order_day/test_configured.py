"""What a captured order's day has of crossdock.yaml: what decides of the order, and no word or secret of the merchant."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from core.clock import SteppedClock
from core.config.loader import read
from core.config.yaml_text import read_yaml
from core.domain.fold import summarize
from core.domain.order_day.configured import config
from core.domain.order_day.history import History
from core.domain.order_day.written import written
from core.model.facts import Received
from core.model.products import Product
from core.model.stock import Need
from day.day import day_of
from simulation.shoppers import Cart, place
from tests.builders import home, world

pytestmark = pytest.mark.req("R66")
NOW = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


KNOWN: dict[str, type[BaseModel]] = dict.fromkeys(
    ("shopify", "amazon", "stripe", "easypost", "email", "hooks"), Anything
)
FILE = """\
version: 1
merchant: canary-kitchen
connections:
  canaryshop:
    use: shopify
    with: {store: canary-kitchen.myshopify.com, token: shpat_canary}
    payments: {stripe: canarypay, manual: hold, "*": channel}
    mails: hub
  amz: {use: amazon, with: {region: na, marketplaces: [ATVPDKIKX0DER]}}
  canarypay: {use: stripe, with: {key: sk_live_canary, webhook_secret: whsec_canary}}
  carrier: {use: easypost, with: {key: EZAKcanary}}
  letters: {use: email, with: {smtp: "smtp://canary:secret@mail.canary.test", sender: canary@canary.test}}
  crm: {use: hooks, with: {url: "https://canary.test/api", headers: {Authorization: "Bearer canary"}}}
locations:
  reno: {name: Canary Depot, street1: 7 Canary Lane, street2: Canary Yard, city: Canary City, state: NV, zip: "89502",
         country: US, phone: "+17755550177", timezone: America/Los_Angeles, cutoff: "15:00", labels: auto, grace: 15m}
boxes:
  - {id: "Canary's box", inner_mm: [300, 230, 40], tare_g: 20, max_g: 1000}
sla: {promise: {Standard: 5, "Canary courier": 2}, services: {Standard: [UPS Ground]}, hold: 36h}
stock:
  default: {buffer: {canaryshop: 1, amz: 2}, low: 3}
  CANARY-*: {buffer: {canaryshop: 9}}
rules:
  - id: big
    name: Ask Canary
    when: order.received
    if: 'order.channel == "canaryshop" && order.number != "CANARY-1" && order.method != "canary@canary.test, +1 503 555 0177" && now > timestamp("2026-11-30T08:00:00Z")'
    then:
      - {hold: {reason: "Ask Canary about {{order.number}}"}}
      - {notify: {via: letters, to: canary@canary.test, subject: Canary, text: Canary}}
      - {tag: dear}
  - id: told
    when: order.received
    then: [{note: Canary said so}]
  - id: other
    when: order.labelled
    then: [{tag: other}]
  - id: ship
    when: order.routed
    then:
      - label: {via: carrier, choose: cheapest, max: 40.00}
        else: [{hold: {reason: "Canary: {{error.message}}"}}]
"""


def history(**other: Any) -> History:
    clock = SteppedClock(NOW)
    made = world(clock)
    cart = Cart(number="CANARY-1", lines=(("MUG", 1, 2500),), ship_to=home(), email="canary@canary.test")
    place(made, "shop", cart)
    order = made.shop("shop").orders["canary-1"].order.model_copy(update={"connection": "canaryshop"})
    line = order.lines[0].line_id
    facts = (Received(at=NOW, actor="channel", order=order, needs=(Need(line_id=line, sku="MUG", units=1),)),)
    given: dict[str, Any] = {
        "order_id": "canaryshop:canary-1",
        "facts": facts,
        "state": summarize(facts),
        "config": read(FILE, file="crossdock.yaml", environ={}, known=KNOWN),
        "file": read_yaml(FILE, file="crossdock.yaml", environ={}, environment_under=()).values,
        "zones": {},
        "places": {},
        "accepted": frozenset({("canaryshop", "levels"), ("carrier", "labels"), ("amz", "levels")}),
        "lost": {},
        "products": {"MUG": Product(sku="MUG", title="Canary mug", weight_g=300, size_mm=(100, 100, 100))},
        "links": {"MUG": {"MUG": 1}},
        "listed_at": {},
        "available": {("MUG", "reno"): 4},
        "rules": frozenset({"big", "told", "ship"}),
        "has_mail": True,
        "now": NOW,
    }
    return History(**(given | other))


def test_connections_are_those_of_the_order_and_their_secrets_are_names_of_variables() -> None:
    assert config(history())["connections"] == {
        "shop": {
            "use": "shopify",
            "with": {"store": "sample.myshopify.com"},
            "payments": {"stripe": "pay", "manual": "hold", "*": "channel"},
            "mails": "hub",
        },
        "pay": {
            "use": "stripe",
            "with": {"key": "${STRIPE_KEY}", "webhook_secret": "${STRIPE_WEBHOOK_SECRET}"},
        },
        "post": {
            "use": "easypost",
            "with": {"key": "${EASYPOST_KEY}", "webhook_secret": "${EASYPOST_WEBHOOK_SECRET}"},
        },
        "mail": {"use": "email", "with": {"smtp": "${SMTP_URL}", "sender": "orders@sample.test"}},
    }


def test_rules_are_those_that_were_asked_with_names_of_the_day_and_without_the_merchants_words() -> None:
    known = history()

    assert config(known)["rules"] == [
        {
            "id": "big",
            "when": "order.received",
            "if": 'order.channel == "shop" && order.number != "ORDER-1" && order.method != "sample, sample" && now > timestamp("2026-11-30T08:00:00Z")',
            "then": [{"hold": {"reason": "held by a rule"}}, {"tag": "dear"}],
        },
        {
            "id": "ship",
            "when": "order.routed",
            "then": [
                {
                    "label": {"via": "post", "choose": "cheapest", "max": "40.00"},
                    "else": [{"hold": {"reason": "held by a rule"}}],
                }
            ],
        },
    ]
    assert known.not_shown == [
        "rule big: its steps that tell somebody outside are left out",
        "rule told: it asks or tells somebody outside",
    ]


def test_goods_boxes_and_promises_are_those_of_the_order() -> None:
    found = config(history())

    assert found["stock"] == {"MUG": {"buffer": {"shop": 1}, "low": 3}}
    assert found["boxes"] == [{"id": "BOX-1", "inner_mm": [300, 230, 40], "tare_g": 20, "max_g": 1000}]
    assert found["sla"] == {
        "promise": {"Standard": 5},
        "services": {"Standard": ["UPS Ground"]},
        "hold": "36h",
    }
    assert found["locations"] == {
        "reno": {
            "name": "Location 1", "street1": "1 Depot Way", "city": "Depot Town", "zip": "11111", "country": "US",
            "phone": "+15550100100", "state": "NV", "timezone": "America/Los_Angeles", "cutoff": "15:00",
            "labels": "auto", "grace": "15m",
        }
    }  # fmt: skip


def test_the_whole_day_is_right_and_no_canary_is_in_it() -> None:
    text = json.dumps(written(history()))

    assert day_of(text, "captured.yaml").orders.keys() == {"ORDER-1"}
    assert "canary" not in text.casefold()
