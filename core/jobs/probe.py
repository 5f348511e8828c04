"""Whether a vendor takes a connection's credentials: asked when the process starts, and again and again (R114).

The job remembers what was said last; the pages read it there.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.errors import (
    AuthError,
    ConnectorError,
    MappingError,
    OutcomeUnknownError,
    RateLimitError,
    UnavailableError,
    VendorPausedError,
)
from core.store.jobs import Job

LOG = logging.getLogger("crossdock.probe")

AGAIN = timedelta(hours=6)
"""When a vendor that takes us is asked again."""
SOON = timedelta(minutes=10)
"""When one that does not is."""


class Said(StrEnum):
    """What came of asking."""

    WORKS = "works"
    REFUSED = "refused"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """When a vendor was asked last, and what it said, in words for people."""

    at: datetime
    said: Said
    words: str

    @property
    def next_at(self) -> datetime:
        """When it is asked again."""
        return self.at + (AGAIN if self.said is Said.WORKS else SOON)

    @property
    def data(self) -> dict[str, str]:
        """What the job remembers."""
        return {"at": self.at.isoformat(), "said": self.said.value, "words": self.words}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "ProbeResult | None":
        """Return what a job remembers; None where it never ran."""
        if "at" not in data:
            return None
        return cls(at=datetime.fromisoformat(data["at"]), said=Said(data["said"]), words=data["words"])


async def probe_connection(hub: Hub, job: Job) -> Reschedule | None:
    """Ask the vendor, and remember what it said; while it asks us to wait, what it said before stands."""
    try:
        tested = await ask(hub, job.merchant, job.connection)
    except RateLimitError as error:
        return Reschedule(due_at=hub.clock.now() + max(SOON, timedelta(seconds=error.retry_after_s)))
    if tested is not None and tested.said is not Said.WORKS:
        LOG.warning("%s of %s: %s", job.connection, job.merchant, tested.words)
    return None if tested is None else Reschedule(due_at=tested.next_at, data=tested.data)


async def ask(hub: Hub, merchant: str, connection: str) -> ProbeResult | None:
    """Return what a connection's vendor says to us now; None where nothing can be asked of it.

    Raises:
        RateLimitError: it asks to wait, which says nothing of the credentials.
    """
    connections = hub.connections(merchant)
    probe, title = connections.named(connection).probe, connections.connectors[connection].title
    if probe is None:
        return None
    try:
        said, words = Said.WORKS, f"{title} takes us for {await probe()}"
    except RateLimitError:
        raise
    except (ConnectorError, MappingError) as error:
        said, words = _meaning(error, title)
    return ProbeResult(at=hub.clock.now(), said=said, words=words)


def _meaning(error: ConnectorError | MappingError, title: str) -> tuple[Said, str]:
    """Return what an error says of a connection; no error of ours holds a secret."""
    what = str(error)
    if isinstance(error, ConnectorError):
        what = what.removeprefix(f"{error.connection}: ")
    match error:
        case AuthError():
            return Said.REFUSED, f"{title} does not accept the credentials ({what})"
        case VendorPausedError():
            return Said.REFUSED, f"{title} does nothing for the account just now ({what})"
        case UnavailableError() | OutcomeUnknownError():
            return Said.SILENT, f"{title} does not answer ({what})"
        case MappingError():
            return Said.SILENT, f"what answers is not {title}, or not as documented ({what})"
        case _:
            return Said.REFUSED, f"{title} refuses ({what})"
