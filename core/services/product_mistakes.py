"""What a product cannot be: found before it is kept, for every parcel is packed and declared by it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.config.places import country
from core.model.products import Product

_MOST_G = 1_000_000
_MOST_MM = 10_000
_TARIFF_CODE = re.compile(r"[0-9]{4}[. ]?[0-9]{2}(?:[. ]?[0-9]{2}){0,2}")
"""Six figures by the World Customs Organization, up to ten by a country (unverified), with or without points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductMistake:
    """What is wrong with a field of the product at a position, and what to write."""

    position: int
    field: str
    what: str


def mistakes_in(products: Sequence[Product]) -> list[ProductMistake]:
    """Return everything that is wrong with products that somebody wants to add or change."""
    seen: set[str] = set()
    found: list[ProductMistake] = []
    for position, product in enumerate(products):
        said = [
            *_mistakes_of(product),
            *([("sku", "it comes more than once")] if product.sku in seen else ()),
        ]
        found += [ProductMistake(position=position, field=field, what=what) for field, what in said]
        seen.add(product.sku)
    return found


def _mistakes_of(product: Product) -> Iterator[tuple[str, str]]:
    for field, text in (("sku", product.sku), ("title", product.title)):
        if not text.strip():
            yield field, "this must not be empty"
        elif not text.isprintable() or text != text.strip():
            yield field, "blanks at its ends, line breaks and invisible characters are no part of it"
    if product.weight_g is not None and not 1 <= product.weight_g <= _MOST_G:
        yield "weight_g", f"whole grams are wanted, from 1 to {_MOST_G}"
    if product.size_mm is not None and not all(1 <= side <= _MOST_MM for side in product.size_mm):
        yield (
            "size_mm",
            f"length, width and height in whole millimetres are wanted, each from 1 to {_MOST_MM}",
        )
    if product.hs and not _TARIFF_CODE.fullmatch(product.hs):
        yield "hs", "a tariff code of 6 to 10 figures is wanted, as in 6302.60"
    if product.origin:
        try:
            country(product.origin)
        except ValueError as error:
            yield "origin", str(error)
