"""The supported schema is a true part of the vendor's."""

import gzip
import json
from functools import cache
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_client_schema,
    parse,
    validate,
)
from graphql.pyutils import Undefined

from sandbox.shopify.graph.run import schema
from tests.contracts import contracts

GRAPHQL = "shopify/admin-graphql/admin_2026-10.json.gz"


@cache
def vendors() -> GraphQLSchema:
    with gzip.open(contracts() / GRAPHQL) as file:
        found = json.load(file)
    # Its deprecations break a rule that graphql-core has and Shopify does not.
    return build_client_schema(found.get("data", found), assume_valid=True)


def supported() -> list[str]:
    return sorted(name for name in schema().type_map if not name.startswith("__"))


@pytest.mark.parametrize("name", supported())
def test_each_supported_type_is_a_part_of_the_vendors(name: str) -> None:
    ours, theirs = schema().type_map[name], vendors().type_map[name]

    assert type(ours) is type(theirs)
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
        assert {each.name for each in ours.interfaces} <= {each.name for each in theirs.interfaces}
        for key, field in ours.fields.items():
            assert str(field.type) == str(theirs.fields[key].type), key
            same_arguments(field.args, theirs.fields[key].args)
    if isinstance(ours, GraphQLInputObjectType):
        assert isinstance(theirs, GraphQLInputObjectType)
        same_arguments(ours.fields, theirs.fields)
    if isinstance(ours, GraphQLEnumType):
        assert isinstance(theirs, GraphQLEnumType)
        assert set(ours.values) <= set(theirs.values)
    if isinstance(ours, GraphQLUnionType):
        assert isinstance(theirs, GraphQLUnionType)
        assert {each.name for each in ours.types} <= {each.name for each in theirs.types}


def same_arguments(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for key, argument in ours.items():
        assert str(argument.type) == str(theirs[key].type), key
        assert argument.default_value == theirs[key].default_value, key
    needed = {
        key
        for key, it in theirs.items()
        if isinstance(it.type, GraphQLNonNull) and it.default_value is Undefined
    }
    assert needed <= set(ours)


def test_the_directive_against_doubles_is_the_vendors() -> None:
    ours, theirs = schema().get_directive("idempotent"), vendors().get_directive("idempotent")

    assert ours is not None
    assert theirs is not None
    assert {key: str(it.type) for key, it in ours.args.items()} == {
        key: str(it.type) for key, it in theirs.args.items()
    }
    assert ours.locations == theirs.locations


def test_a_document_for_a_field_that_no_version_has_is_refused_by_both() -> None:
    document = parse("{ order(id: 1) { colour } }")

    assert validate(schema(), document)
    assert validate(vendors(), document)
