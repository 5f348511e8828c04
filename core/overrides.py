"""A merchant's own reading of single fields of an order, applied to what the connector read, with the raw order at hand.

Nothing of money, addresses, quantities or states is among them. A field that cannot be computed keeps the connector's
value and is told in ``unmapped``; one that is required makes the order one that cannot be read whole.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from core.codecs import Codec, UnfitError, one_line
from core.conversions import kind_of
from core.errors import MappingError
from core.expressions import Bound, EvaluationError, Expression, bind
from core.model.annotations import MOST_TAGS, TAG_PATTERN
from core.model.order import Attribute, FetchedOrder, Order, OrderLine
from core.paths import At, Path
from core.payloads import Payload

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#+-]{0,63}")
"""A text that an attribute may hold, unless the merchant's own table gives it, and a rule keeps of an answer: no blanks, no @."""
LARGEST = 10**15
_NO_TAG = re.compile(r"[^a-z0-9]+")
LONGEST: Mapping[str, int] = {"number": 100, "method": 200, "lines.sku": 200, "lines.title": 500}
"""Characters of the fields that a map may give."""
ATTRIBUTES = "attributes."
LINES = "lines."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A value at a path, by a codec; it goes both ways where the codec does."""

    path: Path
    codec: Codec

    def get(self, at: At) -> object:
        """Return our value; None where the vendor's is absent, null or blank."""
        value, where = self.path.find(at)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        return self.codec.get(value, where)

    def put(self, payload: object, value: object) -> object:
        """Return a copy of a payload in which the vendor would have written our value."""
        if self.codec.put is None:
            raise TypeError(f"{self.codec.name} goes one way")
        stood, _ = self.path.find(At(payload, payload))
        return self.path.put(payload, self.codec.put(value, stood))


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """How one field of an order is read."""

    target: str
    source: Lens | Expression
    required: bool = False

    @property
    def both_ways(self) -> bool:
        """Return whether what it reads can be written back."""
        return isinstance(self.source, Lens) and self.source.codec.put is not None

    def read(self, at: At, bound: Callable[[], Bound]) -> object:
        """Return the value as the order keeps it; None where the vendor's is absent.

        Raises:
            MappingError: it cannot be computed, or is nothing that the field may hold.
        """
        try:
            found = self.source.get(at) if isinstance(self.source, Lens) else self.source.evaluate(bound())
            return None if found is None else fitted(self.target, found, own_words=self._own_words)
        except (EvaluationError, UnfitError) as error:
            raise MappingError(self.target, str(error)) from error

    @property
    def _own_words(self) -> bool:
        return isinstance(self.source, Lens) and self.source.codec.name == "table"


class _Failed(NamedTuple):
    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """A merchant's map of one connector's orders."""

    payload: Payload
    fields: Sequence[Override]

    def __call__(self, fetched: FetchedOrder, payload: object) -> FetchedOrder:
        """Return the order with the merchant's own fields; ``payload`` is the vendor's order, kept nowhere.

        Raises:
            MappingError: a field that is required is absent or cannot be computed.
        """
        if fetched.order.unreadable is not None:
            return fetched
        failed: list[_Failed] = []
        found = self._of_order(payload, failed)
        lines = self._lines(fetched.order, payload, failed)
        tags = found.pop("tags", ())
        attributes = {
            name.removeprefix(ATTRIBUTES): found.pop(name)
            for name in list(found)
            if name.startswith(ATTRIBUTES)
        }
        order = fetched.order.model_copy(update={**found, "lines": lines, "attributes": attributes})
        told = tuple((one.target, one.reason) for one in dict.fromkeys(failed))
        return fetched.model_copy(update={"order": order, "tags": tags, "unmapped": told})

    def _of_order(self, payload: object, failed: list[_Failed]) -> dict[str, Any]:
        at, scope = At(payload, payload), self.payload.order_scope
        bound = _once(lambda: bind(self.payload.seen(payload), scope))
        mine = [one for one in self.fields if not one.target.startswith(LINES)]
        return dict(_read(mine, at, bound, failed))

    def _lines(self, order: Order, payload: object, failed: list[_Failed]) -> tuple[OrderLine, ...]:
        mine = [one for one in self.fields if one.target.startswith(LINES)]
        if not mine:
            return order.lines
        try:
            known = self.payload.lines_by_id(payload)
        except MappingError as error:
            failed += [_Failed(one.target, error.reason) for one in mine]
            return order.lines
        return tuple(
            self._line(line, known[line.line_id], mine, failed) if line.line_id in known else line
            for line in order.lines
        )

    def _line(self, line: OrderLine, at: At, mine: Sequence[Override], failed: list[_Failed]) -> OrderLine:
        bound = _once(lambda: bind(self.payload.seen_line(at.here), self.payload.line_scope))
        found = {name.removeprefix(LINES): value for name, value in _read(mine, at, bound, failed)}
        return line.model_copy(update=found)


def _read(
    fields: Sequence[Override], at: At, bound: Callable[[], Bound], failed: list[_Failed]
) -> Iterable[tuple[str, Any]]:
    """Yield the values there are by their fields; what cannot be computed goes into ``failed``."""
    for one in fields:
        try:
            value = one.read(at, bound)
        except MappingError as error:
            if one.required:
                raise MappingError(f"maps: {one.target}", error.reason) from error
            failed.append(_Failed(one.target, error.reason))
            continue
        if value is not None:
            yield one.target, value
        elif one.required:
            raise MappingError(f"maps: {one.target}", "missing")


def _once(made: Callable[[], Bound]) -> Callable[[], Bound]:
    kept: list[Bound] = []

    def bound() -> Bound:
        if not kept:
            kept.append(made())
        return kept[0]

    return bound


def fitted(target: str, value: object, *, own_words: bool = False) -> object:
    """Return a value as a field of the order keeps it; None where it is empty.

    Raises:
        UnfitError: the field may not hold it.
    """
    if target == "tags":
        return tags_of(value)
    if target.startswith(ATTRIBUTES):
        return attribute_of(value, own_words=own_words)
    return one_line(value, most=LONGEST[target]) or None


def tags_of(value: object) -> tuple[str, ...]:
    """Return tags as the hub writes them: ``VIP Customer`` is ``vip-customer``; what has no letter or digit is none."""
    words = value if isinstance(value, list | tuple) else [value]
    tags: list[str] = []
    for word in words:
        if not isinstance(word, str):
            raise UnfitError(f"a tag is a text, and it gives {kind_of(word)}")
        plain = unicodedata.normalize("NFKD", word.casefold()).encode("ascii", "ignore").decode()
        tag = _NO_TAG.sub("-", plain).strip("-")[:40].rstrip("-")
        if TAG_PATTERN.fullmatch(tag):
            tags.append(tag)
    return tuple(dict.fromkeys(tags))[:MOST_TAGS]


def attribute_of(value: object, *, own_words: bool = False) -> Attribute | None:
    """Return an attribute: a truth, a whole number, a time, or a text that is a code.

    Raises:
        UnfitError: it is none of these.
    """
    match value:
        case bool():
            return value
        case int() if abs(value) <= LARGEST:
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str():
            text = one_line(value, most=64)
            if text and not own_words and not CODE.fullmatch(text):
                raise UnfitError("an attribute holds codes: letters, digits and . _ : / # + -, no blanks")
            return text or None
    raise UnfitError(
        f"an attribute is a text, a whole number, a time or a truth, and it gives {kind_of(value)}"
    )
