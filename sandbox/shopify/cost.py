"""What a query costs, and the bucket it is paid from."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode, OperationType
from graphql.language.ast import (
    BooleanValueNode,
    DocumentNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from sandbox.values import Json

MUTATION: Final = 10
MOST: Final = 1000
"""No single query may cost more."""
FREE: Final = frozenset({
    "pageInfo", "edges", "nodes", "node", "shopMoney", "presentmentMoney", "userErrors", "throttleStatus",
})  # fmt: skip


class Bucket:
    """A leaky bucket that fills up again with time, real unless told otherwise; as large as the largest plan but one."""

    def __init__(
        self,
        maximum: float = 20_000.0,
        rate: float = 1_000.0,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self.maximum = maximum
        self.rate = rate
        self.level = maximum
        self._at = seconds()

    def take(self, points: float) -> bool:
        """Pay, if there is enough; `give` back what turned out to be too much."""
        self.refill()
        if points > self.level:
            return False
        self.level -= points
        return True

    def give(self, points: float) -> None:
        """Put points back."""
        self.level = min(self.maximum, self.level + points)

    def refill(self) -> None:
        """Add what time has brought."""
        now = self._seconds()
        self.level = min(self.maximum, self.level + (now - self._at) * self.rate)
        self._at = now

    def report(self, requested: int, actual: int | None) -> Json:
        """The `extensions.cost` of an answer."""
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": self.maximum,
                "currentlyAvailable": int(self.level),
                "restoreRate": self.rate,
            },
        }


def requested(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """The price asked before running: pages count by the logarithm of their size, mutations ten each."""
    price = _Price(document, variables)
    if operation.operation is OperationType.MUTATION:
        return MUTATION * sum(1 for _field in price.fields(operation.selection_set))
    return max(1, price.of(operation.selection_set, None))


def actual(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any], data: object
) -> int:
    """The price of what was in fact returned."""
    if operation.operation is OperationType.MUTATION:
        return requested(document, operation, variables)
    return max(1, _Price(document, variables).of(operation.selection_set, data))


class _Price:
    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._fragments = {
            part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)
        }

    def of(self, chosen: SelectionSetNode | None, data: object) -> int:
        """What the fields of a selection cost together."""
        return sum(self._field(field, data) for field in self.fields(chosen))

    def fields(self, chosen: SelectionSetNode | None) -> Iterator[FieldNode]:
        """The fields of a selection with those of its fragments, without what directives leave out."""
        for part in chosen.selections if chosen else ():
            if self._left_out(part):
                continue
            if isinstance(part, FieldNode):
                yield part
            elif isinstance(part, FragmentSpreadNode):
                yield from self.fields(self._fragments[part.name.value].selection_set)
            elif isinstance(part, InlineFragmentNode):
                yield from self.fields(part.selection_set)

    def _left_out(self, part: SelectionNode) -> bool:
        for mark in part.directives or ():
            if mark.name.value not in ("skip", "include"):
                continue
            value = (mark.arguments or ())[0].value
            given = self._variables.get(value.name.value) if isinstance(value, VariableNode) else None
            if (value.value if isinstance(value, BooleanValueNode) else given) is (mark.name.value == "skip"):
                return True
        return False

    def _field(self, field: FieldNode, data: object) -> int:
        if field.selection_set is None:
            return 0
        key = field.alias.value if field.alias else field.name.value
        got = data.get(key) if isinstance(data, dict) else None
        if isinstance(data, dict) and got is None:
            return 0
        name = field.name.value
        if name.endswith("Set") or name in FREE:
            first = got[0] if isinstance(got, list) and got else got
            return self.of(field.selection_set, first)
        if isinstance(got, list):
            return sum(1 + self.of(field.selection_set, entry) for entry in got[:50]) or 1
        size = self._size(field)
        if size is None:
            return 1 + self.of(field.selection_set, got)
        if isinstance(got, dict):
            entries = got.get("nodes") or got.get("edges")
            size = len(entries) if isinstance(entries, list) else 0
        return (
            math.ceil(2 + 2 * math.log(max(1, size))) * (1 + self.of(field.selection_set, got)) if size else 2
        )

    def _size(self, field: FieldNode) -> int | None:
        for argument in field.arguments or ():
            if argument.name.value in ("first", "last"):
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    return int(self._variables.get(argument.value.name.value) or 0)
        return None
