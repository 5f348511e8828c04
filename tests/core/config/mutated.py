"""Good files with something done to them, as a tired person or a bad disk does, and what must hold of whatever comes out."""

import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.loader import load
from core.config.problems import ConfigFileError, Problem
from core.config.rule_reader import rules_of_text
from tests.core.config.rich_rules import RICH
from tests.core.config.test_loader import GOOD as PLAIN
from tests.core.config.test_mistakes import ENVIRON, KNOWN

LONGEST_S = 2.0
"""No file of a merchant's size takes longer to be read, whatever is wrong with it."""
EXAMPLES = 300
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_WORD = re.compile(r"[A-Za-z_.]{3,}")
_VALUE = re.compile(r"(?<=: )[^\s,{}\[\]][^,{}\[\]\n]*")
_ODD = (
    "", "~", "true", "no", "5", "-1", "0x1F", "1e999", "9" * 40, "99999999d", "0.1", "007", "2026-12-25", "15:00", "[]", "{}",
    "[[]]", "{a: {}}", "'", '"', "|", ">", "&a x", "*a", "!x y", "${HOME}", "${", "{{", "{{order.total}}", "= 5", '"="', "#",
    '"{{ order.lines[0] }}"', '"=order.lines.map(x, x.qty)"', "order.total / 0", "((((((((((", "a.b.c.d.e", "\u00e9", "\U0001f4a9",
    '"\\u0000"', "- x", "? x", "%YAML 1.1", "---", "...", "\t", "@x", "`x`", "<<", "null", "day at 24:00", "[order.ready, 5]",
)  # fmt: skip
Change = Callable[[str], str]


def _lines(change: Callable[[list[str], int, int], list[str]]) -> st.SearchStrategy[Change]:
    """Return a change of some lines."""

    def made(at: int, many: int) -> Change:
        def done(text: str) -> str:
            lines = text.split("\n")
            return "\n".join(change(lines, at % len(lines), many))

        return done

    return st.builds(made, st.integers(0, 500), st.integers(1, 6))


def _found(pattern: re.Pattern[str], others: st.SearchStrategy[str]) -> st.SearchStrategy[Change]:
    """Return a change of one of the places that a pattern finds."""

    def made(at: int, other: str) -> Change:
        def done(text: str) -> str:
            places = list(pattern.finditer(text))
            if not places:
                return text
            place = places[at % len(places)]
            return text[: place.start()] + other + text[place.end() :]

        return done

    return st.builds(made, st.integers(0, 2000), others)


def _characters() -> st.SearchStrategy[Change]:
    """Return a change of some characters: they are cut out, and others stand there."""

    def made(at: int, gone: int, other: str) -> Change:
        return lambda text: text[: at % (len(text) + 1)] + other + text[at % (len(text) + 1) + gone :]

    return st.builds(made, st.integers(0, 20_000), st.integers(0, 8), st.text(max_size=6))


_WORDS = sorted(set(_WORD.findall(RICH)))
CHANGES = st.one_of(
    _lines(lambda lines, at, many: lines[:at] + lines[at + many :]),
    _lines(lambda lines, at, many: lines[: at + many] + lines[at : at + many] + lines[at + many :]),
    _lines(lambda lines, at, _: lines[: at + 1]),
    _lines(lambda lines, at, many: [*lines[:at], " " * many + lines[at], *lines[at + 1 :]]),
    _lines(lambda lines, at, many: [*lines[:at], lines[at][many:], *lines[at + 1 :]]),
    _lines(lambda lines, at, _: [*lines[:at], "\t" + lines[at], *lines[at + 1 :]]),
    _found(_WORD, st.sampled_from(_WORDS)),
    _found(_WORD, st.text("abcdeorst._-", min_size=1, max_size=12)),
    _found(_VALUE, st.sampled_from(_ODD)),
    _found(
        re.compile(r"[{}\[\],:\"']"),
        st.sampled_from(["", "{", "}", "[", "]", ",", ": ", '"', "'", "{{", "}}"]),
    ),
    _characters(),
)


def _changed(text: str, changes: Sequence[Change]) -> str:
    for change in changes:
        text = change(text)
    return text


TEXTS = st.builds(
    _changed,
    st.sampled_from([RICH, RICH, PLAIN]),
    st.lists(CHANGES, min_size=1, max_size=4),
)
BYTES = st.one_of(
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.builds(
        lambda text, at, junk: (
            text.encode("utf-8", "replace")[:at] + junk + text.encode("utf-8", "replace")[at:]
        ),
        TEXTS,
        st.integers(0, 5000),
        st.binary(max_size=6),
    ),
)


def check(content: bytes, cut: int | None) -> None:
    """Load a file, or one cut in two in a folder: it is good, or every problem has a place in it, and soon."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, part in enumerate([content] if cut is None else _halves(content, cut)):
            (folder / f"{number}.yaml").write_bytes(part)
        began = time.monotonic()
        try:
            load(folder / "0.yaml" if cut is None else folder, ENVIRON, KNOWN)
        except ConfigFileError as error:
            problems = error.problems
            assert problems
        else:
            problems = ()
        took = time.monotonic() - began
        for problem in problems:
            _check_place(problem, folder)
    assert took < LONGEST_S, f"{took:.1f} s"
    rules_of_text(content.decode("utf-8", "replace"), digest="x")


def _halves(content: bytes, cut: int) -> tuple[bytes, bytes]:
    """Return a file as two, cut before one of its outermost keys."""
    places = [found.end() for found in re.finditer(rb"\n(?=[a-z])", content)] or [len(content)]
    at = places[cut % len(places)]
    return content[:at], b"version: 1\n" + content[at:]


def _check_place(problem: Problem, folder: Path) -> None:
    file = Path(problem.file)
    assert file.parent == folder, problem
    assert problem.at.file in ("", problem.file), problem
    lines = _BREAK.split(file.read_bytes().decode("utf-8-sig", "replace"))
    assert 1 <= problem.at.line <= len(lines), problem
    assert 1 <= problem.at.column <= len(lines[problem.at.line - 1]) + 1, problem
    assert problem.says.strip(), problem


def faults_of(examples: int) -> list[str]:
    """Check so many changed files and return the first that was read wrongly, made as small as can be."""
    try:
        tried(examples)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return [repr(error), *getattr(error, "__notes__", [])]
    return []


def tried(examples: int) -> None:
    """Check so many changed files, other ones each time.

    Raises:
        AssertionError: one was read wrongly; the smallest that was found is told in its notes.
    """
    run = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run(given(BYTES, st.none() | st.integers(0, 10_000))(check))()
