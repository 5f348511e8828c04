"""What strangers can have logged is written a few times, and how often it came is told."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from core.log import Redactor, Sparing, start_logging

pytestmark = pytest.mark.case("F5")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    start_logging(stream, Redactor())
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[str]:
    return [json.loads(line)["says"] for line in stream.getvalue().splitlines()]


def test_of_sixty_thousand_lines_that_a_stranger_caused_five_are_written(written: io.StringIO) -> None:
    for number in range(60_000):
        logging.getLogger("asyncio").error("socket.accept() out of system resource\nsocket: %d", number)

    assert len(lines(written)) == 5


def test_another_word_of_his_makes_no_new_kind_and_our_own_work_is_always_written(
    written: io.StringIO,
) -> None:
    for number in range(100):
        logging.getLogger("crossdock.web").error("%s %s: a fault of ours", "GET", f"/{number}")
        logging.getLogger("crossdock.worker").error("order %s is parked", number)

    assert [line for line in lines(written) if "a fault of ours" in line] == [
        f"GET /{number}: a fault of ours" for number in range(5)
    ]
    assert len([line for line in lines(written) if "is parked" in line]) == 100


def test_after_ten_seconds_it_is_told_how_many_were_kept_back() -> None:
    sparing = Sparing()

    def at(second: float) -> logging.LogRecord:
        record = logging.LogRecord("crossdock.door", logging.WARNING, "", 0, "too many", (), None)
        record.created = second
        return record

    assert [sparing.filter(at(n / 10)) for n in range(8)] == [True] * 5 + [False] * 3
    late = at(10.0)
    assert sparing.filter(late)
    assert late.__dict__["kept_back"] == 3
