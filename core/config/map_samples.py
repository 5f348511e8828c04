"""Tries a field of a map on its connector's sample: what is read and written back must be what stood there."""

from typing import Any, NamedTuple

from core.codecs import UnfitError
from core.errors import MappingError
from core.expressions import Bound, bind
from core.overrides import LINES, Lens, Override, fitted
from core.paths import At
from core.payloads import Payload


class Tried(NamedTuple):
    """What came of trying a field on a sample."""

    wrong: str | None = None
    """It does not come back as it was."""
    advice: str | None = None
    """Of this sample it reads nothing that is kept; of the merchant's own orders it may."""


def tried_on_sample(field: Override, payload: Payload, sample: Any) -> Tried:
    """Return what comes of a field on a sample, or on the first line of it at which something is amiss."""
    of_line = field.target.startswith(LINES)
    places = payload.lines_by_id(sample).values() if of_line else [At(sample, sample)]
    for at in places:
        source = field.source
        found = _lens(field, source, at.here) if isinstance(source, Lens) else _computed(field, payload, at)
        if found != Tried():
            return found
    return Tried()


def _lens(field: Override, source: Lens, here: object) -> Tried:
    is_table = source.codec.name == "table"
    try:
        value = source.get(At(here, here))
        if value is not None:
            fitted(field.target, value, own_words=is_table)
    except MappingError as error:  # a table need not know the sample's word
        return Tried() if is_table else Tried(advice=f"of the sample nothing is read: {error.reason}")
    except UnfitError as error:
        return Tried(advice=f"what it reads of the sample is not kept: {error}")
    return Tried() if value is None else Tried(wrong=difference(source, here, value))


def difference(source: Lens, here: object, value: object) -> str | None:
    """Return what comes back where something else stood; None where all is as it was, or the codec goes one way."""
    if source.codec.put is None:
        return None
    stood, _ = source.path.find(At(here, here))
    back, _ = source.path.find(At(None, source.put(here, value)))
    if back == stood and type(back) is type(stood):
        return None
    return (
        f'the sample\'s {stood!r} comes back as {back!r}; write it one way, as in "=src.{source.path.text}"'
    )


def _computed(field: Override, payload: Payload, at: At) -> Tried:
    """Return what an expression gives; that it has no value over the sample proves nothing."""

    def bound() -> Bound:
        if field.target.startswith(LINES):
            return bind(payload.seen_line(at.here), payload.line_scope)
        return bind(payload.seen(at.here), payload.order_scope)

    try:
        field.read(at, bound)
    except MappingError as error:
        unfit = isinstance(error.__cause__, UnfitError)
        return Tried(advice=f"what it gives of the sample is not kept: {error.reason}") if unfit else Tried()
    return Tried()
