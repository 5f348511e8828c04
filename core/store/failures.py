"""Is a failure the database's or the machine's own: then it is waited out; anything else is looked at by a person."""

import asyncio
import errno
import logging
import socket
import sqlite3
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import asyncpg
import sqlalchemy as sa

LOG = logging.getLogger("crossdock.store")

T = TypeVar("T")

AGAIN_AFTER_S = 0.5

_DATABASE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError)
_OF_OURS = ("no such table", "no such column", "syntax error")
"""What SQLite tells in the class of its own failures though the statement is to blame."""
_SQLSTATES = ("08", "25006", "25P02", "25P03", "28", "3D000", "40", "53", "55006", "55P03", "57", "58", "XX")
"""Of PostgreSQL (appendix A of its manual, read 2026-11), codes and whole classes: connection, read-only, log-in,

serialization and deadlock, resources and disk, locks, shutdown and restart, system and internal errors.
"""
_CUT = ("08", "25P03", "57P01", "57P02", "57P03")
"""Those of them that a server has while it stops, restarts or starts, and whatever stands before it that lost it; and

where a transaction stood still for too long: its connection is gone, and nothing of it landed.
"""
_NOT_KNOWN = ("28", "3D000")
"""A wrong password, and no such database."""
_SQLITE = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOTADB,
})  # fmt: skip
_LAST_NUMBERS = ("GetNewTransactionId", "GetNewMultiXactId")
"""Of PostgreSQL, what gives no more numbers to transactions until the tables are vacuumed; its words are translated."""
_ERRNOS = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENODEV, errno.EBUSY, errno.ENOLCK,
    errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOBUFS, errno.EADDRNOTAVAIL,
    errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET, errno.ENOTCONN,
    errno.EACCES, errno.EPERM,
})  # fmt: skip
"""Of the system, what disks, handles, memory and the network are short of, and rights, which a person gives back.

A wrong path, name or argument is our code's: no waiting mends it.
"""
_NETWORK = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)
FOR_GOOD = (socket.gaierror, FileNotFoundError, PermissionError, ssl.SSLCertVerificationError)
"""Where a start asks for a database, what no waiting mends: there is no such host or socket, or it is another's."""
_EVERY_ADDRESS = "Multiple exceptions: "
"""How asyncio begins, without a number, where a host has several addresses and each of them failed in its own way."""
_NO_THREAD = "can't start new thread"


class CommitLostError(Exception):
    """The connection broke while COMMIT was under way, and nobody could say since whether the transaction landed."""


DATABASE_ERRORS = (
    CommitLostError,
    sa.exc.SQLAlchemyError,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    MemoryError,
    RuntimeError,
)
"""What our own infrastructure raises, among other things: ``is_infrastructure`` tells which of it is its own."""


def is_infrastructure(error: BaseException) -> bool:
    """Return whether an error is the database's or the machine's own: cut, full, locked, read-only, out of handles.

    No order or job is to blame for it, and the same work goes through once it is mended (F1).
    """
    if isinstance(error, CommitLostError | sa.exc.TimeoutError):
        return True
    if isinstance(error, sa.exc.DBAPIError):
        return error.connection_invalidated or _is_databases(error)
    if isinstance(error, sqlite3.Error | asyncpg.PostgresError | asyncpg.InterfaceError):
        return _is_databases(error)
    if isinstance(error, asyncpg.InternalClientError):  # the answer broke off in the middle
        return True
    return _is_machines(error)


def is_cut(error: BaseException) -> bool:
    """Return whether an error says that the connection is gone, or that none was to be had: another may do at once."""
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    state = _state(error)
    if state is not None:
        return state.startswith(_CUT)
    return isinstance(error, OSError | asyncpg.InterfaceError) and is_infrastructure(error)


def may_pass(error: BaseException) -> bool:
    """Return whether a server's failure may be over in a moment; where nobody knows us, no waiting mends it."""
    state = _state(error)
    if isinstance(error, FOR_GOOD):
        return False
    return is_cut(error) or (
        state is not None and is_infrastructure(error) and not state.startswith(_NOT_KNOWN)
    )


def name_of(error: BaseException) -> str:
    """Return the name of what failed, as the database calls it: ``DiskFullError``, ``SQLITE_FULL``; no values."""
    *_, innermost = _causes(error)
    return str(getattr(innermost, "sqlite_errorname", type(innermost).__name__))


async def until_answered(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask of our own infrastructure until it does not fail: for what is known here alone, and would be lost.

    Only for what may land twice, or is looked at first each time: a lost answer may have been a success.
    """
    while True:
        try:
            return await ask()
        except DATABASE_ERRORS as error:
            if not is_infrastructure(error):
                raise
            LOG.warning("not written yet, and tried again: %s", name_of(error))
        await asyncio.sleep(AGAIN_AFTER_S)


def _is_machines(error: BaseException) -> bool:
    """Return whether a plain error of Python is the machine's or the network's: other libraries derive theirs too."""
    if isinstance(error, OSError):
        return (
            isinstance(error, _NETWORK)
            or error.errno in _ERRNOS
            or (error.errno is None and str(error).startswith(_EVERY_ADDRESS))
        )
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and str(error) == _NO_THREAD)


def _state(error: BaseException) -> str | None:
    """Return the code that PostgreSQL gave."""
    found = filter(None, (getattr(cause, "sqlstate", None) for cause in _causes(error)))
    return next(map(str, found), None)


def _is_databases(error: BaseException) -> bool:
    causes = tuple(_causes(error))
    if any(isinstance(cause, ValueError) for cause in causes):
        return False  # asyncpg could not write a value down: no other moment will do
    state = _state(error)
    if state is not None:
        return state.startswith(_SQLSTATES) or any(_accepts_nothing(cause) for cause in causes)
    for cause in causes:
        code = getattr(cause, "sqlite_errorcode", None)
        if code is not None:
            return (code & 0xFF) in _SQLITE
    plain = (*_DATABASE, sqlite3.OperationalError, asyncpg.InterfaceError)
    return isinstance(error, plain) and not any(words in str(error) for words in _OF_OURS)


def _accepts_nothing(error: BaseException) -> bool:
    """Return whether a server lets nobody in, or nobody write, under a code that is else a fault of ours."""
    if not isinstance(error, asyncpg.PostgresError):
        return False
    told = error.as_dict()
    match error.sqlstate:
        case "55000":  # only who is not let in is told so with the end of the connection
            return bool(told.get("severity_en") == "FATAL")
        case "54000":
            return "wraparound data loss" in str(error) or told.get("server_source_function") in _LAST_NUMBERS
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what SQLAlchemy wrapped in it, and what led to that."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.orig if isinstance(seen, sa.exc.DBAPIError) else seen.__cause__
