"""Shopify's own schema, and what of it the stand-in does not offer.

`python -m tests.sandbox.shopify_vendor` writes sandbox/shopify/not_offered.txt anew.
"""

import gzip
import json
import textwrap
from collections.abc import Iterator
from functools import cache

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
)

from sandbox.shopify.graph.offered import FILE, KINDS
from sandbox.shopify.graph.run import schema
from tests.contracts import contracts

GRAPHQL = "shopify/admin-graphql/admin_2026-10.json.gz"
HEAD = """\
# What Shopify's Admin API 2026-10 has on the types of schema.graphql and this stand-in does not offer: by type its fields or
# values, by field its arguments. Each of them is refused by name. Written by `python -m tests.sandbox.shopify_vendor`.
"""


@cache
def vendors() -> GraphQLSchema:
    with gzip.open(contracts() / GRAPHQL) as file:
        found = json.load(file)
    # Its deprecations break a rule that graphql-core has and Shopify does not.
    return build_client_schema(found.get("data", found), assume_valid=True)


def left_out() -> Iterator[tuple[str, list[str]]]:
    """By type or field, what the vendor's has and ours has not."""
    node = vendors().type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    kinds = sorted(one.name for one in vendors().get_possible_types(node))
    yield KINDS, [name for name in kinds if name not in schema().type_map]
    for name, ours in sorted(schema().type_map.items()):
        theirs = vendors().type_map.get(name)
        if name.startswith("__") or theirs is None:
            continue
        if isinstance(ours, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
            yield name, sorted(set(theirs.values) - set(ours.values))
        elif isinstance(ours, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
            yield name, sorted(set(theirs.fields) - set(ours.fields))
        elif isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
            yield name, sorted(set(theirs.fields) - set(ours.fields))
            for field, it in ours.fields.items():
                yield f"{name}.{field}", sorted(set(theirs.fields[field].args) - set(it.args))


def written() -> str:
    """The file as it should be."""
    lines = [
        textwrap.fill(f"{name}: {' '.join(rest)}", 120, subsequent_indent="  ", break_on_hyphens=False)
        for name, rest in left_out()
        if rest
    ]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
