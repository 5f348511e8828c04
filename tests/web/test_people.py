"""People come by links that work once, sign in with passwords, get other roles, and leave; in the browser and by the API."""

import re
from datetime import timedelta
from typing import Any

import pytest
import zxingcpp

from core.model.roles import Role
from core.ports import Token
from core.services import people
from core.store.orders import facts_of
from core.store.users import list_users
from tests.builders import MERCHANT
from tests.web.site import KEY, OTHER, OTHER_KEY, PUBLIC, Answer, Site, fields_of
from tests.web.test_sessions import with_an_order
from web.keys import SIGN_IN

API = "/api/v1"
PASSWORD, ANOTHER = "correct horse battery", "staple of another kind"
pytestmark = [pytest.mark.req("S39")]


def cookie_of(answer: Answer) -> str:
    assert answer.status == 303, answer.text
    return answer.headers["Set-Cookie"].partition(";")[0]


async def came_in(site: Site, link: str, *, login: str = "kim@example.test", name: str = "Kim") -> str:
    """Follow a link in a browser and fill in its form; return the cookie."""
    form = {"name": name, "login": login, "password": PASSWORD}
    return cookie_of(await site.ask("POST", link.removeprefix(PUBLIC), data=form))


async def invited(site: Site, role: str, name: str = "Kim") -> str:
    answer = await site.ask("POST", f"{API}/invitations", key=KEY, json={"name": name, "role": role})
    assert answer.status == 200, answer.text
    link: str = answer.json["link"]
    assert link.startswith(f"{PUBLIC}/join/kendra/")
    return link


async def signed_in(
    site: Site, password: str, login: str = "kim@example.test", merchant: str = MERCHANT, **more: Any
) -> Answer:
    form = {"merchant": merchant, "login": login, "password": password}
    return await site.ask("POST", "/login", data=form, **more)


# --- how people come ---


@pytest.mark.req("S39")
async def test_the_first_owner_comes_by_the_link_that_the_command_prints_and_only_once(site: Site) -> None:
    secret = await people.set_up(site.b.hub, MERCHANT, by="person:command")
    link = f"/join/kendra/{secret}"

    page = await site.ask("GET", link)
    assert (page.status, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "The first owner of kendra" in page.text
    cookie = await came_in(site, link, login=" Kendra@Example.test ", name="Kendra")

    assert (await site.ask("GET", "/people", cookie=cookie)).status == 200
    [user] = await site.b.store.read(list_users, MERCHANT)
    assert (user.name, user.login, user.role) == ("Kendra", "kendra@example.test", Role.OWNER)
    again = await site.ask("POST", link, data={"name": "Eve", "login": "eve", "password": PASSWORD})
    assert (again.status, "Set-Cookie" in again.headers) == (404, False)
    assert len(await site.b.store.read(list_users, MERCHANT)) == 1


async def test_a_link_is_not_used_up_by_looking_and_ends_with_its_time(site: Site) -> None:
    link = (await invited(site, "picker")).removeprefix(PUBLIC)

    for _ in range(3):
        assert (await site.ask("GET", link)).status == 200
        assert (await site.ask("HEAD", link)).status == 200
    site.b.clock.move_to(site.b.clock.now() + timedelta(days=7))
    late = await site.ask("POST", link, data={"name": "Kim", "login": "kim", "password": PASSWORD})

    assert late.status == 404
    assert await site.b.store.read(list_users, MERCHANT) == []


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"password": "short"}, "A password has at least 12 characters; a few words in a row are good."),
        ({"password": "aaaaaaaaaaaaaa"}, "A password has at least 5 different characters."),
        ({"password": "kim.likes.cats", "login": "kim.likes"}, "The password holds the sign-in name; take another."),
        ({"login": "k im"}, "A sign-in name is an e-mail address, or a word of 2 to 254 characters without a blank."),
        ({"name": " "}, "A name has 1 to 80 characters that can be read."),
        ({"login": "TAKEN@example.test"}, "Somebody here signs in as &#39;taken@example.test&#39;; take another name."),
    ],
)  # fmt: skip
async def test_what_will_not_do_is_said_and_the_link_stays_good(
    site: Site, form: dict[str, str], says: str
) -> None:
    await came_in(site, await invited(site, "viewer"), login="taken@example.test", name="Tess")
    link = (await invited(site, "picker")).removeprefix(PUBLIC)

    whole = {"name": "Kim", "login": "kim@example.test", "password": PASSWORD} | form
    answer = await site.ask("POST", link, data=whole)

    assert answer.status == 409
    assert says in answer.text
    assert PASSWORD not in answer.text
    assert [user.name for user in await site.b.store.read(list_users, MERCHANT)] == ["Tess"]
    await came_in(site, link)


async def test_a_link_of_one_merchant_opens_nothing_at_another(site: Site) -> None:
    link = (await invited(site, "owner")).removeprefix(PUBLIC)

    elsewhere = await site.ask(
        "POST",
        link.replace("/kendra/", f"/{OTHER}/"),
        data={"name": "Kim", "login": "kim", "password": PASSWORD},
    )

    assert elsewhere.status == 404
    assert await site.b.store.read(list_users, OTHER) == []
    assert (await site.ask("GET", link)).status == 200


# --- signing in ---


async def test_a_password_opens_what_its_role_may_and_nothing_at_another_merchant(site: Site) -> None:
    await came_in(site, await invited(site, "picker"))

    answer = await signed_in(site, PASSWORD, " KIM@example.test")
    elsewhere = await signed_in(site, PASSWORD, merchant=OTHER)

    cookie = cookie_of(answer)
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 200
    assert (await site.ask("GET", "/people", cookie=cookie)).status == 403
    me = await site.ask("GET", f"{API}/me", headers={"Cookie": cookie})
    [user] = await site.b.store.read(list_users, MERCHANT)
    assert me.json == {
        "merchant": "kendra",
        "actor": f"user:{user.user_id}",
        "name": "Kim",
        "role": "picker",
    }
    assert (elsewhere.status, "Set-Cookie" in elsewhere.headers) == (401, False)


@pytest.mark.case("F14")
async def test_whether_there_is_such_a_name_is_not_told(site: Site) -> None:
    await came_in(site, await invited(site, "picker"))

    answers = [
        await signed_in(site, "wrong password", login, merchant)
        for login, merchant in (
            ("kim@example.test", MERCHANT),
            ("nobody@example.test", MERCHANT),
            ("kim@example.test", "no-such"),
        )
    ]

    texts = {re.sub(r'value="[^"]*"', "", a.text) for a in answers}
    assert ([a.status for a in answers], len(texts)) == ([401] * 3, 1)
    assert "Nobody signs in with this name and this password." in texts.pop()


@pytest.mark.case("F14")
async def test_a_name_is_tried_ten_times_then_later_each_time_and_nobody_else_waits_for_it(
    site: Site,
) -> None:
    await came_in(site, await invited(site, "picker"))
    await came_in(site, await invited(site, "viewer", "Lee"), login="lee@example.test", name="Lee")
    begun = site.b.clock.now()

    statuses = [(await signed_in(site, f"wrong {number}")).status for number in range(11)]
    right = await signed_in(site, PASSWORD)

    assert statuses == [401] * 10 + [429]
    assert (right.status, right.headers["Retry-After"]) == (429, "2")
    assert "This name was tried too often; try again in 2 s." in right.text
    assert cookie_of(await signed_in(site, PASSWORD, "lee@example.test"))
    site.b.clock.move_to(begun + timedelta(seconds=2))
    assert (await signed_in(site, "wrong again")).status == 401
    assert (await signed_in(site, PASSWORD)).headers["Retry-After"] == "3"
    site.b.clock.move_to(begun + timedelta(seconds=5))
    assert cookie_of(await signed_in(site, PASSWORD))
    assert cookie_of(await signed_in(site, PASSWORD))  # it begins anew


@pytest.mark.case("F14")
async def test_an_address_is_tried_thirty_times_whatever_names_and_keys_it_tries(site: Site) -> None:
    at = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    hashed = site.app[SIGN_IN].passwords

    statuses = [
        (await site.ask("POST", "/login", data={"key": f"guess-{n}"}, headers=at)).status for n in range(30)
    ]
    flood = await signed_in(site, PASSWORD, headers=at)
    good_key = await site.ask("POST", "/login", data={"key": KEY}, headers=at)

    assert statuses == [401] * 30
    assert (flood.status, good_key.status) == (429, 429)
    assert "Your address was tried too often" in flood.text
    assert hashed._waiting == 0
    elsewhere = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    assert (await site.ask("POST", "/login", data={"key": KEY}, headers=elsewhere)).status == 303
    # A key with the request itself is no sign-in.
    assert (await site.ask("GET", f"{API}/me", key=KEY, headers=at)).status == 200


@pytest.mark.case("F14")
@pytest.mark.parametrize(
    "at", [{}, {"X-Forwarded-For": "unknown"}, {"X-Forwarded-For": "127.0.0.1"}], ids=str
)
async def test_strangers_behind_a_proxy_that_names_nobody_keep_no_owner_out(
    site: Site, at: dict[str, str]
) -> None:
    await came_in(site, await invited(site, "owner"))
    keys = [(await site.ask("POST", "/login", data={"key": f"k{n}"}, headers=at)).status for n in range(40)]
    names = [(await signed_in(site, "wrong", f"n{n}@example.test", headers=at)).status for n in range(2)]
    one_name = [(await signed_in(site, "wrong", "lee@example.test", headers=at)).status for _ in range(11)]

    assert (keys, names, one_name) == ([401] * 40, [401] * 2, [401] * 10 + [429])
    assert cookie_of(await site.ask("POST", "/login", data={"key": KEY}, headers=at))
    assert cookie_of(await signed_in(site, PASSWORD, headers=at))
    assert site.log.getvalue().count("tries are counted by name only") == 1


@pytest.mark.case("F14")
async def test_whoever_finds_a_browser_open_guesses_its_password_no_oftener(site: Site) -> None:
    cookie = await came_in(site, await invited(site, "operator"))
    guess = {"do": "password", "old": "not it at all", "new": ANOTHER}

    statuses = [(await site.ask("POST", "/account", cookie=cookie, data=guess)).status for _ in range(11)]

    assert statuses == [409] * 10 + [429]
    right = await site.ask("POST", "/account", cookie=cookie, data=guess | {"old": PASSWORD})
    assert right.status == 429
    assert (await site.ask("GET", "/stock", cookie=cookie)).status == 200


# --- what is changed ---


async def test_another_password_signs_every_other_device_out(site: Site) -> None:
    first = await came_in(site, await invited(site, "operator"))
    second = cookie_of(await signed_in(site, PASSWORD))

    wrong = {"do": "password", "old": "not it at all", "new": ANOTHER}
    refused = await site.ask("POST", "/account", cookie=second, data=wrong)
    assert (refused.status, (await site.ask("GET", "/stock", cookie=first)).status) == (409, 200)
    changed = await site.ask(
        "POST", "/account", cookie=second, data={"do": "password", "old": PASSWORD, "new": ANOTHER}
    )

    fresh = cookie_of(changed)
    statuses = [(await site.ask("GET", "/stock", cookie=c)).status for c in (first, second, fresh)]
    assert statuses == [303, 303, 200]
    assert (await signed_in(site, PASSWORD)).status == 401
    assert cookie_of(await signed_in(site, ANOTHER))


async def test_an_owner_gives_a_link_for_a_new_password(site: Site) -> None:
    cookie = await came_in(site, await invited(site, "picker"))

    given = await site.ask("POST", f"{API}/users/kim@example.test/reset", key=KEY)
    link = given.json["link"].removeprefix(PUBLIC)
    assert "A new password" in (await site.ask("GET", link)).text
    assert (await site.ask("GET", "/stock", cookie=cookie)).status == 200  # until it is used
    fresh = cookie_of(await site.ask("POST", link, data={"password": ANOTHER}))

    assert [(await site.ask("GET", "/stock", cookie=c)).status for c in (cookie, fresh)] == [303, 200]
    assert (await site.ask("GET", link)).status == 404
    assert cookie_of(await signed_in(site, ANOTHER))


async def test_another_role_signs_out_and_counts_at_once(site: Site) -> None:
    cookie = await came_in(site, await invited(site, "operator"))
    [user] = await site.b.store.read(list_users, MERCHANT)

    form = {"do": "role", "user": user.user_id, "role": "viewer"}
    done = await site.press("/people", form)

    assert done.status == 303
    assert (await site.ask("GET", "/stock", cookie=cookie)).status == 303
    again = cookie_of(await signed_in(site, PASSWORD))
    assert (await site.ask("POST", "/stock", cookie=again, data={"do": "count"})).status == 403


async def test_who_was_removed_is_let_in_no_more_and_what_he_did_keeps_his_name(site: Site) -> None:
    await with_an_order(site)
    cookie = await came_in(site, await invited(site, "operator"))
    [kim] = await site.b.store.read(list_users, MERCHANT)
    plan = await site.ask("POST", "/orders/KK-1001", cookie=cookie, data={"action": "hold", "of": ""})
    held = await site.ask(
        "POST", "/orders/KK-1001", cookie=cookie, data=fields_of(plan.text) | {"note": "she called"}
    )
    assert held.status == 303
    facts = await site.b.store.read(facts_of, MERCHANT, "shop:kk-1001")

    gone = await site.ask("POST", f"{API}/users/{kim.user_id}/remove", key=KEY)

    assert gone.json == {"users": []}
    assert [f.actor for f in facts if f.kind == "hold_asked"] == [f"user:{kim.user_id}"]
    assert await site.b.store.read(facts_of, MERCHANT, "shop:kk-1001") == facts
    assert (await site.ask("GET", "/stock", cookie=cookie)).status == 303
    assert (await signed_in(site, PASSWORD)).status == 401
    page = await site.ask("GET", "/orders/KK-1001", cookie=await site.log_in())
    assert "<small>Kim</small>" in page.text
    [row] = await site.b.store.read(list_users, MERCHANT)
    assert (row.name, row.login, row.removed_at) == ("Kim", None, site.b.clock.now())
    # The sign-in name is free again, for another person.
    await came_in(site, await invited(site, "viewer"))


async def test_another_name_is_read_in_every_timeline(site: Site) -> None:
    cookie = await came_in(site, await invited(site, "operator"))
    renamed = await site.ask("POST", f"{API}/users/Kim/rename", key=KEY, json={"name": "Kim Doe"})

    assert renamed.json["name"] == "Kim Doe"
    assert (await site.ask("GET", f"{API}/me", headers={"Cookie": cookie})).json["name"] == "Kim Doe"


@pytest.mark.parametrize("do", ["remove", "role"])
async def test_the_last_owner_stays(site: Site, do: str) -> None:
    await came_in(site, await invited(site, "owner"))

    body = {"role": "picker"} if do == "role" else {}
    answer = await site.ask("POST", f"{API}/users/Kim/{do}", key=KEY, json=body)

    assert answer.status == 409
    assert answer.json["detail"] == "this is the last owner; make somebody else owner first"
    [kim] = await site.b.store.read(list_users, MERCHANT)
    assert (kim.role, kim.removed_at) == (Role.OWNER, None)
    await came_in(site, await invited(site, "owner", "Lee"), login="lee", name="Lee")
    assert (await site.ask("POST", f"{API}/users/Kim/{do}", key=KEY, json=body)).status == 200


# --- a phone, and sessions ---


def read_code(page: str) -> str:
    """Return what a camera reads off the code of a page: its squares are painted and looked at."""
    [svg] = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    [width] = re.findall(r'<svg[^>]* width="(\d+)"', svg)
    size, scale = int(width), 4
    pixels = bytearray(b"\xff" * (size * scale) ** 2)
    for x, y, wide, high in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\3Z", svg):
        for row in range(int(y) * scale, (int(y) + int(high)) * scale):
            start = row * size * scale + int(x) * scale
            pixels[start : start + int(wide) * scale] = b"\x00" * (int(wide) * scale)
    picture = memoryview(pixels).cast("B", (size * scale, size * scale))
    [found] = zxingcpp.read_barcodes(picture)
    text: str = found.text
    return text


async def test_a_phone_signs_in_by_the_code_on_the_desktop_once_and_soon(site: Site) -> None:
    desktop = await came_in(site, await invited(site, "picker"))
    shown = await site.ask("POST", "/account", cookie=desktop, data={"do": "phone"})
    link = read_code(shown.text)
    assert f"<code>{link}</code>" in shown.text
    assert "<script" not in shown.text
    assert "style=" not in shown.text

    path = link.removeprefix(PUBLIC)
    assert "You work on for kendra as <b>Kim</b> (picker)." in (await site.ask("GET", path)).text
    phone = cookie_of(await site.ask("POST", path))
    assert (await site.ask("GET", f"{API}/me", headers={"Cookie": phone})).json["name"] == "Kim"
    assert (await site.ask("POST", path)).status == 404
    late = read_code((await site.ask("POST", "/account", cookie=desktop, data={"do": "phone"})).text)
    site.b.clock.move_to(site.b.clock.now() + timedelta(minutes=2))
    assert (await site.ask("POST", late.removeprefix(PUBLIC))).status == 404


async def test_sessions_are_listed_and_ended_one_or_all(site: Site) -> None:
    first = await came_in(site, await invited(site, "viewer"))
    second = cookie_of(await signed_in(site, PASSWORD, headers={"User-Agent": "Firefox on a phone"}))
    other = await came_in(site, await invited(site, "viewer", "Lee"), login="lee", name="Lee")

    listed = (await site.ask("GET", f"{API}/sessions", headers={"Cookie": first})).json["sessions"]
    assert [(s["browser"], s["this_one"]) for s in listed if "Firefox" in s["browser"]] == [
        ("Firefox on a phone", False)
    ]
    assert len(listed) == 2
    [phone] = [s["id"] for s in listed if not s["this_one"]]
    not_his = await site.ask("POST", f"{API}/sessions/{phone}/end", headers={"Cookie": other})
    assert not_his.status == 404
    await site.ask("POST", "/account", cookie=first, data={"do": "end", "session": phone})

    cookies = (first, second, other)
    assert [(await site.ask("GET", "/stock", cookie=c)).status for c in cookies] == [200, 303, 200]
    await site.ask("POST", "/account", cookie=first, data={"do": "end_all"})
    assert [(await site.ask("GET", "/stock", cookie=c)).status for c in cookies] == [303, 303, 200]


# --- API keys ---


async def test_a_key_does_what_its_role_may_until_its_day_and_shows_when_it_was_used(site: Site) -> None:
    begun = site.b.clock.now()
    made = await site.ask(
        "POST", f"{API}/keys", key=KEY, json={"name": "warehouse", "role": "picker", "days": 1}
    )
    key = made.json["key"]

    assert (await site.ask("GET", f"{API}/orders", key=key)).status == 200
    assert (await site.ask("POST", f"{API}/stock/count", key=key, json={"lines": []})).status == 403
    site.b.clock.move_to(begun + timedelta(seconds=59))
    assert (await site.ask("GET", f"{API}/orders", key=key)).status == 200
    assert await used(site) == begun.isoformat().replace("+00:00", "Z")  # noted once a minute
    site.b.clock.move_to(begun + timedelta(hours=23))
    cookie = cookie_of(await site.ask("POST", "/login", data={"key": key}))
    assert (await site.ask("GET", f"{API}/orders", key=key)).status == 200
    assert await used(site) == (begun + timedelta(hours=23)).isoformat().replace("+00:00", "Z")
    site.b.clock.move_to(begun + timedelta(days=1))
    assert (await site.ask("GET", f"{API}/orders", key=key)).status == 401
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 303


async def used(site: Site) -> str:
    listed = (await site.ask("GET", f"{API}/keys", key=KEY)).json["keys"]
    [at] = [key["last_used_at"] for key in listed if key["name"] == "warehouse"]
    assert isinstance(at, str)
    return at


async def test_a_secret_is_answered_once_even_under_its_idempotency_key(site: Site) -> None:
    headers = {"Idempotency-Key": "k-1"}
    body = {"name": "warehouse", "role": "picker"}
    first = await site.ask("POST", f"{API}/keys", key=KEY, json=body, headers=headers)
    again = await site.ask("POST", f"{API}/keys", key=KEY, json=body, headers=headers)

    assert len(first.json["key"]) == 32
    assert again.json == first.json | {"key": None}
    assert again.headers["Idempotent-Replayed"] == "true"
    listed = (await site.ask("GET", f"{API}/keys", key=KEY)).json["keys"]
    assert [key["name"] for key in listed] == ["kendra", "warehouse"]


async def test_users_do_not_share_their_idempotency_keys(site: Site) -> None:
    first = await came_in(site, await invited(site, "operator"))
    second = await came_in(site, await invited(site, "operator", "Lee"), login="lee", name="Lee")
    body = {"lines": [{"sku": "CHEF-8", "location": "reno", "units": 3}]}

    for cookie in (first, second):
        headers = {"Idempotency-Key": "k-1", "Cookie": cookie}
        answer = await site.ask("POST", f"{API}/stock/receive", json=body, headers=headers)
        assert (answer.status, "Idempotent-Replayed" in answer.headers) == (200, False)


async def test_the_page_of_people_makes_links_and_keys_and_takes_them_back(site: Site) -> None:
    cookie = await site.log_in()
    made = await site.ask(
        "POST", "/people", cookie=cookie, data={"do": "key", "name": "scanner", "role": "picker"}
    )
    [key] = re.findall(r"The API key scanner</b>, shown this once: <code>([^<]+)</code>", made.text)
    invitation = await site.ask(
        "POST", "/people", cookie=cookie, data={"do": "invite", "name": "Kim", "role": "viewer"}
    )
    [link] = re.findall(r"shown this once: <code>([^<]+)</code>", invitation.text)
    assert (await site.ask("GET", f"{API}/me", key=key)).json["role"] == "picker"
    assert (await site.ask("GET", link.removeprefix(PUBLIC))).status == 200

    [id_] = re.findall(r'name="id" value="([0-9a-f]{16})"', invitation.text)
    await site.ask("POST", "/people", cookie=cookie, data={"do": "cancel", "id": id_})
    revoked = await site.press("/people", {"do": "revoke", "name": "scanner"})

    assert revoked.status == 303
    assert (await site.ask("GET", f"{API}/me", key=key)).status == 401
    assert (await site.ask("GET", link.removeprefix(PUBLIC))).status == 404
    nothing = await site.ask(
        "POST", "/people", cookie=cookie, data={"do": "invite", "name": "K", "role": "boss"}
    )
    assert (nothing.status, "is no role; there is viewer, picker, operator, owner" in nothing.text) == (
        409,
        True,
    )


async def test_no_secret_of_people_reaches_the_log_or_stands_in_the_database(site: Site) -> None:
    link = await invited(site, "picker")
    cookie = await came_in(site, link)
    await signed_in(site, "wrong password")
    secrets = [link.rpartition("/")[2], cookie.rpartition(".")[2], PASSWORD, KEY, OTHER_KEY]

    written = site.log.getvalue()
    rows = repr(await site.b.store.read(list_users, MERCHANT))
    assert [secret for secret in secrets if secret in written or secret in rows] == []


async def nobody(_merchant: str, _connection: str, _token: Token) -> None:
    """Do nothing once somebody is connected."""
