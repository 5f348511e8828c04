"""What is asked twice under one Idempotency-Key is done once, whatever dies or races in between."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.bogus.client import Fault
from core.domain.commit import KeyedRequest
from core.jobs.housekeeping import tick_old_requests
from core.store import idempotency
from core.store.api_keys import save_api_key
from core.store.idempotency import UNDER, Answered, Begun, ClaimTakenError, Lost, Running
from core.store.products import list_products
from core.store.stock import receive_stock
from core.store.store import Store
from core.store.tables import idempotency_keys as rows
from simulation.shoppers import place
from tests.builders import MERCHANT, MONDAY_8
from tests.core.flow.play import settle
from tests.core.store.conftest import batched_store  # noqa: F401  a fixture
from tests.stored import jobs_of_kind, list_stock
from tests.web.site import KEY, OTHER_KEY, Answer, Site
from tests.web.test_api import API, cart

RECEIVE = f"{API}/stock/receive"
THREE = {"lines": [{"sku": "CHEF-8", "location": "reno", "units": 3}]}
FOUR = {"lines": [{"sku": "CHEF-8", "location": "reno", "units": 4}]}
BEFORE = 14


async def ask(
    site: Site,
    path: str = RECEIVE,
    body: Any = None,
    *,
    key: str = "k-1",
    who: str = KEY,
    method: str = "POST",
) -> Answer:
    return await site.ask(
        method, path, key=who, json=THREE if body is None else body, headers={"Idempotency-Key": key}
    )


async def on_hand(site: Site) -> int:
    held = await site.b.store.read(list_stock, MERCHANT)
    return next(row.on_hand for row in held if (row.sku, row.location) == ("CHEF-8", "reno"))


async def kept(site: Site) -> int:
    def count(conn: Any) -> int:
        return len(conn.execute(rows.select()).all())

    return await site.b.store.read(count)


# --- the same request ---


@pytest.mark.req("R42")
async def test_two_receipts_with_one_key_are_added_once_and_answered_alike(site: Site) -> None:
    first, second = await ask(site), await ask(site)

    assert await on_hand(site) == BEFORE + 3
    assert (first.status, second.status) == (200, 200)
    assert second.body == first.body
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Content-Type"] == first.headers["Content-Type"]


async def test_without_a_key_each_receipt_is_a_receipt(site: Site) -> None:
    for _ in range(2):
        assert (await site.ask("POST", RECEIVE, key=KEY, json=THREE)).status == 200

    assert await on_hand(site) == BEFORE + 6
    assert await kept(site) == 0


async def test_the_first_answer_comes_again_though_the_stock_is_another_by_now(site: Site) -> None:
    first = await ask(site)
    await ask(site, body=FOUR, key="k-2")

    again = await ask(site)

    assert again.body == first.body
    assert await on_hand(site) == BEFORE + 7


async def test_the_same_body_written_otherwise_is_the_same_request(site: Site) -> None:
    await ask(site)

    again = await site.ask(
        "POST", RECEIVE, key=KEY, headers={"Idempotency-Key": "k-1"},
        data=b'{ "lines":\n[{"units":3,"location":"reno","sku":"CHEF-8"}] }',
    )  # fmt: skip

    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert await on_hand(site) == BEFORE + 3


async def test_a_refusal_is_an_answer_like_any_other(site: Site) -> None:
    body = {"lines": [{"sku": "GHOST", "location": "reno", "units": 1}]}
    first = await ask(site, body=body)
    await site.ask("PUT", f"{API}/products", key=KEY, json={"products": [{"sku": "GHOST", "title": "Ghost"}]})

    again = await ask(site, body=body)

    assert (first.status, again.status, again.body) == (404, 404, first.body)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert (await ask(site, body=body, key="k-2")).status == 200


CHANGES: tuple[tuple[str, str, Any], ...] = (
    ("PUT", f"{API}/products", {"products": [{"sku": "NEW-1", "title": "New"}]}),
    ("PUT", f"{API}/listings/shop/CHEF-8/link", {"of": {"CHEF-8": 2}}),
    ("DELETE", f"{API}/listings/shop/CHEF-8/link", {}),
    ("POST", f"{API}/connections/post/stop", {"actions": ["labels"]}),
    ("POST", f"{API}/stock/opening", {"csv": "sku,location,units\nCHEF-8,reno,9\n"}),
    ("POST", f"{API}/connections/pay/test", {}),
)


async def test_every_kind_of_change_honours_its_key(site: Site) -> None:
    for number, (method, path, body) in enumerate(CHANGES):
        first, again = [await ask(site, path, body, method=method, key=f"k-{number}") for _ in range(2)]

        assert (path, first.status, again.status) == (path, 200, 200)
        assert again.body == first.body
        assert again.headers["Idempotent-Replayed"] == "true"


async def test_opening_counts_loaded_twice_under_a_key_are_one_opening(site: Site) -> None:
    body = {"csv": "sku,location,units\nCHEF-8,reno,9\n"}
    for _ in range(3):
        await ask(site, f"{API}/stock/opening", body)

    listed = (await site.ask("GET", f"{API}/stock/opening", key=KEY)).json["openings"]
    assert [o["number"] for o in listed] == [1]


async def test_a_read_takes_no_notice_of_a_key(site: Site) -> None:
    for _ in range(2):
        answer = await site.ask("GET", f"{API}/stock", key=KEY, headers={"Idempotency-Key": "k-1"})
        assert "Idempotent-Replayed" not in answer.headers

    assert await kept(site) == 0


# --- another request, another caller ---


async def test_a_key_that_was_used_for_another_request_is_422_and_changes_nothing(site: Site) -> None:
    await ask(site)

    for answer in (
        await ask(site, body=FOUR),
        await ask(site, f"{API}/stock/count"),
        await ask(site, f"{API}/products", {"products": []}, method="PUT"),
    ):
        assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
        assert answer.json["detail"].startswith("this Idempotency-Key was used for another request")
        assert "Idempotent-Replayed" not in answer.headers
    assert await on_hand(site) == BEFORE + 3


async def test_each_merchant_and_each_api_key_has_keys_of_its_own(site: Site) -> None:
    await site.b.store.write(
        save_api_key, MERCHANT, "second-key-0123456789", name="kim", role="owner", now=MONDAY_8
    )

    mine, kims = await ask(site), await ask(site, who="second-key-0123456789")
    theirs = await ask(site, f"{API}/products", {"products": []}, who=OTHER_KEY, method="PUT")

    assert [a.headers.get("Idempotent-Replayed") for a in (mine, kims, theirs)] == [None, None, None]
    assert await on_hand(site) == BEFORE + 6
    assert await kept(site) == 3


async def test_what_is_no_key_is_400_and_changes_nothing(site: Site) -> None:
    for key in ("", " ", "k" * 256, "né", "a\tb"):
        answer = await ask(site, key=key)

        assert (key, answer.status, answer.headers["Content-Type"]) == (key, 400, "application/problem+json")
        assert answer.json["detail"].startswith(
            "Idempotency-Key: one key of 1 to 255 printable ASCII characters"
        )
    assert await on_hand(site) == BEFORE


async def test_what_is_a_key_is_taken(site: Site) -> None:
    keys = ("k", "k" * 255, "b0f7c1f2-4a07-4d1a-9a4e-9f5a3a1c7f10", '"quoted"', "two words")
    for key in keys * 2:
        assert (await ask(site, key=key)).status == 200

    assert await on_hand(site) == BEFORE + 3 * len(keys)


async def test_a_request_that_does_not_fit_its_schema_uses_no_key_up(site: Site) -> None:
    wrong = {"lines": [{"sku": "CHEF-8", "location": "reno", "units": -1}]}

    assert (await ask(site, body=wrong)).status == 422
    assert (await ask(site)).status == 200
    assert await on_hand(site) == BEFORE + 3


# --- at the same time ---


async def test_of_many_at_once_one_is_carried_out(site: Site) -> None:
    came = await asyncio.gather(*(ask(site) for _ in range(20)))

    assert await on_hand(site) == BEFORE + 3
    assert {a.status for a in came} <= {200, 409}
    assert sum(a.status == 200 and "Idempotent-Replayed" not in a.headers for a in came) == 1
    assert all(a.headers["Retry-After"] == "1" for a in came if a.status == 409)
    assert (await ask(site)).headers["Idempotent-Replayed"] == "true"


async def test_while_the_first_is_under_way_the_second_is_409(site: Site) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()
    holding(site, entered, leave)
    first = asyncio.create_task(ask(site, f"{API}/connections/pay/test", {}))
    await entered.wait()

    second = await ask(site, f"{API}/connections/pay/test", {})

    assert (second.status, second.headers["Retry-After"]) == (409, "1")
    assert "is being carried out" in second.json["detail"]
    leave.set()
    assert (await first).status == 200
    assert site.b.world.calls["pay", "probe"] == 1


def holding(site: Site, entered: asyncio.Event, leave: asyncio.Event) -> None:
    """Have the vendor answer only once it is told to."""

    async def wait() -> None:
        entered.set()
        await leave.wait()

    site.b.world.meanwhile = wait


# --- what dies in between ---


def dying(site: Site, monkeypatch: pytest.MonkeyPatch, *, after: Callable[..., Any], when: str) -> None:
    """Have a write of the store die: before it is committed, or right after it."""
    store, write = site.b.store, site.b.store.write

    async def killed(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function is not after:
            return await write(function, *args, **kwargs)
        if when == "after":
            await write(function, *args, **kwargs)
        raise RuntimeError("killed")

    monkeypatch.setattr(store, "write", killed)


async def crashed(site: Site, monkeypatch: pytest.MonkeyPatch, *, at: Callable[..., Any], when: str) -> None:
    """Let a process die in the middle of a receipt, and start again, with its claims run out."""
    with monkeypatch.context() as dead:
        # A dead process tells nobody that it gave up.
        dead.setattr("web.api.once.give_up_request", lambda *_: None)
        dying(site, dead, after=at, when=when)
        assert (await ask(site)).status == 500
    running = await ask(site)
    assert (running.status, running.headers["Retry-After"]) == (409, "1")
    site.b.clock.move_to(site.b.clock.now() + timedelta(minutes=2))


@pytest.mark.req("R42")
async def test_killed_before_the_work_landed_the_request_is_carried_out_when_it_comes_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crashed(site, monkeypatch, at=receive_stock, when="before")

    answer = await ask(site)

    assert (answer.status, await on_hand(site)) == (200, BEFORE + 3)
    assert (await ask(site)).headers["Idempotent-Replayed"] == "true"


@pytest.mark.req("R42")
@pytest.mark.parametrize(("at", "when"), [(receive_stock, "after"), (idempotency.finish_request, "before")])
async def test_killed_after_the_work_landed_it_is_never_done_again_and_that_is_said(
    site: Site, monkeypatch: pytest.MonkeyPatch, at: Callable[..., Any], when: str
) -> None:
    await crashed(site, monkeypatch, at=at, when=when)

    for _ in range(2):
        answer = await ask(site)
        assert (answer.status, await on_hand(site)) == (409, BEFORE + 3)
        assert "was carried out, at least in part, and its answer was lost" in answer.json["detail"]
    assert (await ask(site, key="k-2")).status == 200


async def test_killed_after_the_answer_was_kept_it_is_given(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dead:
        dying(site, dead, after=idempotency.finish_request, when="after")
        assert (await ask(site)).status == 500

    answer = await ask(site)

    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (200, "true")
    assert await on_hand(site) == BEFORE + 3


async def test_a_fault_of_ours_that_did_nothing_lets_the_request_be_made_again_at_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dead:
        dying(site, dead, after=receive_stock, when="before")
        assert (await ask(site)).status == 500

    assert (await ask(site)).status == 200
    assert await on_hand(site) == BEFORE + 3


async def test_a_vendor_that_asks_to_wait_leaves_the_key_free(site: Site) -> None:
    site.b.world.faults = lambda _operation: Fault.THROTTLED
    assert (await ask(site, f"{API}/connections/pay/test", {})).status == 503
    site.b.world.faults = lambda _operation: None

    answer = await ask(site, f"{API}/connections/pay/test", {})

    assert (answer.status, answer.json["state"]) == (200, "works")
    assert "Idempotent-Replayed" not in answer.headers


async def test_what_is_committed_for_an_order_says_so_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.b.world.locked_out = set()
    place(site.b.world, "shop", cart(1001))
    await settle(site.b)
    path = f"{API}/orders/shop:kk-1001/label"
    with monkeypatch.context() as dead:
        dead.setattr("web.api.once.give_up_request", lambda *_: None)
        dying(site, dead, after=idempotency.finish_request, when="before")
        assert (await ask(site, path, {})).status == 500
    site.b.clock.move_to(site.b.clock.now() + timedelta(minutes=2))

    answer = await ask(site, path, {})

    assert (answer.status, "its answer was lost" in answer.json["detail"]) == (409, True)
    facts = (await site.ask("GET", f"{API}/orders/shop:kk-1001/facts", key=KEY)).json["facts"]
    assert [f["kind"] for f in facts].count("label_asked") == 1


# --- for how long ---


async def test_an_answer_is_kept_for_a_day_and_then_forgotten(site: Site) -> None:
    await ask(site)
    site.b.clock.move_to(MONDAY_8 + timedelta(hours=24))
    await tick_old_requests(site.b.hub)
    assert (await ask(site)).headers["Idempotent-Replayed"] == "true"

    site.b.clock.move_to(MONDAY_8 + timedelta(hours=24, seconds=1))
    await tick_old_requests(site.b.hub)

    assert await kept(site) == 0
    assert "Idempotent-Replayed" not in (await ask(site)).headers
    assert await on_hand(site) == BEFORE + 6


# --- the rows themselves, on both databases ---


def asked(claim: str, key: str = "k-1") -> KeyedRequest:
    return KeyedRequest(merchant=MERCHANT, caller="kendra", key=key, claim=claim)


async def begun(store: Store, claim: str, *, seconds: int = 0) -> object:
    now = MONDAY_8 + timedelta(seconds=seconds)
    return await store.write(
        idempotency.begin_request, asked(claim), fingerprint="f", now=now, until=now + timedelta(seconds=120)
    )


async def under(claim: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do work as what a request asked for."""
    token = UNDER.set(asked(claim))
    try:
        await work()
    finally:
        UNDER.reset(token)


async def test_whoever_lost_the_claim_writes_nothing_any_more(batched_store: Store) -> None:  # noqa: F811
    store = batched_store

    async def receive() -> None:
        lines = [("CHEF-8", "reno", 3)]
        await store.write(receive_stock, MERCHANT, lines, actor="person:kendra", now=MONDAY_8)

    assert await begun(store, "one") == Begun()
    assert await begun(store, "two", seconds=119) == Running()
    assert await begun(store, "two", seconds=120) == Begun()

    with pytest.raises(ClaimTakenError):
        await under("one", receive)

    assert await store.read(list_stock, MERCHANT) == []
    assert await store.read(jobs_of_kind, MERCHANT, "backorders") == []
    await under("two", receive)
    await store.write(idempotency.finish_request, asked("one"), 500, b"of the dead")
    assert [row.on_hand for row in await store.read(list_stock, MERCHANT)] == [3]
    assert await begun(store, "three", seconds=300) == Lost()
    await store.write(idempotency.finish_request, asked("two"), 200, "ÿ".encode())
    assert await begun(store, "three", seconds=300) == Answered(200, "ÿ".encode())
    assert await store.read(list_products, MERCHANT) == {}


async def test_of_many_processes_one_begins(batched_store: Store) -> None:  # noqa: F811
    came = await asyncio.gather(*(begun(batched_store, str(n)) for n in range(12)))

    assert sorted(type(one).__name__ for one in came) == ["Begun", *["Running"] * 11]
