"""Passwords: kept as Argon2id hashes, made and checked beside the event loop, one at a time."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from core.errors import RefusedError

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
"""OWASP's Password Storage Cheat Sheet, Argon2id, second choice: 19 MiB, 2 passes, 1 lane (read 2026-11-30)."""
MOST_WAITING = 8


class LaterError(RefusedError):
    """Too much was tried: come back after ``retry_after_s``."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Passwords:
    """Hashes one password at a time, so that a flood of tries takes one core and 19 MiB at most."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0
        self._nobodys = _hashed("")

    async def hashed(self, password: str) -> str:
        """Return what is kept of a password.

        Raises:
            LaterError: too many wait for their turn.
        """
        async with self.turn():
            return await asyncio.to_thread(_hashed, password)

    async def fits(self, password: str, known: str | None) -> bool:
        """Return whether a password is the one of a hash, in a turn; it takes as long where there is none."""
        fits = await asyncio.to_thread(_fits, password, known or self._nobodys)
        return fits and known is not None

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; whoever asks the database within it does so one at a time as well.

        Raises:
            LaterError: too many wait for theirs.
        """
        if self._waiting >= MOST_WAITING:
            raise LaterError("too many sign in at this moment; try again in some seconds", 5)
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1


def _hashed(password: str) -> str:
    with_salt = Argon2id(
        salt=os.urandom(16), length=32, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return with_salt.derive_phc_encoded(password.encode())


def _fits(password: str, known: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), known)
    except InvalidKey:
        return False
    return True
