"""Reads of one statement: they need no transaction around them, for one statement sees one state of the database."""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

ONE_STATEMENT: set[Callable[..., Any]] = set()
"""Every function that is marked."""


def one_statement(function: F) -> F:
    """Mark a function that only reads, by one statement at most: to begin and end a transaction costs as much again."""
    ONE_STATEMENT.add(function)
    return function
