"""A parcel's rates judged against what its order was promised."""

from collections.abc import Mapping
from datetime import date, datetime

from core.config.merchant import MerchantConfig
from core.config.rules import LabelRule
from core.domain.shipping.destinations import needs_form, needs_no_form
from core.domain.shipping.rates import Choice, Wanted, choose, choose_again
from core.domain.state import region_of_order
from core.model.calendar import promised_day
from core.model.facts import Quoted
from core.model.order import Order
from core.model.shipment import CustomsItem, Parcel, Quotes


def judge(
    order: Order,
    config: MerchantConfig,
    parcel: Parcel,
    quotes: Quotes,
    *,
    connection: str,
    now: datetime,
    customs: tuple[CustomsItem, ...],
    refused: Mapping[str, str],
    labels: LabelRule | None = None,
) -> Quoted:
    """Return a parcel's rates, each judged, as the fact that is told of them.

    ``customs`` is what is declared of it, ``refused`` at which rates its label was refused already, ``labels`` which are
    wanted of this order.
    """
    labels = labels or config.labels
    calendar = config.locations[parcel.location].calendar
    region, home = region_of_order(order), config.locations[parcel.location].country
    promised = _promised(order, config)
    ships = calendar.ship_day(now)
    wanted = Wanted(
        ship_day=ships,
        promised=promised,
        currency=order.total.currency,
        to=region,
        only=needs_no_form(region, home) if region and needs_form(region, home) and not customs else None,
        refused=refused,
        at_most=labels.at_most,
        allowed=labels.services or config.allowed(order.method or ""),
        fastest=labels.choose == "fastest",
    )
    choice: Choice = choose(quotes, wanted, calendar)
    return Quoted(
        at=now,
        parcel=parcel,
        shipment_id=quotes.shipment_id,
        rates=choice.rates,
        chosen=choice.chosen.rate_id if choice.chosen else None,
        price=choice.chosen.price if choice.chosen else None,
        saved=choice.saved,
        arrives=choice.chosen.arrives if choice.chosen else None,
        promised=promised,
        connection=connection,
        ships=ships,
        customs=customs,
    )


def judge_again(quoted: Quoted, order: Order, config: MerchantConfig, labels: LabelRule) -> Quoted:
    """Return a parcel's stored rates judged as another file, or another choice of labels, would have them."""
    wanted = Wanted(
        ship_day=quoted.ships or quoted.at.date(),
        promised=_promised(order, config),
        currency=order.total.currency,
        at_most=labels.at_most,
        allowed=labels.services or config.allowed(order.method or ""),
        fastest=labels.choose == "fastest",
    )
    return choose_again(quoted, wanted)


def _promised(order: Order, config: MerchantConfig) -> date | None:
    first = next(iter(config.locations.values()))
    return promised_day(
        calendar=first.calendar,
        placed_at=order.placed_at,
        working_days=config.promise(order.method or ""),
        deliver_on=order.deliver_on,
    )
