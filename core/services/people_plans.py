"""What giving somebody another role, or removing him, will do: said before it is done."""

from core.engine.hub import Hub
from core.model.people import User
from core.model.roles import Role
from core.services.people import people, user_named, who_is
from core.services.plans import Plan
from core.store.link_makers import count_links_of_user

_LAST = "this is the last owner; make somebody else owner first"


async def role_plan(hub: Hub, merchant: str, word: str, role: Role) -> Plan:
    """Return what another role will do.

    Raises:
        NotFoundError: nobody is meant by the word.
    """
    user = await user_named(hub, merchant, word)
    links = await _links(hub, merchant, user, made=role is not Role.OWNER)
    return Plan(
        title=f"Make {user.name} {role.value}",
        does=(
            f"It is about: {who_is(user)}.",
            f"From then on {user.name} {role.words}.",
            "Signs out everywhere; the password stays.",
            *links_that_end(links),
        ),
        back=f"Make {user.name} {user.role.value} again.",
        refused="" if role is Role.OWNER else await _last_owner(hub, merchant, user.user_id),
        stands=f"{user.user_id} {user.role} {links}",
    )


async def removal_plan(hub: Hub, merchant: str, word: str) -> Plan:
    """Return what removing somebody will do.

    Raises:
        NotFoundError: nobody is meant by the word.
    """
    user = await user_named(hub, merchant, word)
    links = await _links(hub, merchant, user, made=True)
    return Plan(
        title=f"Remove {user.name}",
        does=(
            f"It is about: {who_is(user)}.",
            f"{user.name} is signed out everywhere and cannot sign in any more.",
            "What was done stays in every timeline, under the name. API keys stay: see there.",
            *links_that_end(links),
        ),
        back="Invite again: it is a new person to the hub.",
        refused=await _last_owner(hub, merchant, user.user_id),
        stands=f"{user.user_id} {links}",
    )


def links_that_end(links: int) -> tuple[str, ...]:
    """Return what a plan says of open links that end with somebody's power: nothing where there are none."""
    if not links:
        return ()
    return ("1 open link ends." if links == 1 else f"{links} open links end.",)


async def _links(hub: Hub, merchant: str, user: User, *, made: bool) -> int:
    now = hub.clock.now()
    return await hub.store.read(count_links_of_user, merchant, user.user_id, now, made=made)


async def _last_owner(hub: Hub, merchant: str, user_id: str) -> str:
    owners = [user.user_id for user in await people(hub, merchant) if user.role is Role.OWNER]
    return _LAST if owners == [user_id] else ""
