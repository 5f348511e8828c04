"""What the merchant's tool was asked, what it did, and what it is to answer."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from day.shapes import anything, check, many, number, record, table, text, whole
from sandbox.environment import Environment
from sandbox.values import Json, token

ANSWER: Final = record(
    {}, {"status": whole, "headers": table(text), "json": anything, "text": text, "after_s": number}
)
BELOW: Final = "/api"


@dataclass(frozen=True)
class Answer:
    """One answer: as it was scripted, or 200 with nothing in it."""

    status: int = 200
    headers: Json = field(default_factory=dict)
    json: Any = None
    text: str | None = None
    after_s: float = 0.0


@dataclass(frozen=True)
class Taken:
    """A request under its key, and what it was answered."""

    said: Json
    answer: Answer


class Tool:
    """The tool and its books."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.token = token("hooks", "token", length=32)
        self.cut = False
        """The token was withdrawn."""
        self.taken: dict[str, Taken] = {}
        """By Idempotency-Key: what was done under it, once."""
        self.under_way: set[str] = set()
        """Keys of what it is just doing."""
        self._answers: dict[str, list[Answer]] = defaultdict(list)

    def clear(self) -> None:
        """Forget what was asked and what is to be answered."""
        self.taken.clear()
        self.under_way.clear()
        self._answers.clear()

    def script(self, answers: object) -> None:
        """Take answers by path, one after another; the last one stands. DayError where one means nothing."""
        check(table(many(ANSWER)), answers, "answers")
        assert isinstance(answers, dict)  # noqa: S101  the line above has seen to it
        self._answers.update({path: [Answer(**each) for each in given] for path, given in answers.items()})

    def answer(self, path: str) -> Answer:
        """What a path answers now."""
        left = self._answers[path]
        return left.pop(0) if len(left) > 1 else (left or [Answer()])[0]

    def credentials(self, url: str) -> Json:
        """What ``with`` of a connection says to ask it."""
        return {
            "url": url + BELOW, "headers": {"Authorization": f"Bearer {self.token}"}, "probe": "/ping",
        }  # fmt: skip

    def books(self) -> Json:
        """What was done, in the order it came."""
        done = [{"key": key, **taken.said} for key, taken in self.taken.items()]
        return {"requests": done, **self.env.counts("hooks")}
