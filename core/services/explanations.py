"""Why an order stands as it stands: from its stored facts, the file in force and what its rates said; no vendor is asked."""

from collections.abc import Sequence

from core.config.merchant import MerchantConfig
from core.config.rules import is_standing
from core.domain.label_choice import labels_of
from core.domain.rule_summary import choice_text
from core.domain.shipping.rate_words import why_rate
from core.domain.shipping.route_words import why_near
from core.domain.state import OrderState, region_of_order
from core.domain.summary import amount_text, summary
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.model.facts import Fact
from core.model.order import Order
from core.model.rule_facts import RouteChosen, RuleMatched, RuleRetried
from core.services.explained import (
    HoldView,
    LabelsView,
    OrderExplanation,
    PreferredView,
    RateWhy,
    ToldFact,
    UnitsView,
    trace_view,
)
from core.services.replays import Setting, known_facts, replayed, setting_of
from core.services.waiting import waiting_of
from core.steps.sync import locations_for


async def explain_order(hub: Hub, merchant: str, order_id: str) -> OrderExplanation:
    """Return why an order stands as it stands.

    Raises:
        NotFoundError: no such order, or it is not known yet.
    """
    facts, setting = await known_facts(hub, merchant, order_id), await setting_of(hub, merchant)
    state, config = await hub.store.load(merchant, order_id) or OrderState(), hub.config(merchant)
    if state.order is None:
        raise NotFoundError(f"{order_id} is not known yet")
    order, waits = state.order, (await waiting_of(hub, merchant, [order_id]))[order_id]
    trace = await replayed(hub, merchant, facts, config, setting)
    ran = {fact.digest for fact in facts if isinstance(fact, RuleMatched | RuleRetried)}
    return OrderExplanation(
        order=order_id,
        number=order.number,
        stage=state.stage.words,
        waits_for=waits.what,
        do=waits.do,
        file=config.file,
        facts=tuple(_told(facts)),
        trace=trace_view(trace),
        earlier=tuple(sorted(ran - {config.rules.digest})),
        holds=tuple(_holds(state)),
        units=_units(state),
        preferred=_preferred(config, setting, order, state=state, facts=facts),
        rates=tuple(_rates(config, order, state)),
        labels=_labels(config, order, state, facts=facts),
    )


def rates_named(found: OrderExplanation, name: str) -> tuple[RateWhy, ...]:
    """Return the rates of an order that have an id, or a carrier and service as in ``UPS Ground``.

    Raises:
        NotFoundError: it has none of that name.
    """
    wanted = name.casefold()
    rates = tuple(
        rate
        for rate in found.rates
        if rate.rate_id == name or f"{rate.carrier} {rate.service}".casefold() == wanted
    )
    if not rates:
        names = ", ".join(dict.fromkeys(f"{rate.carrier} {rate.service}" for rate in found.rates))
        raise NotFoundError(f"{found.number} has no rate {name!r}; it has {names or 'none yet'}")
    return rates


def _told(facts: Sequence[Fact]) -> list[ToldFact]:
    return [
        ToldFact(version=version, at=fact.at, actor=fact.actor, says=words)
        for version, fact in enumerate(facts, start=1)
        if (words := summary(fact))
    ]


def _holds(state: OrderState) -> list[HoldView]:
    return [
        HoldView(
            reason=hold.value,
            words=hold.words,
            detail=detail,
            releasable=hold.overrulable,
            do=hold.do,
            rules=state.held_by_rules if hold == "by_rule" else {},
        )
        for hold, detail in state.holds.items()
    ]


def _units(state: OrderState) -> tuple[UnitsView, ...]:
    aside = [UnitsView(sku=a.sku, units=a.units, location=a.location) for a in state.allocations]
    lacking = [UnitsView(sku=n.sku, units=n.units, location=None) for n in state.backordered]
    return (*aside, *lacking)


def _preferred(
    config: MerchantConfig, setting: Setting, order: Order, *, state: OrderState, facts: Sequence[Fact]
) -> tuple[PreferredView, ...]:
    """Return the locations in the order in which they are asked: a rule's route, else the nearest first."""
    names = locations_for(config, setting.settings, order, state.route)
    if state.route:
        told = next((fact for fact in reversed(facts) if isinstance(fact, RouteChosen)), None)
        why = (
            f"rule {told.rule} has it leave from here"
            if told is not None
            else "a rule has it leave from here"
        )
        return tuple(PreferredView(location=name, why=why) for name in names)
    places = {name: (at.country, at.state) for name, at in config.locations.items()}
    region, zones = region_of_order(order), setting.settings.zones
    return tuple(PreferredView(location=name, why=why_near(name, region, places, zones)) for name in names)


def _rates(config: MerchantConfig, order: Order, state: OrderState) -> list[RateWhy]:
    labels, allowed = labels_of(config.labels, state), config.allowed(order.method or "")
    return [
        RateWhy(
            parcel=parcel.parcel_id,
            rate_id=rate.rate_id,
            carrier=rate.carrier,
            service=rate.service,
            price=amount_text(rate.price) if rate.price is not None else None,
            arrives=rate.arrives,
            reason=rate.reason.value,
            why=why_rate(rate, parcel.quote, labels, allowed),
        )
        for parcel in state.parcels
        for rate in parcel.quote.rates
    ]


def _labels(config: MerchantConfig, order: Order, state: OrderState, *, facts: Sequence[Fact]) -> LabelsView:
    """Return which labels are wanted: as a rule chose for the order, else as the file says for all."""
    chosen, rules = state.label_choice, config.rules
    wanted = labels_of(config.labels, state)
    if chosen is not None:
        says = choice_text(chosen)
        rule: str | None = chosen.rule
        ran = next(
            (f for f in reversed(facts) if isinstance(f, RuleMatched | RuleRetried) and f.rule == rule), None
        )
        where = ran.where if ran is not None else None
    else:
        says = f"the {wanted.choose} rate"
        says += f" up to {wanted.at_most}" if wanted.at_most is not None else ""
        standing = next(
            (one for one in rules.rules if is_standing(one) and one.steps[0].action == "label"), None
        )
        rule = standing.id if standing is not None else None
        where = rules.where(standing) if standing is not None else None
    quote = state.parcels[0].quote if state.parcels else None
    return LabelsView(
        says=says,
        rule=rule,
        where=where,
        promised=quote.promised if quote is not None else None,
        allowed=wanted.services or config.allowed(order.method or ""),
    )
