import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from core.clock import SteppedClock
from core.errors import AuthError, HubError, OutcomeUnknownError, RateLimitError, UnavailableError
from core.ports import Token
from core.store.store import Store
from core.store.tables import data_keys, vault
from core.store.tokens import token_states
from core.store.vault import StaticTokens, VaultTokens

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


class Vendor:
    """Renews as Shopify does: the refresh token rotates, the one before lives until its successor is used."""

    def __init__(self, clock: SteppedClock) -> None:
        self.clock = clock
        self.calls: list[str | None] = []
        self.issued = 1
        self.fails: list[HubError] = []
        self.at_work: Callable[[], Awaitable[None]] | None = None

    def token(self) -> Token:
        return Token(
            access=f"access-{self.issued}",
            refresh=f"refresh-{self.issued}",
            expires_at=self.clock.now() + timedelta(hours=1),
            scopes=("read_orders",),
            account="acme.myshopify.com",
        )

    async def refresh(self, token: Token) -> Token:
        self.calls.append(token.refresh)
        await asyncio.sleep(0.01)
        if self.fails:
            raise self.fails.pop(0)
        if token.refresh not in (f"refresh-{self.issued}", f"refresh-{self.issued - 1}"):
            raise AuthError("invalid_grant", connection="shop")
        self.issued += 1
        granted = replace(self.token(), scopes=(), account=None)
        if self.at_work is not None:
            await self.at_work()
        return granted


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def vendor(clock: SteppedClock) -> Vendor:
    return Vendor(clock)


def tokens_of(store: Store, vendor: Vendor, *, connection: str = "shop") -> VaultTokens:
    return VaultTokens(
        store.db,
        store.keys,
        clock=vendor.clock,
        merchant="acme",
        connection=connection,
        refresh=vendor.refresh,
    )


async def test_a_connection_never_authorized_says_where_to_connect_it(
    batched_store: Store, vendor: Vendor
) -> None:
    with pytest.raises(AuthError, match=r"^shop: not connected yet; connect it at /connect/acme/shop$"):
        await tokens_of(batched_store, vendor).current()

    assert vendor.calls == []


async def test_a_saved_token_comes_back_whole_and_lies_sealed(batched_store: Store, vendor: Vendor) -> None:
    granted = vendor.token()

    await tokens_of(batched_store, vendor).save(granted)

    assert await tokens_of(batched_store, vendor).current() == granted
    stored = await batched_store.read(lambda conn: conn.execute(sa.select(vault.c.sealed)).scalar_one())
    assert stored is not None
    assert b"access-1" not in stored
    assert b"refresh-1" not in stored
    assert "access-1" not in repr(granted)


@pytest.mark.parametrize(
    ("minutes", "access"),
    [(0, "access-1"), (54, "access-1"), (55, "access-2"), (59, "access-2"), (61, "access-2")],
)
async def test_a_token_is_renewed_in_the_last_five_minutes(
    batched_store: Store, vendor: Vendor, *, minutes: int, access: str
) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(vendor.token())
    vendor.clock.move_to(NOON + timedelta(minutes=minutes))

    assert (await tokens.current()).access == access


async def test_a_short_token_is_renewed_in_its_last_tenth(batched_store: Store, vendor: Vendor) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(replace(vendor.token(), expires_at=NOON + timedelta(seconds=100)))

    vendor.clock.move_to(NOON + timedelta(seconds=89))
    assert (await tokens.current()).access == "access-1"
    vendor.clock.move_to(NOON + timedelta(seconds=90))
    assert (await tokens.current()).access == "access-2"


async def test_a_renewed_token_keeps_account_and_scopes(batched_store: Store, vendor: Vendor) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(vendor.token())

    renewed = await tokens.renew(vendor.token())

    assert renewed.account == "acme.myshopify.com"
    assert renewed.scopes == ("read_orders",)
    assert await tokens.current() == renewed


@pytest.mark.req("R61")
async def test_a_hundred_refreshes_at_once_make_one_vendor_call(batched_store: Store, vendor: Vendor) -> None:
    processes = [tokens_of(batched_store, vendor) for _ in range(10)]
    await processes[0].save(vendor.token())
    refused = vendor.token()

    renewed = await asyncio.gather(*(processes[n % 10].renew(refused) for n in range(100)))

    assert vendor.calls == ["refresh-1"]
    assert {token.access for token in renewed} == {"access-2"}


@pytest.mark.req("R61")
async def test_a_process_that_dies_before_the_save_is_recovered_from(
    batched_store: Store, vendor: Vendor
) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(vendor.token())
    refused = vendor.token()

    async def die() -> None:
        raise asyncio.CancelledError

    vendor.at_work = die
    with pytest.raises(asyncio.CancelledError):
        await tokens.renew(refused)
    vendor.at_work = None
    assert (await tokens_of(batched_store, vendor).current()).access == "access-1"
    vendor.clock.move_to(NOON + timedelta(seconds=31))

    renewed = await tokens_of(batched_store, vendor).renew(refused)

    assert renewed.access == "access-3"
    assert vendor.calls == ["refresh-1", "refresh-1"]
    assert (await tokens.current()).access == "access-3"


async def test_while_another_process_renews_a_token_still_good_is_used(
    batched_store: Store, vendor: Vendor
) -> None:
    one, other = tokens_of(batched_store, vendor), tokens_of(batched_store, vendor)
    await one.save(vendor.token())
    vendor.clock.move_to(NOON + timedelta(minutes=56))
    asked, answer = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await answer.wait()

    vendor.at_work = wait
    renewing = asyncio.create_task(one.current())
    await asked.wait()

    assert (await other.current()).access == "access-1"

    answer.set()
    assert (await renewing).access == "access-2"
    assert vendor.calls == ["refresh-1"]


@pytest.mark.req("R61")
async def test_a_process_whose_claim_ran_out_does_not_use_what_it_got(
    batched_store: Store, vendor: Vendor
) -> None:
    slow, other = tokens_of(batched_store, vendor), tokens_of(batched_store, vendor)
    await slow.save(vendor.token())
    refused = vendor.token()

    async def sleep_past_the_claim() -> None:
        vendor.at_work = None
        vendor.clock.move_to(NOON + timedelta(seconds=31))
        assert (await other.renew(refused)).access == "access-3"

    vendor.at_work = sleep_past_the_claim

    assert (await slow.renew(refused)).access == "access-3"
    assert (await other.current()).access == "access-3"
    assert vendor.calls == ["refresh-1", "refresh-1"]


async def test_a_token_that_a_person_granted_meanwhile_wins(batched_store: Store, vendor: Vendor) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(vendor.token())
    refused = vendor.token()
    granted = replace(vendor.token(), access="granted", refresh="granted-refresh")

    async def reconnect() -> None:
        await tokens_of(batched_store, vendor).save(granted)

    vendor.at_work = reconnect

    assert (await tokens.renew(refused)).access == "granted"
    assert (await tokens.current()).access == "granted"


@pytest.mark.req("R61", "R62")
async def test_a_refused_renewal_leaves_the_connection_dead_until_it_is_connected_again(
    batched_store: Store, vendor: Vendor
) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(vendor.token())
    await tokens_of(batched_store, vendor, connection="amz").save(vendor.token())
    vendor.issued = 5

    with pytest.raises(AuthError, match="connect it again at /connect/acme/shop") as refused:
        await tokens.renew(replace(vendor.token(), access="access-1"))
    with pytest.raises(AuthError):
        await tokens.current()

    assert refused.value.code == "dead"
    assert vendor.calls == ["refresh-1"]
    states = await batched_store.read(token_states, "acme")
    assert {name: state.state for name, state in states.items()} == {"shop": "dead", "amz": "connected"}

    await tokens.save(vendor.token())
    assert (await tokens.current()).access == "access-5"
    states = await batched_store.read(token_states, "acme")
    assert states["shop"].state == "connected"
    assert states["shop"].expires_at == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    "failure",
    [
        UnavailableError("503", connection="shop"),
        OutcomeUnknownError("no answer", connection="shop"),
        RateLimitError("429", connection="shop", retry_after_s=5),
    ],
)
async def test_a_vendor_that_cannot_renew_just_now_is_asked_again_after_a_pause(
    batched_store: Store, vendor: Vendor, failure: HubError
) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(vendor.token())
    refused = vendor.token()
    vendor.fails = [failure]

    failed = await asyncio.gather(*(tokens.renew(refused) for _ in range(20)), return_exceptions=True)

    assert vendor.calls == ["refresh-1"]
    assert failed[0] is failure
    assert all(isinstance(error, UnavailableError) for error in failed[1:])
    states = await batched_store.read(token_states, "acme")
    assert states["shop"].state == "connected"
    vendor.clock.move_to(NOON + timedelta(seconds=6))
    assert (await tokens.renew(refused)).access == "access-2"


async def test_an_outage_of_renewal_does_not_stop_a_token_still_good(
    batched_store: Store, vendor: Vendor
) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(vendor.token())
    vendor.clock.move_to(NOON + timedelta(minutes=56))
    vendor.fails = [UnavailableError("503", connection="shop")]

    assert (await tokens.current()).access == "access-1"
    assert (await tokens.current()).access == "access-1"

    assert vendor.calls == ["refresh-1"]


async def test_a_token_without_a_refresh_token_is_dead_once_refused(
    batched_store: Store, vendor: Vendor
) -> None:
    tokens = tokens_of(batched_store, vendor)
    await tokens.save(Token(access="for-ever"))
    assert (await tokens.current()).access == "for-ever"

    with pytest.raises(AuthError):
        await tokens.renew(Token(access="for-ever"))

    assert vendor.calls == []
    with pytest.raises(AuthError):
        await tokens.current()


@pytest.mark.req("R62")
async def test_a_forgotten_token_is_gone_with_its_key(batched_store: Store, vendor: Vendor) -> None:
    tokens, other = tokens_of(batched_store, vendor), tokens_of(batched_store, vendor, connection="amz")
    await tokens.save(vendor.token())
    await other.save(vendor.token())

    await tokens.forget()

    with pytest.raises(AuthError, match="not connected yet"):
        await tokens.current()
    assert (await other.current()).access == "access-1"
    purposes = await batched_store.read(
        lambda conn: conn.execute(sa.select(data_keys.c.purpose)).scalars().all()
    )
    assert purposes == ["connection:amz"]
    await tokens.save(vendor.token())
    assert (await tokens.current()).access == "access-1"


async def test_a_token_of_the_file_is_used_as_it_is_and_never_renewed() -> None:
    tokens = StaticTokens("shpat_1", connection="shop")

    assert (await tokens.current()).access == "shpat_1"
    with pytest.raises(AuthError, match=r"^shop: the vendor refuses the token of crossdock.yaml"):
        await tokens.renew(await tokens.current())
