"""What people write on an order for each other; nothing is decided by it."""

from typing import Annotated

from pydantic import StringConstraints

TAG = r"[a-z0-9][a-z0-9-]{0,39}"
"""A lower-case word of at most 40 letters, digits and dashes, as a regular expression."""
MOST_TAGS = 20
"""Tags on one order."""
LONGEST_NOTE_TEXT = 2000
"""Characters of a note."""
LONGEST_NAME = 100
"""Characters of an assignee's name."""
NOBODY = "none"
"""How a filter or a command spells that nobody looks after an order."""

Tag = Annotated[str, StringConstraints(pattern=f"^{TAG}$")]
