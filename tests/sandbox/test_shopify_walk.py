"""A thousand random documents of Shopify's own schema, and proof that a walk finds what is wrong and makes it small."""

import random

import pytest
from graphql import parse, validate

from sandbox.shopify.graph import queries, setup
from sandbox.shopify.graph.run import schema
from sandbox.shopify.state import Shop
from tests.sandbox import shopify_walk
from tests.sandbox.shopify_documents import Json, Writer
from tests.sandbox.shopify_vendor import vendors


@pytest.mark.req("R110")
@pytest.mark.parametrize("seed", range(10))
async def test_no_document_breaks_the_stand_in_or_gets_an_answer_outside_the_schema(seed: int) -> None:
    assert await shopify_walk.walked(range(seed, seed + 1)) is None


def test_the_documents_are_ones_that_shopify_takes() -> None:
    writer = Writer(vendors(), schema(), random.Random(7), ids=["gid://shopify/Order/1"])

    for asked in [writer.document() for _ in range(60)]:
        assert validate(vendors(), parse(asked.text)) == [], asked


async def test_a_word_that_the_vendor_does_not_have_is_found_and_made_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = setup.shop

    def wrong(it: Shop) -> Json:
        return {**right(it), "myshopifyDomain": None, "taxesIncluded": "no"}

    monkeypatch.setattr(setup, "shop", wrong)

    found = await shopify_walk.walked(range(50))

    assert found is not None
    assert found.count("\n") < 8, found
    assert "myshopifyDomain" in found or "taxesIncluded" in found


async def test_an_argument_that_nobody_looks_at_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_info: queries.Info, args: Json) -> Json:
        args.get("first")
        return {"edges": [], "nodes": [], "pageInfo": {"hasNextPage": False, "hasPreviousPage": False}}

    monkeypatch.setattr(queries, "_locations", wrong)

    found = await shopify_walk.walked(range(50))

    assert found is not None
    assert "IgnoredError: QueryRoot.locations: " in found
