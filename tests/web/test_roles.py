"""Every route, of every role, of two merchants: generated from the routes that are served."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.model.roles import Role
from core.store.tables import METADATA
from tests.builders import MERCHANT
from tests.web.site import OTHER, PUBLIC, Answer, Site, a_notification
from tests.web.test_sessions import BODIES, NAMED, routes, with_an_order
from web.api.openapi import describe
from web.app import ENDPOINTS
from web.permissions import LEAST, least_role

pytestmark = [pytest.mark.req("S39")]
ROOT = Path(__file__).resolve().parents[2]
LEAKS = (b"KK-1001", b"Kara", b"Test Kitchen", MERCHANT.encode())


def everything(conn: sa.Connection) -> dict[str, list[Any]]:
    """Return every row of every table."""
    return {
        name: [tuple(row) for row in conn.execute(sa.select(table).order_by(*table.primary_key))]
        for name, table in METADATA.tables.items()
    }


async def asked(site: Site, route: tuple[str, str], cookie: str) -> Answer:
    """Ask a route as a program would that has a browser's session."""
    method, path = route
    page = not path.startswith("/api/")
    body = None
    if method in {"POST", "PUT"}:
        body = b"do=role&user=viewer&role=owner" if page else BODIES.get(path.rpartition("/")[2], b"")
    kind = {"Content-Type": "application/x-www-form-urlencoded" if page else "application/json"}
    return await site.ask(
        method,
        path.format(**NAMED | {"user": "viewer"}),
        data=body,
        headers={"Cookie": cookie, **(kind if body else {})},
    )


async def test_every_route_stands_in_the_table_and_the_table_names_no_other(site: Site) -> None:
    served = {f"{method} {path}" for method, path in routes(site.app) if method != "HEAD"}

    assert set(LEAST) == served


def test_a_route_that_does_not_stand_in_the_table_is_for_owners() -> None:
    assert least_role("GET", "/api/v1/what-nobody-thought-of") is Role.OWNER
    assert least_role("HEAD", "/orders") is Role.VIEWER


def test_each_role_may_what_those_before_it_may() -> None:
    covered = [[least.value for least in Role if role.covers(least)] for role in Role]

    assert covered == [
        ["viewer"],
        ["viewer", "picker"],
        ["viewer", "picker", "operator"],
        ["viewer", "picker", "operator", "owner"],
    ]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PICKER, Role.OPERATOR])
async def test_a_role_below_is_refused_everywhere_told_which_is_needed_and_changes_nothing(
    site: Site, role: Role
) -> None:
    await with_an_order(site)
    cookie = await site.sign_in_as(role)
    if role is not Role.VIEWER:
        await site.sign_in_as(Role.VIEWER)
    above = [route for route in routes(site.app) if not role.covers(least_role(*route))]
    before = await site.b.store.read(everything)

    for route in above:
        answer = await asked(site, route, cookie)
        assert answer.status == 403, (route, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"
        if route[0] != "HEAD":
            assert answer.json["role_needed"] == least_role(*route).value, route
            assert answer.json["detail"].startswith(
                f"this needs the role {least_role(*route)}; yours is {role}"
            )

    assert len(above) == {Role.VIEWER: 82, Role.PICKER: 78, Role.OPERATOR: 31}[role]
    assert await site.b.store.read(everything) == before


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_that_is_enough_is_never_refused_for_its_role(site: Site, role: Role) -> None:
    await with_an_order(site)
    enough = [route for route in routes(site.app) if role.covers(least_role(*route))]

    for number, route in enumerate(enough):
        cookie = await site.sign_in_as(role, name=f"a{number}")  # some routes end the session
        answer = await asked(site, route, cookie)
        assert answer.status in {200, 303, 404, 409, 422}, (route, answer.status)
        assert b"role_needed" not in answer.body, route


@pytest.mark.req("S39")
@pytest.mark.parametrize("role", list(Role))
async def test_no_role_at_another_merchant_reads_or_changes_anything_of_ours(site: Site, role: Role) -> None:
    await with_an_order(site)
    await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification())
    await site.sign_in_as(Role.VIEWER)
    before = await site.b.store.read(everything)

    for number, route in enumerate(routes(site.app)):
        cookie = await site.sign_in_as(role, OTHER, name=f"a{number}")
        answer = await asked(site, route, cookie)
        assert answer.status in {200, 303, 403, 404, 409, 422}, (route, answer.status)
        if any(
            f"{{{name}}}" in route[1] for name in ("order", "event", "merchant", "parcel", "user", "name")
        ):
            assert answer.status in {403, 404}, route
        for leak in LEAKS:
            assert leak not in answer.body.replace(PUBLIC.encode(), b""), (route, leak)

    after = await site.b.store.read(everything)
    assert ours(after) == ours(before)


def ours(tables: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the rows of one merchant, whose name is the first column of each."""
    return {name: [row for row in rows if row[0] == MERCHANT] for name, rows in tables.items()}


async def test_the_description_says_of_each_call_which_role_it_needs() -> None:
    page = describe(ENDPOINTS, url="https://hub.test")

    told = {
        f"{method.upper()} {path}": operation.get("x-least-role")
        for path, methods in page["paths"].items()
        for method, operation in methods.items()
        if operation.get("security") != []
    }
    assert told == {route: role.value for route, role in LEAST.items() if route in told}
    assert told["POST /api/v1/keys"] == "owner"
    assert told["GET /api/v1/orders/{order}/labels/{parcel}"] == "picker"


async def test_a_viewer_reads_no_name_and_presses_no_button_a_picker_reads_them(site: Site) -> None:
    await with_an_order(site)
    viewer, picker = await site.sign_in_as(Role.VIEWER), await site.sign_in_as(Role.PICKER)

    seen, packed = [await site.ask("GET", "/orders/KK-1001", cookie=c) for c in (viewer, picker)]

    assert (seen.status, packed.status) == (200, 200)
    assert "Kara Kline" not in seen.text
    assert "Kara Kline" in packed.text
    for page in (seen.text, packed.text):
        assert 'name="action"' not in page
        assert 'href="/people"' not in page
    in_browser = await site.ask("POST", "/orders/KK-1001", cookie=viewer, data={"action": "hold"})
    assert in_browser.status == 403
    assert "this needs the role operator; yours is viewer" in in_browser.text


def roles_page() -> list[str]:
    """Return what docs/reference/roles.md lists: each route under the least role that may call it."""
    lines = []
    for role in Role:
        lines += ["", f"## {role.value}", "", f"{role.words.capitalize()}.", ""]
        lines += [
            f"- `{route}`"
            for route, least in sorted(LEAST.items(), key=lambda r: r[0].partition(" ")[::-1])
            if least is role
        ]
    return lines


def test_the_page_of_roles_lists_every_route() -> None:
    page = (ROOT / "docs" / "reference" / "roles.md").read_text(encoding="utf-8")

    assert page.splitlines()[4:] == roles_page()
