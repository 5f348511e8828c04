"""Holds every answer of the API to its own description."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from web.api.openapi import describe
from web.app import ENDPOINTS

PAGE = describe(ENDPOINTS, url="https://hub.kendra.test")
_PATHS = [
    (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path)
    for path in sorted(PAGE["paths"], key=lambda path: path.count("{"))
]


def check_answer(method: str, path: str, *, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Assert that an answer is one that the description names, and has its shape; what is not described is let pass.

    HEAD is described by GET, less the body.
    """
    found = next((known for pattern, known in _PATHS if pattern.fullmatch(path.partition("?")[0])), None)
    told = PAGE["paths"].get(found, {}).get("get" if method == "HEAD" else method.lower())
    if told is None:
        return
    answer = told["responses"].get(str(status), told["responses"]["default"])
    kind = headers.get("Content-Type", "").partition(";")[0]
    assert kind in answer["content"], f"{method} {path}: {status} comes as {kind}"
    if kind.endswith("json") and method != "HEAD":
        _validator(found or "", method.lower(), str(status), kind).validate(json.loads(body))


@cache
def _validator(path: str, method: str, status: str, kind: str) -> Any:
    responses = PAGE["paths"][path][method]["responses"]
    schema = responses.get(status, responses["default"])["content"][kind]["schema"]
    return Draft202012Validator(schema | {"components": PAGE["components"]})
