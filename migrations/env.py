"""How Alembic reaches the database: over the connection that core/store/schema.py hands it.

For a new revision: ``alembic -x url=sqlite:///file revision --autogenerate -m "what changes"``.
"""

import sqlalchemy as sa
from alembic import context

from core.store.tables import METADATA


def run(conn: sa.Connection) -> None:
    """Run the migrations in the transaction of a connection."""
    context.configure(connection=conn, target_metadata=METADATA, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


given: sa.Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with sa.create_engine(
        context.get_x_argument(as_dictionary=True)["url"], hide_parameters=True
    ).begin() as opened:
        run(opened)
