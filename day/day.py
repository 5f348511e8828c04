"""A day: read from its file, checked whole, and what a player asks of it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from day.format import DAY
from day.located_yaml import DayError, Document, Json, Position, nearest, read
from day.names import check_day, check_holds


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens: a verb of day/1, and what it is about."""

    at: datetime
    verb: str
    what: Any


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An instant at which the books are taken."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """A part of the day at whose end a run may stop."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """A day file that was found right."""

    data: Json
    document: Document | None = field(default=None, compare=False, repr=False)
    """Where its file says what; none where it was not read from one."""

    @property
    def title(self) -> str:
        """What the page is called."""
        return str(self.data["title"])

    @property
    def start(self) -> datetime:
        """Where its clock starts."""
        return datetime.fromisoformat(self.data["clock"]["start"])

    @property
    def acts(self) -> tuple[Act, ...]:
        """Its acts; a day without acts is one."""
        found = self.data.get("acts") or [{"id": "I", "until": self.data["clock"]["end"]}]
        return tuple(Act(a["id"], datetime.fromisoformat(a["until"])) for a in found)

    @property
    def config(self) -> Json:
        """The merchant's crossdock.yaml."""
        found: Json = self.data["config"]
        return found

    @property
    def given(self) -> Json:
        """What is there before the day begins."""
        found: Json = self.data["given"]
        return found

    @property
    def faults(self) -> list[Json]:
        """What goes wrong."""
        return list(self.data.get("faults") or [])

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """When the books are taken."""
        looks = self.data.get("looks") or []
        return tuple(Checkpoint(each["id"], datetime.fromisoformat(each["at"])) for each in looks)

    @property
    def events(self) -> tuple[Event, ...]:
        """What happens, in order."""
        found = []
        for each in self.data["when"]:
            verb = next(key for key in each if key != "at")
            found.append(Event(datetime.fromisoformat(each["at"]), verb, each[verb]))
        return tuple(found)

    @property
    def orders(self) -> dict[str, Json]:
        """Every order that is placed, by its name, as the shopper sees it."""
        before = [row["place"] for row in self.given.get("before") or []]
        placed = [{"at": e.at.isoformat(), **e.what} for e in self.events if e.verb == "place"]
        return {each["id"]: each for each in (*before, *placed)}

    def connection(self, use: str) -> str | None:
        """Return the name of the connection that uses that connector."""
        return next((n for n, c in self.config["connections"].items() if c["use"] == use), None)

    def use(self, connection: str) -> str:
        """Return which connector a connection uses."""
        return str(self.config["connections"][connection]["use"])

    def act_named(self, name: str | None) -> Act:
        """Return the act of that name; the last one where none is named.

        Raises:
            DayError: there is no such act.
        """
        if name is None:
            return self.acts[-1]
        for act in self.acts:
            if act.name == name:
                return act
        raise DayError(f"--act {name}: there is no such act{nearest(name, [a.name for a in self.acts])}")

    def check_holds(self, words: Collection[str]) -> None:
        """Want every hold that the day names to be one of these words.

        Raises:
            DayError: one is not; every mistake with file, line and column.
        """
        document = self.document or Document(self.data["day"], self.data)
        check_holds(Position(document), words)
        document.finish()

    def act_of(self, instant: datetime) -> str:
        """Return the first act that is not over at that instant."""
        return next((act.name for act in self.acts if instant <= act.until), self.acts[-1].name)


def load_day(path: Path) -> Day:
    """Return the day of a file.

    Raises:
        DayError: the file cannot be read, or is wrong; every mistake with file, line and column.
    """
    try:
        words = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DayError(f"{path}: cannot be read: {error}") from error
    return day_of(words, str(path))


def day_of(words: str, name: str) -> Day:
    """Return the day that is written in these words.

    Raises:
        DayError: something is wrong; every mistake with file, line and column.
    """
    found = read(words, name)
    DAY(found.data, Position(found))
    found.finish()
    check_day(Position(found))
    found.finish()
    return Day(found.data, found)
