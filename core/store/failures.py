"""Whose failure is it: the database's and the machine's are waited out, everything else is looked at by a person."""

import sqlite3

import sqlalchemy as sa

_DATABASE = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.InternalError,
    sa.exc.TimeoutError,
    sqlite3.OperationalError,
)
_OF_OURS = ("no such table", "no such column", "syntax error")
"""What SQLite tells in the class of its own failures though the statement is to blame."""
_PATHS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)
"""A wrong path in our code: no waiting mends it."""


def is_infrastructure(error: BaseException) -> bool:
    """Return whether an error is the database's or the machine's own: cut, full, locked, read-only, out of handles.

    No order or job is to blame for it, and the same work goes through once it is mended (F1).
    """
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, _DATABASE):
        return not any(words in str(error) for words in _OF_OURS)
    return isinstance(error, OSError) and not isinstance(error, _PATHS)
