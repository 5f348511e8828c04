"""Users, sessions and one-time links on both databases: each ends when it must, and nothing is done twice."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from core.errors import RefusedError
from core.model.people import Caller
from core.model.roles import Role
from core.store.api_keys import delete_api_key, find_api_key, hashed, save_api_key
from core.store.columns import UTCDateTime
from core.store.engine import database
from core.store.one_time_links import find_link, save_link, use_link
from core.store.schema import upgrade
from core.store.sessions import (
    end_sessions,
    find_session,
    forget_sessions,
    note_session_used,
    open_session,
    sessions_of,
)
from core.store.store import Store
from core.store.tables import api_keys, one_time_links, sessions
from core.store.users import (
    NewUser,
    add_user,
    find_login,
    list_users,
    remove_user,
    rename_user,
    set_password,
    set_user_role,
)
from tests.core.store.builders import NOON, SOON
from tests.databases import KINDS, fresh_database

KENDRA = "kendra"

RIVAL = "rival"


def a_user(name: str, role: Role = Role.OWNER) -> NewUser:
    return NewUser(user_id=f"id-{name}", login=name, name=name.title(), role=role, password_hash="$hash")


def caller(name: str, merchant: str = KENDRA, role: Role = Role.OWNER) -> Caller:
    return Caller(merchant=merchant, name=name.title(), role=role, user_id=f"id-{name}")


async def opened(store: Store, who: Caller, token: str) -> bool:
    return await store.write(open_session, who, token, browser="b", now=NOON)


async def test_one_name_signs_in_once_at_each_merchant(store: Store) -> None:
    await store.write(add_user, KENDRA, a_user("kim"), NOON)
    await store.write(add_user, RIVAL, a_user("kim"), NOON)

    with pytest.raises(RefusedError, match="somebody here signs in as 'kim'"):
        await store.write(
            add_user,
            KENDRA,
            NewUser(user_id="2", login="kim", name="Eve", role=Role.OWNER, password_hash=""),
            NOON,
        )
    assert [user.name for user in await store.read(list_users, KENDRA)] == ["Kim"]


@pytest.mark.case("F14")
@pytest.mark.parametrize(
    ("login", "name", "says"),
    [
        ("id-kim", "Eve", "somebody here is called 'id-kim'; sign in by another name"),
        ("id-gone", "Eve", "somebody here is called 'id-gone'; sign in by another name"),
        ("kim doe", "Eve", "somebody here is called 'kim doe'; sign in by another name"),
        ("eve", "kim@example.test", "somebody here signs in as 'kim@example.test', or has it as an id; take another name"),
        ("eve", "KIM@example.test", "somebody here signs in as 'KIM@example.test', or has it as an id; take another name"),
        ("eve", "id-kim", "somebody here signs in as 'id-kim', or has it as an id; take another name"),
    ],
)  # fmt: skip
async def test_nobody_comes_who_could_be_taken_for_another(
    store: Store, login: str, name: str, says: str
) -> None:
    kim = replace(a_user("kim"), login="kim@example.test", name="Kim Doe")
    for user in (kim, a_user("gone"), a_user("lee")):
        await store.write(add_user, KENDRA, user, NOON)
    await store.write(remove_user, KENDRA, "id-gone", SOON)
    before = await store.read(list_users, KENDRA)
    eve = NewUser(user_id="id-eve", login=login, name=name, role=Role.VIEWER, password_hash="$hash")

    with pytest.raises(RefusedError) as refused:
        await store.write(add_user, KENDRA, eve, NOON)
    assert str(refused.value) == says
    if name != "Eve":
        with pytest.raises(RefusedError) as refused:
            await store.write(rename_user, KENDRA, "id-lee", name)
        assert str(refused.value) == says

    assert await store.read(list_users, KENDRA) == before
    await store.write(add_user, RIVAL, eve, NOON)  # at another merchant nobody is taken for another


@pytest.mark.case("F14")
async def test_two_may_have_one_name_and_one_is_called_as_he_signs_in_or_as_somebody_who_left(
    store: Store,
) -> None:
    await store.write(add_user, KENDRA, a_user("lee"), NOON)
    await store.write(add_user, KENDRA, replace(a_user("max"), name="Kim"), NOON)
    await store.write(remove_user, KENDRA, "id-max", SOON)

    await store.write(add_user, KENDRA, a_user("kim"), NOON)
    for one in ("ann", "bob"):
        await store.write(add_user, KENDRA, replace(a_user(one), name="Jo Doe"), NOON)

    names = [(u.user_id, u.name) for u in await store.read(list_users, KENDRA)]
    assert names == [
        ("id-ann", "Jo Doe"),
        ("id-bob", "Jo Doe"),
        ("id-kim", "Kim"),
        ("id-lee", "Lee"),
        ("id-max", "Kim"),
    ]


@pytest.mark.case("F14")
async def test_a_session_is_found_by_its_token_and_its_merchant_alone(store: Store) -> None:
    for merchant in (KENDRA, RIVAL):
        await store.write(add_user, merchant, a_user("kim"), NOON)
    assert await opened(store, caller("kim"), "t")

    found = await store.read(find_session, KENDRA, "t", NOON)
    assert found == (
        Caller(merchant=KENDRA, name="Kim", role=Role.OWNER, user_id="id-kim", session=hashed("t")),
        NOON,
    )
    assert await store.read(find_session, RIVAL, "t", NOON) is None
    assert await store.read(find_session, KENDRA, hashed("t"), NOON) is None
    assert await store.read(sessions_of, caller("kim", RIVAL), NOON) == []
    assert await store.write(end_sessions, caller("kim", RIVAL)) == 0


@pytest.mark.case("F14")
async def test_a_session_ends_with_its_user_his_role_and_his_password(store: Store) -> None:
    await store.write(add_user, KENDRA, a_user("kim"), NOON)
    await store.write(add_user, KENDRA, a_user("lee"), NOON)
    ends = (
        (set_user_role, "id-kim", Role.VIEWER),
        (set_password, "id-kim", "$other"),
        (remove_user, "id-kim", SOON),
    )
    await opened(store, caller("lee"), "lee")
    for number, (end, *words) in enumerate(ends):
        assert await opened(store, caller("kim"), f"t{number}")
        await store.write(end, KENDRA, *words)  # type: ignore[arg-type]
        assert await store.read(find_session, KENDRA, f"t{number}", NOON) is None

    assert not await opened(store, caller("kim"), "after")
    assert await store.read(find_session, KENDRA, "lee", NOON) is not None
    assert await store.read(find_login, KENDRA, "kim") is None


@pytest.mark.case("F14")
async def test_a_session_and_a_phones_link_end_with_their_key_whoever_deletes_it(store: Store) -> None:
    await store.write(save_api_key, KENDRA, "k", name="office", role="owner", now=NOON)
    found = await store.read(find_api_key, "k", NOON)
    assert found is not None
    assert await opened(store, found[0], "t")
    await store.write(
        save_link, KENDRA, "s", kind="phone", name="office", role=Role.OWNER, made_by="key:office",
        now=NOON, until=SOON, key_hash=found[0].key_hash,
    )  # fmt: skip

    await store.write(delete_api_key, KENDRA, "office")
    await store.write(save_api_key, KENDRA, "k", name="office", role="owner", now=NOON)

    assert await store.read(find_session, KENDRA, "t", NOON) is None
    assert await store.read(find_link, KENDRA, "s", NOON) is None


async def test_a_key_that_is_over_opens_nothing(store: Store) -> None:
    await store.write(save_api_key, KENDRA, "k", name="office", role="owner", now=NOON, expires_at=SOON)
    found = await store.read(find_api_key, "k", NOON)
    assert found is not None
    assert await opened(store, found[0], "t")

    assert await store.read(find_api_key, "k", SOON) is None
    assert await store.read(find_session, KENDRA, "t", SOON) is None
    assert not await store.write(open_session, found[0], "u", browser="b", now=SOON)


async def test_sessions_that_are_over_are_deleted_and_no_others(store: Store) -> None:
    await store.write(add_user, KENDRA, a_user("kim"), NOON)
    await opened(store, caller("kim"), "idle")
    await opened(store, caller("kim"), "used")
    await store.write(note_session_used, KENDRA, hashed("used"), NOON + timedelta(hours=11))

    assert await store.write(forget_sessions, KENDRA, NOON + timedelta(hours=12)) == 1
    assert await store.read(find_session, KENDRA, "used", NOON + timedelta(hours=12)) is not None
    assert await store.write(forget_sessions, KENDRA, NOON + timedelta(days=7)) == 1


async def test_a_link_is_used_by_one_of_many_at_once(store: Store) -> None:
    await store.write(
        save_link, KENDRA, "s", kind="invitation", name="Kim", role=Role.VIEWER, made_by="person:command", now=NOON, until=SOON
    )  # fmt: skip

    used = await asyncio.gather(
        *(store.write(use_link, KENDRA, "s", NOON) for _ in range(8)), return_exceptions=True
    )

    refused = [answer for answer in used if isinstance(answer, RefusedError)]
    assert len(refused) == 7
    assert [a.kind for a in used if not isinstance(a, BaseException)] == ["invitation"]
    with pytest.raises(RefusedError, match="was used, or is too old"):
        await store.write(use_link, KENDRA, "s", NOON)


async def test_a_link_of_one_merchant_is_none_at_another_and_is_over_at_its_instant(store: Store) -> None:
    await store.write(
        save_link, KENDRA, "s", kind="reset", name="Kim", role=Role.VIEWER, made_by="person:command", now=NOON, until=SOON
    )  # fmt: skip

    with pytest.raises(RefusedError):
        await store.write(use_link, RIVAL, "s", NOON)
    with pytest.raises(RefusedError):
        await store.write(use_link, KENDRA, "s", SOON)
    assert await store.read(find_link, KENDRA, "s", SOON - timedelta(seconds=1)) is not None


async def test_two_owners_who_remove_each_other_at_once_leave_one(store: Store) -> None:
    for name in ("kim", "lee"):
        await store.write(add_user, KENDRA, a_user(name), NOON)

    done = await asyncio.gather(
        store.write(remove_user, KENDRA, "id-kim", SOON),
        store.write(set_user_role, KENDRA, "id-lee", Role.VIEWER),
        return_exceptions=True,
    )

    assert sorted(type(answer).__name__ for answer in done) == ["NoneType", "RefusedError"]
    users = await store.read(list_users, KENDRA)
    assert len([u for u in users if u.role is Role.OWNER and u.removed_at is None]) == 1


async def test_secrets_are_kept_as_hashes_only(store: Store) -> None:
    await store.write(save_api_key, KENDRA, "the-key", name="office", role="owner", now=NOON)
    await store.write(add_user, KENDRA, a_user("kim"), NOON)
    await opened(store, caller("kim"), "the-token")
    await store.write(
        save_link, KENDRA, "the-secret", kind="reset", name="Kim", role=Role.VIEWER, made_by="person:command", now=NOON, until=SOON
    )  # fmt: skip

    kept = repr(await store.read(_rows))
    assert [word for word in ("the-key", "the-token", "the-secret") if word in kept] == []
    assert hashed("the-token") in kept


def _rows(conn: sa.Connection) -> list[object]:
    return [list(conn.execute(sa.select(table))) for table in (api_keys, sessions, one_time_links)]


@pytest.mark.parametrize("kind", KINDS)
async def test_keys_of_before_keep_working_when_the_database_is_brought_up_to_date(
    kind: str, tmp_path: Path
) -> None:
    """What stood in the table keeps its role; a role that nobody knows becomes owner, as every key was."""
    async with fresh_database(kind, tmp_path) as url:
        db = database(url)
        await db.write(_up_to, "0008")
        for name, role in (("office", "owner"), ("scanner", "picker"), ("old", "admin")):
            await db.write(
                lambda conn, name, role: conn.execute(
                    sa.insert(OLD_KEYS),
                    {
                        "merchant": KENDRA,
                        "key_hash": hashed(name),
                        "name": name,
                        "role": role,
                        "created_at": NOON,
                    },
                ),
                name,
                role,
            )
        await db.close()  # nobody else may use it meanwhile
        await upgrade(url)
        db = database(url)
        found = [await db.read(find_api_key, name, NOON) for name in ("office", "scanner", "old")]
        opened_with = found[0]
        assert opened_with is not None
        assert await db.write(open_session, opened_with[0], "t", browser="b", now=NOON)
        await db.close()

    assert [(caller.name, caller.role) for caller, _ in filter(None, found)] == [
        ("office", Role.OWNER),
        ("scanner", Role.PICKER),
        ("old", Role.OWNER),
    ]


OLD_KEYS = sa.table(
    "api_keys",
    sa.column("merchant"), sa.column("key_hash"), sa.column("name"), sa.column("role"), sa.column("created_at", UTCDateTime),
)  # fmt: skip


def _configured(conn: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parents[3] / "migrations"))
    config.attributes["connection"] = conn
    return config


def _up_to(conn: sa.Connection, revision: str) -> None:
    command.upgrade(_configured(conn), revision)
