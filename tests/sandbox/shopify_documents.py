"""Random GraphQL documents that Shopify's own schema takes, with arguments of every kind; most of what they ask is offered."""

import json
import random
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from sandbox.shopify.keys import SCOPES

Json = dict[str, Any]
Composite = GraphQLObjectType | GraphQLInterfaceType
DEEPEST: Final = 5
STRAYING: Final = 0.1
"""How often a document asks for something that is the vendor's and may not be offered."""
ALIAS: Final = re.compile(r"^\w+: ")
SEARCHES: Final = (
    "status:open -fulfillment_status:fulfilled", "updated_at:>='2026-11-30T00:00:00Z'", "sku:CHEF-8 OR tag:gift",
    "(name:KK-1001 OR name:KK-1002) NOT test:true", "created_at:2026-11", "id:>1", "title:Default*", "colour:red",
    "fulfillment_status:shipped,partial", "inventory_quantity:5..20", "chef", "'walnut board'", "zip:89502",
    "updated_at:>=2026-11-30T00:00:00Z", "-(", "sku:", "cart_token:a", "query=x", "", "*", "financial_status:PAID",
)  # fmt: skip
WORDS: Final = (
    "",
    "a",
    "available",
    "on_hand",
    "correction",
    "Ünïcode ☠",
    "gid://shopify/Order/1",
    "https://hub.test/a",
)


@dataclass(frozen=True)
class Asked:
    """One document with its variables."""

    text: str
    variables: Json
    scopes: frozenset[str] = frozenset({"*"})

    def __str__(self) -> str:
        return f"{self.text}\n{json.dumps(self.variables, ensure_ascii=False)}"


@dataclass
class Writer:
    """Writes documents; `ids` are of what the shop holds, `cursors` of pages that were read before."""

    vendor: GraphQLSchema
    offered: GraphQLSchema
    rng: random.Random
    ids: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    _strays: bool = False
    _variables: Json = field(default_factory=dict)
    _declared: dict[str, str] = field(default_factory=dict)

    def document(self) -> Asked:
        """The next document."""
        self._strays = self.rng.random() < STRAYING
        self._variables, self._declared = {}, {}
        word = "query" if self.rng.random() < 0.7 else "mutation"
        root = self.vendor.query_type if word == "query" else self.vendor.mutation_type
        assert root is not None
        names = self._names(root)
        picked = self.rng.sample(names, min(len(names), self.rng.choice((1, 1, 1, 2))))
        body = " ".join(filter(None, (self._field(root, name, 0) for name in picked))) or "__typename"
        declared = ", ".join(f"${name}: {kind}" for name, kind in self._declared.items())
        text = f"{word} Walk{f'({declared})' if declared else ''} {{ {body} }}"
        few = frozenset(self.rng.sample(sorted(SCOPES), 4))
        return Asked(text, dict(self._variables), few if self.rng.random() < 0.15 else frozenset({"*"}))

    def _names(self, kind: Composite) -> list[str]:
        """The fields of a type: those that are offered, and on a stray the vendor's others."""
        ours = self.offered.type_map.get(kind.name)
        known = [name for name in kind.fields if isinstance(ours, Composite) and name in ours.fields]
        strays = self._strays and (not known or self.rng.random() < 0.2)
        return list(kind.fields) if strays else known

    def _selection(self, kind: Composite, depth: int, tag: str = "") -> str:
        if isinstance(kind, GraphQLInterfaceType):
            return "{ __typename " + " ".join(self._parts(kind, depth)) + " }"
        names = self._names(kind)
        leaves = [name for name in names if not _composite(kind.fields[name])]
        wanted = leaves if depth >= DEEPEST else names
        picked = self.rng.sample(wanted, min(len(wanted), self.rng.randint(1, 5)))
        fields = [text for name in picked if (text := self._field(kind, name, depth))]
        if tag:
            # Parts of a node may not call unlike things by one name.
            fields = [f"{tag}{place}: {ALIAS.sub('', text, count=1)}" for place, text in enumerate(fields)]
        return "{ " + (" ".join(fields) or "__typename") + " }"

    def _parts(self, of: GraphQLInterfaceType, depth: int) -> Iterator[str]:
        possible = [kind for kind in self.vendor.get_possible_types(of) if kind.name in self.offered.type_map]
        for kind in self.rng.sample(possible, min(len(possible), 2)):
            chosen = self._selection(kind, max(depth, DEEPEST - 1), kind.name)
            yield f"... on {kind.name} {chosen}"

    def _field(self, parent: Composite, name: str, depth: int) -> str:
        it = parent.fields[name]
        kind = get_named_type(it.type)
        if not isinstance(kind, Composite | GraphQLScalarType | GraphQLEnumType):
            return ""
        given = self._arguments(parent, name, it)
        marks = self._marks(parent, name)
        if not isinstance(kind, Composite):
            return f"{name}{given}{marks}"
        inner = self._selection(kind, depth + 1)
        alias = f"{name}_{self.rng.randint(0, 9)}: " if given or self.rng.random() < 0.1 else ""
        return f"{alias}{name}{given}{marks} {inner}"

    def _marks(self, parent: Composite, name: str) -> str:
        once = {"refundCreate", "inventorySetQuantities", "inventoryActivate"}
        if parent.name == "Mutation" and name in once and self.rng.random() < 0.9:
            return f' @idempotent(key: "{self.rng.choice(("k1", "k2", " "))}")'
        if parent.name != "Mutation" and self.rng.random() < 0.05:
            return f" @{self.rng.choice(('skip', 'include'))}(if: {self.rng.choice(('true', 'false'))})"
        return ""

    def _arguments(self, parent: Composite, name: str, it: GraphQLField) -> str:
        given = {}
        paged = "first" in it.args and self.rng.random() < 0.97
        for key, argument in it.args.items():
            if (
                is_required_argument(argument)
                or (paged and key == "first" and self.rng.random() < 0.85)
                or (self.rng.random() < 0.15 and self._is_offered(parent, name, key))
            ):
                given[key] = self._given(argument, f"{name}.{key}")
        return f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else ""

    def _is_offered(self, parent: Composite, name: str, key: str) -> bool:
        ours = self.offered.type_map.get(parent.name)
        known = isinstance(ours, Composite) and name in ours.fields and key in ours.fields[name].args
        return known or self._strays

    def _given(self, argument: GraphQLArgument, key: str) -> str:
        """A value as it stands in the document, or a variable that holds it."""
        value = self._value(argument.type, key)
        if self.rng.random() < 0.4:
            name = f"v{len(self._declared)}"
            self._declared[name] = str(argument.type)
            self._variables[name] = _plain(value)
            return f"${name}"
        return _literal(value)

    def _value(self, kind: Any, key: str) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, key)
        if isinstance(kind, GraphQLList):
            return [self._value(kind.of_type, key) for _ in range(self.rng.choice((0, 1, 1, 2)))]
        if isinstance(kind, GraphQLEnumType):
            return _Word(self.rng.choice(self._values(kind)))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind)
        return SCALARS.get(kind.name, _text)(self, key)

    def _values(self, kind: GraphQLEnumType) -> list[str]:
        ours = self.offered.type_map.get(kind.name)
        strays = self._strays and self.rng.random() < 0.3
        return list(ours.values if isinstance(ours, GraphQLEnumType) and not strays else kind.values)

    def _object(self, kind: GraphQLInputObjectType) -> Json:
        ours = self.offered.type_map.get(kind.name)
        known = ours.fields if isinstance(ours, GraphQLInputObjectType) else {}
        fields: Mapping[str, GraphQLInputField] = kind.fields if self._strays else {
            key: it for key, it in kind.fields.items() if key in known or is_required_input_field(it)
        }  # fmt: skip
        if kind.is_one_of:
            key = self.rng.choice(list(fields))
            return {key: self._value(fields[key].type, f"{kind.name}.{key}")}
        share = 0.2 if self._strays else 0.5
        return {
            key: self._value(it.type, f"{kind.name}.{key}")
            for key, it in fields.items()
            if is_required_input_field(it) or self.rng.random() < share
        }


class _Word(str):
    """A value of an enum, which stands without quotes."""

    __slots__ = ()


WANTED: Final = (
    ("FulfillmentOrderLineItemInput.id", "FulfillmentOrderLineItem"), ("fulfillmentOrderId", "FulfillmentOrder"),
    ("fulfillmentOrder", "FulfillmentOrder"), ("fulfillmentId", "Fulfillment"), ("orderId", "Order"),
    ("orderCancel", "Order"), ("OrderCaptureInput.id", "Order"), ("order.id", "Order"), ("job.id", "Job"),
    ("webhookSubscription", "WebhookSubscription"), ("ocationId", "Location"), ("inventoryItemId", "InventoryItem"),
    ("lineItemId", "LineItem"), ("parent", "OrderTransaction"), ("holdIds", "FulfillmentHold"),
)  # fmt: skip
"""Which kind of thing an id is of, by a part of where it stands."""
USUAL: Final = {
    "gateway": "stripe", "name": "available", "reason": "correction", "names": "on_hand", "quantityNames": "available",
    "uri": "https://hub.test/a", "includeFields": "id",
}  # fmt: skip


def _integer(writer: Writer, key: str) -> int:
    if key.endswith((".first", ".last")):
        return writer.rng.choice((0, 1, 1, 2, 2, 3, 5, 10, 250, 251, -1))
    return writer.rng.choice((-1, 0, 1, 2, 3, 5, 14, 2_000_000_000))


def _identity(writer: Writer, key: str) -> str:
    """The id of a thing of the kind that is asked for, mostly."""
    kinds = ("Order", "Location", "Collection", "InventoryItem")
    made = f"gid://shopify/{writer.rng.choice(kinds)}/{writer.rng.choice((0, 1, 10**12))}"
    wanted = next((kind for part, kind in WANTED if part in key), "Order")
    right = [one for one in writer.ids if one.startswith(f"gid://shopify/{wanted}/")] or [made]
    return writer.rng.choices(
        (writer.rng.choice(right), writer.rng.choice(writer.ids), made, "abc"), (30, 4, 2, 1)
    )[0]


def _text(writer: Writer, key: str) -> str:
    if key.endswith(".query"):
        return writer.rng.choice(SEARCHES)
    if key.endswith((".after", ".before")):
        return writer.rng.choice([*writer.cursors[-20:], "WzFd", "bm8=", "x"])
    if writer.rng.random() < 0.7 and (usual := USUAL.get(key.rpartition(".")[2])):
        return usual
    random_text = "".join(writer.rng.choices(string.printable, k=writer.rng.randint(0, 6)))
    return writer.rng.choice((*WORDS, random_text))


def _amount(writer: Writer, _key: str) -> str:
    return writer.rng.choice(("0", "1.00", "5", "92.91", "116.10", "-3", "1e400", "NaN", "a"))


SCALARS: Final[Mapping[str, Callable[[Writer, str], Any]]] = {
    "Int": _integer,
    "Float": lambda writer, _key: writer.rng.choice((0.0, 1.5, -2.0)),
    "Boolean": lambda writer, _key: writer.rng.random() < 0.5,
    "ID": _identity,
    "Money": _amount,
    "Decimal": _amount,
    "DateTime": lambda writer, _key: writer.rng.choice(("2026-11-30T00:00:00Z", "2026-12-24", "soon")),
    "URL": lambda writer, _key: writer.rng.choice(
        ("https://hub.test/a", "http://127.0.0.1:1/b", "nowhere", "http://[")
    ),
}


def _composite(it: GraphQLField) -> bool:
    return isinstance(get_named_type(it.type), Composite)


def _literal(value: Any) -> str:
    if isinstance(value, _Word):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return json.dumps(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
