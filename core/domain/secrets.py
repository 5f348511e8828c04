"""What may open a door: how long and how various an API key, a password and a sign-in name are at least."""

import re

from core.model.base import shows_nothing

KEY_LEAST, KEY_VARIETY = 22, 8
"""22 characters of the 64 that URLs take are 132 bits, where they were drawn by chance."""
PASSWORD_LEAST, PASSWORD_MOST, PASSWORD_VARIETY = 12, 200, 5
_KEY = re.compile(r"[!-~]{1,200}")
_LOGIN = re.compile(r"[^\s\x00-\x1f\x7f]{2,254}")
_USER_ID = re.compile(r"[0-9a-f]{12}")
_LONGEST_NAME = 80


def why_weak_key(key: str) -> str:
    """Return why nobody may have this API key, or an empty text."""
    if not _KEY.fullmatch(key):
        return "an API key is of 22 to 200 printable ASCII characters without a blank"
    if len(key) < KEY_LEAST:
        return (
            f"this API key has {len(key)} characters; it needs {KEY_LEAST}, drawn by chance, or it is guessed"
        )
    if len(set(key)) < KEY_VARIETY:
        return f"this API key has {len(set(key))} different characters; draw them by chance, or it is guessed"
    return ""


def why_weak_password(password: str, login: str) -> str:
    """Return why a password will not do for a sign-in name, or an empty text; long beats odd (NIST SP 800-63B-4, 3.1.1.2)."""
    if len(password) < PASSWORD_LEAST:
        return f"a password has at least {PASSWORD_LEAST} characters; a few words in a row are good"
    if len(password) > PASSWORD_MOST:
        return f"a password has at most {PASSWORD_MOST} characters"
    if len(set(password)) < PASSWORD_VARIETY:
        return f"a password has at least {PASSWORD_VARIETY} different characters"
    if login and login.partition("@")[0] in password.casefold() and len(password) < 2 * PASSWORD_LEAST:
        return "the password holds the sign-in name; take another"
    return ""


def login_of(text: str) -> str:
    """Return a sign-in name as it is kept: an e-mail address or a word, in small letters.

    Raises:
        ValueError: it is none.
    """
    login = text.strip().casefold()
    if not _LOGIN.fullmatch(login):
        raise ValueError(
            "a sign-in name is an e-mail address, or a word of 2 to 254 characters without a blank"
        )
    return login


def looks_like_id(text: str) -> bool:
    """Return whether a word could be taken for the id of a user."""
    return _USER_ID.fullmatch(text) is not None


def name_of(text: str) -> str:
    """Return a name as timelines show it.

    Raises:
        ValueError: it shows nothing, is too long, or holds control characters or others that are not seen.
    """
    name = text.strip()
    if shows_nothing(name) or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"a name has 1 to {_LONGEST_NAME} characters that can be read")
    return name


def key_name_of(text: str) -> str:
    """Return the name of an API key.

    Raises:
        ValueError: it is no name, or could be taken for another kind of actor.
    """
    name = name_of(text)
    if ":" in name:
        raise ValueError("the name of an API key holds no colon")
    return name
