"""An explanation as the command prints it: an order's, a rate's, a SKU's."""

from collections.abc import Iterator, Mapping

from commands.order_text import when
from commands.output import table
from commands.replay_text import not_compared_lines, step_text, value_text
from core.model.people import called
from core.services.explained import AskedView, OrderExplanation, RateWhy, StockExplanation


def order_lines(found: OrderExplanation, names: Mapping[str, str]) -> Iterator[str]:
    """Yield why an order stands as it stands, line by line."""
    yield f"{found.number}: {found.stage}, {found.order}"
    yield f"waits for {found.waits_for}. {found.do}"
    yield ""
    yield "what happened"
    told = [{"at": when(fact.at), "by": called(fact.actor, names), "what": fact.says} for fact in found.facts]
    yield from table(told)
    yield ""
    yield from _rules(found)
    yield from _holds(found)
    yield from _units(found)
    yield ""
    yield from rate_lines(found.rates, found)


def _rules(found: OrderExplanation) -> Iterator[str]:
    trace = found.trace
    yield f"rules of {found.file} ({trace.digest[:12]})"
    if not trace.asked:
        yield "  none was asked"
    for asked in trace.asked:
        yield f"  {_asked(asked)}"
    for step in trace.steps:
        yield f"  {step.rule} {step.step}: {step_text(step)}"
    for rule, until in trace.waits.items():
        yield f"  {rule} waits until {when(until)} at the latest"
    for digest in found.earlier:
        yield f"  rules of an earlier file ({digest[:12]}) ran for it too: what they did stands above"
    yield from not_compared_lines(trace)
    yield ""


def _asked(asked: AskedView) -> str:
    looked_at = ", ".join(f"{path} = {value_text(value)}" for path, value in asked.values.items())
    of = f"{asked.trigger} (fact {asked.version}): {asked.rule} ({asked.where})"
    if asked.undecided:
        return f"{of} could not be decided: {asked.undecided}"
    if not asked.condition:
        return f"{of} matched: it has no condition"
    verdict = "matched" if asked.matched else "did not match"
    return f"{of} {verdict}: {asked.condition}{f' with {looked_at}' if looked_at else ''}"


def _holds(found: OrderExplanation) -> Iterator[str]:
    for hold in found.holds:
        detail = f": {hold.detail}" if hold.detail else ""
        yield f"held: {hold.words}{detail}"
        for rule, reason in hold.rules.items():
            yield f"  rule {rule}: {reason}"
        who = (
            f"operators and owners release it: crossdock orders release {found.number} {hold.reason}"
            if hold.releasable
            else "nobody releases it: it goes away when its cause is mended"
        )
        yield f"  {hold.do} {who[0].upper()}{who[1:]}"
    if not found.holds:
        yield "held by nothing"


def _units(found: OrderExplanation) -> Iterator[str]:
    for unit in found.units:
        where = f"set aside at {unit.location}" if unit.location is not None else "lacking"
        yield f"{unit.units} x {unit.sku}: {where}"
    for number, place in enumerate(found.preferred, start=1):
        yield f"asked {number}. {place.location}: {place.why}"


def rate_lines(rates: tuple[RateWhy, ...], found: OrderExplanation) -> Iterator[str]:
    """Yield which labels are wanted, and of each rate why it was taken or lost."""
    labels = found.labels
    of = f" (rule {labels.rule}, {labels.where})" if labels.rule else ""
    yield f"labels: {labels.says}{of}"
    if labels.allowed:
        yield f"  services that may be used: {', '.join(labels.allowed)}"
    if not rates:
        yield "  no rates were asked for yet"
    yield from table(
        [
            {
                "parcel": rate.parcel,
                "rate": f"{rate.carrier} {rate.service}",
                "price": rate.price or "-",
                "arrives": rate.arrives or "-",
                "why": f"{rate.reason}: {rate.why}",
            }
            for rate in rates
        ]
    )


def stock_lines(found: StockExplanation) -> Iterator[str]:
    """Yield why a SKU's listings show what they show, line by line."""
    low = "" if found.low is None else f", low at {found.low} ({found.low_where})"
    yield f"{found.sku}: {found.available} available{low}"
    yield from table([row.model_dump() for row in found.counted])
    yield ""
    for buffer in found.buffers:
        by = f"stock rule {buffer.pattern} ({buffer.where})" if buffer.pattern else "no stock rule names it"
        yield f"buffer of {buffer.connection}: {buffer.units}, {by}"
    if not found.listings:
        yield "no listing is made of it"
    for one in found.listings:
        at = f" at {one.location}" if one.location else ""
        shown = "not read yet" if one.shown is None else f"shows {one.shown}"
        yield f"{one.connection} {one.listing}{at}: {shown}. {one.why}"
