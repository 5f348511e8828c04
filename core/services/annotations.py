"""What people write on an order for each other: notes, tags, and who looks after it.

Nothing is decided by any of it but by rules of the merchant's, so nothing of it is refused because an order moved on: what changes is worked out anew
on the order as it stands then.
"""

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from core.domain.commit import Due, Landed, NewNote, OrderCommit
from core.domain.state import OrderState
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.model.annotations import (
    LONGEST_NOTE_TEXT,
    MOST_TAGS,
    NOBODY,
    TAG,
    Assigned,
    NoteAdded,
    Tagged,
    Untagged,
)
from core.model.base import plain
from core.model.facts import Fact
from core.services.actions import order_named
from core.store.active_rules import digest_in_force
from core.store.assignees import assignable
from core.store.order_notes import OrderNote, notes_of
from core.store.tombstones import buried


async def add_note(hub: Hub, merchant: str, order_id: str, text: str, actor: str) -> NoteAdded:
    """Write a note on an order; return its fact.

    Raises:
        NotFoundError: no such order.
        RefusedError: the text is empty, too long or no text; or the order's shopper was forgotten.
    """
    text = _checked_text(text)
    if await hub.store.read(buried, [(merchant, order_id)]):
        raise RefusedError(
            f"the shopper of {order_id} was forgotten: nothing that may name people is written there any more"
        )
    note = NewNote(note_id=uuid.uuid4().hex, text=text)
    fact = NoteAdded(at=hub.clock.now(), actor=actor, note_id=note.note_id)
    commit = OrderCommit(
        merchant=merchant,
        order_id=order_id,
        at=fact.at,
        happened=(fact,),
        note=note,
        due_at=await _due(hub, merchant),
    )
    # Not landed means here that nobody can say whether it did: what is stored says it.
    while not isinstance(await hub.store.commit(commit), Landed):
        kept = await hub.store.read(notes_of, hub.store.keys, merchant, order_id)
        if note.note_id in {known.note_id for known in kept}:
            break
    return fact


async def _due(hub: Hub, merchant: str) -> Due:
    """Return when an order is looked at after an annotation: as before, unless a rule may wait for it."""
    config, digest = hub.config(merchant), await hub.store.read(digest_in_force, merchant)
    is_another = digest not in (
        None,
        config.digest,
    )  # applied a moment ago: what it wants is not known here yet
    return Due.NOW if is_another or config.rules.starts else Due.AS_BEFORE


def _checked_text(text: str) -> str:
    try:
        text = plain(text)
    except ValueError as error:
        raise RefusedError(f"the note has {error}") from error
    if not text:
        raise RefusedError("the note is empty; write what is to be known of the order")
    if len(text) > LONGEST_NOTE_TEXT:
        raise RefusedError(f"the note has {len(text)} characters; {LONGEST_NOTE_TEXT} are the most")
    return text


async def list_notes(hub: Hub, merchant: str, order_id: str) -> list[OrderNote]:
    """Return an order's notes, the first one first."""
    return await hub.store.read(notes_of, hub.store.keys, merchant, order_id)


async def set_tags(hub: Hub, merchant: str, order_id: str, tags: Collection[str], actor: str) -> None:
    """Give an order exactly these tags.

    Raises:
        NotFoundError: no such order.
        RefusedError: one is no tag, or they are too many.
    """
    wanted = _checked_tags(tags)
    _most(order_id, wanted)
    await _tell(hub, merchant, order_id, lambda state: _tagging(hub, state, wanted, actor))


async def change_tags(
    hub: Hub,
    merchant: str,
    orders: Sequence[str],
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    actor: str,
) -> list[str]:
    """Put tags on orders and take others off, of all orders or of none; return the ids, in the order given.

    Raises:
        NotFoundError: no such order.
        RefusedError: one is no tag, one is both put on and taken off, or an order would have too many.
    """
    put_on, off = _checked_tags(add), _checked_tags(remove)
    if put_on & off:
        raise RefusedError(
            f"{', '.join(sorted(put_on & off))}: both put on and taken off; say one of the two"
        )
    order_ids = list(dict.fromkeys([await order_named(hub, merchant, name) for name in orders]))
    for order_id in order_ids:
        state = await hub.store.load(merchant, order_id)
        _most(order_id, {*(state.tags if state else ()), *put_on} - off)

    for order_id in order_ids:
        await _tell(
            hub, merchant, order_id, partial(_changed, hub, order_id, put_on=put_on, off=off, actor=actor)
        )
    return order_ids


def _changed(
    hub: Hub, order_id: str, state: OrderState, *, put_on: set[str], off: set[str], actor: str
) -> list[Fact]:
    return _tagging(hub, state, _most(order_id, {*state.tags, *put_on} - off), actor)


def _checked_tags(tags: Collection[str]) -> set[str]:
    for tag in tags:
        if not re.fullmatch(TAG, tag):
            raise RefusedError(
                f"{tag!r} is no tag: a lower-case word of at most 40 letters (a to z), digits and dashes"
            )
    return set(tags)


def _most(order_id: str, tags: set[str]) -> set[str]:
    if len(tags) > MOST_TAGS:
        raise RefusedError(
            f"{order_id} would have {len(tags)} tags; {MOST_TAGS} are the most: take some off first"
        )
    return tags


def _tagging(hub: Hub, state: OrderState, wanted: set[str], actor: str) -> list[Fact]:
    """Return what makes an order's tags those that are wanted."""
    now, has = hub.clock.now(), set(state.tags)
    return [
        *(Untagged(at=now, actor=actor, tag=tag) for tag in sorted(has - wanted)),
        *(Tagged(at=now, actor=actor, tag=tag) for tag in sorted(wanted - has)),
    ]


async def assign(hub: Hub, merchant: str, order_id: str, to: str | None, actor: str) -> None:
    """Say who looks after an order: somebody as facts name him, or by his name; None: nobody.

    Raises:
        NotFoundError: no such order, or nobody of that name works for the merchant.
        RefusedError: two are called so.
    """
    whom = None if to is None else await _named(hub, merchant, to)

    def changes(state: OrderState) -> list[Fact]:
        return [] if state.assignee == whom else [Assigned(at=hub.clock.now(), actor=actor, to=whom)]

    await _tell(hub, merchant, order_id, changes)


async def _named(hub: Hub, merchant: str, word: str) -> str:
    known = await hub.store.read(assignable, merchant)
    found = _meant(known, word)
    if not found:
        raise NotFoundError(
            f"nobody here is called {word!r}; there is {', '.join(known.values()) or 'nobody yet'}"
        )
    if len(found) > 1:
        raise RefusedError(f"{len(found)} here are called {word!r}; say which: {', '.join(found)}")
    return found[0]


async def assignee_sought(hub: Hub, merchant: str, word: str | None) -> str | None:
    """Return the assignee that a list is asked for by a word; one whom nobody knows any more is taken as it stands."""
    if word is None or word == NOBODY:
        return word
    found = _meant(await hub.store.read(assignable, merchant), word)
    return found[0] if len(found) == 1 else word


def _meant(known: Mapping[str, str], word: str) -> list[str]:
    """Return the actors that a word means: the one that it is, or all that are called so."""
    return [word] if word in known else [actor for actor, name in known.items() if name == word]


async def _tell(
    hub: Hub, merchant: str, order_id: str, changes: Callable[[OrderState], Sequence[Fact]]
) -> None:
    """Tell what changes an order as it stands; where it moved meanwhile, what changes it as it stands then."""
    while True:
        state = await hub.store.load(merchant, order_id)
        if state is None:
            raise NotFoundError(f"no order {order_id!r}")
        facts = changes(state)
        if not facts:
            return
        commit = OrderCommit(
            merchant=merchant,
            order_id=order_id,
            at=hub.clock.now(),
            expect=state.version,
            decided=facts,
            due_at=await _due(hub, merchant),
        )
        if isinstance(await hub.store.commit(commit), Landed):
            return
