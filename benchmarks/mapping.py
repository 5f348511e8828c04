"""An order as Shopify sends it becomes ours, against pydantic reading the same fields of the same text."""

import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from statistics import median
from typing import Any

from benchmarks.intake import SAMPLE
from benchmarks.raw_order import RawOrder
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middle, ratios
from connectors.shopify.reading import fetched_of
from core.mapping import load_mapping
from core.model.order import FetchedOrder

_AT_A_TIME = 20


async def mapping(scale: Scale) -> Figure:
    """Return how much longer it takes from the text to our own order than pydantic takes to read the text; lower is better."""
    load, text = load_now(), SAMPLE.read_bytes()
    acts: Mapping[str, Callable[[], object]] = {
        "order": partial(order_of, text),
        "json": partial(_json, text),
        "values": partial(load_mapping("shopify/order"), _json(text)),
        "pydantic": partial(RawOrder.model_validate_json, text),
    }
    seconds = scale.seconds / len(acts)
    found = await in_turns(scale.rounds, {name: partial(_time, seconds, act) for name, act in acts.items()})
    each = ratios(found["order"], found["pydantic"], "us")
    details = {f"{name}_us": middle(rates, "us") for name, rates in found.items()}
    details["values_ratio"] = median(ratios(found["values"], found["pydantic"], "us"))
    return Figure(
        name="mapping",
        value=details["order_us"],
        unit="us",
        ratio=median(each),
        floor=1.5,
        better="lower",
        spread=(min(each), max(each)),
        details=details | {"bytes": len(text)},
        load=load,
    )


def order_of(text: bytes) -> FetchedOrder:
    """Return our own order of Shopify's text: read, mapped, put together and checked, as the connector does."""
    order = _json(text)
    values = load_mapping("shopify/order")(order)
    return fetched_of(values, order, connection="shop", denied=frozenset())


def _json(text: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return found


async def _time(seconds: float, act: Callable[[], object]) -> Rates:
    """Return the CPU time that an act takes, in microseconds."""
    end, times, began = time.monotonic() + seconds, 0, time.process_time()
    while time.monotonic() < end:
        for _ in range(_AT_A_TIME):
            act()
        times += _AT_A_TIME
    return {"us": (time.process_time() - began) * 1_000_000 / times}
