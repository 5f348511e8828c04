"""Notes, tags and the assignee of an order: facts that decide nothing, whose texts are sealed (S43)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.errors import NotFoundError, RefusedError
from core.model.annotations import Assigned, NoteAdded, Tagged, Untagged
from core.model.forgetting import Why
from core.services.annotations import add_note, assign, change_tags, list_notes, set_tags
from core.store.api_keys import save_api_key
from core.store.forgetting import Wish, forget_orders
from core.store.order_notes import OrderNote, note_texts
from core.store.orders import facts_of, list_orders
from core.store.rebuild import rebuild
from core.store.store import Store
from core.store.tables import facts, ledger, order_notes, orders, stock
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, connections, home, world
from tests.core.flow.play import pass_time, settle

pytestmark = pytest.mark.req("S43")

OTHER = "rival"
KIM = "key:kim"
ORDER = "shop:kk-1001"
LINE = ("SOCKS-CHEF", 1, 2400)
KINDS = ("note_added", "tagged", "untagged", "assigned")


async def sold(b: Bench, *numbers: int) -> list[str]:
    """Have a shopper order in the shop; return our ids."""
    for number in numbers:
        place(b.world, "shop", Cart(number=f"KK-{number}", lines=(LINE,), ship_to=home()))
    await settle(b)
    return [f"shop:kk-{number}" for number in numbers]


async def hire(b: Bench, *names: str, merchant: str = MERCHANT) -> None:
    """Give people an API key."""
    for name in names:
        await b.store.write(
            save_api_key,
            merchant,
            f"{merchant}-{name}-0123456789",
            name=name,
            role="operator",
            now=b.clock.now(),
        )


async def forget(b: Bench) -> None:
    """Forget the shopper of the first order."""
    wish = Wish(order_ids=(ORDER,), at=b.clock.now(), why=Why.REQUEST, actor="hub")
    await b.store.write(forget_orders, b.store.keys, MERCHANT, wish, connections=["shop"])


async def told(store: Store, order_id: str = ORDER) -> list[Any]:
    """Return what people wrote on an order, as facts."""
    return [fact for fact in await store.read(facts_of, MERCHANT, order_id) if fact.kind in KINDS]


async def listed(store: Store, merchant: str = MERCHANT, **asked: Any) -> list[str]:
    """Return the ids of the orders that a list shows."""
    return [row.order_id for row in (await store.read(list_orders, merchant, **asked)).items]


def rows_of(conn: sa.Connection, table: sa.Table, merchant: str) -> list[tuple[Any, ...]]:
    """Return every row of a merchant in a table."""
    query = sa.select(table).where(table.c.merchant == merchant)
    return sorted((tuple(row) for row in conn.execute(query)), key=repr)


async def test_a_note_is_a_fact_with_an_id_and_its_text_lies_sealed_beside_the_order(on_disk: Bench) -> None:
    b = on_disk
    await sold(b, 1001)
    now = b.clock.now()

    first = await add_note(b.hub, MERCHANT, ORDER, "  Kara asked for a gift wrap\nby phone ", KIM)
    second = await add_note(b.hub, MERCHANT, ORDER, "wrapped", "key:pat")

    assert first == NoteAdded(at=now, actor=KIM, note_id=first.note_id)
    assert await told(b.store) == [first, second]
    assert await list_notes(b.hub, MERCHANT, ORDER) == [
        OrderNote(note_id=first.note_id, at=now, actor=KIM, text="Kara asked for a gift wrap\nby phone"),
        OrderNote(note_id=second.note_id, at=now, actor="key:pat", text="wrapped"),
    ]
    [row, _] = sorted(
        await b.store.read(rows_of, order_notes, MERCHANT), key=lambda kept: kept[2] != first.note_id
    )
    assert row[:3] == (MERCHANT, ORDER, first.note_id)
    assert b"gift wrap" not in row[3]


async def test_no_text_and_no_clear_column_holds_what_a_note_says(on_disk: Bench) -> None:
    b = on_disk
    await sold(b, 1001)

    await add_note(b.hub, MERCHANT, ORDER, "Zephyrine Quillfeather moves house", KIM)

    for table in (facts, orders, order_notes):
        assert "Quillfeather" not in repr(await b.store.read(rows_of, table, MERCHANT))


async def test_notes_of_a_forgotten_order_are_forgotten_and_it_takes_no_more(on_disk: Bench) -> None:
    b = on_disk
    _, other = await sold(b, 1001, 1002)
    note = await add_note(b.hub, MERCHANT, ORDER, "Kara moves house", KIM)
    await add_note(b.hub, MERCHANT, other, "keep this", KIM)

    await forget(b)

    assert await list_notes(b.hub, MERCHANT, ORDER) == [
        OrderNote(note_id=note.note_id, at=note.at, actor=KIM, text=None)
    ]
    assert [n.text for n in await list_notes(b.hub, MERCHANT, other)] == ["keep this"]
    with pytest.raises(RefusedError, match="the shopper of shop:kk-1001 was forgotten"):
        await add_note(b.hub, MERCHANT, ORDER, "Kara again", KIM)
    assert await told(b.store) == [note]
    assert len(await b.store.read(rows_of, order_notes, MERCHANT)) == 2


async def test_a_note_whose_order_is_forgotten_while_it_is_written_leaves_no_text_and_no_new_key(
    on_disk: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = on_disk
    await sold(b, 1001)
    commit = b.store.commit

    async def forget_first(asked: Any) -> Any:
        await forget(b)
        return await commit(asked)

    monkeypatch.setattr(b.store, "commit", forget_first)
    note = await add_note(b.hub, MERCHANT, ORDER, "Kara moves house", KIM)

    assert [(n.note_id, n.text) for n in await list_notes(b.hub, MERCHANT, ORDER)] == [(note.note_id, None)]
    assert await b.store.read(rows_of, order_notes, MERCHANT) == []
    assert await b.store.read(note_texts, b.store.keys, MERCHANT, ORDER) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" \n ", "the note is empty; write what is to be known of the order"),
        ("\u200b\ufeff \u00a0", "the note is empty; write what is to be known of the order"),
        ("to \u202eoneR", "the note has characters that turn the order of others; write plain text"),
        ("to \u2067oneR\u2069", "the note has characters that turn the order of others; write plain text"),
        ("x" * 2001, "the note has 2001 characters; 2000 are the most"),
        ("a\x1b[2J", "the note has control characters; write plain text"),
        ("a\udcff", "the note has control characters; write plain text"),
    ],
)
async def test_what_is_no_note_is_refused_and_leaves_nothing(on_disk: Bench, text: str, says: str) -> None:
    b = on_disk
    await sold(b, 1001)

    with pytest.raises(RefusedError) as refused:
        await add_note(b.hub, MERCHANT, ORDER, text, KIM)

    assert str(refused.value) == says
    assert await told(b.store) == []
    assert await b.store.read(rows_of, order_notes, MERCHANT) == []


async def test_tags_are_set_as_a_whole_or_changed_and_only_what_changes_is_told(on_disk: Bench) -> None:
    b = on_disk
    _, other = await sold(b, 1001, 1002)
    now = b.clock.now()

    await set_tags(b.hub, MERCHANT, ORDER, ["urgent", "gift"], KIM)
    await set_tags(b.hub, MERCHANT, ORDER, ["gift", "later"], KIM)
    await change_tags(
        b.hub, MERCHANT, ["KK-1001", "KK-1002", "KK-1001"], add=["gift", "b2b"], remove=["later"], actor=KIM
    )

    assert await told(b.store) == [
        Tagged(at=now, actor=KIM, tag="gift"),
        Tagged(at=now, actor=KIM, tag="urgent"),
        Untagged(at=now, actor=KIM, tag="urgent"),
        Tagged(at=now, actor=KIM, tag="later"),
        Untagged(at=now, actor=KIM, tag="later"),
        Tagged(at=now, actor=KIM, tag="b2b"),
    ]
    assert await told(b.store, other) == [
        Tagged(at=now, actor=KIM, tag="b2b"),
        Tagged(at=now, actor=KIM, tag="gift"),
    ]
    assert [row.tags for row in (await b.store.read(list_orders, MERCHANT)).items] == [("b2b", "gift")] * 2


@pytest.mark.parametrize("tag", ["Urgent", "two words", "-later", "x" * 41, "naïve", "", "a\n"])
async def test_what_is_no_tag_is_refused_for_all_orders(on_disk: Bench, tag: str) -> None:
    b = on_disk
    await sold(b, 1001)

    with pytest.raises(RefusedError, match="is no tag: a lower-case word of at most 40 letters"):
        await change_tags(b.hub, MERCHANT, [ORDER], add=["good", tag], actor=KIM)

    assert await told(b.store) == []


async def test_twenty_tags_are_the_most_and_no_order_is_tagged_where_one_would_have_more(
    on_disk: Bench,
) -> None:
    b = on_disk
    _, other = await sold(b, 1001, 1002)
    await set_tags(b.hub, MERCHANT, ORDER, [f"t{n}" for n in range(20)], KIM)

    with pytest.raises(RefusedError, match="shop:kk-1001 would have 21 tags; 20 are the most"):
        await change_tags(b.hub, MERCHANT, [other, ORDER], add=["more"], actor=KIM)
    with pytest.raises(RefusedError, match="more: both put on and taken off"):
        await change_tags(b.hub, MERCHANT, [other], add=["more"], remove=["more"], actor=KIM)
    with pytest.raises(NotFoundError, match="no order 'KK-9'"):
        await change_tags(b.hub, MERCHANT, [other, "KK-9"], add=["more"], actor=KIM)

    assert await told(b.store, other) == []
    assert len(await told(b.store)) == 20


async def test_tags_that_many_put_on_at_once_all_stay(on_disk: Bench) -> None:
    b = on_disk
    await sold(b, 1001)

    await asyncio.gather(
        *(change_tags(b.hub, MERCHANT, [ORDER], add=[f"t{n}"], actor=KIM) for n in range(8)),
        *(add_note(b.hub, MERCHANT, ORDER, f"note {n}", KIM) for n in range(4)),
    )

    [row] = (await b.store.read(list_orders, MERCHANT)).items
    assert row.tags == tuple(f"t{n}" for n in range(8))
    assert sorted(n.text or "" for n in await list_notes(b.hub, MERCHANT, ORDER)) == [
        f"note {n}" for n in range(4)
    ]


async def test_an_order_is_assigned_to_somebody_of_the_merchant_or_to_nobody(on_disk: Bench) -> None:
    b = on_disk
    await sold(b, 1001)
    await hire(b, "kim", "pat")
    await hire(b, "rita", merchant=OTHER)
    now = b.clock.now()

    await assign(b.hub, MERCHANT, ORDER, "kim", KIM)
    await assign(b.hub, MERCHANT, ORDER, "kim", KIM)
    for unknown in ("rita", "key:rita", "none", ""):
        with pytest.raises(NotFoundError, match="there is kim, pat"):
            await assign(b.hub, MERCHANT, ORDER, unknown, KIM)
    await assign(b.hub, MERCHANT, ORDER, None, KIM)

    assert await told(b.store) == [
        Assigned(at=now, actor=KIM, to="key:kim"),
        Assigned(at=now, actor=KIM, to=None),
    ]


async def test_lists_filter_by_tag_and_assignee_page_by_page(on_disk: Bench) -> None:
    b = on_disk
    one, two, three = await sold(b, 1001, 1002, 1003)
    await hire(b, "kim")
    await change_tags(b.hub, MERCHANT, [one, three], add=["urgent"], actor=KIM)
    await change_tags(b.hub, MERCHANT, [two], add=["urgent-not"], actor=KIM)
    await assign(b.hub, MERCHANT, two, "kim", KIM)

    assert sorted(await listed(b.store, tag="urgent")) == [one, three]
    assert await listed(b.store, tag="urgen") == []
    assert await listed(b.store, assignee="key:kim") == [two]
    assert sorted(await listed(b.store, assignee="none")) == [one, three]
    assert await listed(b.store, assignee="key:kim", tag="urgent") == []
    page = await b.store.read(list_orders, MERCHANT, tag="urgent", limit=1)
    rest = await b.store.read(list_orders, MERCHANT, tag="urgent", limit=1, after=page.after)
    assert {row.order_id for row in (*page.items, *rest.items)} == {one, three}
    assert rest.after is None


async def test_nothing_of_it_wakes_the_order_or_ends_its_failed_runs(on_disk: Bench) -> None:
    b = on_disk
    await sold(b, 1001)
    await hire(b, "kim")
    [before] = (await b.store.read(list_orders, MERCHANT)).items
    await b.store.write(failed_twice)

    await add_note(b.hub, MERCHANT, ORDER, "look", KIM)
    await set_tags(b.hub, MERCHANT, ORDER, ["urgent"], KIM)
    await assign(b.hub, MERCHANT, ORDER, "kim", KIM)

    [after] = (await b.store.read(list_orders, MERCHANT)).items
    assert before.due_at is not None
    assert before.due_at > b.clock.now()
    written = replace(before, version=before.version + 3, attempts=2, tags=("urgent",), assignee="key:kim")
    assert after == written


def failed_twice(conn: sa.Connection) -> None:
    conn.execute(sa.update(orders).where(orders.c.merchant == MERCHANT).values(attempts=2))


async def test_an_annotated_order_goes_its_way_and_the_same_row_comes_of_its_facts(on_disk: Bench) -> None:
    b = on_disk
    await sold(b, 1001)
    await hire(b, "kim")
    await set_tags(b.hub, MERCHANT, ORDER, ["urgent", "gift"], KIM)
    await assign(b.hub, MERCHANT, ORDER, "kim", KIM)

    await pass_time(b, timedelta(minutes=16))
    await add_note(b.hub, MERCHANT, ORDER, "it left", KIM)

    kinds = [fact.kind for fact in await b.store.read(facts_of, MERCHANT, ORDER)]
    assert kinds.count("label_bought") == 1
    assert "parked" not in kinds
    before = await b.store.read(rows_of, orders, MERCHANT)
    assert await b.store.write(rebuild) == 0
    await b.store.write(untag)
    assert await b.store.write(rebuild) == 1
    [row] = (await b.store.read(list_orders, MERCHANT)).items
    assert (row.tags, row.assignee) == (("gift", "urgent"), "key:kim")
    assert len(before) == 1


def untag(conn: sa.Connection) -> None:
    conn.execute(sa.update(orders).where(orders.c.merchant == MERCHANT).values(tags="", assignee=None))


async def test_another_merchant_s_order_of_the_same_id_is_neither_read_nor_touched(on_disk: Bench) -> None:
    b = on_disk
    await sold(b, 1001)
    kept = b.hub.merchants[MERCHANT]
    rival = replace(b, world=world(b.clock))
    b.hub.merchants[OTHER] = replace(connections(rival.world), config=replace(kept.config, merchant=OTHER))
    await b.store.write(copied, MERCHANT, OTHER)
    before = [await b.store.read(rows_of, table, OTHER) for table in (orders, facts, order_notes)]

    await add_note(b.hub, MERCHANT, ORDER, "ours", KIM)
    await set_tags(b.hub, MERCHANT, ORDER, ["ours"], KIM)

    assert [await b.store.read(rows_of, table, OTHER) for table in (orders, facts, order_notes)] == before
    assert await list_notes(b.hub, OTHER, ORDER) == []
    assert await listed(b.store, OTHER, tag="ours") == []
    assert await listed(b.store, OTHER) == [ORDER]


def copied(conn: sa.Connection, merchant: str, other: str) -> None:
    """Give another merchant the same orders, facts and stock."""
    for table in (orders, facts, stock, ledger):
        found = conn.execute(sa.select(table).where(table.c.merchant == merchant)).mappings().all()
        conn.execute(sa.insert(table), [{**row, "merchant": other} for row in found])
