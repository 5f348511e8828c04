"""Random walks over Shopify's own schema: no document that the vendor takes may break its stand-in, or get an answer that is
none of the vendor's. What fails is shrunk to the least that still fails.

A walk is a hundred documents from one seed, asked of four shops after each other, so that what is changed stays changed for a
while. `python -m tests.soak walk` makes a hundred of them.
"""

import random
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    get_operation_ast,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.language import REMOVE, InlineFragmentNode, SelectionSetNode

from sandbox.house import usual
from sandbox.shopify.cost import Bucket
from sandbox.shopify.graph.run import run, schema
from sandbox.shopify.state import Shop
from tests.sandbox.shopify_documents import Asked, Json, Writer
from tests.sandbox.shopify_stand import an_order, kim, paid
from tests.sandbox.shopify_vendor import vendors
from tests.sandbox.stand import a_world

DOCUMENTS: Final = 100
HOUSE: Final = usual()
OF_ONE_SHOP: Final = 25
CODES: Final = frozenset({
    "NOT_OFFERED_HERE", "BAD_REQUEST", "ACCESS_DENIED", "MAX_COST_EXCEEDED", "MAX_INPUT_SIZE_EXCEEDED", "INVALID_VARIABLE",
    "INVALID_FIELD_ARGUMENTS", "RESOURCE_NOT_FOUND",
})  # fmt: skip
FORMS: Final = {
    "DateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "Decimal": re.compile(r"-?\d+\.\d+"),
    "ID": re.compile(r"gid://shopify/\w+/\S+"),
    "URL": re.compile(r"https?://\S+"),
    "UnsignedInt64": re.compile(r"\d+"),
}
KINDS: Final = {"Boolean": bool, "Int": int, "String": str, "JSON": str}


async def walked(seeds: range) -> str | None:
    """Walk from each seed; the first thing that is wrong, or None."""
    for seed in seeds:
        writer = Writer(vendors(), schema(), random.Random(seed))
        for _shop in range(DOCUMENTS // OF_ONE_SHOP):
            before: list[Asked] = []
            wrong = await walk(writer, before)
            if wrong is not None:
                return f"seed {seed}: {wrong}\n{await shrunk(before.pop(), before)}"
    return None


async def walk(writer: Writer, asked: list[Asked]) -> str | None:
    """Some documents asked of one shop, until one fails, which is the last."""
    async with a_shop() as shop:
        for _document in range(OF_ONE_SHOP):
            writer.ids = ids(shop)
            asked.append(writer.document())
            wrong = found_wrong(shop, asked[-1], writer.cursors)
            if wrong is not None:
                return wrong
    return None


@asynccontextmanager
async def a_shop() -> AsyncIterator[Shop]:
    """A shop with an order of each kind: new, sent in part, cancelled, given back, held, and older than the house."""
    world = a_world(house=HOUSE)
    shop = world.shopify
    shop.place(an_order(tags=["gift"]))
    shop.place(an_order(**kim()))
    for number in (3, 4, 5):
        lines = [{"sku": "PARE-3", "qty": 2, "price": 2900}]
        shop.place(an_order(id=f"KK-100{number}", lines=lines, total=5800, pay=[paid(5800)]))
    shop.place(an_order(id="KK-0900", at="2026-08-01T10:00:00Z"))
    shop.play(
        "other_tool",
        {"order": "KK-1003", "do": "ship", "carrier": "UPS", "lines": [{"sku": "PARE-3", "qty": 1}]},
    )
    shop.play("cancel", {"order": "KK-1004", "by": "channel"})
    shop.play("refund", {"order": "KK-1005", "lines": [{"sku": "PARE-3", "qty": 1}], "restock": True})
    shop.play("other_tool", {"order": "KK-1002", "do": "hold"})
    yield shop
    await world.close()


def ids(shop: Shop) -> list[str]:
    """The global ids of what a shop holds."""
    found = [f"gid://shopify/Location/{place.id}" for place in shop.stock.locations.values()]
    found += [f"gid://shopify/InventoryItem/{item.id}" for item in shop.stock.items.values()]
    found += [f"gid://shopify/WebhookSubscription/{number}" for number in shop.subscriptions]
    found += [f"gid://shopify/Job/{number}" for number in shop.jobs]
    for order in shop.orders.values():
        parts = {
            "Order": [order.id], "LineItem": [line.id for line in order.lines],
            "FulfillmentOrder": [one.id for one in order.fulfillment_orders],
            "FulfillmentOrderLineItem": [part.id for one in order.fulfillment_orders for part in one.portions],
            "FulfillmentHold": [hold.id for one in order.fulfillment_orders for hold in one.holds],
            "Fulfillment": [made.id for made in order.fulfillments], "Refund": [made.id for made in order.refunds],
            "OrderTransaction": [entry.id for entry in order.transactions],
        }  # fmt: skip
        found += [f"gid://shopify/{kind}/{number}" for kind, numbers in parts.items() for number in numbers]
    return found


def found_wrong(shop: Shop, asked: Asked, cursors: list[str]) -> str | None:
    """Ask; what is wrong with the answer, or None. Cursors of its pages are kept."""
    shop.bucket = Bucket()
    try:
        answer = run(shop, {"query": asked.text, "variables": asked.variables}, asked.scopes)
    except Exception as broken:  # noqa: BLE001  whatever it is, the client would have got a 500
        return f"500: {type(broken).__name__}: {broken}"
    errors = answer.get("errors", [])
    for error in errors:
        code = (error.get("extensions") or {}).get("code")
        if code not in CODES:
            return f"an error that is none of the vendor's: {error}"
    data = answer.get("data")
    if data is None:
        return None if errors else "neither data nor errors"
    cursors += re.findall(r"'(?:cursor|endCursor)': '([^']+)'", str(data))
    return next(outside(parse(asked.text), data), None)


def outside(document: DocumentNode, data: Json) -> Iterator[str]:
    """What of an answer the vendor's schema does not allow."""
    operation = get_operation_ast(document)
    assert operation is not None
    reads = operation.operation is OperationType.QUERY
    root = vendors().query_type if reads else vendors().mutation_type
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    yield from _Answer(fragments).of_object(root, operation.selection_set, data, "data")


class _Answer:
    """Compares what was asked for with what came."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments

    def of_object(self, kind: Any, chosen: SelectionSetNode, value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where} is no object: {value!r}"
            return
        if not isinstance(kind, GraphQLObjectType):
            parts = [part for part in chosen.selections if isinstance(part, InlineFragmentNode)]
            only = parts[0].type_condition if len(parts) == 1 else None
            named = str(value.get("__typename") or (only.name.value if only else None))
            kind = vendors().type_map.get(named)
            if not isinstance(kind, GraphQLObjectType):
                yield f"{where} is a {named}"
                return
        asked = dict(self._asked(kind, chosen))
        for key in value.keys() - asked.keys():
            yield f"{where}.{key} was not asked for"
        for key, field in asked.items():
            if key not in value:
                if not field.directives:
                    yield f"{where}.{key} is not there"
            elif field.name.value == "__typename":
                if value[key] != kind.name:
                    yield f"{where} calls itself {value[key]}"
            else:
                it = kind.fields[field.name.value]
                yield from self._value(it.type, field, value[key], f"{where}.{key}")

    def _asked(self, kind: GraphQLObjectType, chosen: SelectionSetNode) -> Iterator[tuple[str, FieldNode]]:
        for part in chosen.selections:
            if isinstance(part, FieldNode):
                yield (part.alias or part.name).value, part
            elif isinstance(part, FragmentSpreadNode):
                yield from self._asked(kind, self._fragments[part.name.value].selection_set)
            elif isinstance(part, InlineFragmentNode) and print_ast(part).startswith(
                f"... on {kind.name} {{"
            ):
                yield from self._asked(kind, part.selection_set)

    def _value(self, kind: Any, field: FieldNode, value: Any, where: str) -> Iterator[str]:
        if isinstance(kind, GraphQLNonNull):
            if value is None:
                yield f"{where} is null"
                return
            kind = kind.of_type
        if value is None:
            return
        if isinstance(kind, GraphQLList):
            if not isinstance(value, list):
                yield f"{where} is no list: {value!r}"
                return
            for place, one in enumerate(value):
                yield from self._value(kind.of_type, field, one, f"{where}[{place}]")
        elif field.selection_set is not None:
            yield from self.of_object(kind, field.selection_set, value, where)
        elif not _fits(kind, value):
            yield f"{where} is no {kind}: {value!r}"


def _fits(kind: Any, value: Any) -> bool:
    if isinstance(kind, GraphQLEnumType):
        return value in kind.values
    assert isinstance(kind, GraphQLScalarType)
    if kind.name in FORMS:
        return isinstance(value, str) and FORMS[kind.name].fullmatch(value) is not None
    return type(value) is KINDS[kind.name]


async def shrunk(asked: Asked, before: Sequence[Asked]) -> Asked:
    """The least part of a document that still fails; what was asked of the shop before is asked again each time."""
    least = asked
    if await _fails(asked, ()):
        before = ()
    while (smaller := await _still_failing(least, before)) is not None:
        least = smaller
    return least


async def _still_failing(asked: Asked, before: Sequence[Asked]) -> Asked | None:
    for one in _smaller(asked):
        if await _fails(one, before):
            return one
    return None


async def _fails(asked: Asked, before: Sequence[Asked]) -> bool:
    try:
        if validate(vendors(), parse(asked.text)):
            return False
    except GraphQLError:
        return False
    async with a_shop() as shop:
        for one in before:
            found_wrong(shop, one, [])
        return found_wrong(shop, asked, []) is not None


def _smaller(asked: Asked) -> Iterator[Asked]:
    """Each document that lacks one field, argument, directive or field of an input."""
    document = parse(asked.text)
    for place in range(_Without(-1).count(document)):
        operation = _Without(place).of(document).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        body = print_ast(operation.selection_set)
        used = set(re.findall(r"\$(\w+)", body))
        kept = [one for one in operation.variable_definitions or () if one.variable.name.value in used]
        declared = f"({', '.join(map(print_ast, kept))})" if kept else ""
        variables = {name: value for name, value in asked.variables.items() if name in used}
        yield Asked(f"{operation.operation.value} Walk{declared} {body}", variables, asked.scopes)


class _Without(Visitor):
    """Leaves out the part at one place."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._left, self._seen = place, 0

    def of(self, document: DocumentNode) -> DocumentNode:
        """The document without the part."""
        done: DocumentNode = visit(document, self)
        return done

    def count(self, document: DocumentNode) -> int:
        """How many parts could be left out."""
        visit(document, self)
        return self._seen

    def _enter(self, *_args: object) -> Any:
        self._seen += 1
        return REMOVE if self._seen - 1 == self._left else None

    enter_field = enter_argument = enter_object_field = enter_directive = enter_inline_fragment = _enter
