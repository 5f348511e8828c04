"""Whom a word means: nobody can call himself so that what is asked about another is done to him, or the other way."""

import pytest
import sqlalchemy as sa

from core.model.roles import Role
from core.store.tables import users
from core.store.users import NewUser, add_user, list_users
from tests.builders import MERCHANT
from tests.web.site import KEY, PUBLIC, Site
from tests.web.test_people import API, PASSWORD, came_in, invited

pytestmark = [pytest.mark.req("S39"), pytest.mark.case("F14")]
KIM, LEE = "a1b2c3d4e5f6", "0f0f0f0f0f0f"


async def hired(site: Site, user_id: str, login: str, name: str) -> None:
    user = NewUser(user_id=user_id, login=login, name=name, role=Role.PICKER, password_hash="$hash")
    await site.b.store.write(add_user, MERCHANT, user, site.b.clock.now())


async def roles(site: Site) -> dict[str, str]:
    return {u.user_id: u.role.value for u in await site.b.store.read(list_users, MERCHANT)}


@pytest.mark.parametrize(
    ("login", "name", "says"),
    [
        (KIM, "Eve", f"&#39;{KIM}&#39; looks like the id of a user; take another name."),
        (KIM.upper(), "Eve", f"&#39;{KIM}&#39; looks like the id of a user; take another name."),
        ("bbbbbbbbbbbb", "Eve", "&#39;bbbbbbbbbbbb&#39; looks like the id of a user; take another name."),
        ("eve", KIM, f"&#39;{KIM}&#39; looks like the id of a user; take another name."),
        ("kim", "Eve", "Somebody here is called &#39;kim&#39;; sign in by another name."),
        ("eve", "kim@example.test", "Somebody here signs in as &#39;kim@example.test&#39;, or has it as an id; take another name."),
    ],
)  # fmt: skip
async def test_whoever_follows_a_link_cannot_take_what_means_another(
    site: Site, login: str, name: str, says: str
) -> None:
    await hired(site, KIM, "kim@example.test", "Kim")
    link = (await invited(site, "picker")).removeprefix(PUBLIC)

    answer = await site.ask("POST", link, data={"name": name, "login": login, "password": PASSWORD})

    assert (answer.status, says in answer.text) == (409, True), answer.text
    assert await roles(site) == {KIM: "picker"}
    await came_in(site, link, login="eve@example.test", name="Eve")


@pytest.mark.parametrize("name", [KIM, "kim@example.test"])
async def test_nobody_is_renamed_to_what_means_another(site: Site, name: str) -> None:
    await hired(site, KIM, "kim@example.test", "Kim")
    await hired(site, LEE, "lee@example.test", "Lee")

    answer = await site.ask("POST", f"{API}/users/Lee/rename", key=KEY, json={"name": name})

    assert answer.status == 409
    assert sorted(u.name for u in await site.b.store.read(list_users, MERCHANT)) == ["Kim", "Lee"]


async def test_an_id_goes_first_and_a_word_that_means_two_is_refused_with_both(site: Site) -> None:
    """Rows of before: the one signs in by the other's id, and by a third's name."""
    await hired(site, KIM, "kim@example.test", "Kim")
    await hired(site, LEE, "lee@example.test", "Kim")
    await site.b.store.write(_sign_in_as, LEE, KIM)

    by_id = await site.ask("POST", f"{API}/users/{KIM}/role", key=KEY, json={"role": "viewer"})
    assert (by_id.json["user_id"], await roles(site)) == (KIM, {KIM: "viewer", LEE: "picker"})
    both = await site.ask("POST", f"{API}/users/Kim/role", key=KEY, json={"role": "operator"})

    assert both.status == 409
    [first, second] = sorted(
        [f"Kim, signs in as {KIM}, id {LEE}", f"Kim, signs in as kim@example.test, id {KIM}"],
        key=lambda who: who[-12:],
    )
    assert both.json["detail"] == f"2 here are called 'Kim'; say the id of one: {first}; {second}"
    assert await roles(site) == {KIM: "viewer", LEE: "picker"}


def _sign_in_as(conn: sa.Connection, user_id: str, login: str) -> None:
    conn.execute(sa.update(users).where(users.c.user_id == user_id).values(login=login))


@pytest.mark.parametrize("form", [{"do": "remove"}, {"do": "role", "role": "viewer"}])
async def test_the_page_says_whom_it_found(site: Site, form: dict[str, str]) -> None:
    await came_in(site, await invited(site, "owner", "Max"), login="max", name="Max")
    await hired(site, KIM, "kim@example.test", "Kim")

    shown = await site.ask("POST", "/people", cookie=await site.log_in(), data={"user": "Kim", **form})

    assert f"<li>It is about: Kim, signs in as kim@example.test, id {KIM}.</li>" in shown.text
