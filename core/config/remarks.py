"""What may be read as it stands and was probably not meant so: numbers with a leading zero, odd patterns, secrets."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from core.config.problems import label_of
from core.config.stock_patterns import oddity
from core.config.yaml_text import NOTHING, Document


def note_leading_zeros(document: Document) -> None:
    """Note numbers that begin with a zero and that nothing else complained of: others read them as octal."""
    known = {problem.at for problem in document.problems}
    for path, text in document.written.items():
        if re.fullmatch(r"[-+]?0[0-9]+", text) and document.position(path) not in known:
            says = f"'{text}' begins with a zero; write {int(text)}, or text in quotes: \"{text}\""
            document.wrong(path, says)


def note_nothing(document: Document) -> None:
    """Note keys that say nothing: what is left out on purpose has no key, and an empty condition would hold always."""
    known = {problem.at for problem in document.problems}
    for path, text in document.written.items():
        if text not in NOTHING or not path or path[0] == "tests" or path[2:3] == ("with",) or "json" in path:
            continue
        if not {document.position(path), document.position(path, key=True)} & known:
            label = label_of(document.own(path))
            document.wrong(
                path, f"{label}: nothing is given here; write a value, or take '{path[-1]}:' out", key=True
            )


def note_odd_patterns(document: Document) -> None:
    """Advise where a pattern of SKUs has marks that mean nothing here."""
    stock = document.values.get("stock")
    for pattern in stock if isinstance(stock, dict) else ():
        says = oddity(pattern)
        if says:
            document.advise(("stock", pattern), f"stock: {says}", key=True)


def note_secrets(
    document: Document, connection: str, given: Mapping[str, Any], settings: type[BaseModel]
) -> None:
    """Advise against secrets of a connection's ``with`` that are written out in the file; none is repeated."""
    secret = {
        field.alias or name
        for name, field in settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    for key, value in given.items():
        path = ("connections", connection, "with", key)
        if key not in secret | {"token"} or not isinstance(value, str) or path in document.from_environment:
            continue
        if "://" in value and "@" not in value:  # an address without a password
            continue
        name = re.sub(r"\W", "_", f"{connection}_{key}").upper()
        says = f'{key}: a secret stands in the file; export {name}=... and write {key}: "${{{name}}}"'
        document.advise(path, says)
