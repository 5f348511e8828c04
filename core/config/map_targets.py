"""Which fields of an order a map may give, of what kind each is, and why it may not give the others."""

import re
from collections.abc import Mapping
from typing import Any

from core.expressions.kinds import Basic, Kind, ListOf, bare, told
from core.model.order import Order, OrderLine, Personal
from core.nearest import nearest
from core.overrides import ATTRIBUTES, LINES, LONGEST

TARGETS = (*LONGEST, "tags")
"""The fields besides ``attributes.<name>``."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""An attribute's name, as rules write it after ``order.attributes.``"""
_OWN = "stay the connector's own"
_WORDS: Mapping[str, str] = {
    f"amounts {_OWN}": "total total_presentment amount price unit_price discount shipping shipping_discount shipping_tax tax duties "
    "tips rounding currency paid marketplace_tax tax_mode value cost fee",
    f"payments {_OWN}": "payment payments transactions gateway paid_via_channel captured refund refunds risk",
    f"addresses and names {_OWN}": "ship_to address country zip city street street1 street2 bill_to name first_name last_name company customer "
    "customer_name email mail phone note notes personal",
    f"quantities {_OWN}": "qty quantity quantities open_quantity units ordered weight_g",
    f"states and ids {_OWN}": "state status stage test cancelled cancelled_at cancel_requested fulfilled_by order_id line_id id listing "
    "connection placed_at updated_at work_orders shipped withdrawn programs ships customized ship_by deliver_by zone "
    "customer_orders_before unreadable",
}
_REFUSED: Mapping[str, str] = {word: says for says, words in _WORDS.items() for word in words.split()}
_SCALARS = {Basic.TEXT: str, Basic.WHOLE: int, Basic.TRUTH: bool, Basic.TIME: str}


def why_not(target: str) -> str | None:
    """Return why a map may not give a field; None where it may."""
    if target in TARGETS:
        return None
    if target.startswith(ATTRIBUTES):
        name = target.removeprefix(ATTRIBUTES)
        if NAME.fullmatch(name):
            return None
        return (
            f"'{name}' is no name of an attribute; write small letters, digits and '_', as in attributes.gift"
        )
    steps = target.removeprefix(LINES).split(".")
    refused = next((_REFUSED[step] for step in steps if step in _REFUSED), None)
    if refused is not None:
        return f"'{target}' is not read by maps: {refused}"
    near = nearest(target, TARGETS)
    if "mean" not in near:
        near = f" (one of: {', '.join((*TARGETS, 'attributes.<name>'))})"
    return f"an order has no field '{target}' that maps give{near}"


def accepts(target: str, by: str | Mapping[str, Any]) -> str | None:
    """Return why a field cannot hold what a codec, or a table, gives; None where it can."""
    if isinstance(by, Mapping):
        if not target.startswith(ATTRIBUTES) and not all(isinstance(one, str) for one in by.values()):
            return "it is a text: the words of the table become texts; put numbers and truths in quotes"
        return None
    if target == "tags":
        return None if by in ("csv", "text") else f"tags are texts, and as: {by} gives none"
    if target.startswith(ATTRIBUTES):
        return "an attribute holds one value, and this is a list" if by == "csv" else None
    return None if by in ("text", "country") else f"it is a text, and this is {_GIVES[by]}"


_GIVES: Mapping[str, str] = {
    "csv": "a list of texts",
    "count": "a count",
    "flag": "true or false",
    "time": "a time",
}


def kind_of_expression(target: str, kind: Kind) -> str | None:
    """Return why a field cannot hold what an expression gives; None where it can."""
    found = bare(kind)
    if found is Basic.ANY:
        return None
    if target == "tags":
        is_texts = isinstance(found, ListOf) and bare(found.of) in (Basic.TEXT, Basic.ANY)
        return None if is_texts or found is Basic.TEXT else f"tags are texts, and this is {told(kind)}"
    if target.startswith(ATTRIBUTES):
        right = "a text, a whole number, a time or true or false"
        return None if found in _SCALARS else f"an attribute is {right}, and this is {told(kind)}"
    return None if found is Basic.TEXT else f"it is a text, and this is {told(kind)}"


def untold_fields() -> frozenset[str]:
    """Return the fields of the model of which nothing is said here; there are none, and a test holds it to that."""
    every = {*Order.model_fields, *OrderLine.model_fields, *Personal.model_fields}
    known = {*_REFUSED, *(target.removeprefix(LINES) for target in TARGETS), "lines", "method", "attributes"}
    return frozenset(every - known)
