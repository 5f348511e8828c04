"""CSV as spreadsheets save it, read; and files that a spreadsheet opens without running or changing a text."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.csv_text import UnreadableCsvError, decode, read_csv, whole_number, write_csv

COLUMNS = ("sku", "location", "units")
ROWS = [("CHEF-8", "reno", "14"), ("CRÈME, 2", "easton", "0")]


def said(text: str) -> list[tuple[int, tuple[str, ...]]]:
    sheet = read_csv(text, COLUMNS)
    assert sheet.wrong == ()
    return [(row.line, tuple(row.cells[column] for column in COLUMNS)) for row in sheet.rows]


def values(text: str) -> list[tuple[str, ...]]:
    return [cells for _, cells in said(text)]


COMMAS = 'sku,location,units\r\nCHEF-8,reno,14\r\n"CRÈME, 2",easton,0\r\n'
SEMICOLONS = "sku;location;units\r\nCHEF-8;reno;14\r\nCRÈME, 2;easton;0\r\n"
TABS = "sku\tlocation\tunits\r\nCHEF-8\treno\t14\r\nCRÈME, 2\teaston\t0\r\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(COMMAS.encode(), id="commas"),
        pytest.param(b"\xef\xbb\xbf" + SEMICOLONS.encode(), id="semicolons, UTF-8 with mark"),
        pytest.param(SEMICOLONS.encode("cp1252"), id="semicolons, Windows-1252"),
        pytest.param(TABS.encode("utf-16"), id="Unicode text"),
        pytest.param(b"\xfe\xff" + TABS.encode("utf-16-be"), id="Unicode text, big end first"),
        pytest.param(TABS.encode("utf-16-le"), id="Unicode text without mark"),
        pytest.param(("sep=;\r\n" + SEMICOLONS).encode("cp1252"), id="sep=;"),
        pytest.param(('"sep=,"\n' + COMMAS).encode(), id='"sep=,"'),
        pytest.param(COMMAS.replace("\r\n", "\n").encode(), id="line feeds"),
        pytest.param(COMMAS.replace("\r\n", "\r").encode(), id="carriage returns"),
        pytest.param(SEMICOLONS.replace("\r\n", ";;\r\n").encode() + b";;;;\r\n;;;;\r\n", id="empty columns and rows"),
        pytest.param(("\r\n;;\r\n" + SEMICOLONS).encode(), id="empty rows first"),
        pytest.param(SEMICOLONS.replace("sku;location;units", " SKU ; Location;UNITS").encode(), id="header in capitals"),
        pytest.param(SEMICOLONS.replace("sku;location;units", '"sku";"location";"units"').encode(), id="header in quotes"),
        pytest.param(SEMICOLONS.replace("reno", "\u00a0reno ").encode(), id="blanks"),
    ],
)  # fmt: skip
def test_a_file_is_read_as_a_spreadsheet_saves_it(content: bytes) -> None:
    assert values(decode(content)) == ROWS


def test_columns_may_stand_in_any_order() -> None:
    assert values("units;sku;location\n14;CHEF-8;reno\n") == [("CHEF-8", "reno", "14")]


def test_a_row_is_told_by_the_line_on_which_it_begins() -> None:
    text = 'sep=;\n\nsku;location;units\n"A\r\nB";reno;1\n;;\nC;reno;2\n'

    assert said(text) == [(4, ("A\r\nB", "reno", "1")), (7, ("C", "reno", "2"))]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("sku;location\nA;reno\n", (1, "the first line must name the columns sku,location,units; it says sku,location")),
        ("a|b|c\n", (1, "the first line must name the columns sku,location,units; it says a|b|c")),
        ("sku;location;units\nA;reno\n", (2, "2 values; there are 3 columns")),
        ("sku;location;units\nA;reno;1;2\n", (2, "4 values; there are 3 columns")),
        ("sku,location,units\nA,reno,1,5\n", (2, "4 values; there are 3 columns")),
        ('sku,location,units\n"A,reno,1\n', (2, "this is no CSV: unexpected end of data")),
        ('sku,location,units\n"A"B,reno,1\n', (2, "this is no CSV: ',' expected after '\"'")),
    ],
)  # fmt: skip
def test_what_fits_no_column_is_told_by_its_line(text: str, wrong: tuple[int, str]) -> None:
    sheet = read_csv(text, COLUMNS)

    assert (sheet.rows, sheet.wrong) == ((), (wrong,))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "this is a workbook, no CSV; in the spreadsheet: save as, CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0rest", "this is a workbook, no CSV; in the spreadsheet: save as, CSV UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "this is no text; save the file as CSV UTF-8"),
        (b"sku,\x81\n", "this is no text; save the file as CSV UTF-8"),
    ],
)
def test_what_is_no_csv_at_all_says_what_it_is(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableCsvError, match="^" + says.replace(".", r"\.") + "$"):
        decode(content)


def test_an_empty_file_says_nothing_and_is_no_mistake() -> None:
    assert (read_csv("", COLUMNS).rows, read_csv("\r\n;;\r\n", COLUMNS).wrong) == ((), ())


@pytest.mark.parametrize(
    ("written", "delimiter", "units"),
    [
        ("14", ",", 14),
        ("-3", ",", -3),
        ("007", ",", 7),
        ("1,000", ",", 1000),
        ("1,234,567", ",", 1234567),
        ("2.000", ",", 2),
        ("14.00", ",", 14),
        ("1.000", ";", 1000),
        ("1.234.567", ";", 1234567),
        ("2,000", ";", 2),
        ("14,0", ";", 14),
        ("1 000", ";", 1000),
        ("1\u202f000", "\t", 1000),
        ("1'000", ";", 1000),
    ],
)
def test_units_are_read_with_the_marks_of_the_files_country(written: str, delimiter: str, units: int) -> None:
    assert whole_number(written, delimiter) == units


E_NUMBER = "is how a spreadsheet shows a large number; give the column the format 0 and save again"


@pytest.mark.parametrize(
    ("written", "delimiter", "says"),
    [
        ("many", ",", "'many' is no whole number"),
        ("", ",", "'' is no whole number"),
        ("3.5", ",", "'3.5' is no whole number"),
        ("3,5", ";", "'3,5' is no whole number"),
        ("3,5", ",", "'3,5' is no whole number"),
        ("1,00", ",", "'1,00' is no whole number"),
        ("1.00", ";", "'1.00' is no whole number"),
        ("\u0661", ",", "'\u0661' is no whole number"),
        ("2.000", "\t", "'2.000' can be 2 or 2000; write it without a mark"),
        ("2,000", "\t", "'2,000' can be 2 or 2000; write it without a mark"),
        ("1,00E+05", ";", f"'1,00E+05' {E_NUMBER}"),
        ("1E5", ",", f"'1E5' {E_NUMBER}"),
    ],
)
def test_a_number_that_is_none_or_could_be_two_is_refused(written: str, delimiter: str, says: str) -> None:
    with pytest.raises(ValueError, match="^" + says.replace(".", r"\.").replace("+", r"\+") + "$"):
        whole_number(written, delimiter)


@pytest.mark.parametrize(
    ("sku", "written"),
    [
        ("CHEF-8", "CHEF-8"),
        ("=1+1", "'=1+1"),
        ("+44", "'+44"),
        ("-SALE", "'-SALE"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("'quoted", "''quoted"),
        ("\N{FULLWIDTH EQUALS SIGN}1", "'\N{FULLWIDTH EQUALS SIGN}1"),
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("007", '="007"'),
        ("45678901234567", '="45678901234567"'),
        ("1E5", '="1E5"'),
        ("1-2", '="1-2"'),
        ("MAR-1", '="MAR-1"'),
        ("2026-12-25", '="2026-12-25"'),
        ("1.10", '="1.10"'),
        ("42", "42"),
        ("A=B", "A=B"),
    ],
)
def test_a_text_is_written_so_that_a_spreadsheet_neither_runs_nor_changes_it(sku: str, written: str) -> None:
    text = write_csv(COLUMNS, [(sku, "reno", 1)])

    assert next(csv.reader(io.StringIO(text.splitlines()[1]))) == [written, "reno", "1"]
    assert values(text) == [(sku, "reno", "1")]


def test_numbers_are_written_bare_and_nothing_as_nothing() -> None:
    assert write_csv(COLUMNS, [("A", "", -5), ("B", "x", None)]) == "sku,location,units\nA,,-5\nB,x,\n"


def test_a_file_with_other_than_ascii_letters_begins_with_the_mark() -> None:
    assert write_csv(COLUMNS, [("CRÈME", "reno", 1)]).startswith("\ufeffsku,")
    assert write_csv(COLUMNS, [("CREME", "reno", 1)]).startswith("sku,")


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Cf")), min_size=1, max_size=8).filter(
    lambda text: text.strip() == text
)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 10**9)), max_size=4))
def test_whatever_is_written_reads_back_as_it_was(rows: list[tuple[str, str, int]]) -> None:
    text = write_csv(COLUMNS, rows)

    assert values(decode(text.encode())) == [(sku, place, str(units)) for sku, place, units in rows]
