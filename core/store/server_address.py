"""Which server of PostgreSQL is meant, and how a connection to it is encrypted: one address, in two spellings."""

import asyncpg
import sqlalchemy as sa

from core.errors import ConfigError

DATABASE_URL = "CROSSDOCK_DATABASE_URL"
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""How far TLS is asked for, in libpq's words: from ``require`` on nothing goes over the network in the clear."""
_PARAMETERS = ("ssl", "sslmode", "host", "port", "passfile", "target_session_attrs")
_PORTS = range(1, 65536)


def checked_server(place: sa.URL) -> sa.URL:
    """Return the address of a server as SQLAlchemy takes it: with asyncpg, and ``ssl`` for whichever was written.

    Raises:
        ConfigError: no connection could be made at it.
    """
    if place.port is not None and place.port not in _PORTS:
        raise ConfigError(
            f"{DATABASE_URL}: {place.port} is no port; write one from 1 to 65535, or none for 5432"
        )
    try:
        (place.host or "").encode("idna")
    except UnicodeError:
        raise ConfigError(f"{DATABASE_URL}: {place.host!r} is no name of a host; check it for dots") from None
    for name in place.query:
        if name not in _PARAMETERS:
            raise ConfigError(
                f"{DATABASE_URL}: ?{name}= is not known here; there is {', '.join(_PARAMETERS)}"
            )
    given = {place.query[name] for name in ("ssl", "sslmode") if name in place.query}
    if given - set(SSL_MODES) or len(given) > 1:
        raise ConfigError(f"{DATABASE_URL}: ?ssl= wants one of {', '.join(SSL_MODES)}")
    place = place.set(drivername="postgresql+asyncpg").difference_update_query(["sslmode"])
    return place.update_query_pairs([("ssl", str(mode)) for mode in given])


def plain_address(url: str) -> str:
    """Return an address as asyncpg itself takes it: TLS is ``sslmode`` there, and ``ssl`` a setting of the server."""
    place = sa.make_url(url).set(drivername="postgresql")
    mode = place.query.get("ssl")
    if mode is not None:
        place = place.difference_update_query(["ssl"]).update_query_dict({"sslmode": mode})
    return place.render_as_string(hide_password=False)


async def connect(url: str, name: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect to a server under a name by which others tell what for.

    Raises:
        ConfigError: what is set for it (the address, or libpq's variables of the environment) fits no server.
    """
    try:
        return await asyncpg.connect(plain_address(url), server_settings={"application_name": name})
    except (ValueError, OverflowError) as error:
        said = str(error).partition("\n")[0]
        raise ConfigError(
            f"the database at {url.rpartition('@')[2]} cannot be asked ({said}); check {DATABASE_URL} and the "
            "variables PG... of the environment"
        ) from error
