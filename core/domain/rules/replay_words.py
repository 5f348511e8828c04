"""What a step of a rule says, and which answers of other steps it names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.config.rules import Filled, PathValue, RuleStep
from core.expressions import Value


def said_of(step: RuleStep, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a step says: computed where it was, else as the file has it."""
    if given or step.said is True:
        return dict(given)
    said: dict[str, Any] = step.said.model_dump(mode="json", by_alias=True, exclude_none=True)
    return said


def mentions(step: RuleStep, name: str) -> bool:
    """Return whether a step looks at the answer of another one."""
    texts = [*_texts(step.given), *([step.condition.text] if step.condition is not None else [])]
    return any(re.search(rf"\bsteps\.{re.escape(name)}\b", text) for text in texts)


def _texts(given: Filled) -> Iterator[str]:
    """Yield every expression and text with expressions of what a step says."""
    if isinstance(given, PathValue):
        yield from _texts(given.value)
    elif isinstance(given, Value):
        if given.made is not None:
            yield given.made.text
    elif isinstance(given, Mapping):
        for one in given.values():
            yield from _texts(one)
    else:
        for one in given:
            yield from _texts(one)
