"""What is marked as one statement is read without a transaction, so it must be one."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from core.store.buffers import buffers_at
from core.store.channel_locations import matched_locations
from core.store.claims import first_orders
from core.store.jobs import first_jobs
from core.store.known import know_all
from core.store.links import links_of_listings
from core.store.orders import facts_between, find, find_all, load_all, updates_of
from core.store.pauses import waits_of_order
from core.store.products import products_of
from core.store.push_guard import is_stopped
from core.store.reads import ONE_STATEMENT
from core.store.revisions import revisions_of
from core.store.store import Store
from core.store.switches import accepted_actions
from tests.core.store.builders import NOON, a_new_order

KENDRA = "kendra"
ASKED: dict[Callable[..., Any], tuple[Any, ...]] = {
    accepted_actions: (KENDRA,),
    buffers_at: (KENDRA, "shop", ["TOY"]),
    facts_between: (KENDRA, "shop:1", 0, 9),
    find: (KENDRA, "payment", "ch_1"),
    find_all: ([(KENDRA, "payment", "ch_1")],),
    is_stopped: (KENDRA, "shop"),
    links_of_listings: (KENDRA, "shop", ["TOY"]),
    load_all: ([(KENDRA, "shop:1"), (KENDRA, "shop:2")],),
    matched_locations: (KENDRA, "shop"),
    products_of: (KENDRA, ["TOY"]),
    revisions_of: ([KENDRA],),
    updates_of: (KENDRA, ["shop:1"]),
    waits_of_order: (KENDRA, "shop:1"),
}


async def sent(store: Store, function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[str]:
    """Return the texts that a read sends to the database, with what begins and ends a transaction."""
    texts: list[str] = []

    def note(_conn: Any, _cursor: Any, text: str, *_: Any) -> None:
        texts.append(text.split(maxsplit=1)[0])

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        await store.read(function, *args, **kwargs)
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
    return texts


async def test_what_is_marked_as_one_statement_sends_one_and_nothing_else(batched_store: Store) -> None:
    await batched_store.commit(a_new_order("1"))

    found = {
        function.__name__: await sent(batched_store, function, *args) for function, args in ASKED.items()
    }
    found["know_all"] = await sent(batched_store, know_all, batched_store.keys, [(KENDRA, "shop:1")])
    for due in (first_jobs, first_orders):
        found[due.__name__] = [
            "SELECT" if text in ("WITH", "SELECT") else text
            for text in await sent(batched_store, due, NOON, depth=3)
        ]

    assert found == {function.__name__: ["SELECT"] for function in ONE_STATEMENT}
