"""What people ask about a person: what is known of them, that it be forgotten, and whether it is."""

import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.domain.state import OrderState, Stage
from core.engine import forgetting
from core.engine.forgetting import Forgot
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.model.forgetting import Why
from core.services.actions import order_named
from core.services.plans import NOT_TAKEN_BACK, Plan
from core.store.export import export_order
from core.store.forgetting import Remains, remains_of
from core.store.personal import find_person
from core.store.proof import CARVED, Seen, search, sought_of
from core.store.raw import chunks_of_file
from core.store.retention import key_backups_kept
from core.store.tombstones import tombstone_of

_OVER = frozenset(
    {
        Stage.SHIPPED,
        Stage.DELIVERED,
        Stage.CANCELLED,
        Stage.CLOSED,
        Stage.SHIPPED_ELSEWHERE,
        Stage.FULFILLED_BY_CHANNEL,
    }
)
"""Where an order stands for which nobody needs to know any more where it goes."""
_NAMED = 10
_COMES_LATER = "Orders of this address placed until this is done that come to light later are kept without the person too."
_UNKNOWN = "no order has this mail address; an order whose person was forgotten is found by its number alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom people mean: whoever placed an order, or whoever has a mail address."""

    order: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetPlan(Plan):
    """What forgetting a person will do."""

    order_ids: tuple[str, ...]


async def orders_of(hub: Hub, merchant: str, person: Person) -> tuple[str, ...]:
    """Return the ids of a person's orders: the one that is named, or all of a mail address.

    Raises:
        NotFoundError: there is none.
    """
    found = await _known_of(hub, merchant, person)
    if not found:
        raise NotFoundError(_UNKNOWN)
    return found


async def _known_of(hub: Hub, merchant: str, person: Person) -> tuple[str, ...]:
    """Return the orders of a person that are found now; of a mail address there may be none.

    Raises:
        NotFoundError: the order that is named is not known, or what is given is no mail address.
    """
    if person.order is not None:
        return (await order_named(hub, merchant, person.order),)
    email = (person.email or "").strip()
    found = await hub.store.read(find_person, hub.store.keys, merchant, "email", email)
    if not found and "@" not in email:  # a number by mistake: nobody has it as an address, now or later
        raise NotFoundError(_UNKNOWN)
    return tuple(found)


async def forget_plan(hub: Hub, merchant: str, person: Person) -> ForgetPlan:
    """Return what forgetting a person will do, and what it leaves.

    By mail address it may always be done, also where no order is known: it holds for those that come to light later.

    Raises:
        NotFoundError: the order that is named is not known, or what is given is no mail address.
    """
    order_ids = await _known_of(hub, merchant, person)
    if not order_ids:
        return _unknown_plan()
    states = {name: await hub.store.load(merchant, name) or OrderState() for name in order_ids}
    numbers = {name: state.order.number if state.order else name for name, state in states.items()}
    remains = await _remains(hub, merchant, order_ids)
    open_ones = [numbers[name] for name, state in states.items() if state.stage not in _OVER]
    until = _day(hub.clock.now() + key_backups_kept(os.environ))
    gone = [f"{numbers[name]} since {_day(at)}" for name, s in states.items() if (at := s.forgotten_at)]
    return ForgetPlan(
        order_ids=order_ids,
        title=f"Forget the person behind {_listed(numbers.values())}",
        does=(
            f"Deletes name, address, mail and phone of {len(order_ids)} orders, and by what they are found.",
            f"Deletes {remains.labels} label files and the text of {remains.bodies} deliveries.",
            "Keeps amounts, units, payments, dates and tracking numbers: they name nobody.",
            "Whatever the channel tells of these orders later is kept without the person.",
            *([] if person.order is not None else [_COMES_LATER]),
            *([f"Holds {_listed(open_ones)}: nobody knows any more where it goes."] if open_ones else []),
            f"Until {until} a backup of the keys, if there is one, can still open an older backup of the database.",
        ),
        back=NOT_TAKEN_BACK,
        refused=f"forgotten already: {', '.join(gone)}" if person.order and gone and not remains else "",
        stands=" ".join(order_ids),
    )


def _unknown_plan() -> ForgetPlan:
    """Return what forgetting a person will do of whose mail address no order is known."""
    return ForgetPlan(
        order_ids=(),
        title="Forget the person behind a mail address of which no order is known now",
        does=(
            "Deletes nothing now: no order is found by this address; one that was forgotten before is no longer.",
            _COMES_LATER,
            "Keeps a keyed hash of the address, by which such an order is recognised and no other is found.",
        ),
        back=NOT_TAKEN_BACK,
    )


async def forget_person(hub: Hub, merchant: str, person: Person, *, actor: str) -> Forgot:
    """Forget a person on their own word: the order that is named, or every order of a mail address, also unknown ones.

    A mail address is forgotten until now whether or not an order of it is known, and however often it was before.

    Raises:
        NotFoundError: the order that is named is not known, or what is given is no mail address.
    """
    order_ids = await _known_of(hub, merchant, person)
    emails = [person.email.strip()] if person.email is not None and person.order is None else []
    return await forgetting.forget(hub, merchant, order_ids, why=Why.REQUEST, actor=actor, emails=emails)


def openable_until(forgot_at: datetime, environ: Mapping[str, str] = os.environ) -> datetime:
    """Return until when a backup of the keys that is kept as long as it may be can open what was forgotten."""
    return forgot_at + key_backups_kept(environ)


async def export_person(hub: Hub, merchant: str, person: Person) -> dict[str, Any]:
    """Return all that is known of a person, in clear, by order.

    Raises:
        NotFoundError: no order of the person is known.
    """
    return await export_orders(hub, merchant, await orders_of(hub, merchant, person))


async def export_orders(hub: Hub, merchant: str, order_ids: Sequence[str]) -> dict[str, Any]:
    """Return all that is known of the persons of orders, in clear, by order."""
    names = list(hub.connections(merchant).ports)
    found = [
        await hub.store.read(export_order, hub.store.keys, merchant, name, connections=names)
        for name in order_ids
    ]
    return {"merchant": merchant, "at": hub.clock.now().isoformat(), "orders": found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one place holds of a person who should be forgotten."""

    place: str
    what: str
    found: bool


async def prove(
    hub: Hub, merchant: str, order_id: str, *, words: Sequence[str] = (), files: Sequence[Path] = ()
) -> list[Finding]:
    """Search every place for an order's person: rows, the database's own files, and any other files (backups, logs).

    ``words`` are the person's own, as a mail address: nothing of them is stored here any more. It says what it found
    and changes nothing; where nothing is found nothing can be opened with today's keys.

    Raises:
        RefusedError: the database does not let this role see its files.
    """
    grave = await hub.store.read(tombstone_of, merchant, order_id)
    remains = await _remains(hub, merchant, [order_id])
    rows = [Finding(place="tombstone", what="is missing", found=grave is None)]
    rows += [Finding(place="rows", what=name, found=bool(n)) for name, n in remains.counts().items()]
    keys, names = hub.store.keys, list(hub.connections(merchant).ports)
    sought = await hub.store.read(sought_of, keys, merchant, [order_id], words, connections=names)
    seen: dict[str, Seen] = {}
    async for place, chunk in _everything(hub, files):
        search(chunk, keys, sought, seen.setdefault(place, Seen()))
    for place, one in seen.items():
        rows.append(Finding(place=place, what="a key that opens", found=bool(one.keys)))
        if sought.texts:
            rows.append(
                Finding(place=place, what="the person's words or their hashes", found=bool(one.texts))
            )
    return rows


async def _everything(hub: Hub, files: Iterable[Path]) -> AsyncIterator[tuple[str, bytes]]:
    async for place, chunk in hub.store.db.raw(CARVED):
        yield place, chunk
    for path in files:
        if not path.is_file():
            raise NotFoundError(f"{path}: no such file")
        for chunk in chunks_of_file(path):
            yield path.name, chunk


async def _remains(hub: Hub, merchant: str, order_ids: Sequence[str]) -> Remains:
    names = list(hub.connections(merchant).ports)
    return await hub.store.read(remains_of, merchant, order_ids, connections=names)


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _day(at: datetime) -> str:
    """Return the first day on which an instant is over for sure, as a date."""
    return f"{at + timedelta(days=1):%Y-%m-%d}"
