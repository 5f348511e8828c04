"""CSV, read as spreadsheets save it and written so that they open it without changing it.

Reading: any of comma, semicolon and tab; UTF-8 with or without a byte order mark, UTF-16, else Windows-1252. Writing:
RFC 4180 with commas. Which texts a spreadsheet runs: OWASP, "CSV Injection" (read 2026-11-30): those that begin with
``=``, ``+``, ``-``, ``@``, a tab or a line break, and the full-width forms of the four.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.errors import RefusedError

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_DELIMITERS = ",;\t"
_SEPARATOR = re.compile(r'"?sep=([,;|:\t])"?', re.IGNORECASE)
_RUN = frozenset(
    "=+-@\t\r\n'\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)
_KEPT = re.compile(r'="((?:[^"]|"")*)"')
_CHANGED = re.compile(
    r"0[0-9]+|[0-9]{12,}|[0-9]+(?:\.[0-9]+)?[eE][0-9]+|[0-9]{1,4}[-/.][0-9]{1,2}(?:[-/.][0-9]{1,4})?|[0-9]+\.[0-9]*0"
    r"|[0-9]{0,2}[-/. ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[-/. ]?[0-9]{1,4}",
    re.IGNORECASE,
)
"""What a spreadsheet takes for a number or a date, and saves as another text."""
_BLANKS = " \t\r\n\N{NO-BREAK SPACE}\N{ZERO WIDTH SPACE}" + MARK


class UnreadableCsvError(RefusedError):
    """Bytes that are no CSV file; the message says what they are and how the file is saved."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file on which it begins, and its cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's rows, and what is wrong with its lines: (line, what)."""

    rows: tuple[Row, ...]
    wrong: tuple[tuple[int, str], ...]
    delimiter: str = ","


def decode(content: bytes) -> str:
    """Return the text of a file as a spreadsheet or an editor saved it.

    Raises:
        UnreadableCsvError: it is a workbook, or no text.
    """
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableCsvError("this is a workbook, no CSV; in the spreadsheet: save as, CSV UTF-8")
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_wide(content)
    encodings = (
        ("utf-16" if content[:1] in {b"\xff", b"\xfe"} else "utf-16-le",) if wide else ("utf-8-sig", "cp1252")
    )
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableCsvError("this is no text; save the file as CSV UTF-8")


def _looks_wide(content: bytes) -> bool:
    """Return whether a file is UTF-16 without its mark: the second byte of each letter of its head is 0."""
    head = content[:64]
    return len(head) >= 4 and not any(head[1::2]) and all(head[::2])  # noqa: PLR2004 - two letters


def read_csv(text: str, columns: Sequence[str]) -> Sheet:
    """Return the rows of a file whose first line names the columns, in any order; empty rows are left out."""
    lines, skipped, forced = _without_separator(text.removeprefix(MARK))
    delimiter = forced or _delimiter_of(lines, columns)
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    rows: list[Row] = []
    wrong: list[tuple[int, str]] = []
    try:
        for line, cells in _numbered(reader, skipped):
            if not any(cell.strip(_DELIMITERS) for cell in cells):
                continue
            if header is None:
                header = [_column(cell) for cell in _trimmed(cells)]
                if sorted(header) != sorted(columns):
                    says = f"the first line must name the columns {','.join(columns)}; it says {','.join(_trimmed(cells))}"
                    return Sheet((), ((line, says),), delimiter)
            elif any(cells[len(header) :]) or len(cells) < len(header):
                wrong.append((line, f"{len(_trimmed(cells))} values; there are {len(header)} columns"))
            else:
                rows.append(Row(line, dict(zip(header, cells, strict=False))))
    except csv.Error as error:
        wrong.append((skipped + reader.line_num, f"this is no CSV: {error}"))
    return Sheet(tuple(rows), tuple(wrong), delimiter)


def _without_separator(text: str) -> tuple[str, int, str | None]:
    """Return a file without its first line ``sep=;``, how many lines that took, and the separator it names."""
    first, _, rest = text.partition("\n")
    found = _SEPARATOR.fullmatch(first.rstrip("\r"))
    return (rest, 1, found[1]) if found else (text, 0, None)


def _delimiter_of(text: str, columns: Sequence[str]) -> str:
    """Return what separates the cells: that which finds the most of the columns in the first line."""
    head = next((line for line in text.splitlines() if line.strip(_BLANKS + _DELIMITERS)), "")

    def found(delimiter: str) -> int:
        return len({_column(cell) for cell in head.split(delimiter)} & set(columns))

    return max(_DELIMITERS, key=found)


def _numbered(reader: Iterator[list[str]], skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line of the file on which it begins: a quoted value may hold line breaks."""
    begins = 1
    for cells in reader:
        yield skipped + begins, [_plain(cell) for cell in cells]
        begins = int(getattr(reader, "line_num", begins)) + 1


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Return cells without the empty ones at the end."""
    last = max((number for number, cell in enumerate(cells, start=1) if cell), default=0)
    return list(cells[:last])


def _column(name: str) -> str:
    return _plain(name).strip('"').casefold()


def _plain(cell: str) -> str:
    """Return what a cell says: without blanks around it, and without what keeps a spreadsheet from changing it."""
    text = cell.strip(_BLANKS)
    kept = _KEPT.fullmatch(text)
    if kept:
        return kept[1].replace('""', '"')
    return text[1:] if text[:1] == "'" and text[1:2] in _RUN and text[1:2] else text


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> str:
    """Return a file that a spreadsheet opens without running or changing a text of it."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows([_guarded(cell) for cell in row] for row in rows)
    said = text.getvalue()
    # A spreadsheet takes a file without the mark for its country's own encoding.
    return said if said.isascii() else MARK + said


def _guarded(cell: str | int | None) -> str | int | None:
    if not isinstance(cell, str):
        return cell
    if cell[:1] in _RUN and cell[:1]:
        return f"'{cell}"
    return f'="{cell}"' if _CHANGED.fullmatch(cell) else cell


def whole_number(written: str, delimiter: str) -> int:
    """Return the number of units that a cell says, with thousands marked as the file's country does.

    Raises:
        ValueError: it is none, or cannot be told; the message says why.
    """
    plain = re.sub(r"(?<=[0-9])[ \u00a0\u202f'\u2019](?=[0-9]{3}(?![0-9]))", "", written)
    if re.fullmatch(r"-?[0-9]+", plain) and plain.isascii():
        return int(plain)
    if re.fullmatch(r"-?[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+", plain):
        raise ValueError(
            f"{written!r} is how a spreadsheet shows a large number; give the column the format 0 and save again"
        )
    thousands, point = {",": (",", "."), ";": (".", ",")}.get(delimiter, ("", ""))
    if thousands and re.fullmatch(rf"-?[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+", plain):
        return int(plain.replace(thousands, ""))
    if point and re.fullmatch(rf"-?[0-9]+{re.escape(point)}0+", plain):
        return int(plain.partition(point)[0])
    grouped = re.fullmatch(r"(-?[0-9]{1,3})[.,]([0-9]{3})", plain)
    if grouped and not thousands:
        raise ValueError(
            f"{written!r} can be {grouped[1]} or {grouped[1]}{grouped[2]}; write it without a mark"
        )
    raise ValueError(f"{written!r} is no whole number")
