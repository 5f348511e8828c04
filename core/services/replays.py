"""Orders as they would have gone under a file: stored facts replayed, with no call outside and nothing written."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from core.config.merchant import MerchantConfig
from core.domain.due import View
from core.domain.rules.comparing import FilePair
from core.domain.rules.differences import Difference, differences, postage
from core.domain.rules.divergence import DivergedError
from core.domain.rules.replaying import Around, replay
from core.domain.rules.trace import Trace
from core.domain.state import OrderState
from core.engine.hub import Hub
from core.engine.run import view_of
from core.engine.settings import products_at, settings_at
from core.errors import ConfigError, NotFoundError
from core.model.facts import Changed, Fact, Received
from core.model.products import Product
from core.services.explained import OrderReplay, difference_view, trace_view
from core.services.rules_in_force import config_in_force
from core.store.assignees import assignable
from core.store.orders import facts_of
from core.store.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What replays of a merchant's orders share: switches and people as they are now."""

    settings: Settings
    people: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedOrder:
    """An order under the file in force, and under another one."""

    before: Trace
    after: Trace

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What would come or not come under the other file."""
        return differences(self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """What another file would change of an order."""

    differences: tuple[Difference, ...] = ()
    not_compared: tuple[str, ...] = ()
    """What cannot be told from stored facts, each once."""
    postage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By currency: what its labels cost before and after, in minor units, where that differs."""


async def setting_of(hub: Hub, merchant: str) -> Setting:
    """Return what replays of a merchant's orders share."""
    return Setting(
        settings=await settings_at(hub, merchant, 0), people=await hub.store.read(assignable, merchant)
    )


async def replay_view(
    hub: Hub, merchant: str, order_id: str, other: MerchantConfig | None = None
) -> OrderReplay:
    """Return an order replayed under the file in force; where another file is given, under that, and what differs.

    Raises:
        NotFoundError: no such order, or it is not known yet.
        ConfigError: the other file is another merchant's.
    """
    if other is None:
        trace = await replay_order(hub, merchant, order_id)
        found: tuple[Difference, ...] = ()
    else:
        compared = await compare_order(hub, merchant, order_id, other)
        trace, found = compared.after, compared.differences
    order = trace.state.order
    return OrderReplay(
        order=order_id,
        number=order.number if order is not None else order_id,
        trace=trace_view(trace),
        compared=other is not None,
        differences=tuple(map(difference_view, found)),
    )


async def replay_order(hub: Hub, merchant: str, order_id: str) -> Trace:
    """Return what an order's stored facts come to under the file in force.

    Raises:
        NotFoundError: no such order, or it is not known yet.
    """
    facts = await known_facts(hub, merchant, order_id)
    in_force = await config_in_force(hub, merchant)
    return await replayed(hub, merchant, facts, in_force, await setting_of(hub, merchant))


async def compare_order(hub: Hub, merchant: str, order_id: str, config: MerchantConfig) -> ReplayedOrder:
    """Return what an order's stored facts come to under the file in force, and under another one.

    Raises:
        NotFoundError: no such order, or it is not known yet.
        ConfigError: the other file is another merchant's.
    """
    check_merchant(merchant, config)
    facts, setting = await known_facts(hub, merchant, order_id), await setting_of(hub, merchant)
    return ReplayedOrder(
        before=await replayed(hub, merchant, facts, await config_in_force(hub, merchant), setting),
        after=await replayed(hub, merchant, facts, config, setting),
    )


async def planned(
    hub: Hub, merchant: str, facts: Sequence[Fact], files: FilePair, setting: Setting
) -> PlannedOrder:
    """Return what other rules and settings would change of an order; what both files share is replayed once, if at all."""
    products, until = await _products(hub, merchant, facts, setting), hub.clock.now()
    around = _around(hub, merchant, facts, setting, products)
    under = files.without(files.prefilter.never(facts, products, until))
    if files.shares(facts):
        if under.come_to_nothing(facts):
            return PlannedOrder()
        with contextlib.suppress(DivergedError):
            both = replay(
                facts, around(under.shared), until=until, outcome_only=True, divergence=files.divergence
            )
            return PlannedOrder(not_compared=unknown_of(both))
    before, after = (
        replay(facts, around(config), until=until, outcome_only=True)
        for config in (under.before, under.after)
    )
    return PlannedOrder(
        differences=differences(before, after),
        not_compared=unknown_of(before, after),
        postage=postage(before, after),
    )


def unknown_of(*traces: Trace) -> tuple[str, ...]:
    """Return what of any of them cannot be told from stored facts, each once."""
    return tuple(dict.fromkeys(one.what for trace in traces for one in trace.not_compared))


def check_merchant(merchant: str, config: MerchantConfig) -> None:
    """Refuse another merchant's file.

    Raises:
        ConfigError: it is one.
    """
    if config.merchant != merchant:
        raise ConfigError(f"{config.file} is of merchant {config.merchant!r}, and the order of {merchant!r}")


async def known_facts(hub: Hub, merchant: str, order_id: str) -> list[Fact]:
    """Return the facts of an order that is known.

    Raises:
        NotFoundError: no such order, or it is not known yet.
    """
    facts = await hub.store.read(facts_of, merchant, order_id)
    if not any(isinstance(fact, Received) for fact in facts):
        raise NotFoundError(f"{order_id} is not known yet")
    return facts


async def replayed(
    hub: Hub,
    merchant: str,
    facts: Sequence[Fact],
    config: MerchantConfig,
    setting: Setting,
    *,
    outcome_only: bool = False,
) -> Trace:
    """Return what stored facts come to under a file."""
    products = await _products(hub, merchant, facts, setting)
    around = _around(hub, merchant, facts, setting, products)
    return replay(facts, around(config), until=hub.clock.now(), outcome_only=outcome_only)


async def _products(
    hub: Hub, merchant: str, facts: Sequence[Fact], setting: Setting
) -> Mapping[str, Product]:
    skus = {need.sku for fact in facts if isinstance(fact, Received | Changed) for need in fact.needs}
    return await products_at(hub, merchant, skus, setting.settings.revision)


def _around(
    hub: Hub, merchant: str, facts: Sequence[Fact], setting: Setting, products: Mapping[str, Product]
) -> Callable[[MerchantConfig], Around]:
    """Return what gives all that is known around an order, under any file."""
    first = next(fact for fact in facts if isinstance(fact, Received))

    def around(config: MerchantConfig) -> Around:
        return Around(
            view=_views(hub, merchant, first, config=config, setting=setting, products=products),
            products=products,
            people=setting.people,
            in_test=hub.connections(merchant).in_test,
        )

    return around


def _views(
    hub: Hub,
    merchant: str,
    first: Received,
    *,
    config: MerchantConfig,
    setting: Setting,
    products: Mapping[str, Product],
) -> Callable[[OrderState, datetime], View]:
    """Return what gives all that a decision may look at, of this order at any instant under a file."""
    settings, connection = setting.settings, first.order.connection
    base = view_of(
        hub,
        merchant,
        OrderState(order=first.order),
        accepted=settings.accepted,
        customs={sku: (product.hs, product.origin) for sku, product in products.items()},
        places=settings.places.get(connection, {}),
        mails_since=None,
        email_known=False,
    )
    sells = config.labels.via or base.carrier
    # Orders are replayed as if rules were at work, also for a merchant who has accepted nothing yet.
    known = {one.name: getattr(base, one.name) for one in fields(base)} | {"config": config, "live": True}

    def view(state: OrderState, now: datetime) -> View:
        chosen = state.label_choice.via if state.label_choice is not None else None
        return View(**{**known, "state": state, "now": now, "carrier": chosen or sells})

    return view
