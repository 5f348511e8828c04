"""``crossdock connections``: list connections and test them; accept or stop what they do."""

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Any

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import add_confirm_options, agree
from commands.output import Rows
from commands.running import ACTOR, actions_named, show_for_merchant
from core.engine.hub import Hub
from core.engine.pauses import resume
from core.model.actions import Action
from core.services import actions
from core.services.connection_plans import accept_plan, push_guard_plan, resume_plan, stop_plan
from core.services.golive.accept import accept
from core.services.health import ConnectionHealth, health_of, probe_now


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    add_confirm_options(parser)
    parser.add_argument(
        "do", nargs="?", default="list", choices=("list", "test", "accept", "stop", "resume", "brake")
    )
    parser.add_argument("connection", nargs="?")
    parser.add_argument(
        "actions", nargs="*", help="labels levels mails captures; none means all. brake: go or stop"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked, then list connections."""
    do, words = arguments.do, arguments.actions
    if do != "list" and not arguments.connection:
        raise UsageError(f"{do} wants a connection, as in: {do} shop levels")
    if do == "brake" and words not in (["go"], ["stop"]):
        raise UsageError("brake wants a connection and go or stop, as in: brake shop go")
    kinds = [] if do == "brake" else actions_named(words)
    return show_for_merchant(arguments, partial(_done, arguments, kinds))


async def _done(arguments: argparse.Namespace, kinds: list[Action], hub: Hub, merchant: str) -> Rows:
    connection = arguments.connection
    match arguments.do:
        case "test":
            return [_row(await probe_now(hub, merchant, connection))]
        case "resume":
            agree(arguments, await resume_plan(hub, merchant, connection))
            await resume(hub, merchant, connection)
        case "brake":
            go = arguments.actions == ["go"]
            agree(arguments, await push_guard_plan(hub, merchant, connection, go=go))
            await actions.answer_push_guard(hub, merchant, connection, go=go, actor=ACTOR)
        case "accept":
            hub.connections(merchant).require(connection)
            agree(arguments, await accept_plan(hub, merchant, kinds, [connection]))
            await accept(hub, merchant, kinds=kinds, connections=[connection], actor=ACTOR)
        case "stop":
            agree(arguments, await stop_plan(hub, merchant, connection, kinds))
            await actions.switch(hub, merchant, connection, kinds, on=False, actor=ACTOR)
    return [_row(health) for health in await health_of(hub, merchant)]


def _row(health: ConnectionHealth) -> Mapping[str, Any]:
    troubles = [
        f"{pause.action} paused: {pause.reason} ({pause.waiting} wait{'s' * (pause.waiting == 1)})"
        for pause in health.paused
    ]
    if health.not_sendable:
        troubles.append(f"{health.not_sendable} messages not sendable")
    return {
        "connection": health.connection,
        "use": health.use,
        "mode": health.mode or "-",
        "state": health.state,
        "said": health.said,
        "accepted": ", ".join(health.accepted),
        "trouble": "; ".join([*troubles, health.error or ""]).strip("; "),
    }
