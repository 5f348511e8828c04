"""A SKU that is no product says what a spreadsheet made of it."""

import pytest

from core.domain.lost_skus import no_product

PRODUCTS = ("007", "1E5", "1-2", "CHEF-8", "12345678901234567")
AS_TEXT = "give the column the format Text, enter the SKU again and save"


@pytest.mark.parametrize(
    ("sku", "says"),
    [
        ("1,00E+05", f"'1,00E+05' is no product; a spreadsheet shortened a number or a SKU with an E: {AS_TEXT}"),
        ("1.23E+16", f"'1.23E+16' is no product; a spreadsheet shortened a number or a SKU with an E: {AS_TEXT}"),
        ("7", f"'7' is no product; '007' is: a spreadsheet dropped its leading zeros; {AS_TEXT}"),
        ("12345678901234500",
         f"'12345678901234500' is no product; '12345678901234567' begins alike: a spreadsheet keeps 15 digits of a number; {AS_TEXT}"),
        ("02. Jan", f"'02. Jan' is no product; it looks like a date that a spreadsheet made of a SKU: {AS_TEXT}"),
        ("2-Jan", f"'2-Jan' is no product; it looks like a date that a spreadsheet made of a SKU: {AS_TEXT}"),
        ("Jan 02", f"'Jan 02' is no product; it looks like a date that a spreadsheet made of a SKU: {AS_TEXT}"),
        ("01.02.2026", f"'01.02.2026' is no product; it looks like a date that a spreadsheet made of a SKU: {AS_TEXT}"),
        ("2026-02-01", f"'2026-02-01' is no product; it looks like a date that a spreadsheet made of a SKU: {AS_TEXT}"),
        ("chef-8", "'chef-8' is no product; did you mean 'CHEF-8'?"),
        ("CHEF -8", "'CHEF -8' is no product; did you mean 'CHEF-8'?"),
        ("8", "'8' is no product; add it first"),
        ("NOPE", "'NOPE' is no product; add it first"),
    ],
)  # fmt: skip
def test_a_sku_that_is_no_product_says_what_became_of_it(sku: str, says: str) -> None:
    assert no_product(sku, PRODUCTS, do="add it first") == says
