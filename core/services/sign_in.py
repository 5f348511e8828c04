"""Signing in: with a password, with an API key, or by a link that works once; and how often that may be tried."""

import logging
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from core.domain.attempts import Attempts
from core.domain.secrets import login_of
from core.engine.hub import Hub
from core.model.people import Caller
from core.services.passwords import LaterError, Passwords
from core.store.api_keys import find_api_key
from core.store.sessions import open_session
from core.store.users import find_login

LOG = logging.getLogger("crossdock.sign_in")

_LONGEST_PASSWORD = 1024


def _of_accounts() -> Attempts:
    # Whoever tries somebody else's name keeps him out for a minute at most; who is signed in stays.
    return Attempts(free=10, first=timedelta(seconds=1), most=timedelta(minutes=1))


def _of_addresses() -> Attempts:
    return Attempts(free=30, first=timedelta(seconds=1), most=timedelta(minutes=5))


@dataclass(slots=True)
class SignIn:
    """What a process knows of tries; one for all of its merchants."""

    passwords: Passwords = field(default_factory=Passwords)
    accounts: Attempts = field(default_factory=_of_accounts)
    addresses: Attempts = field(default_factory=_of_addresses)
    _told: bool = False
    """Whether the log has said that addresses are not known."""

    def begin(self, hub: Hub, address: str | None) -> None:
        """Count a try of an address, before anything of it is read: one too many costs nothing.

        ``address`` is what one stranger has for himself: an address, of IPv6 a network of 64 bits. None where a proxy
        does not tell it: nothing is counted, for the tries of strangers would keep everybody out.

        Raises:
            LaterError: this address tried too often.
        """
        if address is None:
            if not self._told:
                LOG.warning(
                    "somebody signs in from this machine, or through a proxy that names no address in X-Forwarded-For: "
                    "tries are counted by name only (docs/how-to/behind-a-proxy.md)"
                )
            self._told = True
            return
        _refuse(self.addresses.begin(address, hub.clock.now()), "your address")

    async def with_password(
        self, hub: Hub, merchant: str, login: str, password: str, *, address: str | None
    ) -> Caller | None:
        """Return who signs in so, or None; the answer takes as long whether there is such a name or not.

        The try has begun: where it comes to something, it is not counted against ``address``.

        Raises:
            LaterError: this name was tried too often, or too many sign in at once.
        """
        try:
            name = login_of(login)
        except ValueError:
            name = ""
        account = f"{merchant}/{name}"
        _refuse(self.accounts.begin(account, hub.clock.now()), "this name")
        async with self.passwords.turn():
            # Whoever names no merchant of ours is asked for as long as whoever does.
            known = await hub.store.read(find_login, merchant if merchant in hub.merchants else "", name)
            fits = await self.passwords.fits(password[:_LONGEST_PASSWORD], known[1] if known else None)
        if known is None or not fits:
            return None
        self.accounts.came_to_something(account)
        self._take_back(address)
        user = known[0]
        return Caller(merchant=merchant, name=user.name, role=user.role, user_id=user.user_id)

    async def with_key(self, hub: Hub, key: str, *, address: str | None) -> Caller | None:
        """Return who has an API key, or None; the try has begun, and is taken back where somebody has it."""
        caller = await caller_of_key(hub, key)
        if caller is not None:
            self._take_back(address)
        return caller

    def _take_back(self, address: str | None) -> None:
        if address is not None:
            self.addresses.take_back(address)

    def try_password_of(self, hub: Hub, caller: Caller) -> None:
        """Count a try of somebody who is signed in to name his own password.

        Raises:
            LaterError: he tried too often.
        """
        _refuse(self.accounts.begin(caller.actor, hub.clock.now()), "this password")


async def caller_of_key(hub: Hub, key: str) -> Caller | None:
    """Return who has an API key of a merchant that is served here, or None."""
    given = key.strip()
    if not given or not given.isascii():
        return None
    found = await hub.store.read(find_api_key, given, hub.clock.now())
    return found[0] if found is not None and found[0].merchant in hub.merchants else None


async def begin_session(hub: Hub, caller: Caller, *, browser: str) -> str | None:
    """Sign a browser in; return the token of its cookie, or None where its user or key went meanwhile."""
    token = secrets.token_urlsafe(32)
    begun = await hub.store.write(open_session, caller, token, browser=browser, now=hub.clock.now())
    return token if begun else None


def _refuse(wait: timedelta | None, what: str) -> None:
    if wait is not None:
        seconds = int(wait.total_seconds()) + 1
        raise LaterError(f"{what} was tried too often; try again in {seconds} s", seconds)
