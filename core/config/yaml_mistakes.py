"""Says in the words of the file why a text is no YAML: where, what, and what to write instead."""

import re

import yaml

from core.config.problems import Position, Problem, lines_of, place_in

START = Position(1, 1)


def syntax_problem(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """Return what is wrong with a text that no YAML parser takes."""
    if isinstance(error, yaml.reader.ReaderError):
        code = error.character if isinstance(error.character, int) else ord(error.character)
        at = place_in(text[: int(error.position)])
        return Problem(file, at, f"an invisible character (U+{code:04X}) stands here; delete it")
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(file, START, "this is no YAML text: strange characters or nesting")
    at, says = _told(lines_of(text), error)
    return Problem(file, at, f"this is no YAML: {says}")


def _told(lines: list[str], error: yaml.MarkedYAMLError) -> tuple[Position, str]:
    here, opened = _at(error.problem_mark or error.context_mark), _at(error.context_mark)
    line = lines[here.line - 1] if here.line <= len(lines) else ""
    char = line[here.column - 1 : here.column]
    problem = str(error.problem or error.context)
    braces = re.search(r"(?:^|[:,\[-]\s+)(\{\{)", line)
    if braces:
        return Position(here.line, braces.start(1) + 1), "text with {{ }} is put in quotes, all of it"
    if char == "\t" or "tab character" in problem:
        return here, "a tab cannot indent a line; write spaces"
    if "mapping values are not allowed" in problem:
        return _stray_colon(lines, here)
    if "expected ':'" in problem:
        return _line_above(lines, here) or (here, "': ' is missing after the key")
    if "expected '-' indicator" in problem:
        return here, "the indent of this line is that of no line above it"
    if "did not find expected key" in problem:
        return _open_quote(lines, here) or (here, _no_key(line, here, char))
    if "node content" in problem:
        return _unclosed(lines, here, _last_bracket(lines, here))
    if "did not find expected ',' or" in problem:
        return _unclosed(lines, here, opened)
    return _plain(problem, here, opened, char)


def _plain(problem: str, here: Position, opened: Position, char: str) -> tuple[Position, str]:
    """Return what needs no look at the lines around."""
    if "cannot start any token" in problem:
        return here, f"'{char}' cannot begin a text; put the text in quotes"
    if "undefined alias" in problem or "alphabetic or numeric" in problem:
        at = here if "undefined" in problem else opened
        return at, "'*' begins an alias; put it in quotes, as in \"*\""
    if "unexpected end of stream" in problem:
        return opened, "the quote that opens here is never closed"
    if "block sequence entries" in problem:
        return here, "a list with '-' begins on a line of its own, under its key"
    if "another document" in problem:
        return here, "'---' begins a second merchant's file; put it into a file of its own, in one folder"
    if "hexdecimal" in problem or "escape character" in problem:
        return here, "'\\' begins an escape between \"double quotes\"; write 'single quotes'"
    if "comment or line break" in problem:
        return opened, "'|' and '>' begin a block of text on the next line; put the text in quotes"
    return here, problem


def _stray_colon(lines: list[str], here: Position) -> tuple[Position, str]:
    """Return why a ``:`` cannot stand where it does: a value with a colon, a line without one, or a false indent."""
    line = lines[here.line - 1]
    key = line[: here.column - 1]
    if ": " in key:
        return here, "a second ': ' in this line; put the value in quotes"
    found = _line_above(lines, here)
    if found is not None:
        return found
    indent, above = len(key) - len(key.lstrip()), _number_above(lines, here)
    says = f"this line is indented deeper than line {above}, which has a value already; indent both alike"
    return Position(here.line, indent + 1), says


def _number_above(lines: list[str], here: Position) -> int:
    """Return the number of the nearest line above that says something, or 0."""
    number = here.line - 1
    while number and not lines[number - 1].split("#")[0].strip():
        number -= 1
    return number


def _line_above(lines: list[str], here: Position) -> tuple[Position, str] | None:
    """Return what the line above lacks where it is no key with a value."""
    number = _number_above(lines, here)
    above = lines[number - 1].rstrip() if number else ""
    begins = Position(number, len(above) - len(above.lstrip()) + 1)
    glued = re.match(r"\s*([\w-]+):([^\s:].*)$", above)
    if glued:
        return begins, f"a blank is missing after the colon; write {glued[1]}: {glued[2]}"
    if number and ": " not in above and not above.endswith(":"):
        return begins, f"'{above.strip()}' is no key with a value; write ': ' after the key"
    return None


def _open_quote(lines: list[str], here: Position) -> tuple[Position, str] | None:
    """Return the quote of an earlier line that ends in this one only, where one does."""
    before = lines[here.line - 1][: here.column - 1].rstrip()
    quote = before[-1:]
    if quote not in {"'", '"'} or before.count(quote) % 2 == 0:
        return None
    for number in range(here.line - 1, 0, -1):
        line = lines[number - 1]
        if line.count(quote) % 2:
            return Position(
                number, line.rfind(quote) + 1
            ), "the quote that opens here is not closed in its line"
    return None


def _no_key(line: str, here: Position, char: str) -> str:
    before = line[: here.column - 1].rstrip()
    if char in {"}", "]"}:
        return f"'{char}' closes nothing"
    if before.endswith(("'", '"')):
        return "text goes on after the quote that closes; put all of it into one pair of quotes"
    if not before:
        return "the indent of this line is that of no line above it"
    return "a key is wanted here"


def _unclosed(lines: list[str], here: Position, opened: Position) -> tuple[Position, str]:
    """Return whether a bracket stays open, or a comma is missing inside of it."""
    if re.search(r"(?<![\"'])\$\{", lines[min(here.line, len(lines)) - 1]):
        return here, 'put ${NAME} in quotes: "${NAME}"'
    line = lines[min(here.line, len(lines)) - 1]
    if line[here.column - 1 : here.column] in ("[", "{") and re.search(
        r"\bif: [^\"']", line[: here.column - 1]
    ):
        return here, "an expression with brackets inside of { } or [ ] is put in quotes, all of it"
    part = re.split(r"[,{\[]", line[: here.column - 1])[-1]
    if line[here.column - 1 : here.column] == ":" and here.line == opened.line and re.search(r": \S+$", part):
        return here, "a second ': ' in this value; put the value in quotes"
    if here.line == opened.line:
        return here, "a comma is missing before this"
    bracket = lines[opened.line - 1][opened.column - 1]
    return opened, f"the '{bracket}' that opens here is not closed"


def _last_bracket(lines: list[str], here: Position) -> Position:
    """Return where the bracket before a place opens."""
    for number in range(min(here.line, len(lines)), 0, -1):
        line = lines[number - 1][: here.column - 1] if number == here.line else lines[number - 1]
        column = max(line.rfind("["), line.rfind("{")) + 1
        if column:
            return Position(number, column)
    return here


def _at(mark: yaml.Mark | None) -> Position:
    return Position(mark.line + 1, mark.column + 1) if mark else START
