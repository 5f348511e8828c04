"""What a merchant's files said, as one text that the store keeps and that can be read again."""

import hashlib
import json
from collections.abc import Sequence

Texts = Sequence[tuple[str, str]]
"""The files of a merchant in their order: the name of each, and what it says."""
_BEGINS = '{"files": ['
# No crossdock.yaml has a key of this name, so that one file is never taken for several.


def one_text(texts: Texts) -> str:
    """Return the texts of a merchant's files as one: of a single file its own."""
    if len(texts) == 1:
        return texts[0][1]
    return json.dumps({"files": [list(one) for one in texts]}, ensure_ascii=False)


def texts_of(text: str) -> Texts:
    """Return the texts that one was made of."""
    if not text.startswith(_BEGINS):
        return [("crossdock.yaml", text)]
    return [(name, said) for name, said in json.loads(text)["files"]]


def digest_of(text: str) -> str:
    """Return what a merchant's files are known by."""
    return hashlib.sha256(text.encode()).hexdigest()
