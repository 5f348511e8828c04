"""Logging: JSON lines, or readable ones on a terminal, that carry no secret and nobody's personal data.

What is not known to be harmless is not shown. Our own lines say what ``tests/test_logged.py`` lists; of a library that
sees what we work on, only the words that stand in its code; of further fields only those named here; of an exception
its message only where its kind speaks of code or of our own rules, and else its kind and the places in the code.
What is left passes through a ``Redactor``: fields by their name, texts by what they look like, and every secret it was
told of wherever it stands.
"""

import json
import logging
import re
import traceback
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TextIO

from core.errors import HubError

HIDDEN = "[redacted]"

_SECRET_WORDS = frozenset({
    "authorization", "cookie", "credential", "credentials", "hmac", "jwt", "key", "keys", "passphrase", "passwd",
    "password", "pin", "secret", "secrets", "signature", "token", "tokens",
})  # fmt: skip
_PERSONAL_WORDS = frozenset({
    "address", "birthday", "city", "company", "customer", "email", "emails", "firstname", "fullname", "lastname",
    "mail", "name", "names", "personal", "phone", "phones", "postcode", "recipient", "sender", "street", "zip",
})  # fmt: skip
_HIDDEN_WORDS = _SECRET_WORDS | _PERSONAL_WORDS

# Shorter ones would tear ordinary words apart; no vendor issues such short secrets.
_SHORTEST_SECRET = 6

_LOOKS = (
    # userinfo of a URL, then its query: OAuth codes, signatures and searched-for names stand there
    (re.compile(r"://[^/\s@]+@"), f"://{HIDDEN}@"),
    (re.compile(r"(?<=[\w/])\?(?=[\w.%-]+=)[^\s\"'<>]+"), f"?{HIDDEN}"),
    # a link of ours that works once
    (re.compile(r"(/join/[\w-]+/)[\w-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"[^\s@<>\"'(),;:=\[\]{}]+@[^\s@<>\"'(),;:=\[\]{}]+\.\w+"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/|=-]+"), rf"\1 {HIDDEN}"),
    # tokens that vendors mark: Shopify, Stripe, Amazon's LWA, EasyPost
    (re.compile(r"\b(?:shp(?:at|ss|ca|pa|rt|ua)_|(?:sk|rk|pk)_(?:live|test)_|whsec_|EZ[AT]K)[\w-]+"), HIDDEN),
    (re.compile(r"\b(?:Atz[ar]|amzn1\.oa2-cs)[|.][\w|.~+/=-]+"), HIDDEN),
    (
        re.compile(
            r"(?i)([\"']?\b[\w-]*(?:authorization|cookie|password|secret|token|api[_-]?key|signature|hmac)[\"']?\s*[:=]\s*)"
            r"(?!\[redacted)(\"[^\"]*\"|'[^']*'|[^\s,;}\]]+)"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?<![\w+])\+\d[\d ()-]{7,}\d"), HIDDEN),
)

# Their messages speak of code, files or our own rules, not of what was being worked on.
_MESSAGE_SHOWN = (HubError, OSError, AttributeError, ImportError, NameError, TypeError, NotImplementedError)

_FIELDS_SHOWN = frozenset({"attempts", "connection", "kept_back", "kind", "merchant", "order_id"})
"""What may be given to a record as ``extra``."""

_KNOWN_SPEAKERS = ("crossdock", "alembic", "apscheduler", "opentelemetry", "pgqueuer")
"""We ourselves, and libraries that are told ids alone."""
_WORDS_OF_CODE = re.compile(r"[A-Za-z][\w .,;-]*(?:\(\)[\w .,;-]*)?")
_SAYS_CONSTANTS = ("asyncio", "aiohttp")
"""Of these a text that nothing was filled in to begins with words that stand in their code."""

_OWN_FIELDS = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


class Redactor:
    """Takes secrets and personal data out of what is logged."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def hide(self, *secrets: str | None) -> None:
        """Remember secrets that must never appear, wherever they stand."""
        self._secrets |= {s for s in secrets if s and len(s) >= _SHORTEST_SECRET}

    def text(self, text: str) -> str:
        """Return a text without secrets, e-mail addresses, phone numbers, and the queries of URLs."""
        # Longest first: a secret may be a part of another.
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        for looks, instead in _LOOKS:
            text = looks.sub(instead, text)
        return text

    def value(self, value: object, field: str = "") -> object:
        """Return a value fit for a log: hidden where its field's name says so, redacted inside where not."""
        if field and _hides(field) and value is not None:
            return HIDDEN
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(inner) for inner in value]
        if isinstance(value, bool | int | float | None):
            return value
        return self.text(str(value))


def _hides(field: str) -> bool:
    """Return whether a field's name is that of a secret or of personal data: its last word decides."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field).lower()
    last = re.split(r"[^a-z0-9]+", words.strip("_- "))[-1]
    return last in _HIDDEN_WORDS or last.rstrip("0123456789") in _HIDDEN_WORDS


class Sparing(logging.Filter):
    """Lets a few records of a kind through in a while where strangers can cause them, and says how many it kept back.

    The kind is the words in the code, not what was filled in: nobody makes new kinds by sending other bytes.
    """

    most = 5
    each_s = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        if not record.name.startswith(_HEARD_OF_STRANGERS):
            return True
        kind = (record.name, str(record.msg).partition("\n")[0][:_KIND_CHARACTERS])
        began, count = self._seen.get(kind, (record.created, 0))
        if record.created - began >= self.each_s:
            if count > self.most:
                record.kept_back = count - self.most
            began, count = record.created, 0
        self._seen[kind] = (began, count + 1)
        return count < self.most


_HEARD_OF_STRANGERS = ("asyncio", "aiohttp", "crossdock.door", "crossdock.web")
_KIND_CHARACTERS = 80


class JsonLines(logging.Formatter):
    """One JSON object per record."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        line: dict[str, object] = {
            "at": _instant(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "says": _says(record, self._redactor),
            **_fields(record, self._redactor),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = list(error_lines(record.exc_info[1], self._redactor))
        return json.dumps(line, ensure_ascii=False)


class Readable(logging.Formatter):
    """Lines for people."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line, an exception below it."""
        fields = "".join(f" {name}={value}" for name, value in _fields(record, self._redactor).items())
        says = _says(record, self._redactor)
        lines = [f"{_instant(record):%H:%M:%S} {record.levelname.lower():<8}{says}{fields}"]
        if record.exc_info and record.exc_info[1] is not None:
            lines += [f"    {line}" for line in error_lines(record.exc_info[1], self._redactor)]
        return "\n".join(lines)


def error_lines(error: BaseException, redactor: Redactor) -> Iterator[str]:
    """Yield an exception for a log, its causes first: where in the code, its kind, and its message where it may."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from error_lines(before, redactor)
        yield "which led to:"
    # Names and lines of code only: local values are not shown.
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
    yield f"{type(error).__qualname__}: {error_text(error, redactor)}"
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from error_lines(inner, redactor)


def error_text(error: BaseException, redactor: Redactor) -> str:
    """Return an exception's message, redacted; of kinds that quote values nothing is shown."""
    if isinstance(error, _MESSAGE_SHOWN):
        return redactor.text(str(error))
    return "(its message may quote values and is not logged)"


def start_logging(stream: TextIO, redactor: Redactor, *, level: int = logging.INFO) -> logging.Handler:
    """Send every logger's records to a stream: JSON lines, or readable ones where it is a terminal."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Readable(redactor) if stream.isatty() else JsonLines(redactor))
    handler.addFilter(Sparing())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # These log whole requests and statements at lower levels.
    for name in ("httpx", "httpcore", "sqlalchemy.engine", "aiobotocore", "botocore", "stripe", "easypost"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A library's warning may quote what a stranger sent (aiohttp does, of a header that it cannot read): it would go to
    # standard error past the redactor, and Python keeps each text for ever to say it once. Tests see every warning.
    warnings.simplefilter("ignore")
    return handler


def _instant(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _is_of(record: logging.LogRecord, names: tuple[str, ...]) -> bool:
    return record.name.partition(".")[0] in names


def _says_library(record: logging.LogRecord) -> str:
    """Return of what a library says the words that stand in its code: what it filled in may be anybody's."""
    if record.args:
        return str(record.msg).partition("\n")[0]
    told = _WORDS_OF_CODE.match(str(record.msg)) if _is_of(record, _SAYS_CONSTANTS) else None
    return (
        told[0].strip()
        if told
        else f"(not logged: what {record.name} says at {record.module}:{record.lineno})"
    )


def _says(record: logging.LogRecord, redactor: Redactor) -> str:
    """Return the record's message; an exception given as an argument is shown as any other exception is."""
    if not _is_of(record, _KNOWN_SPEAKERS):
        return redactor.text(_says_library(record))
    args = record.args
    if not isinstance(args, tuple):
        return redactor.text(record.getMessage())
    shown = tuple(
        f"{type(arg).__qualname__}: {error_text(arg, redactor)}" if isinstance(arg, BaseException) else arg
        for arg in args
    )
    return redactor.text(str(record.msg) % shown if shown else str(record.msg))


def _fields(record: logging.LogRecord, redactor: Redactor) -> dict[str, object]:
    """Return what the caller gave as ``extra``."""
    given = {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
    return {
        redactor.text(name): redactor.value(value, name) if name in _FIELDS_SHOWN else HIDDEN
        for name, value in given.items()
    }
