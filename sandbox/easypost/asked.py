"""What a request asks of EasyPost, each field of its kind; the refusal names the field that is of another.

Texts may come as numbers and numbers as texts, as every client library sends them.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox.easypost.labels import TYPES
from sandbox.easypost.objects import ADDRESS_FIELDS, CUSTOMS_FIELDS, ITEM_FIELDS
from sandbox.easypost.refusals import Refused, blank, mistyped
from sandbox.values import Json

LARGEST: Final = Decimal(10) ** 9


def shipment(given: Json) -> Json:
    """A shipment that is to be made, with what it cannot be without."""
    asked: Json = {name: _address(given[name], name) for name in _ADDRESSES if given.get(name)}
    asked |= {name: text(given[name], name) for name in _TEXTS if given.get(name) is not None}
    if given.get("parcel"):
        asked["parcel"] = _parcel(given["parcel"])
    absent = [name for name in ("to_address", "from_address", "parcel") if not asked.get(name)]
    if absent:
        raise blank(*absent)
    if not asked["parcel"].get("weight"):
        raise blank("parcel.weight")
    needed = [(name, part) for name in _ADDRESSES if name in asked for part in ("street1", "country")]
    lacking = [f"{name}.{part}" for name, part in needed if not asked[name].get(part)]
    if lacking:
        raise blank(*lacking)
    return asked | {
        "is_return": bool(flag(given.get("is_return"), "is_return")),
        "customs_info": _customs(given["customs_info"]) if given.get("customs_info") else None,
        "options": _options(given.get("options")),
        "carrier_accounts": [
            _account(one) for one in _list(given.get("carrier_accounts"), "carrier_accounts")
        ],
        "insurance": insurance(given.get("insurance")),
        **_taxes(given),
    }


def insurance(given: object, at: str = "insurance") -> Decimal | None:
    """The insured value in dollars; none where nothing is to be insured (EasyPost takes 0 for that, recorded 2024-08)."""
    return None if given is None else number(given, at) or None


def text(given: Any, at: str) -> str | None:
    """A text; a number is one too."""
    if given is None or (isinstance(given, str | int | Decimal) and not isinstance(given, bool)):
        return None if given is None else str(given)
    raise mistyped(at, "a string")


def number(given: Any, at: str) -> Decimal:
    """A number of 0 or more; a text of digits is one too."""
    try:
        value = Decimal(given if isinstance(given, str) else str(given))
    except InvalidOperation:
        raise mistyped(at, "a number") from None
    if isinstance(given, bool) or not value.is_finite() or not 0 <= value < LARGEST:
        raise mistyped(at, f"a number from 0 to {LARGEST}")
    return value


def flag(given: object, at: str) -> bool | None:
    """True or false, also as a text."""
    known = {True: True, False: False, None: None, "true": True, "false": False}
    if isinstance(given, list | dict) or given not in known:
        raise mistyped(at, "true or false")
    return known[given]


def instant(given: str, at: str) -> datetime:
    """A moment or a day; UTC where no zone is told."""
    try:
        when = datetime.fromisoformat(given)
    except ValueError:
        raise mistyped(at, "an ISO 8601 datetime") from None
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


def _dict(given: object, at: str) -> Json:
    if not isinstance(given, dict):
        raise mistyped(at, "an object")
    return given


def _list(given: object, at: str) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise mistyped(at, "an array")
    return given


def _texts(given: object, names: Collection[str], at: str) -> Json:
    whole = _dict(given, at)
    kinds: dict[str, Callable[[Any, str], Any]] = dict.fromkeys(names, text) | _KINDS
    return {name: kinds[name](whole.get(name), f"{at}.{name}") for name in names}


def _address(given: object, at: str) -> Json:
    return {name: value for name, value in _texts(given, ADDRESS_FIELDS, at).items() if value is not None}


def _parcel(given: object) -> Json:
    whole = _dict(given, "parcel")
    sizes = ("length", "width", "height", "weight")
    return {name: number(whole[name], f"parcel.{name}") for name in sizes if whole.get(name) is not None}


def _customs(given: object) -> Json:
    whole = _dict(given, "customs_info")
    items = _list(whole.get("customs_items"), "customs_info.customs_items")
    each = (
        _texts(one, ITEM_FIELDS, f"customs_info.customs_items.{place}") for place, one in enumerate(items)
    )
    return {**_texts(whole, CUSTOMS_FIELDS, "customs_info"), "customs_items": list(each)}


def _options(given: object) -> Json:
    told = {} if given is None or given == [] else _dict(given, "options")
    options = {name: text(value, f"options.{name}") for name, value in told.items() if value is not None}
    form = options.get("label_format")
    if form is not None and form.lower() not in TYPES:
        message = "The label format must be one of PNG, PDF, ZPL and EPL2."
        raise Refused(422, "SHIPMENT.OPTIONS.INVALID", message)
    return options


def _account(given: object) -> str:
    named = given.get("id") if isinstance(given, dict) else given
    if not isinstance(named, str):
        raise mistyped("carrier_accounts", "an array of ids")
    return named


def _taxes(given: Json) -> Json:
    """Tax identifiers as they are shown again; EasyPost shows the key only where it was sent (recorded 2025-03)."""
    if given.get("tax_identifiers") is None:
        return {}
    parts = ("entity", "tax_id", "tax_id_type", "issuing_country")
    taxes = [
        _texts(one, parts, "tax_identifiers") for one in _list(given["tax_identifiers"], "tax_identifiers")
    ]
    return {"tax_identifiers": [{**one, "tax_id": "HIDDEN"} for one in taxes]}


def _number_or_none(given: Any, at: str) -> Decimal | None:
    return None if given is None or given == "" else number(given, at)


def _count(given: Any, at: str) -> int | None:
    value = _number_or_none(given, at)
    if value is not None and value != int(value):
        raise mistyped(at, "a whole number")
    return None if value is None else int(value)


_ADDRESSES: Final = ("to_address", "from_address", "return_address", "buyer_address")
_TEXTS: Final = ("reference", "service", "carrier")
_KINDS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "value": _number_or_none, "weight": _number_or_none, "quantity": _count,
    "residential": flag, "customs_certify": flag,
}  # fmt: skip
