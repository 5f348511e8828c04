"""Links that work once end with the power of whoever made them: in the browser and by the API."""

import re
from datetime import timedelta
from typing import Any

import pytest

from core.errors import RefusedError
from core.model.people import Caller
from core.model.roles import Role
from core.services import people
from core.store.one_time_links import open_links
from core.store.users import list_users
from tests.builders import MERCHANT
from tests.web.site import KEY, PUBLIC, Answer, Site
from tests.web.test_people import API, PASSWORD, came_in, cookie_of, invited, read_code, signed_in

GONE = "this link was used, or is too old; ask whoever gave it for a new one"
pytestmark = [pytest.mark.req("S39"), pytest.mark.case("F14")]


async def owners(site: Site, *names: str) -> dict[str, str]:
    """Let owners in; return the cookie of each."""
    return {
        name: await came_in(site, await invited(site, "owner", name), login=f"{name}@example.test", name=name)
        for name in names
    }


async def id_of(site: Site, name: str) -> str:
    [found] = [u.user_id for u in await site.b.store.read(list_users, MERCHANT) if u.name == name]
    return found


async def by(site: Site, cookie: str, path: str, **body: Any) -> Answer:
    answer = await site.ask("POST", f"{API}/{path}", headers={"Cookie": cookie}, json=body)
    assert answer.status == 200, answer.text
    return answer


async def followed(site: Site, link: str) -> Answer:
    form = {"name": "Eve", "login": "eve@example.test", "password": "another of my own"}
    return await site.ask("POST", link.removeprefix(PUBLIC), data=form)


@pytest.mark.parametrize("end", ["remove", "role"])
async def test_a_removed_owner_neither_signs_in_as_another_nor_comes_back_by_a_link_of_his(
    site: Site, end: str
) -> None:
    cookies = await owners(site, "kim", "lee")
    lee = await id_of(site, "lee")
    reset = (await by(site, cookies["kim"], f"users/{lee}/reset")).json["link"]
    invitation = (await by(site, cookies["kim"], "invitations", name="Eve", role="owner")).json["link"]

    more = {"role": "operator"} if end == "role" else {}
    await by(site, cookies["lee"], f"users/{await id_of(site, 'kim')}/{end}", **more)

    for link in (reset, invitation):
        answer = await followed(site, link)
        assert (answer.status, "Set-Cookie" in answer.headers, GONE in answer.text) == (404, False, True)
    assert cookie_of(await signed_in(site, PASSWORD, "lee@example.test"))
    assert sorted(u.name for u in await site.b.store.read(list_users, MERCHANT)) == ["kim", "lee"]
    assert (await site.ask("GET", f"{API}/invitations", key=KEY)).json == {"invitations": []}


async def test_an_invitation_made_with_a_key_ends_when_the_key_is_taken_back(site: Site) -> None:
    made = await site.ask("POST", f"{API}/keys", key=KEY, json={"name": "office", "role": "owner"})
    asked = {"name": "Eve", "role": "owner"}
    link = (await site.ask("POST", f"{API}/invitations", key=made.json["key"], json=asked)).json["link"]

    await site.ask("POST", f"{API}/keys/office/revoke", key=KEY)

    assert (await followed(site, link)).status == 404
    assert await site.b.store.read(list_users, MERCHANT) == []


async def test_an_invitation_made_with_a_key_ends_when_the_key_does(site: Site) -> None:
    asked = {"name": "office", "role": "owner", "days": 1}
    made = await site.ask("POST", f"{API}/keys", key=KEY, json=asked)
    asked = {"name": "Eve", "role": "owner"}
    link = (await site.ask("POST", f"{API}/invitations", key=made.json["key"], json=asked)).json["link"]

    site.b.clock.move_to(site.b.clock.now() + timedelta(days=1))
    answer = await followed(site, link)

    assert answer.status == 409
    assert "whoever made this link may not any more; ask an owner for a new one" in answer.text
    assert await site.b.store.read(list_users, MERCHANT) == []


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"do": "remove"}, "2 open links end."),
        ({"do": "role", "role": "viewer"}, "2 open links end."),
        ({"do": "role", "role": "owner"}, ""),
        ({"do": "revoke", "name": "kendra"}, "1 open link ends."),
    ],
)
async def test_the_page_says_how_many_links_end_before_they_do(
    site: Site, form: dict[str, str], says: str
) -> None:
    cookies = await owners(site, "kim", "lee")
    await by(site, cookies["kim"], f"users/{await id_of(site, 'lee')}/reset")
    await by(site, cookies["kim"], "invitations", name="Eve", role="owner")
    await invited(site, "viewer")  # with the key

    shown = await site.ask(
        "POST", "/people", cookie=cookies["lee"], data={"user": await id_of(site, "kim"), **form}
    )

    assert shown.status == 200
    assert re.findall(r"<li>(\d+ open links? ends?\.)</li>", shown.text) == ([says] if says else [])
    assert len((await site.ask("GET", f"{API}/invitations", key=KEY)).json["invitations"]) == 3


async def test_a_link_for_a_first_owner_lets_nobody_in_once_another_came_by_invitation(site: Site) -> None:
    secret = await people.set_up(site.b.hub, MERCHANT, by="person:command")
    await owners(site, "kim")

    looked = await site.ask("GET", f"/join/kendra/{secret}")
    answer = await followed(site, f"/join/kendra/{secret}")

    assert [(a.status, "Set-Cookie" in a.headers) for a in (looked, answer)] == [(404, False)] * 2
    assert [u.name for u in await site.b.store.read(list_users, MERCHANT)] == ["kim"]


# --- phones ---


@pytest.mark.parametrize("way", ["by the API", "on the page", "signed out"])
async def test_a_code_for_a_phone_lets_nobody_in_after_its_user_signed_out(site: Site, way: str) -> None:
    cookie = await came_in(site, await invited(site, "picker"))
    shown = await site.ask("POST", "/account", cookie=cookie, data={"do": "phone"})
    code = read_code(shown.text).removeprefix(PUBLIC)

    if way == "by the API":
        await by(site, cookie, "sessions/end")
    elif way == "on the page":
        await site.ask("POST", "/account", cookie=cookie, data={"do": "end_all"})
    else:
        await site.ask("POST", "/logout", cookie=cookie)
    answer = await site.ask("POST", code)

    assert (answer.status, "Set-Cookie" in answer.headers) == (404, False)


async def test_who_is_signed_out_meanwhile_gets_no_code_for_a_phone(site: Site) -> None:
    await came_in(site, await invited(site, "picker"))
    kim = Caller(
        merchant=MERCHANT, name="Kim", role=Role.PICKER, user_id=await id_of(site, "Kim"), session="of-before"
    )

    with pytest.raises(RefusedError) as refused:
        await people.phone_link(site.b.hub, kim)

    assert str(refused.value) == "you are signed out by now; sign in again"
    assert await site.b.store.read(open_links, MERCHANT, site.b.clock.now()) == []
