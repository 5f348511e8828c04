"""The name under which a process claims work; on its own machine it tells who died.

It holds the machine's name, a digest of what tells this start of the machine and its numbering of processes (a
container has its own) from every other, the process's number, and something of its own.
"""

import hashlib
import os
import uuid
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NUMBERING = Path("/proc/self/ns/pid")


def process_name() -> str:
    """Return a name that no other process has or ever had."""
    return f"{os.uname().nodename}-{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _machine() -> str:
    try:
        known = f"{_BOOT.read_text(encoding='ascii')}{_NUMBERING.readlink()}"
    except OSError:  # no Linux: nobody is ever known to be dead
        known = uuid.uuid4().hex
    return hashlib.sha256(known.encode()).hexdigest()[:8]


def died_here(name: str, ours: str) -> bool:
    """Return whether a process is dead, as far as this machine knows: it ran here, and its number is nobody's now.

    A number is given again: then it is not known to be dead, and is taken for dead once it was silent for a while.
    """
    (place, number), (here, own_number) = _place_of(name), _place_of(ours)
    if place != here or not number.isdecimal() or name == ours:
        return False
    return number == own_number or not _runs(int(number))


def _place_of(name: str) -> tuple[str, str]:
    """Return the machine and the number that a name tells; nothing of a name that somebody gave."""
    parts = name.rsplit("-", 2)
    return (parts[0], parts[1]) if len(parts) == 3 else ("", "")  # noqa: PLR2004 - machine, number, its own


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True
