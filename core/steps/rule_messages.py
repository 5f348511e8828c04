"""What rules tell people, and what they keep of an answer."""

import html
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.config.kept import why_not_kept
from core.model.hooks import HookAnswer
from core.model.message import Message
from core.steps.rule_actions import Given, StepFailedError

LONGEST_SUBJECT = 200
LONGEST_TEXT = 10_000
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def mail_of(given: Given, *, number: str, rule: str) -> Message:
    """Return the mail that a step says."""
    text = str(given["text"])[:LONGEST_TEXT]
    return Message(
        kind=f"rule:{rule}",
        subject_id=number,
        to=", ".join(given["to"]),
        subject=" ".join(str(given["subject"]).split())[:LONGEST_SUBJECT] or rule,
        text=text,
        html=f"<p>{html.escape(text).replace(chr(10), '<br>')}</p>",
    )


def plain(value: Any) -> Any:
    """Return a computed value as JSON has it: amounts exactly, as text; lengths of time in whole seconds."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value.isoformat() if isinstance(value, datetime) else value


def taken_of(answer: HookAnswer, take: Mapping[str, str]) -> dict[str, Any]:
    """Return what is kept of an answer, by the names that the step gives.

    Raises:
        StepFailedError: the answer has nothing at one of these places, or what may not be kept.
    """
    return {name: _taken(answer, name, path) for name, path in take.items()}


def measured(number: Decimal) -> Decimal:
    """Return a number of a stranger's answer: it is kept as JSON has it, and only compared."""
    return number


def _taken(answer: HookAnswer, name: str, path: str) -> Any:
    value: Any = {"body": answer.body, "status": answer.status}
    for key, index in _PART.findall(path):
        if key and isinstance(value, dict) and key in value:
            value = value[key]
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            raise StepFailedError(f"take: the answer has nothing at {path} ({name})")
    what, allowed = why_not_kept(value)
    if what:
        raise StepFailedError(f"take: {path} is {what} ({name}){': ' if allowed else ''}{allowed}")
    return float(measured(value)) if isinstance(value, Decimal) else value
