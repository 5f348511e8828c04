from datetime import timedelta
from hashlib import sha256

import pytest

from core.domain.commit import NewLabel
from core.domain.state import Stage
from core.model.facts import Held
from core.model.people import Caller
from core.model.products import Product
from core.model.roles import Role
from core.store.api_keys import delete_api_key, find_api_key, save_api_key
from core.store.configs import save_config
from core.store.labels import labels_of, print_label
from core.store.links import import_links, last_import, undo_import
from core.store.orders import counts_by_stage, facts_of, find_external, find_number, list_orders, orders_held
from core.store.products import list_products, products_of, save_products
from core.store.rebuild import rebuild
from core.store.stock import available_units, count_stock, receive_stock
from core.store.store import Store
from core.store.switches import accepted_actions, go_live, list_switches, live_since, set_switch
from tests.core.store.builders import NOON, SOON, a_commit, a_new_order
from tests.core.store.conftest import Execute
from tests.stored import latest_config, list_ledger

KENDRA = "kendra"


async def orders(store: Store, number: int) -> None:
    for i in range(number):
        await store.commit(a_new_order(str(i), placed_at=NOON + timedelta(minutes=i // 2)))


async def test_pages_neither_repeat_nor_hide_an_order_while_new_ones_are_placed(store: Store) -> None:
    await orders(store, 6)

    first = await store.read(list_orders, KENDRA, limit=3)
    await store.commit(a_new_order("new", placed_at=NOON + timedelta(hours=1)))
    second = await store.read(list_orders, KENDRA, limit=3, after=first.after)

    seen = [row.external_id for row in (*first.items, *second.items)]
    assert seen == ["5", "4", "3", "2", "1", "0"]
    assert second.after is None


async def test_orders_are_listed_by_stage_hold_connection_and_beginning_of_their_number(store: Store) -> None:
    await orders(store, 3)
    held = (Held(at=NOON, reason="risk"), Held(at=NOON, reason="payment_short"))
    await store.commit(a_commit("1", happened=held))

    async def numbers(**filters: object) -> list[str]:
        page = await store.read(list_orders, KENDRA, **filters)  # type: ignore[arg-type]
        return [row.number for row in page.items]

    assert await numbers(stage=Stage.ON_HOLD) == ["KK-1"]
    assert await numbers(hold="risk") == ["KK-1"]
    assert await numbers(hold="payment") == []
    assert await numbers(connection="amazon") == []
    assert await numbers(text="kk-2") == ["KK-2"]
    assert await numbers(text="%") == []
    assert await store.read(orders_held, KENDRA, "payment_short") == ["shop:1"]
    assert await store.read(counts_by_stage, KENDRA) == {Stage.AWAITING_PAYMENT: 2, Stage.ON_HOLD: 1}


async def test_a_merchant_sees_its_own_orders_only(store: Store) -> None:
    await store.commit(a_new_order())

    assert (await store.read(list_orders, "other")).items == ()
    assert await store.read(counts_by_stage, "other") == {}
    assert await store.load("other", "shop:1") is None
    assert await store.read(facts_of, "other", "shop:1") == []
    assert await store.read(find_number, "other", "KK-1") == []
    assert await store.read(find_external, "other", "shop", "1") is None


async def test_an_order_is_found_by_its_number_and_by_the_channels_id(store: Store) -> None:
    await store.commit(a_new_order())

    assert await store.read(find_number, KENDRA, "KK-1") == ["shop:1"]
    assert await store.read(find_external, KENDRA, "shop", "1") == "shop:1"


async def test_a_row_that_says_something_else_than_its_facts_is_made_right(
    store: Store, execute: Execute
) -> None:
    await orders(store, 2)
    right = await store.load(KENDRA, "shop:1")
    await execute("UPDATE orders SET stage = 'shipped', state = '{}', version = 7 WHERE order_id = 'shop:1'")

    assert await store.write(rebuild, "other") == 0
    assert await store.write(rebuild, KENDRA) == 1

    assert right is not None
    # What was offered to rules is no sum of facts: where it is lost, everything counts as offered.
    assert await store.load(KENDRA, "shop:1") == right.model_copy(update={"offered": None})
    assert await store.read(counts_by_stage, KENDRA) == {Stage.AWAITING_PAYMENT: 2}


async def test_a_row_with_a_field_that_only_an_older_hub_knew_says_nothing_else(
    store: Store, execute: Execute
) -> None:
    await orders(store, 1)
    before = (await store.read(list_orders, KENDRA)).items
    field = '{"refunded":[],"version"'
    await execute(f"UPDATE orders SET state = replace(state, '{{\"version\"', '{field}')")

    assert await store.write(rebuild, KENDRA) == 0
    assert (await store.read(list_orders, KENDRA)).items == before


async def test_what_was_never_counted_is_not_available_at_all(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 0)], actor="person:kim", now=NOON)

    assert await store.read(available_units, KENDRA, ["MUG"]) == {("MUG", "reno"): 0}
    assert await store.read(available_units, "other", ["MUG"]) == {}


@pytest.mark.req("R31")
async def test_every_change_of_stock_says_who_and_why(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 5)], actor="person:kim", now=NOON)
    await store.write(receive_stock, KENDRA, [("MUG", "reno", 3)], actor="person:kai", now=NOON)
    await store.write(count_stock, KENDRA, [("MUG", "reno", 6)], actor="person:kim", now=SOON)

    rows = await store.read(list_ledger, KENDRA, sku="MUG")
    assert [(r.seq, r.kind, r.d_on_hand, r.actor, r.note) for r in rows] == [
        (1, "counted", 5, "person:kim", ""),
        (2, "received", 3, "person:kai", ""),
        (3, "counted", -2, "person:kim", ""),
    ]
    assert await store.read(available_units, KENDRA, ["MUG"]) == {("MUG", "reno"): 6}


@pytest.mark.req("R87")
async def test_a_switch_says_what_may_run_and_who_said_so(store: Store) -> None:
    await store.write(set_switch, KENDRA, "shop", "labels", on=True, actor="person:kim", now=NOON)
    await store.write(set_switch, KENDRA, "shop", "levels", on=True, actor="person:kim", now=NOON)
    await store.write(set_switch, KENDRA, "shop", "labels", on=False, actor="person:kai", now=SOON)

    assert await store.read(accepted_actions, KENDRA) == {("shop", "levels")}
    labels = (await store.read(list_switches, KENDRA))["shop", "labels"]
    assert (labels.on, labels.actor, labels.at) == (False, "person:kai", SOON)
    assert await store.read(accepted_actions, "other") == frozenset()


@pytest.mark.req("R85")
async def test_a_connection_went_live_when_it_first_did(store: Store) -> None:
    assert await store.read(live_since, KENDRA, "shop") is None

    await store.write(go_live, KENDRA, "shop", actor="person:kim", now=NOON)
    await store.write(go_live, KENDRA, "shop", actor="person:kim", now=SOON)

    assert await store.read(live_since, KENDRA, "shop") == NOON


async def test_products_configs_and_api_keys_are_kept(store: Store) -> None:
    mug = Product(sku="MUG", title="Mug", weight_g=300, size_mm=(100, 90, 80), hs="6912", origin="US")
    await store.write(save_products, KENDRA, [mug, Product(sku="HAT", title="Hat")])
    await store.write(save_products, KENDRA, [Product(sku="HAT", title="Red hat")])
    await store.write(save_config, KENDRA, "h1", "version: 1", now=NOON)
    await store.write(save_config, KENDRA, "h2", "version: 2", now=SOON)
    await store.write(save_api_key, KENDRA, "secret-key", name="office", role="picker", now=NOON)

    assert await store.read(list_products, KENDRA) == {"HAT": Product(sku="HAT", title="Red hat"), "MUG": mug}
    assert await store.read(products_of, KENDRA, ["MUG", "MUG", "BOWL"]) == {"MUG": mug}
    assert await store.read(products_of, "other", ["MUG"]) == {}
    assert await store.read(products_of, KENDRA, []) == {}
    assert await store.read(latest_config, KENDRA) == ("h2", "version: 2")
    office = Caller(
        merchant=KENDRA, name="office", role=Role.PICKER, key_hash=sha256(b"secret-key").hexdigest()
    )
    assert await store.read(find_api_key, "secret-key", NOON) == (office, None)
    await store.write(delete_api_key, KENDRA, "office")
    assert await store.read(find_api_key, "secret-key", NOON) is None


async def test_a_labels_file_is_stored_once(store: Store) -> None:
    await store.commit(a_new_order())

    for file in (b"first", b"second"):
        label = NewLabel(parcel_id="p1", label_id="l1", format="PNG", file=file)
        await store.commit(a_commit(labels=[label]))

    [stored] = await store.read(labels_of, store.keys, KENDRA, "shop:1")
    assert (stored.format, stored.file, stored.printed) == ("PNG", b"first", 0)
    assert (
        await store.write(print_label, store.keys, KENDRA, "shop:1", "p1") is None
    )  # no such label is in force: nothing was bought


async def test_the_last_import_of_links_is_read_where_reading_may_change_nothing(store: Store) -> None:
    """PostgreSQL refuses to lock a row in a transaction that only reads."""
    assert await store.read(last_import, KENDRA) is None
    made = {("shop", "mug"): {"MUG": 1}}
    await store.write(import_links, KENDRA, made, actor="person:kim", now=NOON)

    last = await store.read(last_import, KENDRA)

    assert last is not None
    assert (last.number, last.listings) == (1, 1)
    assert await store.write(undo_import, KENDRA, now=NOON) == 1
