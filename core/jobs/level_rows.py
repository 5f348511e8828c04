"""What becomes of a listing's row: once its level was read, where it is not written, and after a write. All of it pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.model.stock import Level, LevelChange, LevelResult, LevelState, ListingKey
from core.store.listings import ListingRow

READ_BACK = timedelta(seconds=45)
"""How long after a write a level is read back."""
READ_BACK_FEED = timedelta(minutes=15)
"""The same for a level that went in a feed: channels take minutes to work one off."""
ASK_REFUSED_AGAIN = timedelta(minutes=30)
"""When a listing whose level the channel refused is looked at again."""
LOOK_AGAIN = timedelta(hours=1)
"""How often listings are read while levels are not accepted."""


@dataclass(frozen=True, slots=True)
class Due:
    """A listing to look at, and what it is to show; None: it must not be written."""

    row: ListingRow
    wanted: int | None
    surprising: bool = False
    """The channel shows less than it was left at, and no change of stock is known that explains it."""

    @property
    def unlike(self) -> bool:
        """Whether the channel shows another number than it is to show."""
        return (
            self.wanted is not None and self.row.last_read is not None and self.wanted != self.row.last_read
        )

    @property
    def agreed(self) -> bool:
        """Whether a person agreed to this number; to another one, nobody did."""
        return self.row.agreed and self.row.wanted_last == self.wanted

    @property
    def change(self) -> LevelChange:
        """What is to be set."""
        row = self.row
        return LevelChange(
            key=key_of(row), units=self.wanted or 0, last_read=row.last_read, read_at=row.read_at
        )


def key_of(row: ListingRow) -> ListingKey:
    """Return the key by which the channel knows a listing's level."""
    return ListingKey(listing=row.listing, location=row.location or None)


def read_as(row: ListingRow, level: Level | None, now: datetime) -> ListingRow:
    """Return the row of a listing that was read; ``level`` is None where the channel does not know it."""
    units = None if level is None else level.units
    ships = row.fulfilled_by_channel if level is None else level.fulfilled_by_channel
    # A number that is put back is there once it shows, or once a sale has changed it since it was set.
    there = units == row.restore_to or row.wanted_last not in (None, units)
    back = None if there else row.restore_to
    # A read-back that is still to come stays: what a channel shows right after a write may be what was there before.
    planned = row.check_at if row.check_at is not None and row.check_at > now else None
    return replace(
        row,
        last_read=units,
        read_at=now,
        check_at=planned,
        restore_to=back,
        fulfilled_by_channel=row.fulfilled_by_channel or ships,
    )


def surprising_among(
    before: Sequence[ListingRow], read: Sequence[ListingRow], known: datetime | None
) -> frozenset[ListingKey]:
    """Return what shows less than it was left at: a sale that we have not heard of may be the cause.

    It stays so until whatever the channel has sold is ``known`` as of a moment after it was first seen: to write more
    in between would sell the unit twice. What shows more than it was left at no sale explains.
    """
    pairs = zip(before, read, strict=True)
    return frozenset(
        key_of(new) for old, new in pairs if old.restore_to is None and _is_less(old, new, known)
    )


def _is_less(old: ListingRow, new: ListingRow, known: datetime | None) -> bool:
    left = old.wanted_last if old.last_read is None else old.last_read
    was_read = new.read_at != old.read_at
    if was_read and left is not None and (new.last_read is None or new.last_read < left):
        return True
    # It was so when it was last read, and the stock may have changed meanwhile: that tells of no sale.
    since = old.read_at
    return old.shows_less and known is not None and since is not None and known < since


def key_of_push(connection: str, written: Sequence[Due], now: datetime) -> str:
    """Return a name for a call: of two at one instant, each has its own."""
    said = "".join(f"{d.change.model_dump_json()} {d.row.dirty_seq} " for d in written)
    return f"{connection}/levels/{now.isoformat()}/{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def left_alone(due: Due, now: datetime, *, accepted: bool, stopped: bool = False) -> ListingRow:
    """Return the row of a listing that is not written now: true as it is, waiting, surprising, or not shown.

    ``stopped``: the push guard stopped it.
    """
    row = replace(due.row, clean_seq=due.row.dirty_seq, stopped=stopped)
    if row.restore_to is not None:
        return replace(row, check_at=row.check_at or now + ASK_REFUSED_AGAIN)
    row = replace(row, wanted_last=due.wanted, agreed=due.agreed)
    if not accepted:
        return replace(row, check_at=now + LOOK_AGAIN)
    if due.unlike:
        return replace(row, check_at=now + READ_BACK if due.surprising else None)
    if due.wanted is not None and row.last_read is None:
        return replace(row, check_at=now + ASK_REFUSED_AGAIN)
    return replace(row, agreed=row.agreed and row.check_at is not None)


def after_write(due: Due, result: LevelResult, now: datetime) -> ListingRow:
    """Return the row of a listing after a write: taken as shown once accepted, read again where it was stale or unknown."""
    before = due.wanted if due.row.restore_to is None else due.row.last_read
    row = replace(due.row, wanted_last=before, refused=None, agreed=due.agreed, stopped=False)
    if result.state is LevelState.NOT_SENT:
        return due.row
    if result.state is LevelState.ACCEPTED:
        later = READ_BACK_FEED if result.code and result.code.startswith("feed ") else READ_BACK
        return replace(row, last_read=due.wanted, clean_seq=row.dirty_seq, check_at=now + later)
    if result.state is LevelState.REJECTED:
        return replace(
            row, refused=result.code or "refused", clean_seq=row.dirty_seq, check_at=now + ASK_REFUSED_AGAIN
        )
    return replace(
        row,
        wanted_last=row.wanted_last if due.row.restore_to is None else due.row.wanted_last,
        last_read=None,
        check_at=now,
    )
