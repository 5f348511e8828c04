"""Which sets of a folder are brought back: the newest data, or those of a name, and the keys that open them.

A clock that was ahead dates a set into the future, where it would be the newest for ever: nothing of the future is taken
by itself. Of the keys the newest are taken: they lack those of whoever was forgotten since, who stays so.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.store.backup_set import BackupError, Manifest, check_set, read_table, sets_in

LOG = logging.getLogger("crossdock.store")
DATA, KEYS = "data", "keys"
NAME = "%Y%m%dT%H%M%SZ"
_AHEAD = timedelta(minutes=5)
"""What lies so far ahead is of the future: two machines' clocks differ by less."""
_ORDER = "order:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The set of data that is brought back, its keys, and which orders they do not open."""

    data: Path
    keys: Path
    keyless: int
    """Orders of the data whose personal data no key of the set opens."""
    held_elsewhere: int = 0
    """Those of them whose keys another set has: they were forgotten since then, or these are the wrong keys."""
    other_keys: str = ""


def find_backup(folder: Path, at: str | None = None, keys: str | None = None, *, now: datetime) -> Backup:
    """Return the newest backup of a folder that is not of the future, or the one of a name; keys as well.

    Raises:
        BackupError: there is none of that name, or no keys as new as its data.
    """
    data = _chosen_data(folder, at, now)
    check_set(data)
    chosen = _keys_for(folder, data, keys, now)
    missing = _orders_of_data(data) - _orders_of_keys(chosen)
    held = [
        (len(missing & _orders_of_keys(each)), each.name)
        for each in (_whole(sets_in(folder / KEYS)) if missing else [])
        if each != chosen
    ]
    count, other = max(held, default=(0, ""))
    return Backup(
        data=data, keys=chosen, keyless=len(missing), held_elsewhere=count, other_keys=other if count else ""
    )


def instant_of(each: Path) -> datetime | None:
    """Return when a set was taken, by its name or else its manifest; None where neither tells."""
    try:
        return datetime.strptime(each.name, NAME).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        return Manifest.of(each).taken_at
    except BackupError as error:
        LOG.warning("passed over: %s", error)
        return None


def is_of_future(each: Path, now: datetime) -> bool:
    """Return whether a set was taken with a clock that was ahead."""
    taken = instant_of(each)
    return taken is not None and taken > now + _AHEAD


def _dated(folder: Path) -> list[tuple[datetime, Path]]:
    """Return the finished sets of a folder with their instants, the oldest first."""
    found = [(instant_of(each), each) for each in sets_in(folder)]
    return sorted((taken, each) for taken, each in found if taken is not None)


def _chosen_data(folder: Path, at: str | None, now: datetime) -> Path:
    known = _dated(folder / DATA)
    if at is not None:
        wanted = [each for _, each in known if each.name == at]
    else:
        wanted = [each for taken, each in known if taken <= now + _AHEAD]
        for _, each in known[len(wanted) :]:
            LOG.warning("%s is of the future, and is not taken by itself: --at %s", each, each.name)
    if not wanted:
        names = ", ".join(each.name for _, each in known) or "none"
        raise BackupError(f"{folder}: no backup{f' of the name {at}' if at else ''}; there is {names}")
    return wanted[-1]


def _keys_for(folder: Path, data: Path, named: str | None, now: datetime) -> Path:
    """Return the set of keys to take, the newest one as new as the data; damaged ones are named and passed over.

    Raises:
        BackupError: there is none.
    """
    known = _dated(folder / KEYS)
    if named is not None:
        found = [each for _, each in known if each.name == named]
        if not found:
            names = ", ".join(each.name for _, each in known) or "none"
            raise BackupError(f"{folder / KEYS}: no set of the name {named}; there is {names}")
        check_set(found[0])
        return found[0]
    taken = instant_of(data) or now
    # Who asks for data of the future gets its keys.
    until = max(taken, now + _AHEAD)
    found = _whole([each for when, each in known if taken <= when <= until])
    if not found:
        raise BackupError(
            f"{folder / KEYS}: no set of keys as new as {data.name} that is whole; without them nothing that is sealed opens. "
            "Put it back, name an older backup (--at), or name the keys (--keys)"
        )
    return found[-1]


def _whole(sets: Sequence[Path]) -> list[Path]:
    """Return the sets that are as they were written, and name the others."""
    whole = []
    for each in sets:
        try:
            check_set(each)
        except BackupError as error:
            LOG.warning("passed over: %s", error)
        else:
            whole.append(each)
    return whole


def _orders_of_keys(folder: Path) -> set[tuple[str, str]]:
    """Return (merchant, order id) of every order whose key is in a set."""
    found = set()
    for row in _rows(folder, "data_keys"):
        if str(row["purpose"]).startswith(_ORDER):
            found.add((str(row["merchant"]), str(row["purpose"]).removeprefix(_ORDER)))
    return found


def _orders_of_data(folder: Path) -> set[tuple[str, str]]:
    """Return (merchant, order id) of every order of a set that has personal data and is not forgotten."""
    held = {
        (str(row["merchant"]), str(row["order_id"]))
        for row in _rows(folder, "orders")
        if row.get("personal") is not None
    }
    gone = {
        (str(row["merchant"]), str(row["subject"]))
        for row in _rows(folder, "forgotten")
        if row["kind"] == "order"
    }
    return held - gone


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table of a set; none where it has no such table."""
    for table in Manifest.of(folder).tables:
        if table.name == name:
            for rows in read_table(folder, table):
                yield from rows
