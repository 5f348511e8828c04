"""Tags that a step of a rule names."""

from collections.abc import Collection, Mapping
from typing import Any

from core.model.annotations import TAG_PATTERN


def tags_of(given: Mapping[str, Any]) -> list[str]:
    """Return the tags that a step says; what is empty is none."""
    return [str(tag).strip() for tag in given["tags"] if str(tag).strip()]


def unfit_tags(tags: Collection[str]) -> list[str]:
    """Return those that are none, once they were computed."""
    return [tag for tag in tags if not TAG_PATTERN.fullmatch(tag)]
