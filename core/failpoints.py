"""Places at which a test can make the process die, or see that it passed.

``CROSSDOCK_FAILPOINT=name`` (or ``name:3`` for the third passing) ends the process there at once, as a power cut
would. Every await on a port or the store in core/engine, core/steps and core/jobs has one; a test finds the awaits
and fails where one is missing.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_passed: Counter[str] = Counter()
_listeners: list[Callable[[str], None]] = []


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Have a listener told of every place that is passed: a simulation ends a worker there by raising."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def failpoint(name: str) -> None:
    """End the process here if the environment names this place."""
    for listener in _listeners:
        listener(name)
    wanted = os.environ.get("CROSSDOCK_FAILPOINT")
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place != name:
        return
    _passed[name] += 1
    if _passed[name] >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
