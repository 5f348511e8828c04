"""Reads of many listings that Amazon's limits may interrupt, kept so that the next call goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import MappingError

REACHABLE = 1000
"""A search pages through so many listings and no further."""

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class PageCursor:
    """A search through all listings, oldest first, which may be interrupted between pages."""

    at: datetime
    found: dict[str, Json] = field(default_factory=dict)
    window: Json = field(default_factory=dict)
    token: Json = field(default_factory=dict)
    reached: int = 0
    known_before: int = 0
    done: bool = False

    def take(self, answer: Json) -> None:
        """Take a page; a search reaches a thousand listings, and the next one starts where this one ended."""
        items = answer["items"]
        self.found |= {item["sku"]: item for item in items}
        self.reached += len(items)
        if "nextToken" in answer and self.reached < REACHABLE:
            self.token = {"pageToken": answer["nextToken"]}
            return
        if self.reached < REACHABLE or int(answer.get("numberOfResults", 0)) <= REACHABLE:
            self.done = True
            return
        if len(self.found) == self.known_before:
            raise MappingError("items", f"more than {REACHABLE} listings were created at one instant")
        self.window, self.token = {"createdAfter": _created(items[-1])}, {}
        self.reached, self.known_before = 0, len(self.found)


@dataclass(slots=True, kw_only=True)
class PartialRead:
    """What a read of many SKUs has found so far."""

    at: datetime
    asked: set[str] = field(default_factory=set)
    found: dict[str, Json] = field(default_factory=dict)

    def take(self, asked: Sequence[str], items: Sequence[Json]) -> None:
        """Take what Amazon said of these SKUs."""
        self.asked.update(asked)
        self.found |= {item["sku"]: item for item in items}


def _created(item: Json) -> str:
    try:
        return str(item["summaries"][0]["createdDate"])
    except (KeyError, IndexError) as error:
        raise MappingError("items[].summaries[0].createdDate", "missing") from error
