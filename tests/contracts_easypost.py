"""EasyPost's recordings as judges: what requests named, and which keys and types answers had. There is no OpenAPI.

An object is known by its `object`; where EasyPost leaves that out, by the beginning of its id.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from sandbox.easypost.calls import NAMES
from sandbox.parameters import fields
from tests.contracts import contracts

Json = dict[str, Any]

TEXT: Final = frozenset({"str", "null"})
DOCUMENTED: Final = {
    ("PostageLabel", "label_pdf_url"): TEXT,
    ("PostageLabel", "label_zpl_url"): TEXT,
    ("PostageLabel", "label_epl2_url"): TEXT,
    ("Parcel", "length"): frozenset({"int", "float", "null"}),
    ("Shipment", "customs_info"): frozenset({"dict", "null"}),
    ("CustomsItem", "quantity"): frozenset({"int", "null"}),
    ("CustomsItem", "weight"): frozenset({"int", "float", "null"}),
    ("CustomsInfo", "customs_certify"): frozenset({"bool", "null"}),
    **{("CustomsItem", name): TEXT for name in (
        "description", "hs_tariff_number", "origin_country", "code", "manufacturer", "currency", "eccn",
        "printed_commodity_identifier")},
    **{("CustomsInfo", name): TEXT for name in (
        "contents_explanation", "contents_type", "customs_signer", "eel_pfc", "non_delivery_option", "restriction_type",
        "restriction_comments", "declaration")},
    **{("Address", name): TEXT for name in (
        "city", "state", "zip", "name", "company", "phone", "email", "street2", "carrier_facility", "federal_tax_id",
        "state_tax_id")},
}  # fmt: skip
"""Types that no recording happens to show, and the documentation names (docs.easypost.com, objects' pages, read 2026-11)."""
KINDS: Final = {"shp": "Shipment", "trk": "Tracker", "hook": "Webhook"}


def exchanges() -> Iterator[Json]:
    """Every recorded exchange of the vendor's three libraries."""
    for file in sorted((contracts() / "easypost" / "exchanges").glob("*/*.json")):
        yield from json.loads(file.read_text(encoding="utf-8"))["exchanges"]


def operation_of(exchange: Json) -> str | None:
    """The operation of a recorded exchange, by the library's name; none where it is not offered here."""
    method, path = exchange["request"]["method"], urlsplit(exchange["request"]["url"]).path
    for place, names in NAMES.items():
        verb, template = place.split()
        pattern = template.replace("{id}", r"(shp|trk|hook)_[\w<>*-]+")
        if verb == method and re.fullmatch(pattern, path):
            return names[0]
    return None


@cache
def named_in_requests() -> dict[str, set[str]]:
    """The parameters and fields that recorded requests named, by operation."""
    found: dict[str, set[str]] = defaultdict(set)
    for exchange in exchanges():
        operation = operation_of(exchange)
        if operation is None:
            continue
        query = urlsplit(exchange["request"]["url"]).query
        found[operation].update(name for name, _value in parse_qsl(query))
        found[operation].update(fields(_body(exchange)))
    return found


def check_answer(operation: str, status: int, shown: Any) -> None:
    """Raise AssertionError unless the answer has the keys and types of the recorded ones."""
    if status >= 400:
        _check_refusal(operation, shown)
        return
    assert status in _statuses()[operation], f"{operation} never answered {status}"
    assert isinstance(shown, dict), f"{operation}: {shown}"
    if operation == "shipment.all":
        assert set(shown) == {"shipments", "has_more"}
        assert type(shown["has_more"]) is bool
    else:
        missing = _always(operation) - set(shown)
        assert not missing, f"{operation} lacks {sorted(missing)}"
    check_objects(shown)


def check_objects(shown: Any, at: str = "") -> None:
    """Raise AssertionError where an object has a key, or a type of value, that no recording and no page of EasyPost's has."""
    if isinstance(shown, list):
        for inner in shown:
            check_objects(inner, f"{at}[]")
    elif isinstance(shown, dict):
        kind = _kind(shown)
        for name, inner in shown.items():
            if kind is not None:
                _check_field(kind, name, inner, at)
            check_objects(inner, f"{at}.{name}")


def _check_field(kind: str, name: str, value: Any, at: str) -> None:
    known = _types()[kind].get(name)
    assert known is not None, f"{at}: {kind} has no {name}"
    allowed = known | DOCUMENTED.get((kind, name), frozenset())
    assert _type(value) in allowed, f"{at}: {kind}.{name} is {_type(value)}, of {sorted(allowed)}"


def _check_refusal(operation: str, shown: Any) -> None:
    assert isinstance(shown, dict) and set(shown) == {"error"}, f"{operation}: {shown}"  # noqa: PT018
    error = shown["error"]
    assert set(error) == {"code", "message", "errors"}, f"{operation}: {shown}"
    assert isinstance(error["code"], str) and isinstance(error["message"], str)  # noqa: PT018
    for each in error["errors"]:
        assert isinstance(each, str) or {"field", "message"} <= set(each), f"{operation}: {each}"


@cache
def _types() -> dict[str, dict[str, frozenset[str]]]:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    folder = contracts() / "easypost" / "examples" / "official"
    shown = [exchange["response"].get("json") for exchange in exchanges()]
    shown += [json.loads(file.read_text(encoding="utf-8")) for file in folder.rglob("responses/*/*.json")]
    shown.append(json.loads((folder / "fixtures" / "event-body.json").read_text(encoding="utf-8")))
    for each in _objects(shown):
        for name, value in each.items():
            found[str(_kind(each))][name].add(_type(value))
    return {kind: {name: frozenset(types) for name, types in names.items()} for kind, names in found.items()}


@cache
def _answers() -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = defaultdict(list)
    for exchange in exchanges():
        operation = operation_of(exchange)
        if operation is not None and exchange["response"]["status"] < 400:
            found[operation].append(exchange["response"])
    return found


@cache
def _statuses() -> dict[str, set[int]]:
    return {operation: {each["status"] for each in answers} for operation, answers in _answers().items()}


@cache
def _always(operation: str) -> frozenset[str]:
    """The keys that every recorded answer of the operation has."""
    return frozenset.intersection(*(frozenset(each["json"]) for each in _answers()[operation]))


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for inner in value:
            yield from _objects(inner)
    elif isinstance(value, dict):
        if _kind(value) is not None:
            yield value
        for inner in value.values():
            yield from _objects(inner)


def _kind(shown: Json) -> str | None:
    told = shown.get("object") or KINDS.get(str(shown.get("id", "")).split("_")[0])
    return str(told) if told else None


def _body(exchange: Json) -> Any:
    try:
        return json.loads(exchange["request"].get("body") or "null")
    except ValueError:
        return None


def _type(value: Any) -> str:
    return "null" if value is None else type(value).__name__
