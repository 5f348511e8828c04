"""The CSV file of links: what is wrong is told by its line, and nothing is taken of a file with a mistake."""

import pytest

from core.services.links_file import LinksError, Names, read, written

NAMES = Names(
    products=frozenset({"CHEF-8", "BOARD-WAL", "SOCKS-CHEF"}),
    listings=frozenset({("shop", "SET"), ("amz", "KK-2PK"), ("amz", "KK,1")}),
    connections=frozenset({"shop", "amz"}),
)
HEAD = "connection,listing,sku,units\n"


def test_what_is_written_reads_back_as_it_was() -> None:
    made = {("shop", "SET"): {"CHEF-8": 1, "BOARD-WAL": 1}, ("amz", "KK,1"): {"SOCKS-CHEF": 12}}

    text = written(made, [("amz", "KK-2PK")])

    assert text == (
        'connection,listing,sku,units\namz,"KK,1",SOCKS-CHEF,12\namz,KK-2PK,,\nshop,SET,BOARD-WAL,1\nshop,SET,CHEF-8,1\n'
    )
    assert read(text, NAMES) == made


def test_a_file_of_a_spreadsheet_with_mark_blanks_and_other_line_ends_is_read() -> None:
    text = "\ufeffConnection, listing ,SKU,units\r\n amz , KK-2PK ,SOCKS-CHEF, 2\r\n,,,\r\n"

    assert read(text, NAMES) == {("amz", "KK-2PK"): {"SOCKS-CHEF": 2}}


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ("amz,KK-2PK,SOCKS-CHEF,0", "units of SOCKS-CHEF: a whole number from 1 to 10000 is wanted"),
        (
            "amz,KK-2PK,SOCKS-CHEF,1.5",
            "units of SOCKS-CHEF: '1.5' is no whole number; a whole number from 1 to 10000 is wanted",
        ),
        ("amz,KK-2PK,SOCKS-CHEF,10001", "units of SOCKS-CHEF: a whole number from 1 to 10000 is wanted"),
        (
            "amz,KK-2PK,SOCKS-CHEF,",
            "units of SOCKS-CHEF: '' is no whole number; a whole number from 1 to 10000 is wanted",
        ),
        ("amz,KK-2PK,NOPE,1", "'NOPE' is no product; add it first (PUT /api/v1/products, stock product)"),
        ("ebay,KK-2PK,CHEF-8,1", "no connection 'ebay'; there is amz, shop"),
        ("amz,SET,CHEF-8,1", "amz has no listing 'SET'; write it as the page of links does"),
        ("amz,KK-2PK,CHEF-8", "3 values; there are 4 columns"),
    ],
)
def test_a_wrong_line_is_told_by_its_number(lines: str, wrong: str) -> None:
    with pytest.raises(LinksError) as refused:
        read(HEAD + "shop,SET,CHEF-8,1\n" + lines + "\n", NAMES)

    assert refused.value.wrong == (("line 3", wrong),)


def test_every_wrong_line_is_told_at_once() -> None:
    with pytest.raises(LinksError) as refused:
        read(HEAD + "amz,KK-2PK,CHEF-8,1\namz,KK-2PK,CHEF-8,2\n\namz,KK-2PK,NOPE,1\n", NAMES)

    assert [where for where, _ in refused.value.wrong] == ["line 3", "line 5"]
    assert refused.value.wrong[0][1] == "KK-2PK names CHEF-8 twice; write one line with all its units"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty; the first line names connection,listing,sku,units"),
        (
            "sku,units\nCHEF-8,1\n",
            "the first line must name the columns connection,listing,sku,units; it says sku,units",
        ),
    ],
)
def test_other_columns_are_refused(text: str, says: str) -> None:
    with pytest.raises(LinksError) as refused:
        read(text, NAMES)

    assert refused.value.wrong == (("line 1", says),)


def test_a_file_with_semicolons_and_the_columns_in_another_order_is_read() -> None:
    text = "sep=;\r\nunits;sku;listing;connection\r\n1.000;SOCKS-CHEF;KK-2PK;amz;;\r\n"

    assert read(text, NAMES) == {("amz", "KK-2PK"): {"SOCKS-CHEF": 1000}}


def test_a_sku_that_a_spreadsheet_changed_says_so_and_nothing_is_taken() -> None:
    names = Names(products=frozenset({"007"}), listings=NAMES.listings, connections=NAMES.connections)

    with pytest.raises(LinksError) as refused:
        read(HEAD + "amz,KK-2PK,7,1\n", names)

    assert "'007' is: a spreadsheet dropped its leading zeros" in refused.value.wrong[0][1]
    assert read(written({("amz", "KK-2PK"): {"007": 1}}, []), names) == {("amz", "KK-2PK"): {"007": 1}}


def test_a_quote_that_never_ends_is_told() -> None:
    with pytest.raises(LinksError) as refused:
        read(HEAD + 'shop,"SET,CHEF-8,1\n', NAMES)

    assert refused.value.wrong[0][1].startswith("this is no CSV: ")
