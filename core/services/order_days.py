"""An order written as a day: what a merchant attaches to a report, and what plays here. Nobody is asked, nothing is changed."""

from typing import Any

from core.config.joined import joined
from core.config.rules import is_standing
from core.config.texts import texts_of
from core.config.yaml_text import read_yaml
from core.domain.fold import summarize
from core.domain.order_day.history import History
from core.domain.order_day.written import written
from core.engine.hub import Hub
from core.engine.settings import settings_at
from core.errors import NotFoundError
from core.model.base import Shape
from core.model.facts import Changed, Fact, Received, ShopperTold
from core.services.replays import known_facts, replay_order
from core.store.order_day import read_around_order

CHANNELS = ("shopify", "amazon")
"""Connectors of the channels that a day may have."""


class CapturedOrder(Shape):
    """An order as a day of the format day/1, and what the day cannot show."""

    order: str
    """What the day calls it."""
    day: dict[str, Any]
    not_shown: tuple[str, ...]


async def captured_order(hub: Hub, merchant: str, order_id: str) -> CapturedOrder:
    """Return an order as a day: its own goods, rates and rules alone, made values in place of everything personal.

    Raises:
        NotFoundError: no such order, it is not known yet, or its channel is none that a day can have.
    """
    facts, config = await known_facts(hub, merchant, order_id), hub.config(merchant)
    first = next(fact for fact in facts if isinstance(fact, Received))
    use = config.connections[first.order.connection].use
    if use not in CHANNELS:
        raise NotFoundError(
            f"no day of {order_id}: a day has orders of {' and '.join(CHANNELS)}, and this one is of {use}"
        )
    history = await _history(hub, merchant, order_id, facts, first)
    day = written(history)
    return CapturedOrder(order=history.number, day=day, not_shown=tuple(history.not_shown))


async def _history(hub: Hub, merchant: str, order_id: str, facts: list[Fact], first: Received) -> History:
    config, settings = hub.config(merchant), await settings_at(hub, merchant, 0)
    connection = first.order.connection
    around = await hub.store.read(
        read_around_order,
        merchant,
        order_id,
        connection=connection,
        listings=sorted(_listings(facts)),
        skus=sorted(_skus(facts)),
        received_at=first.at,
    )
    places = {place: ours for place, (_, ours) in settings.places.get(connection, {}).items()}
    return History(
        order_id=order_id,
        facts=tuple(facts),
        state=summarize(facts),
        config=config,
        file=_said(config.text),
        zones=settings.zones,
        places=places,
        accepted=settings.accepted,
        lost={pause.connection: pause.since for pause in settings.pauses if pause.for_person},
        products=around.products,
        links=around.links,
        listed_at={
            listing: tuple(ours for at in shown if (ours := places.get(at)) is not None)
            for listing, shown in around.shown_at.items()
        },
        available=around.available,
        rules=await _rules(hub, merchant, order_id),
        has_mail=around.has_mail or any(isinstance(fact, ShopperTold) for fact in facts),
        now=hub.clock.now(),
    )


def _listings(facts: list[Fact]) -> set[str]:
    orders = [fact.order for fact in facts if isinstance(fact, Received | Changed)]
    return {line.listing for order in orders for line in order.lines if line.listing}


def _skus(facts: list[Fact]) -> set[str]:
    return {need.sku for fact in facts if isinstance(fact, Received | Changed) for need in fact.needs}


def _said(text: str) -> dict[str, Any]:
    """Return what a merchant's files say, as it is written: nothing of the environment is in it."""
    files = [
        read_yaml(said, file=name, environ={}, environment_under=("connections",))
        for name, said in texts_of(text)
    ]
    found: dict[str, Any] = joined(files).values
    return found


async def _rules(hub: Hub, merchant: str, order_id: str) -> frozenset[str]:
    """Return the rules that were asked about an order, and those that count for every one."""
    trace = await replay_order(hub, merchant, order_id)
    standing = {rule.id for rule in hub.config(merchant).rules.rules if is_standing(rule)}
    return frozenset(standing | {asked.rule for came in trace.came for asked in came.asked})
