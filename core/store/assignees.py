"""Who may look after an order of a merchant."""

import sqlalchemy as sa

from core.model.people import actor_of_key, actor_of_user
from core.store.tables import api_keys, users


def assignable(conn: sa.Connection, merchant: str) -> dict[str, str]:
    """Return by actor what everybody who may look after an order is called: people first, then keys, by name."""
    people = sa.select(users.c.user_id, users.c.name).where(
        users.c.merchant == merchant, users.c.removed_at.is_(None)
    )
    keys = sa.select(api_keys.c.name).where(api_keys.c.merchant == merchant).distinct()
    found = {
        actor_of_user(user_id): name
        for user_id, name in conn.execute(people.order_by(users.c.name, users.c.user_id))
    }
    return found | {
        actor_of_key(name): name for name in conn.execute(keys.order_by(api_keys.c.name)).scalars()
    }
