"""People: who works here and as what, and the links by which they come."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.model.people import User
from core.model.roles import Role
from core.services import people
from web.api.endpoint import Answer, Call, Endpoint
from web.keys import HUB, SETTINGS

PersonName = Annotated[str, Field(min_length=1, max_length=80)]


class UserView(Answer):
    """Somebody who works here; ``actor`` is how facts name him."""

    user_id: str
    actor: str
    name: str
    login: str | None
    role: Role
    created_at: datetime
    signed_in_at: datetime | None


class UserList(Answer):
    """Everybody who works here, the longest there first."""

    users: tuple[UserView, ...]


class RoleAsk(Answer):
    """Another role."""

    role: Role


class NameAsk(Answer):
    """Another name."""

    name: PersonName


class InvitationAsk(Answer):
    """Who is to work here, and as what."""

    name: PersonName
    role: Role


class InvitationView(Answer):
    """A link that nobody used yet: of the first owner, an invitation, or a new password."""

    id: str
    kind: str
    name: str
    role: Role
    made_by: str
    expires_at: datetime


class InvitationList(Answer):
    """Every link that nobody used yet, the newest first."""

    invitations: tuple[InvitationView, ...]


class LinkGiven(Answer):
    """A link that works once, until it is too old; it is shown this once."""

    link: str | None
    """Null where the same request is answered again."""


async def get_users(call: Call) -> UserList:
    """Return who works here."""
    found = await people.people(call.request.app[HUB], call.merchant)
    return UserList(users=tuple(_user(user) for user in found))


async def put_role(call: Call) -> UserView:
    """Give somebody another role."""
    hub, user_id = call.request.app[HUB], call.path["user"]
    return _user(await people.change_role(hub, call.merchant, user_id, call.body.role))


async def put_name(call: Call) -> UserView:
    """Call somebody otherwise."""
    hub, user_id = call.request.app[HUB], call.path["user"]
    return _user(await people.rename(hub, call.merchant, user_id, call.body.name))


async def reset(call: Call) -> LinkGiven:
    """Give the link by which somebody sets a new password."""
    hub, user_id = call.request.app[HUB], call.path["user"]
    return _given(call, await people.reset(hub, call.merchant, user_id, by=call.actor))


async def remove(call: Call) -> UserList:
    """Let somebody in no more."""
    await people.remove(call.request.app[HUB], call.merchant, call.path["user"])
    return await get_users(call)


async def get_invitations(call: Call) -> InvitationList:
    """Return the links that nobody used yet."""
    found = await people.invitations(call.request.app[HUB], call.merchant)
    return InvitationList(
        invitations=tuple(
            InvitationView(
                id=link.link_id,
                kind=link.kind,
                name=link.name,
                role=link.role,
                made_by=link.made_by,
                expires_at=link.expires_at,
            )
            for link in found
        )
    )


async def invite(call: Call) -> LinkGiven:
    """Invite somebody."""
    hub, asked = call.request.app[HUB], call.body
    _, secret = await people.invite(hub, call.merchant, asked.name, asked.role, by=call.actor)
    return _given(call, secret)


async def cancel(call: Call) -> InvitationList:
    """Take a link back."""
    await people.cancel_invitation(call.request.app[HUB], call.merchant, call.path["id"])
    return await get_invitations(call)


def _given(call: Call, secret: str) -> LinkGiven:
    return LinkGiven(link=f"{call.request.app[SETTINGS].public_url}/join/{call.merchant}/{secret}")


def _user(user: User) -> UserView:
    return UserView(
        user_id=user.user_id,
        actor=user.actor,
        name=user.name,
        login=user.login,
        role=user.role,
        created_at=user.created_at,
        signed_in_at=user.signed_in_at,
    )


ENDPOINTS = (
    Endpoint(
        name="listUsers",
        method="GET",
        path="/users",
        summary="Who works here, and as what",
        gives=UserList,
        run=get_users,
    ),
    Endpoint(
        name="changeRole",
        method="POST",
        path="/users/{user}/role",
        summary="Give somebody another role; signs him out everywhere, and an owner's links end with that role",
        gives=UserView,
        run=put_role,
        takes=RoleAsk,
        example={"role": "picker"},
    ),
    Endpoint(
        name="renameUser",
        method="POST",
        path="/users/{user}/rename",
        summary="Call somebody otherwise, in every timeline too",
        gives=UserView,
        run=put_name,
        takes=NameAsk,
        example={"name": "Kim Doe"},
    ),
    Endpoint(
        name="resetPassword",
        method="POST",
        path="/users/{user}/reset",
        summary="A link by which somebody sets a new password",
        gives=LinkGiven,
        run=reset,
        once=("link",),
    ),
    Endpoint(
        name="removeUser",
        method="POST",
        path="/users/{user}/remove",
        summary="Let somebody in no more, nor anybody by a link of his; what he did stays",
        gives=UserList,
        run=remove,
    ),
    Endpoint(
        name="listInvitations",
        method="GET",
        path="/invitations",
        summary="Links that nobody used yet",
        gives=InvitationList,
        run=get_invitations,
    ),
    Endpoint(
        name="inviteUser",
        method="POST",
        path="/invitations",
        summary="A link by which somebody comes to work here",
        gives=LinkGiven,
        run=invite,
        takes=InvitationAsk,
        example={"name": "Kim", "role": "operator"},
        once=("link",),
    ),
    Endpoint(
        name="cancelInvitation",
        method="POST",
        path="/invitations/{id}/cancel",
        summary="Take a link back that nobody used",
        gives=InvitationList,
        run=cancel,
    ),
)
