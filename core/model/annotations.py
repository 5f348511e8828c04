"""What people write on an order for each other; nothing is decided by it."""

import re
from typing import Annotated, Literal

from pydantic import StringConstraints

from core.model.fact_base import FactBase

TAG = r"[a-z0-9][a-z0-9-]{0,39}"
"""A lower-case word of at most 40 letters, digits and dashes, as a regular expression."""
TAG_PATTERN = re.compile(TAG)
MOST_TAGS = 20
"""Tags on one order."""
LONGEST_NOTE_TEXT = 2000
"""Characters of a note."""
LONGEST_ASSIGNEE = 200
"""Characters by which an assignee is named."""
NOBODY = "none"
"""How a filter or a command spells that nobody looks after an order."""

Tag = Annotated[str, StringConstraints(pattern=f"^{TAG}$")]


class NoteAdded(FactBase):
    """A person wrote a note; its text may name people, so it is sealed beside the order and not said here."""

    kind: Literal["note_added"] = "note_added"
    note_id: str


class Tagged(FactBase):
    """A person put a tag on the order."""

    kind: Literal["tagged"] = "tagged"
    tag: str


class Untagged(FactBase):
    """A person took a tag off the order."""

    kind: Literal["untagged"] = "untagged"
    tag: str


class Assigned(FactBase):
    """A person said who looks after the order."""

    kind: Literal["assigned"] = "assigned"
    to: str | None
    """As facts name whoever acts: ``user:<id>`` or ``key:<name>``; None: nobody."""


Annotation = NoteAdded | Tagged | Untagged | Assigned
