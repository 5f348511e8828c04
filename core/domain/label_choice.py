"""Which labels are bought for an order: as a rule chose for it, else as crossdock.yaml says for all."""

from decimal import Decimal

from core.config.rules import LabelRule, Retry
from core.domain.state import OrderState
from core.model.rule_facts import LabelChosen


def labels_of(standing: LabelRule, state: OrderState) -> LabelRule:
    """Return how the labels of an order are bought; what its rule leaves open is as for every order."""
    chosen = state.label_choice
    if chosen is None:
        return standing
    return LabelRule(
        via=chosen.via or standing.via,
        at_most=standing.at_most if chosen.at_most is None else Decimal(chosen.at_most),
        format=chosen.format or standing.format,
        no_label=chosen.no_label or standing.no_label,
        services=chosen.services or standing.services,
        choose=chosen.choose or standing.choose,
        retry=_retry(chosen) or standing.retry,
    )


def _retry(chosen: LabelChosen) -> Retry | None:
    if chosen.attempts is None or chosen.first is None or chosen.longest is None:
        return None
    return Retry(attempts=chosen.attempts, first=chosen.first, longest=chosen.longest)
