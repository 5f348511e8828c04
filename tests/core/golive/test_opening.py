"""Opening counts by file: preview, all or nothing, and back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import NotFoundError, RefusedError
from core.services import actions
from core.services.golive import opening
from core.services.golive.opening import MistakesError
from core.store.stock import listable_units
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import settle
from tests.core.golive.kendra import COUNTED, morning
from tests.core.store.conftest import books_balance, open_store
from tests.databases import KINDS
from tests.stored import list_ledger, list_stock

KENDRA = "person:kendra"


@pytest.fixture(params=KINDS)
async def b(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_store(request.param, tmp_path, batched=True) as store:
        yield await morning(store)
        await books_balance(store)


async def counters(b: Bench) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (row.sku, row.location): (row.on_hand, row.committed)
        for row in await b.store.read(list_stock, MERCHANT)
    }


@pytest.mark.req("R82")
async def test_a_preview_says_what_changes_line_by_line_and_stores_nothing(b: Bench) -> None:
    await actions.count(b.hub, MERCHANT, [("CHEF-8", "reno", 9)], actor=KENDRA)

    seen = await opening.preview(
        b.hub, MERCHANT, "sku,location,units\r\nCHEF-8,reno,14\r\n\r\nDUTCH-6,easton,0\r\n"
    )

    assert [(c.line, c.sku, c.location, c.before, c.units) for c in seen.lines] == [
        (2, "CHEF-8", "reno", 9, 14),
        (4, "DUTCH-6", "easton", None, 0),
    ]
    assert seen.mistakes == ()
    assert await counters(b) == {("CHEF-8", "reno"): (9, 0)}


@pytest.mark.req("R82")
async def test_every_mistake_is_named_with_its_line_and_nothing_is_loaded(b: Bench) -> None:
    text = (
        "units,sku,location\n14,CHEF-8,reno\n1,NOPE,reno\n1,CHEF-8,moon\n-1,BREAD-10,reno\n"
        "3.5,UTIL-5,reno\n9,CHEF-8,reno\n1,PARE-3\n"
    )

    with pytest.raises(MistakesError, match="nothing was loaded") as refused:
        await opening.load(b.hub, MERCHANT, text, actor=KENDRA)

    assert [(m.line, m.what) for m in refused.value.mistakes] == [
        (3, "'NOPE' is no product; add it first"),
        (4, "no location 'moon'; crossdock.yaml has reno, easton"),
        (5, "units: -1 is less than nothing"),
        (6, "units: '3.5' is no whole number"),
        (7, "CHEF-8 at reno stands on line 2 already"),
        (8, "2 values; there are 3 columns"),
    ]
    assert await counters(b) == {}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "nothing to load; the first line names sku,location,units"),
        (
            "CHEF-8,reno,14\n",
            1,
            "the first line must name the columns sku,location,units; it says CHEF-8,reno,14",
        ),
        ('sku,location,units\n"CHEF-8,reno,14\n', 2, "this is no CSV: unexpected end of data"),
    ],
)
async def test_a_file_without_head_or_lines_is_refused(b: Bench, text: str, line: int, what: str) -> None:
    seen = await opening.preview(b.hub, MERCHANT, text)
    assert [(m.line, m.what) for m in seen.mistakes] == [(line, what)]


@pytest.mark.req("R82")
async def test_undo_restores_the_former_counts_and_leaves_what_orders_are_promised(b: Bench) -> None:
    await actions.count(b.hub, MERCHANT, [("CHEF-8", "reno", 9)], actor=KENDRA)
    loaded = await opening.load(b.hub, MERCHANT, "\ufeff" + COUNTED, actor=KENDRA)
    await settle(b)
    assert (await counters(b))["UTIL-5", "reno"] == (10, 1)

    await opening.undo(b.hub, MERCHANT, None, actor=KENDRA)

    now = await counters(b)
    assert (now["CHEF-8", "reno"], now["UTIL-5", "reno"], now["DUTCH-6", "easton"]) == (
        (9, 0),
        (0, 1),
        (0, 0),
    )
    skus = ["CHEF-8", "UTIL-5", "DUTCH-6"]
    assert await b.store.read(listable_units, MERCHANT, skus) == {("CHEF-8", "reno"): 9}
    notes = [
        (row.kind, row.d_on_hand, row.note) for row in await b.store.read(list_ledger, MERCHANT, sku="CHEF-8")
    ]
    assert notes == [("counted", 9, ""), ("counted", 5, "opening 1"), ("adjusted", -5, "undo of opening 1")]
    with pytest.raises(RefusedError, match="taken back before"):
        await opening.undo(b.hub, MERCHANT, loaded.number, actor=KENDRA)
    with pytest.raises(NotFoundError, match="no opening counts"):
        await opening.undo(b.hub, MERCHANT, None, actor=KENDRA)


@pytest.mark.req("R82")
async def test_undo_is_refused_where_something_was_counted_since_and_changes_nothing(b: Bench) -> None:
    await opening.load(b.hub, MERCHANT, COUNTED, actor=KENDRA)
    await actions.count(b.hub, MERCHANT, [("DUTCH-6", "easton", 3)], actor=KENDRA)
    before = await counters(b)

    with pytest.raises(RefusedError, match="counted since: DUTCH-6 at easton; nothing was taken back"):
        await opening.undo(b.hub, MERCHANT, 1, actor=KENDRA)

    assert await counters(b) == before
