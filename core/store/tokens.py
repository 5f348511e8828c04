"""The row of a connection's token: what is read and written of it inside one transaction."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from core.ports import Token
from core.store.keys import Purpose, data_key, find_key, forget
from core.store.processes import owner_gone, unheld
from core.store.sealing import Keyring, Place, open_sealed, seal
from core.store.tables import vault
from core.store.writes import upsert

_TOKEN = "token"  # noqa: S105  the row's name
_DEAD = "dead"  # a row of this name holds the version of the token that the vendor no longer renews


@dataclass(frozen=True, slots=True)
class Kept:
    """A token as its row says."""

    token: Token
    version: int
    saved_at: datetime
    dead: bool
    claimed_by: str | None
    claimed_until: datetime | None

    def held(self, now: datetime) -> bool:
        """Return whether somebody renews it, or a failed renewal pauses."""
        return self.claimed_until is not None and self.claimed_until >= now

    def pauses(self, now: datetime) -> bool:
        """Return whether the last renewal failed a moment ago."""
        return self.held(now) and self.claimed_by is None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenState:
    """What a page may show of a connection's token."""

    connection: str
    state: Literal["connected", "dead"]
    """``dead``: the vendor no longer renews it; a person must connect again."""
    expires_at: datetime | None


def token_states(conn: sa.Connection, merchant: str) -> dict[str, TokenState]:
    """Return, by connection, the state of every stored token of a merchant; nothing is unsealed."""
    rows = conn.execute(sa.select(vault).where(vault.c.merchant == merchant)).all()
    refused = {row.connection: row.version for row in rows if row.name == _DEAD}
    return {
        row.connection: TokenState(
            connection=row.connection,
            state="dead" if refused.get(row.connection) == row.version else "connected",
            expires_at=row.expires_at,
        )
        for row in rows
        if row.name == _TOKEN
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One connection's row; every method runs inside a transaction."""

    keyring: Keyring
    merchant: str
    connection: str

    def find(self, conn: sa.Connection, now: datetime | None = None) -> Kept | None:
        """Return the token; None where the connection has none. At ``now`` the claim of a dead process is none."""
        gone = (sa.false() if now is None else owner_gone(vault.c.claimed_by, now)).label("gone")
        rows = conn.execute(
            sa.select(vault, gone).where(
                vault.c.merchant == self.merchant, vault.c.connection == self.connection
            )
        )
        found = {row.name: row for row in rows}
        row = found.get(_TOKEN)
        key = find_key(conn, self.keyring, self.merchant, Purpose.connection(self.connection))
        if row is None or key is None:
            return None
        told = json.loads(open_sealed(key, row.sealed, self._place))
        return Kept(
            token=Token(
                access=told["access"],
                refresh=told["refresh"],
                expires_at=row.expires_at,
                scopes=tuple(told["scopes"]),
                account=told["account"],
            ),
            version=row.version,
            saved_at=datetime.fromisoformat(told["saved_at"]),
            dead=_DEAD in found and found[_DEAD].version == row.version,
            claimed_by=None if row.gone else row.claimed_by,
            claimed_until=None if row.gone else row.claimed_until,
        )

    def _sealed(self, conn: sa.Connection, token: Token, now: datetime) -> dict[str, object]:
        """Return the columns that hold a token."""
        key = data_key(conn, self.keyring, self.merchant, Purpose.connection(self.connection))
        told = {
            "access": token.access,
            "refresh": token.refresh,
            "scopes": token.scopes,
            "account": token.account,
            "saved_at": now.isoformat(),
        }
        return {
            "sealed": seal(key, json.dumps(told).encode(), self._place),
            "key_id": key.key_id,
            "claimed_by": None,
            "claimed_until": None,
            "expires_at": token.expires_at,
        }

    def put(self, conn: sa.Connection, token: Token, now: datetime) -> None:
        """Keep a token that a person granted; it is newer than any before."""
        row = conn.execute(sa.select(vault.c.version).where(self._is(_TOKEN)).with_for_update()).one_or_none()
        version = 1 if row is None else row.version + 1
        upsert(conn, vault, [{**self._row(_TOKEN), "version": version, **self._sealed(conn, token, now)}])

    def drop(self, conn: sa.Connection) -> None:
        """Delete the token and the key it was sealed under."""
        conn.execute(
            sa.delete(vault).where(vault.c.merchant == self.merchant, vault.c.connection == self.connection)
        )
        forget(conn, self.merchant, Purpose.connection(self.connection))

    def claim(self, conn: sa.Connection, kept: Kept, *, owner: str, now: datetime, until: datetime) -> bool:
        """Take the right to renew; False where somebody else has it or saved meanwhile."""
        free = vault.c.version == kept.version, unheld(vault.c, now)
        claim = sa.update(vault).where(self._is(_TOKEN), *free)
        return bool(conn.execute(claim.values(claimed_by=owner, claimed_until=until)).rowcount)

    def hold_off(self, conn: sa.Connection, kept: Kept, *, owner: str, until: datetime) -> None:
        """End a failed renewal: nobody renews until an instant."""
        conn.execute(
            sa.update(vault).where(self._mine(kept, owner)).values(claimed_by=None, claimed_until=until)
        )

    def save_renewed(self, conn: sa.Connection, kept: Kept, owner: str, token: Token, now: datetime) -> bool:
        """Keep a renewed token; False where the claim was lost, and the token must not be used."""
        changes = {"version": kept.version + 1, **self._sealed(conn, token, now)}
        return bool(conn.execute(sa.update(vault).where(self._mine(kept, owner)).values(changes)).rowcount)

    def mark_dead(self, conn: sa.Connection, kept: Kept, owner: str) -> bool:
        """Remember that the vendor no longer renews; False where somebody saved meanwhile."""
        ours = sa.update(vault).where(self._mine(kept, owner)).values(claimed_by=None, claimed_until=None)
        if not conn.execute(ours).rowcount:
            return False
        upsert(conn, vault, [{**self._row(_DEAD), "version": kept.version}])
        return True

    def _mine(self, kept: Kept, owner: str) -> sa.ColumnElement[bool]:
        """Return the condition that nobody saved or claimed since: else what we hold is not the newest."""
        return sa.and_(self._is(_TOKEN), vault.c.version == kept.version, vault.c.claimed_by == owner)

    def _is(self, name: str) -> sa.ColumnElement[bool]:
        return sa.and_(*(vault.c[column] == value for column, value in self._row(name).items()))

    def _row(self, name: str) -> dict[str, str]:
        return {"merchant": self.merchant, "connection": self.connection, "name": name}

    @property
    def _place(self) -> Place:
        return Place(merchant=self.merchant, table="vault", row=(self.connection, _TOKEN))


def account_of(conn: sa.Connection, keys: Keyring, merchant: str, connection: str) -> str | None:
    """Return the vendor's account that a connection's token was granted for, or None."""
    kept = TokenRow(keyring=keys, merchant=merchant, connection=connection).find(conn)
    return None if kept is None else kept.token.account
