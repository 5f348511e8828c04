"""One-time links on both databases: each ends with the power of whoever made it, in the same transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.errors import RefusedError
from core.model.people import Caller, LinkKind
from core.model.roles import Role
from core.store.api_keys import delete_api_key, find_api_key, hashed, save_api_key
from core.store.link_makers import count_links_by, count_links_of_user
from core.store.one_time_links import find_link, open_links, save_link, use_link
from core.store.sessions import end_session, end_sessions, open_session
from core.store.store import Store
from core.store.users import NewUser, add_user, list_users, remove_user, set_password, set_user_role
from tests.core.store.builders import NOON, SOON

KENDRA, RIVAL = "kendra", "rival"
GONE = "whoever made this link may not any more; ask an owner for a new one"
pytestmark = [pytest.mark.req("S39"), pytest.mark.case("F14")]


async def hired(store: Store, *names: str, merchant: str = KENDRA) -> None:
    for name in names:
        user = NewUser(
            user_id=f"id-{name}", login=name, name=name.title(), role=Role.OWNER, password_hash="$hash"
        )
        await store.write(add_user, merchant, user, NOON)


async def given(
    store: Store,
    secret: str,
    by: str,
    *,
    kind: LinkKind = "invitation",
    user_id: str | None = None,
    merchant: str = KENDRA,
) -> None:
    await store.write(
        save_link, merchant, secret, kind=kind, name="Eve", role=Role.OWNER, made_by=by, now=NOON, until=SOON,
        user_id=user_id,
    )  # fmt: skip


async def is_open(store: Store, *secrets: str, merchant: str = KENDRA) -> list[bool]:
    return [await store.read(find_link, merchant, secret, NOON) is not None for secret in secrets]


@pytest.mark.parametrize("end", ["removed", "made less"])
async def test_links_end_with_the_power_of_whoever_made_them_and_no_others(store: Store, end: str) -> None:
    await hired(store, "kim", "lee")
    await hired(store, "kim", merchant=RIVAL)
    await given(store, "invitation", "user:id-kim")
    await given(store, "reset", "user:id-kim", kind="reset", user_id="id-lee")
    await given(store, "of-lee", "user:id-lee")
    await given(store, "of-the-machine", "person:command")
    await given(store, "elsewhere", "user:id-kim", merchant=RIVAL)

    if end == "removed":
        await store.write(remove_user, KENDRA, "id-kim", NOON)
    else:
        await store.write(set_user_role, KENDRA, "id-kim", Role.OPERATOR)

    assert await is_open(store, "invitation", "reset", "of-lee", "of-the-machine") == [
        False,
        False,
        True,
        True,
    ]
    assert await is_open(store, "elsewhere", merchant=RIVAL) == [True]
    await store.write(set_user_role, KENDRA, "id-lee", Role.OWNER)
    assert await is_open(store, "of-lee") == [True]


async def test_a_link_does_not_come_back_when_its_maker_is_owner_again(store: Store) -> None:
    await hired(store, "kim", "lee")
    await given(store, "s", "user:id-kim")

    await store.write(set_user_role, KENDRA, "id-kim", Role.VIEWER)
    await store.write(set_user_role, KENDRA, "id-kim", Role.OWNER)

    with pytest.raises(RefusedError, match="was used, or is too old"):
        await store.write(use_link, KENDRA, "s", NOON)


async def test_links_made_with_a_key_end_when_it_is_taken_back_and_no_new_key_revives_them(
    store: Store,
) -> None:
    for name in ("office", "scanner"):
        await store.write(save_api_key, KENDRA, f"k-{name}", name=name, role="owner", now=NOON)
        await given(store, f"of-{name}", f"key:{name}")

    assert await store.write(delete_api_key, KENDRA, "office") == 1
    await store.write(save_api_key, KENDRA, "k-office", name="office", role="owner", now=NOON)

    assert await is_open(store, "of-office", "of-scanner") == [False, True]


@pytest.mark.parametrize(
    "maker", ["user:id-kim", "user:id-vic", "key:gone", "key:less", "key:over", "key:new", "kim"]
)
async def test_a_link_that_was_made_while_its_maker_lost_his_power_is_not_followed(
    store: Store, maker: str
) -> None:
    """It is written after the change had ended those that were there."""
    await hired(store, "kim", "vic", "lee")
    await store.write(remove_user, KENDRA, "id-kim", NOON)
    await store.write(set_user_role, KENDRA, "id-vic", Role.OPERATOR)
    await store.write(save_api_key, KENDRA, "k1", name="less", role="operator", now=NOON)
    await store.write(save_api_key, KENDRA, "k2", name="over", role="owner", now=NOON, expires_at=NOON)
    later = NOON + timedelta(seconds=1)
    await store.write(save_api_key, KENDRA, "k3", name="new", role="owner", now=later)
    await given(store, "s", maker)

    for asked in (store.read(find_link, KENDRA, "s", NOON), store.write(use_link, KENDRA, "s", NOON)):
        with pytest.raises(RefusedError) as refused:
            await asked
        assert str(refused.value) == GONE
    assert await store.read(open_links, KENDRA, NOON) == []
    assert await store.read(count_links_by, KENDRA, maker, NOON) == 1  # it was not used up


async def test_links_that_end_with_somebody_are_counted_once(store: Store) -> None:
    await hired(store, "kim", "lee")
    await given(store, "a", "user:id-kim")
    await given(store, "b", "user:id-kim", kind="phone", user_id="id-kim")
    await given(store, "c", "user:id-lee", kind="reset", user_id="id-kim")

    async def counted(*, made: bool, now: timedelta = timedelta()) -> int:
        return await store.read(count_links_of_user, KENDRA, "id-kim", NOON + now, made=made)

    assert (await counted(made=True), await counted(made=False)) == (3, 2)
    assert await counted(made=True, now=SOON - NOON) == 0
    assert await store.read(count_links_by, KENDRA, "user:id-kim", NOON) == 2


# --- the first owner ---


@pytest.mark.parametrize("way", ["invited", "made so"])
async def test_links_for_a_first_owner_end_when_one_comes(store: Store, way: str) -> None:
    await given(store, "setup", "person:command", kind="setup")
    await given(store, "elsewhere", "person:command", kind="setup", merchant=RIVAL)
    await given(store, "invitation", "person:command")
    vic = NewUser(user_id="id-vic", login="vic", name="Vic", role=Role.VIEWER, password_hash="$hash")
    await store.write(add_user, KENDRA, vic, NOON)
    assert await is_open(store, "setup") == [True]

    if way == "invited":
        await hired(store, "kim")
    else:
        await store.write(set_user_role, KENDRA, "id-vic", Role.OWNER)

    assert await is_open(store, "setup", "invitation") == [False, True]
    assert await is_open(store, "elsewhere", merchant=RIVAL) == [True]


async def test_a_link_for_a_first_owner_that_was_made_while_one_came_is_not_followed(store: Store) -> None:
    await hired(store, "kim")
    await given(store, "setup", "person:command", kind="setup")

    with pytest.raises(RefusedError) as refused:
        await store.write(use_link, KENDRA, "setup", NOON)

    assert str(refused.value) == "there is an owner by now; ask an owner for an invitation"
    assert await store.read(open_links, KENDRA, NOON) == []


async def test_of_two_links_for_a_first_owner_that_are_followed_at_once_one_lets_in(store: Store) -> None:
    for secret in ("a", "b"):
        await given(store, secret, "person:command", kind="setup")

    done = await asyncio.gather(
        *(store.write(_come, secret) for secret in ("a", "b")), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in done) == ["NoneType", "RefusedError"]
    assert len(await store.read(list_users, KENDRA)) == 1


def _come(conn: sa.Connection, secret: str) -> None:
    use_link(conn, KENDRA, secret, NOON)
    user = NewUser(user_id=secret, login=f"of-{secret}", name=secret, role=Role.OWNER, password_hash="$hash")
    add_user(conn, KENDRA, user, NOON)


async def test_whoever_is_removed_while_a_link_of_his_is_followed_keeps_nobody_waiting(store: Store) -> None:
    await hired(store, "kim", "lee", "max")
    for number in range(4):
        await given(store, f"s{number}", "user:id-kim", kind="reset", user_id="id-lee")

    done = await asyncio.gather(
        *(store.write(_reset, f"s{number}") for number in range(4)),
        store.write(remove_user, KENDRA, "id-kim", NOON),
        return_exceptions=True,
    )

    assert [answer for answer in done if not isinstance(answer, RefusedError | None)] == []
    assert await store.read(open_links, KENDRA, NOON) == []


def _reset(conn: sa.Connection, secret: str) -> None:
    use_link(conn, KENDRA, secret, NOON)
    set_password(conn, KENDRA, "id-lee", "$other")


# --- phones ---


async def signed_in(store: Store, *tokens: str) -> None:
    kim = Caller(merchant=KENDRA, name="Kim", role=Role.OWNER, user_id="id-kim")
    for token in tokens:
        assert await store.write(open_session, kim, token, browser="b", now=NOON)


@pytest.mark.parametrize("end", ["all", "one", "signed out", "password", "role", "removed"])
async def test_links_for_phones_end_with_a_session_that_is_ended_and_no_others(
    store: Store, end: str
) -> None:
    await hired(store, "kim", "lee")
    await signed_in(store, "t1", "t2")
    kim = Caller(merchant=KENDRA, name="Kim", role=Role.OWNER, user_id="id-kim", session=hashed("t1"))
    await given(store, "of-kim", "user:id-kim", kind="phone", user_id="id-kim")
    await given(store, "of-lee", "user:id-lee", kind="phone", user_id="id-lee")
    await given(store, "invitation", "user:id-kim")

    ends: dict[str, Callable[[], Awaitable[object]]] = {
        "all": lambda: store.write(end_sessions, kim),
        "one": lambda: store.write(end_sessions, kim, hashed("t2")[:16]),
        "signed out": lambda: store.write(end_session, KENDRA, hashed("t1")),
        "password": lambda: store.write(set_password, KENDRA, "id-kim", "$other"),
        "role": lambda: store.write(set_user_role, KENDRA, "id-kim", Role.OWNER),
        "removed": lambda: store.write(remove_user, KENDRA, "id-kim", NOON),
    }
    await ends[end]()

    assert await is_open(store, "of-kim", "of-lee", "invitation") == [False, True, end != "removed"]


async def test_links_for_phones_of_a_key_end_with_the_sessions_of_that_key(store: Store) -> None:
    callers = []
    for name in ("office", "other"):
        await store.write(save_api_key, KENDRA, f"k-{name}", name=name, role="picker", now=NOON)
        found = await store.read(find_api_key, f"k-{name}", NOON)
        assert found is not None
        callers.append(found[0])
        await store.write(
            save_link, KENDRA, f"of-{name}", kind="phone", name=name, role=Role.PICKER, made_by=f"key:{name}",
            now=NOON, until=SOON, key_hash=found[0].key_hash,
        )  # fmt: skip

    assert await store.write(end_sessions, callers[0]) == 0

    assert await is_open(store, "of-office", "of-other") == [False, True]


async def test_a_session_that_is_not_there_ends_no_link(store: Store) -> None:
    await hired(store, "kim")
    await given(store, "s", "user:id-kim", kind="phone", user_id="id-kim")
    kim = Caller(merchant=KENDRA, name="Kim", role=Role.OWNER, user_id="id-kim")

    assert await store.write(end_sessions, kim, "no-such") == 0
    await store.write(end_session, KENDRA, "no-such")

    assert await is_open(store, "s") == [True]
