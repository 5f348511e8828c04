"""``crossdock privacy``: what privacy law asked for and how each request ended; whom forgetting a shop would forget."""

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Any

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import add_confirm_options, agree
from commands.output import Rows
from commands.running import ACTOR, show_for_merchant
from core.engine.hub import Hub
from core.model.privacy import PrivacyRequest
from core.services import privacy_requests as service
from core.store.privacy_requests import list_requests

_WANTED = {"list": (0, "no more words"), "answer": (2, "CONNECTION EVENT"), "shop": (1, "a CONNECTION")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    add_confirm_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=tuple(_WANTED))
    parser.add_argument(
        "words",
        nargs="*",
        help="answer CONNECTION EVENT: the shopper was told; shop CONNECTION: whom forgetting it would forget",
    )


def run(arguments: argparse.Namespace) -> int:
    """List requests, mark one as answered, or list whom forgetting a shop would forget."""
    count, wanted = _WANTED[arguments.do]
    if len(arguments.words) != count:
        raise UsageError(f"{arguments.do} wants {wanted}")
    return show_for_merchant(arguments, partial(_done, arguments))


async def _done(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    if arguments.do == "shop":
        found = await service.shop_redaction(hub, merchant, arguments.words[0])
        return [{"would be forgotten": order_id} for order_id in found.order_ids]
    if arguments.do == "answer":
        connection, event = arguments.words
        request = await service.request_named(hub, merchant, connection, event)
        agree(arguments, service.answered_plan(request))
        return [_row(await service.answer(hub, merchant, connection, event, actor=ACTOR))]
    return [_row(one) for one in (await hub.store.read(list_requests, merchant, limit=200)).items]


def _row(request: PrivacyRequest) -> Mapping[str, Any]:
    return {
        "received": request.received_at.isoformat(timespec="seconds"),
        "connection": request.connection,
        "event": request.event_id,
        "asked": service.WORDS[request.kind],
        "state": request.state.value,
        "by": request.answer_by.date().isoformat(),
        "result": request.result,
    }
