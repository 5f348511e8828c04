"""What of Shopify is played here: a row for each root field, field with arguments, directive, webhook topic and page (R110).

Nothing is written twice: the rows are read out of what the stand-in itself goes by, which are `schema.graphql` (offered),
`not_offered.txt` (refused by name), the filters of searches, the listed arguments, the topics, and the pages of
authorization. Of parameters: `input.note` is a field of an input, `query:sku` a filter of a search, `sortKey=ID` a value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
)

from sandbox.fidelity import Fidelity
from sandbox.shopify import oauth, webhooks
from sandbox.shopify.graph.filters import FILTERS
from sandbox.shopify.graph.listed import LISTED
from sandbox.shopify.graph.offered import missing
from sandbox.shopify.graph.run import schema

ROOTS: Final = ("QueryRoot", "Mutation")
TOPIC: Final = "WebhookSubscriptionTopic"
"""The enum whose values have rows of their own, so that they are no parameters."""
ELSEWHERE: Final = (
    "GET /admin/oauth/access_scopes.json",
    "POST /admin/oauth/revoke",
    "REST Admin API",
    "Storefront API",
)


@dataclass
class _Named:
    """The parameters of one operation, as they are found."""

    honoured: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    listed: dict[str, str] = field(default_factory=dict)

    def row(self, operation: str) -> Fidelity:
        """The operation's row."""
        return Fidelity(
            operation=operation,
            compared_with="schema",
            honoured=frozenset(self.honoured),
            refused=frozenset(self.refused),
            listed=self.listed,
        )


def _of_field(name: str, arguments: Mapping[str, GraphQLArgument]) -> _Named:
    """The parameters of a field, `Order.lineItems` or `QueryRoot.orders`."""
    named = _Named(refused=set(missing().get(name, ())), listed=dict(LISTED.get(name, {})))
    for key, argument in arguments.items():
        _take(named, key, argument)
    filters = FILTERS.get(name)
    if filters is not None:
        words = {"default"} if filters.words else set()
        named.honoured |= {f"query:{one}" for one in {*filters.known, *words}}
        named.refused |= {f"query:{one}" for one in filters.refused}
    return named


def _take(named: _Named, key: str, parameter: GraphQLArgument | GraphQLInputField) -> None:
    if key not in named.listed:
        named.honoured.add(key)
    kind = get_named_type(parameter.type)
    if isinstance(kind, GraphQLInputObjectType):
        named.refused |= {f"{key}.{name}" for name in missing().get(kind.name, ())}
        for name, inner in kind.fields.items():
            _take(named, f"{key}.{name}", inner)
    elif isinstance(kind, GraphQLEnumType) and kind.name in missing() and kind.name != TOPIC:
        named.refused |= {f"{key}={name}" for name in missing()[kind.name]}
        named.honoured |= {f"{key}={name}" for name in kind.values}


def _fields() -> Iterator[Fidelity]:
    """Root fields by their own names, and every other field that takes arguments by its type's as well."""
    for kind in sorted(schema().type_map.values(), key=lambda one: one.name):
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("__"):
            continue
        for name, it in kind.fields.items():
            if kind.name in ROOTS or it.args:
                shown = name if kind.name in ROOTS else f"{kind.name}.{name}"
                yield _of_field(f"{kind.name}.{name}", it.args).row(shown)


def _topics() -> Iterator[Fidelity]:
    for topic in sorted(webhooks.TOPICS.values()):
        yield Fidelity(operation=f"webhook {topic}", compared_with="recordings")
    for topic in webhooks.COMPLIANCE:
        yield Fidelity(operation=f"webhook {topic}", compared_with="recordings")


def _left_out() -> Iterator[Fidelity]:
    names = [name for root in ROOTS for name in missing()[root]]
    topics = [f"webhook topic {name}" for name in missing()[TOPIC]]
    for name in (*sorted(names), *sorted(topics), *ELSEWHERE):
        yield Fidelity(operation=name, offered=False)


OPERATIONS: Final[tuple[Fidelity, ...]] = (
    *_fields(),
    Fidelity(operation="@idempotent", compared_with="schema", honoured=frozenset({"key"})),
    Fidelity(operation="@include", compared_with="schema", honoured=frozenset({"if"})),
    Fidelity(operation="@skip", compared_with="schema", honoured=frozenset({"if"})),
    *_topics(),
    Fidelity(
        operation="GET /admin/oauth/authorize",
        honoured=oauth.AUTHORIZE,
        refused=frozenset({"grant_options[]"}),
    ),
    Fidelity(
        operation="POST /admin/oauth/access_token",
        honoured=oauth.EXCHANGE,
        refused=oauth.REFUSED - {"grant_options[]"},
    ),
    *_left_out(),
)
"""Every operation of the vendor's that is played, and the names of those that are refused."""
