"""Patterns of ``matches()``, as both engines read them (RE2): the time is linear in the text."""

import re2


def is_found(pattern: str, text: str) -> bool:
    """Return whether a pattern fits anywhere in a text.

    Raises:
        ValueError: it is no pattern.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.search(pattern, text, options) is not None
    except re2.error as error:
        raise ValueError("no pattern") from error
