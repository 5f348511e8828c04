"""Every document is one that Shopify's own schema of the pinned version takes."""

import gzip
import json
from functools import cache

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_client_schema, parse, validate

from connectors.shopify import CONNECTOR
from connectors.shopify.client import DOCUMENTS, document
from tests.contracts import contracts

NAMES = sorted(path.stem for path in DOCUMENTS.glob("*.graphql"))


@cache
def _schema(version: str) -> GraphQLSchema:
    path = contracts() / "shopify" / "admin-graphql" / f"admin_{version}.json.gz"
    read = json.loads(gzip.decompress(path.read_bytes()))
    # The vendor's introspection breaks graphql-core's rules on deprecated interface fields.
    return build_client_schema(read.get("data", read), assume_valid=True)


def test_there_are_documents() -> None:
    assert "order" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_vendors_schema_takes_the_document(name: str) -> None:
    assert CONNECTOR.api_version == "2026-10"
    assert validate(_schema("2026-10"), parse(document(name))) == []


def test_the_schema_refuses_a_field_that_is_gone() -> None:
    gone = document("set_levels").replace("userErrors { code field message }", "compareQuantity")
    assert validate(_schema("2026-10"), parse(gone)) != []


@pytest.mark.parametrize("name", NAMES)
def test_a_document_holds_one_named_operation(name: str) -> None:
    operations = [
        one for one in parse(document(name)).definitions if isinstance(one, OperationDefinitionNode)
    ]
    assert len(operations) == 1
    assert operations[0].name is not None


def test_what_the_vendor_dedupes_by_key_carries_our_key() -> None:
    assert "@idempotent(key: $key)" in document("set_levels")
