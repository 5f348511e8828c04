"""``crossdock parked``: what needs attention, and trying it again, single or in bulk."""

import argparse
from functools import partial

from commands.arguments import UsageError, add_merchant_options, plain_note
from commands.confirm import add_confirm_options, agree
from commands.order_text import when
from commands.output import Rows
from commands.running import ACTOR, show_for_merchant
from core.engine.hub import Hub
from core.services.parked import ParkedWork, chosen, parked_work, retry_parked, retry_plan

_PARTS = ("orders", "jobs", "deliveries")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    add_confirm_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=("list", "retry"))
    parser.add_argument(
        "words",
        nargs="*",
        help="retry: nothing for all of it; orders, jobs or deliveries; an order; or a job's kind and subject",
    )
    parser.add_argument(
        "--note", type=plain_note, default="", help="kept on each order's timeline; no personal data"
    )


def run(arguments: argparse.Namespace) -> int:
    """List what is parked, or try it again."""
    most = 2 if arguments.do == "retry" else 0
    if len(arguments.words) > most:
        raise UsageError(
            "retry wants orders, jobs, deliveries, an order, or KIND SUBJECT of a job; list no words"
        )
    return show_for_merchant(arguments, partial(_done, arguments))


async def _done(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    work = await parked_work(hub, merchant)
    if arguments.do == "list":
        return _rows(work)
    return await retried(arguments, hub, merchant, picked(work, arguments.words))


async def retried(arguments: argparse.Namespace, hub: Hub, merchant: str, work: ParkedWork) -> Rows:
    """Say what trying again will do, have it confirmed, and do it; return what was tried again.

    Raises:
        RefusedError: nothing of it is parked.
        HubError: it was not confirmed.
    """
    agree(arguments, retry_plan(work))
    await retry_parked(hub, merchant, work, ACTOR, note=arguments.note)
    return _rows(work)


def picked(work: ParkedWork, words: list[str]) -> ParkedWork:
    """Return of what is parked that which the words of a command name.

    Raises:
        RefusedError: it is not parked.
    """
    match words:
        case []:
            return work
        case [part] if part in _PARTS:
            return chosen(
                work,
                orders="all" if part == "orders" else (),
                jobs="all" if part == "jobs" else (),
                deliveries="all" if part == "deliveries" else (),
            )
        case [order]:
            return chosen(work, orders=[order])
        case _:
            return chosen(work, jobs=[(words[0], words[1])])


def _rows(work: ParkedWork) -> Rows:
    found = [
        _row("order", o.number, when(o.since), f"{o.step}: {o.message}", o.failure.words if o.failure else "")
        for o in work.orders
    ]
    found += [
        _row("job", f"{j.kind} {j.subject}", when(j.parked_at) if j.parked_at else "", j.error or "", "")
        for j in work.jobs
    ]
    return [
        *found,
        *(
            _row("delivery", f"{d.connection} {d.event_id}", when(d.received_at), d.error or d.topic, "")
            for d in work.deliveries
        ),
    ]


def _row(what: str, name: str, since: str, why: str, failure: str) -> dict[str, object]:
    return {"parked": what, "name": name, "since": since, "why": why, "failure": failure}
