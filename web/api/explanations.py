"""Why an order or a SKU stands as it stands, and how an order would go under another file; nothing is changed."""

import asyncio

from pydantic import BaseModel, Field

from core.config.loader import read
from core.config.merchant import MerchantConfig
from core.config.problems import ConfigFileError
from core.engine.hub import Hub
from core.errors import ConfigError
from core.services import actions
from core.services.explained import OrderExplanation, OrderReplay, StockExplanation
from core.services.explanations import explain_order
from core.services.order_days import CapturedOrder, captured_order
from core.services.replays import replay_view
from core.services.stock_explanations import explain_stock
from web.api.endpoint import Answer, Call, Endpoint
from web.keys import HUB
from web.problems import WrongRequestError

LARGEST_FILE = 1024 * 1024
"""Characters of a file."""


class OtherFile(Answer):
    """Another file to compare with; without one the order is replayed under the file in force."""

    config: str | None = Field(
        None, max_length=LARGEST_FILE, description="the text of a whole crossdock.yaml of this merchant"
    )


async def explanation(call: Call) -> OrderExplanation:
    """Return why an order stands as it stands."""
    hub = call.request.app[HUB]
    order_id = await actions.order_named(hub, call.merchant, call.path["order"])
    return await explain_order(hub, call.merchant, order_id)


async def replayed(call: Call) -> OrderReplay:
    """Return an order replayed, and what differs where another file is given."""
    hub: Hub = call.request.app[HUB]
    order_id = await actions.order_named(hub, call.merchant, call.path["order"])
    text, other = call.body.config, None
    if text is not None:
        other = await asyncio.to_thread(other_file, hub, call.merchant, text)
    return await replay_view(hub, call.merchant, order_id, other)


def other_file(hub: Hub, merchant: str, text: str) -> MerchantConfig:
    """Return the configuration of a text, which reads nothing of this process's environment.

    Raises:
        WrongRequestError: with every problem of the text.
    """
    known: dict[str, type[BaseModel]] = {
        connector.key: connector.settings
        for connections in hub.merchants.values()
        for connector in connections.connectors.values()
    }
    try:
        config = read(text, file="crossdock.yaml", environ={}, known=known, without_secrets=True)
    except ConfigFileError as error:
        told = [{"where": f"{p.file}:{p.at.line}:{p.at.column}", "what": p.says} for p in error.problems]
        raise WrongRequestError("the file is wrong", told) from error
    except ConfigError as error:
        raise WrongRequestError("the file is wrong", [{"where": "config", "what": str(error)}]) from error
    if config.merchant != merchant:
        wrong = {"where": "merchant", "what": f"the file is of {config.merchant!r}"}
        raise WrongRequestError("the file is another merchant's", [wrong])
    return config


async def captured(call: Call) -> CapturedOrder:
    """Return an order as a day, without anything personal."""
    hub: Hub = call.request.app[HUB]
    order_id = await actions.order_named(hub, call.merchant, call.path["order"])
    return await captured_order(hub, call.merchant, order_id)


async def stock_explanation(call: Call) -> StockExplanation:
    """Return why a SKU's listings show what they show."""
    return await explain_stock(call.request.app[HUB], call.merchant, call.path["sku"])


ENDPOINTS = (
    Endpoint(
        name="explainOrder",
        method="GET",
        path="/orders/{order}/explanation",
        summary="Why it stands as it stands",
        gives=OrderExplanation,
        run=explanation,
    ),
    Endpoint(
        name="replayOrder",
        method="POST",
        path="/orders/{order}/replay",
        summary="Its facts under the rules in force, or under another file",
        gives=OrderReplay,
        run=replayed,
        takes=OtherFile,
        example={"config": None},
        asks=True,
    ),
    Endpoint(
        name="captureOrder",
        method="GET",
        path="/orders/{order}/capture",
        summary="The order as a day that plays elsewhere, without anything personal",
        gives=CapturedOrder,
        run=captured,
    ),
    Endpoint(
        name="explainStock",
        method="GET",
        path="/stock/{sku}/explanation",
        summary="Why its listings show what they show",
        gives=StockExplanation,
        run=stock_explanation,
    ),
)
