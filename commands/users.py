"""``crossdock users``: who works for a merchant: the first owner, invitations, roles, new passwords, removal."""

import argparse
import os
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import add_confirm_options, agree
from commands.order_text import when
from commands.output import Rows, show
from commands.running import ACTOR, for_merchant, show_for_merchant
from core.config.environ import setting
from core.engine.hub import Hub
from core.model.people import User
from core.model.roles import Role
from core.services import people
from core.services.people_plans import removal_plan, role_plan

_WANTED = {
    "list": "",
    "setup": "",
    "invite": "a name, as in: invite Kim --role operator",
    "role": "whom and what, as in: role kim@example.com picker",
    "rename": "whom and how, as in: rename kim@example.com 'Kim Doe'",
    "reset": "whom, as in: reset kim@example.com",
    "remove": "whom, as in: remove kim@example.com",
}
_WORDS = {"invite": 1, "role": 2, "rename": 2, "reset": 1, "remove": 1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    add_confirm_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=tuple(_WANTED))
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument(
        "--role", choices=[role.value for role in Role], help="invite: viewer where none is given"
    )


def run(arguments: argparse.Namespace) -> int:
    """List people, or do one thing about one of them."""
    do, words = arguments.do, arguments.words
    if len(words) != _WORDS.get(do, 0):
        raise UsageError(f"{do} wants {_WANTED[do] or 'no more words'}")
    if arguments.role and do != "invite":
        raise UsageError("--role is said to invite; else: role WHOM ROLE")
    if do == "list":
        return _list(arguments)
    if do == "role" and words[1] not in list(Role):
        raise UsageError(f"{words[1]!r} is no role; there is {', '.join(Role)}")
    work: dict[str, Callable[[Hub, str], Awaitable[Rows]]] = {
        "setup": _set_up,
        "invite": partial(_invite, words[:1], arguments.role or Role.VIEWER.value),
        "role": partial(_change_role, arguments),
        "rename": partial(_rename, words),
        "reset": partial(_reset, words),
        "remove": partial(_remove, arguments),
    }
    return show_for_merchant(arguments, work[do])


def _list(arguments: argparse.Namespace) -> int:
    found = for_merchant(arguments, people.people)
    rows = [
        {
            "name": user.name,
            "signs in as": user.login,
            "role": user.role.value,
            "last signed in": _instant(arguments, user),
            "id": user.user_id,
        }
        for user in found
    ]
    show(rows, as_json=arguments.json, empty="nobody signs in with a password yet: crossdock users setup")
    return 0


def _instant(arguments: argparse.Namespace, user: User) -> str | None:
    at = user.signed_in_at
    if arguments.json:
        return at.isoformat(timespec="seconds") if at else None
    return when(at) if at else "never"


async def _set_up(hub: Hub, merchant: str) -> Rows:
    return _link(merchant, await people.set_up(hub, merchant, by=ACTOR))


async def _invite(words: Sequence[str], role: str, hub: Hub, merchant: str) -> Rows:
    _, secret = await people.invite(hub, merchant, words[0], Role(role), by=ACTOR)
    return _link(merchant, secret)


async def _reset(words: Sequence[str], hub: Hub, merchant: str) -> Rows:
    return _link(merchant, await people.reset(hub, merchant, words[0], by=ACTOR))


async def _rename(words: Sequence[str], hub: Hub, merchant: str) -> Rows:
    return [_row(await people.rename(hub, merchant, *words))]


async def _change_role(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    whom, role = arguments.words[0], Role(arguments.words[1])
    agree(arguments, await role_plan(hub, merchant, whom, role))
    return [_row(await people.change_role(hub, merchant, whom, role))]


async def _remove(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    [whom] = arguments.words
    agree(arguments, await removal_plan(hub, merchant, whom))
    removed = await people.remove(hub, merchant, whom)
    return [{"removed": people.who_is(removed)}]


def _row(user: User) -> dict[str, object]:
    return {"name": user.name, "signs in as": user.login, "role": user.role.value}


def _link(merchant: str, secret: str) -> Rows:
    public = (setting(os.environ, "CROSSDOCK_PUBLIC_URL") or "http://127.0.0.1:8080").rstrip("/")
    return [{"open in a browser, once": f"{public}/join/{merchant}/{secret}"}]
