"""Tokens of connections: sealed, shared by every process, renewed once however many ask.

Who renews holds a claim in the token's row. A process that dies between the vendor's answer and the save leaves the
old token in the row and a claim that is free once it is known to be dead: the next one renews with the old refresh
token, which vendors keep until its successor is first used.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from core.clock import Clock
from core.errors import AuthError, OutcomeUnknownError, RateLimitError, UnavailableError
from core.failpoints import failpoint
from core.ports import Token
from core.store.engine import Database
from core.store.failures import until_answered
from core.store.sealing import Keyring
from core.store.tokens import Kept, TokenRow

Refresh = Callable[[Token], Awaitable[Token]]

_CALL_LIMIT_S = 15.0
_CLAIM_S = 30.0
_PAUSE_S = 5.0
_POLL_S = 0.05
_MOST_POLLS = round(2 * _CLAIM_S / _POLL_S)
_MOST_POLLS_OF_A_PAGE = 20
"""On a clock that is moved by hand the claim of a dead process does not run out while we wait: the work waits instead."""
_AHEAD_S = 300.0
_SHARE_AHEAD = 10


class VaultTokens:
    """The token of one connection: ``core.ports.Tokens``."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        *,
        clock: Clock,
        merchant: str,
        connection: str,
        refresh: Refresh,
        process: str = "command",
    ) -> None:
        self._database = database
        self._row = TokenRow(keyring=keyring, merchant=merchant, connection=connection)
        self._clock = clock
        self._merchant = merchant
        self._connection = connection
        self._refresh = refresh
        self._process = process
        # Within a process the lock is enough: only one task at a time looks at the row to renew.
        self._renewing = asyncio.Lock()

    async def current(self) -> Token:
        """Return the token in force, renewed first if it is about to expire.

        While somebody else renews it, or the vendor cannot just now, one that is still good is returned as it is.
        """
        kept = await self._read()
        now = self._clock.now()
        expires = kept.token.expires_at
        if expires is None or now < expires - self._ahead(kept):
            return kept.token
        if now >= expires:
            return await self.renew(kept.token)
        if kept.held(now):
            return kept.token
        try:
            return await self.renew(kept.token)
        except (UnavailableError, RateLimitError, OutcomeUnknownError):
            return kept.token

    async def renew(self, refused: Token) -> Token:
        """Return a token newer than the refused one; one vendor call however many ask, in however many processes.

        Raises:
            AuthError: the vendor no longer renews it; the connection is dead until a person connects it again.
            UnavailableError: the vendor could not be asked just now.
        """
        async with self._renewing:
            owner = f"{self._process}/{uuid.uuid4().hex}"
            for _ in range(_MOST_POLLS_OF_A_PAGE if self._clock.by_hand else _MOST_POLLS):
                kept = await self._read()
                if kept.token.access != refused.access:
                    return kept.token
                if kept.pauses(self._clock.now()):
                    raise UnavailableError(
                        "its token could not be renewed just now", connection=self._connection
                    )
                deadline = asyncio.get_running_loop().time() + _CALL_LIMIT_S
                if not kept.held(self._clock.now()) and await self._claim(kept, owner):
                    renewed = await self._renew_claimed(kept, owner, deadline)
                    if renewed is not None:
                        return renewed
                await asyncio.sleep(_POLL_S)
        raise UnavailableError("another process does not end renewing its token", connection=self._connection)

    async def save(self, token: Token) -> None:
        """Keep a token that a person just granted; the connection is alive again."""
        await self._database.write(self._row.put, token, self._clock.now())

    async def forget(self) -> None:
        """Delete the token and the key it was sealed under."""
        await self._database.write(self._row.drop)

    async def _renew_claimed(self, kept: Kept, owner: str, deadline: float) -> Token | None:
        """Ask the vendor and save; None where somebody else saved meanwhile.

        The loop's ``deadline`` counts from before the claim: a process that stood still since asks nobody.
        """
        if kept.token.refresh is None:
            await self._database.write(self._row.mark_dead, kept, owner)
            raise self._gone()
        failpoint("vault.refresh.before")
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.sleep(0)
                granted = await self._refresh(kept.token)
        except AuthError:
            if await self._database.write(self._row.mark_dead, kept, owner):
                raise self._gone() from None
            return None
        except TimeoutError as error:
            await self._pause(kept, owner, _PAUSE_S)
            raise OutcomeUnknownError(
                "renewing the token took too long", connection=self._connection
            ) from error
        except RateLimitError as error:
            await self._pause(kept, owner, error.retry_after_s)
            raise
        except (UnavailableError, OutcomeUnknownError):
            await self._pause(kept, owner, _PAUSE_S)
            raise
        failpoint("vault.refresh.after")
        token = _with_what_was_known(granted, kept.token)
        # The vendor took the old one back: what is not saved now is lost, and with it the connection.
        saved = await until_answered(
            lambda: self._database.write(self._row.save_renewed, kept, owner, token, self._clock.now())
        )
        return token if saved else None

    def _ahead(self, kept: Kept) -> timedelta:
        """Return how long before its end a token is renewed: five minutes, or a tenth of a short life."""
        lifetime = (kept.token.expires_at or kept.saved_at) - kept.saved_at
        return min(timedelta(seconds=_AHEAD_S), lifetime / _SHARE_AHEAD)

    def _gone(self) -> AuthError:
        return AuthError(
            f"the vendor no longer renews its token; connect it again at {self._connect_path}",
            connection=self._connection,
            code="dead",
        )

    @property
    def _connect_path(self) -> str:
        return f"/connect/{self._merchant}/{self._connection}"

    async def _read(self) -> Kept:
        kept = await self._database.read(self._row.find, self._clock.now())
        if kept is None:
            raise AuthError(
                f"not connected yet; connect it at {self._connect_path}",
                connection=self._connection,
                code="not_connected",
            )
        if kept.dead:
            raise self._gone()
        return kept

    async def _claim(self, kept: Kept, owner: str) -> bool:
        now = self._clock.now()
        until = now + timedelta(seconds=_CLAIM_S)
        return await self._database.write(self._row.claim, kept, owner=owner, now=now, until=until)

    async def _pause(self, kept: Kept, owner: str, pause_s: float) -> None:
        until = self._clock.now() + timedelta(seconds=pause_s)
        await self._database.write(self._row.hold_off, kept, owner=owner, until=until)


def _with_what_was_known(granted: Token, before: Token) -> Token:
    """Return a renewed token with what vendors do not repeat when they renew."""
    return replace(
        granted,
        refresh=granted.refresh or before.refresh,
        scopes=granted.scopes or before.scopes,
        account=granted.account or before.account,
    )


class StaticTokens:
    """The token that crossdock.yaml names in ``with.token``: nothing renews it."""

    def __init__(self, access: str, *, connection: str) -> None:
        self._token = Token(access=access)
        self._connection = connection

    async def current(self) -> Token:
        """Return the token."""
        return self._token

    async def renew(self, refused: Token) -> Token:  # noqa: ARG002  the port's signature
        """Refuse: only a person can put another one into the environment."""
        raise AuthError(
            "the vendor refuses the token of crossdock.yaml (with.token); put a valid one there",
            connection=self._connection,
            code="dead",
        )
