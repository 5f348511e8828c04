"""Why a rate was taken or lost, in a sentence with its numbers."""

from core.config.rules import LabelRule
from core.domain.summary import amount_text
from core.model.facts import Quoted
from core.model.shipment import JudgedRate, RateReason


def why_rate(rate: JudgedRate, quoted: Quoted, labels: LabelRule, allowed: tuple[str, ...] | None) -> str:
    """Return why a rate of a parcel was taken or lost.

    ``labels`` and ``allowed`` are the labels wanted and the services that the order's method may go by.
    """
    chosen = next((one for one in quoted.rates if one.rate_id == quoted.chosen), None)
    match rate.reason:
        case RateReason.CHOSEN:
            return _why_chosen(quoted, labels)
        case RateReason.DEARER if chosen is not None and rate.price and chosen.price:
            return f"{amount_text(rate.price - chosen.price)} more than {chosen.name} {amount_text(chosen.price)}"
        case RateReason.SLOWER if chosen is not None:
            return f"arrives {_day(rate)}, and {chosen.name} {_day(chosen)}"
        case RateReason.LATE:
            return f"arrives {_day(rate)}, promised by {quoted.promised or 'no day'}"
        case RateReason.OVER_MAX:
            return f"{amount_text(rate.price)}, and at most {labels.at_most} is wanted"
        case RateReason.NOT_ALLOWED:
            return f"only {', '.join(labels.services or allowed or ())} may be used"
        case RateReason.REFUSED | RateReason.NO_ANSWER if rate.detail:
            return f"{rate.reason.words}: {rate.detail}"
        case _:
            return rate.reason.words


def _why_chosen(quoted: Quoted, labels: LabelRule) -> str:
    fit = [r for r in quoted.rates if r.reason in (RateReason.CHOSEN, RateReason.DEARER, RateReason.SLOWER)]
    best = "the fastest" if labels.choose == "fastest" else "the cheapest"
    promise = f" that arrive by {quoted.promised}" if quoted.promised else ""
    saved = f", {amount_text(quoted.saved)} less than the next" if quoted.saved is not None else ""
    return f"{best} of {len(fit)}{promise}{saved}"


def _day(rate: JudgedRate) -> str:
    return str(rate.arrives) if rate.arrives is not None else "on a day that its carrier does not say"
