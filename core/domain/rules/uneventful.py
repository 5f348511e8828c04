"""Stored facts of which it is certain, where no rule starts, that a replay comes to nothing and can tell it. Pure."""

from collections.abc import Sequence

from core.config.merchant import MerchantConfig
from core.domain.rules.recorded import of_rules
from core.domain.shipping.judging import judge_again
from core.model import facts as f
from core.model.annotations import Assigned, NoteAdded, Tagged, Untagged
from core.model.effects import Outcome
from core.model.order import Order

_USUAL = (
    f.Received
    | f.Changed
    | f.UnitsCommitted
    | f.UnitsReleased
    | f.UnitsShipped
    | f.PaymentChecked
    | f.GatewayNotified
    | f.Quoted
    | f.Intended
    | f.Settled
    | f.LabelBought
    | f.LabelStored
    | f.ChannelTold
    | f.ShopperTold
    | f.Captured
    | f.Tracked
    | f.Forgotten
    | f.Noted
    | Assigned
    | NoteAdded
    | Tagged
    | Untagged
)
"""What comes to an order that nothing holds, that nobody rejects and of which no label is refused or taken back."""


def is_uneventful(facts: Sequence[f.Fact], config: MerchantConfig) -> bool:
    """Return whether a replay would take every fact as it stands, and name nothing that cannot be compared.

    Left out of a replay is what would not have come: after a hold, a rejection, or while a label has to be asked for.
    """
    if any(location.labels == "ask" for location in config.locations.values()):
        return False
    order: Order | None = None
    for fact in facts:
        if not isinstance(fact, _USUAL) or of_rules(fact):
            return False
        if isinstance(fact, f.Received | f.Changed):
            order = fact.order
            if order.connection not in config.connections:
                return False
        elif (isinstance(fact, f.Settled) and fact.outcome is not Outcome.DONE) or (
            isinstance(fact, f.Quoted) and not (order is not None and _is_sold(fact, order, config))
        ):
            return False
    return True


def _is_sold(quoted: f.Quoted, order: Order, config: MerchantConfig) -> bool:
    """Return whether a rate will do, judged as this file has it."""
    return judge_again(quoted, order, config, config.labels).chosen is not None
