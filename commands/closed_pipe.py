"""Whether anybody reads what a command prints."""

import os
import select
import sys
from pathlib import Path
from typing import TextIO


def nobody_reads() -> bool:
    """Return whether what is printed goes nowhere."""
    return bool(_broken())


def print_nowhere() -> None:
    """Have the end of the process print nothing more where nobody reads."""
    for stream in _broken():
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def _broken() -> list[TextIO]:
    """Return the streams that lead into a pipe whose other end is closed."""
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None and _is_broken(stream)]


def _is_broken(stream: TextIO) -> bool:
    waiting = select.poll()
    try:
        waiting.register(stream, 0)
    except OSError:  # no stream of the system's
        return False
    return any(event & select.POLLERR for _, event in waiting.poll(0))
