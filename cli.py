"""The ``crossdock`` command.

Exit codes: 0 done; 1 the answer is no (books differ, a file is wrong, nothing of that name); 2 wrong words.
"""

import argparse
import asyncio
import json
import logging
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from commands import demo, golive, links
from commands.running import in_hub, log_from, merchant_of, show
from core import actions, alarms
from core.config.environ import setting
from core.errors import HubError
from core.flow.state import OrderState
from core.hub import Hub
from core.store.callers import has_key
from core.words import (
    WordsError,
    actions_named,
    connection_rows,
    delivery_rows,
    listing_rows,
    order_rows,
    stock_rows,
    stock_wish,
)


def main(words: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    asked = parser().parse_args(words)
    if getattr(asked, "config", None):
        os.environ["CROSSDOCK_CONFIG"] = asked.config
    try:
        code: int = asked.run(asked)
    except WordsError as error:
        print(f"crossdock {asked.verb}: {error}", file=sys.stderr)
        return 2
    except HubError as error:
        print(f"crossdock: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def parser() -> argparse.ArgumentParser:
    """Return the command's words."""
    top = argparse.ArgumentParser(prog="crossdock", description="An integration hub for merchants.")
    verbs = top.add_subparsers(dest="verb", required=True)
    _demo_words(verbs)
    _serving_words(verbs)
    _listing_words(verbs)
    _doing_words(verbs)
    return top


Verbs = Any  # argparse names the type of add_subparsers only in private


def _verb(
    verbs: Verbs, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    made.set_defaults(run=run)
    return made


def _demo_words(verbs: Verbs) -> None:
    demo.add_words(
        _verb(
            verbs,
            "demo",
            demo.run,
            "Play a day on stand-ins of the four vendors and compare everybody's books.",
        )
    )
    simulate = _verb(
        verbs, "simulate", run_simulate, "Core and bogus vendors in memory: orderings, crashes, time."
    )
    simulate.add_argument("--orders", type=int, default=50)
    simulate.add_argument("--seed", type=int, default=1)
    simulate.add_argument("--faults", default="all")
    simulate.add_argument("--kill", type=int, default=5)
    simulate.add_argument("--json", action="store_true")
    sandbox = _verb(verbs, "sandbox", run_sandbox, "Serve the stand-ins of the four vendors on loopback.")
    sandbox.add_argument("--port", type=int, default=8090, help="the control port; 0 takes any free one")
    sandbox.add_argument("--json", action="store_true", help="print one line of JSON when ready")
    sandbox.add_argument("--rate", type=float, default=1.0)
    sandbox.add_argument("--start", type=datetime.fromisoformat, help="the instant at which its clock starts")
    sandbox.add_argument(
        "--stepped",
        action="store_true",
        help="its clock stands still until POST /clock of the control port moves it",
    )
    sandbox.add_argument("--seed", type=int, default=0)


def _serving_words(verbs: Verbs) -> None:
    serve = _verb(verbs, "serve", run_serve, "Run the hub.")
    serve.add_argument("--config", help="crossdock.yaml, or a folder of them")
    serve.add_argument("--role", choices=("all", "web", "worker", "scheduler"), default="all")
    serve.add_argument("--port", type=int, default=8080)
    validate = _verb(
        verbs, "validate", run_validate, "Check crossdock.yaml; every mistake with file, line and column."
    )
    validate.add_argument("config", nargs="?")
    validate.add_argument("--json", action="store_true")
    db = _verb(verbs, "db", run_db, "Care for the database.")
    db.add_argument("do", choices=("upgrade", "rebuild"))


def _of_merchant(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
    made.add_argument("--config", help="crossdock.yaml, or a folder of them")
    made.add_argument("--merchant", help="which merchant; not needed where the file names one")
    made.add_argument("--json", action="store_true")
    return made


def _listing_words(verbs: Verbs) -> None:
    orders = _of_merchant(_verb(verbs, "orders", run_orders, "List orders, show one, or act on one."))
    orders.add_argument(
        "do", nargs="?", default="list", choices=("list", "show", "release", "reject", "label", "retry")
    )
    orders.add_argument("order", nargs="?", help="its number, or connection:id; release: all of them")
    orders.add_argument("reason", nargs="?", help="release: which hold")
    stock = _of_merchant(_verb(verbs, "stock", run_stock, "List stock, or say what was counted or received."))
    stock.add_argument(
        "do",
        nargs="?",
        default="list",
        choices=("list", "count", "receive", "product", "listings", "link", "opening", "adopt"),
    )
    stock.add_argument("--preview", action="store_true", help="opening, adopt: only say what would change")
    stock.add_argument(
        "words",
        nargs="*",
        help="count|receive SKU LOCATION UNITS; product SKU TITLE GRAMS LxWxH; link CONNECTION LISTING SKU=UNITS ...;"
        " opening FILE | undo [NUMBER]; adopt CONNECTION [LOCATION]",
    )
    links.add_words(
        _of_merchant(_verb(verbs, "links", links.run, "What listings are made of: list, CSV, undo."))
    )
    golive.add_words(
        _of_merchant(
            _verb(verbs, "go-live", golive.run, "Show what would change, accept it, or take it back.")
        )
    )
    _of_merchant(_verb(verbs, "doctor", links.run_doctor, "Say what is not ready for going live."))
    deliveries = _of_merchant(
        _verb(verbs, "deliveries", run_deliveries, "List what the vendors told us, or replay one.")
    )
    deliveries.add_argument("do", nargs="?", default="list", choices=("list", "replay"))
    deliveries.add_argument("words", nargs="*", help="replay CONNECTION EVENT")
    _connection_words(verbs)


def _connection_words(verbs: Verbs) -> None:
    connections = _of_merchant(
        _verb(verbs, "connections", run_connections, "List connections; accept or stop what they do.")
    )
    connections.add_argument(
        "do", nargs="?", default="list", choices=("list", "accept", "stop", "resume", "brake")
    )
    connections.add_argument("connection", nargs="?")
    connections.add_argument(
        "actions", nargs="*", help="labels levels mails captures; none means all. brake: go or stop"
    )


def _doing_words(verbs: Verbs) -> None:
    connect = _of_merchant(
        _verb(verbs, "connect", run_connect, "Say where a merchant authorizes a connection.")
    )
    connect.add_argument("connection")
    keys = _of_merchant(_verb(verbs, "keys", run_keys, "Make or take back API keys."))
    keys.add_argument("do", choices=("new", "revoke"))
    keys.add_argument("--name", default="me", help="what the timeline calls whoever uses it")


def run_simulate(asked: argparse.Namespace) -> int:
    """Simulate; 1 where something was lost or doubled."""
    from simulation.faults import faults_named  # noqa: PLC0415 - only where it is wanted
    from simulation.run import simulate  # noqa: PLC0415
    from simulation.scene import Scene  # noqa: PLC0415

    try:
        scene = Scene(asked.seed, asked.orders, faults_named(asked.faults))
    except ValueError as error:
        raise HubError(f"--faults: {error}") from None
    report = asyncio.run(simulate(scene, seed=asked.seed, kills=asked.kill))
    found = {
        "ok": report.ok,
        "orders": report.orders,
        "steps": report.steps,
        "kills": report.kills,
        "stages": dict(report.stages),
        "effects": dict(report.effects),
        "differences": list(report.differences),
        "digest": report.digest,
    }
    if asked.json:
        print(json.dumps(found))
    else:
        show([{"what": key, "figure": value} for key, value in found.items()], as_json=False)
    return 0 if report.ok else 1


def run_sandbox(asked: argparse.Namespace) -> int:
    """Serve the stand-ins until interrupted."""
    from sandbox.app import run  # noqa: PLC0415 - the hub never loads the stand-ins

    if asked.stepped and asked.rate != 1:
        raise WordsError("--rate is for a clock that runs; one that is --stepped is moved by hand")
    run(
        asked.port,
        json=asked.json,
        start_at=asked.start,
        rate=asked.rate,
        seed=asked.seed,
        stepped=asked.stepped,
    )
    return 0


def run_serve(asked: argparse.Namespace) -> int:
    """Serve until told to stop."""
    from server import serve  # noqa: PLC0415 - loads every vendor's SDK

    asyncio.run(serve(role=asked.role, port=asked.port, redactor=log_from(logging.INFO)))
    return 0


def run_validate(asked: argparse.Namespace) -> int:
    """Check a file."""
    from server import connectors, houses  # noqa: PLC0415

    environ = dict(os.environ)
    try:
        found = houses(environ, connectors())
    except HubError as error:
        if asked.json:
            print(json.dumps({"ok": False, "errors": str(error).splitlines()}))
            return 1
        raise
    rows = [
        {
            "merchant": h.merchant,
            "connections": len(h.connections),
            "locations": len(h.locations),
            "file": h.file,
        }
        for h in found
    ]
    if asked.json:
        print(json.dumps({"ok": True, "merchants": rows}))
    else:
        show(rows, as_json=False)
    return 0


def run_db(asked: argparse.Namespace) -> int:
    """Care for the database."""
    if asked.do == "upgrade":
        from core.store.schema import upgrade  # noqa: PLC0415
        from server import DATABASE_URL  # noqa: PLC0415

        asyncio.run(upgrade(setting(os.environ, "CROSSDOCK_DATABASE_URL") or DATABASE_URL))
        print("the database is up to date")
        return 0

    async def rebuild(hub: Hub) -> int:
        differed = await hub.store.rebuild()
        print(f"{differed} orders differed from their facts, and were computed again")
        return 0

    return in_hub(rebuild)


def run_orders(asked: argparse.Namespace) -> int:
    """List, show, or act."""
    if asked.do != "list" and not asked.order:
        raise WordsError(f"{asked.do} wants an order: its number, or connection:id")
    if asked.do == "release" and not asked.reason:
        raise WordsError("release wants the hold that is released, as in: release KK-1001 risk")

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        if asked.do == "list":
            show(await order_rows(hub, merchant), as_json=asked.json)
            return 0
        if asked.do == "release" and asked.order == "all":
            show(await golive.release_all(hub, merchant, asked.reason), as_json=asked.json)
            return 0
        order_id = await actions.order_named(hub, merchant, asked.order)
        await _act(hub, merchant, order_id, asked)
        state = await hub.store.load(merchant, order_id) or OrderState()
        facts = await hub.store.facts(merchant, order_id)
        if asked.json:
            print(
                json.dumps(
                    {
                        "order": order_id,
                        "stage": state.stage,
                        "facts": [f.model_dump(mode="json") for f in facts],
                    }
                )
            )
            return 0
        print(f"{order_id}: {state.stage}" + "".join(f"\n  held: {r}: {d}" for r, d in state.holds.items()))
        show([{"at": f.at.isoformat(), "actor": f.actor, "fact": f.kind} for f in facts], as_json=False)
        return 0

    return in_hub(work)


async def _act(hub: Hub, merchant: str, order_id: str, asked: argparse.Namespace) -> None:
    actor = "person:command"
    if asked.do == "release":
        await actions.release(hub, merchant, order_id, asked.reason, actor)
    elif asked.do == "reject":
        await actions.reject(hub, merchant, order_id, asked.reason or "rejected by command", actor)
    elif asked.do == "label":
        await actions.ask_label(hub, merchant, order_id, actor)
    elif asked.do == "retry":
        await actions.retry(hub, merchant, order_id, actor)


def run_stock(asked: argparse.Namespace) -> int:
    """List, count, receive, or link."""
    if asked.do in ("opening", "adopt"):
        return golive.run_opening(asked)
    words: list[str] = asked.words
    wish = stock_wish(asked.do, words)

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        await wish(hub, merchant)
        rows = listing_rows if asked.do in ("link", "listings") else stock_rows
        show(await rows(hub, merchant), as_json=asked.json)
        return 0

    return in_hub(work)


def run_deliveries(asked: argparse.Namespace) -> int:
    """List or replay."""
    if len(asked.words) != (2 if asked.do == "replay" else 0):
        raise WordsError(
            f"{asked.do} wants {'CONNECTION EVENT' if asked.do == 'replay' else 'no more words'}"
        )

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        if asked.do == "replay":
            connection, event = asked.words
            await hub.store.replay(merchant, connection, event, now=hub.clock.now())
        show(await delivery_rows(hub, merchant), as_json=asked.json)
        return 0

    return in_hub(work)


def run_connections(asked: argparse.Namespace) -> int:
    """List, accept, or stop."""
    if asked.do != "list" and not asked.connection:
        raise WordsError(f"{asked.do} wants a connection, as in: {asked.do} shop levels")
    if asked.do == "brake" and asked.actions not in (["go"], ["stop"]):
        raise WordsError("brake wants a connection and go or stop, as in: brake shop go")
    wanted = [] if asked.do == "brake" else actions_named(asked.actions)

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        if asked.do == "resume":
            await alarms.resume(hub, merchant, asked.connection)
        elif asked.do == "brake":
            await golive.answer_brake(hub, merchant, asked.connection, asked.actions)
        elif asked.do == "accept":
            await golive.switch_on(hub, merchant, asked.connection, asked.actions)
        elif asked.do == "stop":
            await actions.switch(hub, merchant, asked.connection, wanted, on=False, actor="person:command")
        show(await connection_rows(hub, merchant), as_json=asked.json)
        return 0

    return in_hub(work)


def run_connect(asked: argparse.Namespace) -> int:
    """Print the page on which the merchant authorizes."""

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        hub.desk(merchant).named(asked.connection)
        public = (setting(os.environ, "CROSSDOCK_PUBLIC_URL") or "http://127.0.0.1:8080").rstrip("/")
        show([{"open in a browser": f"{public}/connect/{merchant}/{asked.connection}"}], as_json=asked.json)
        return 0

    return in_hub(work)


def run_keys(asked: argparse.Namespace) -> int:
    """Make a key (shown once), or take one back."""

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        if asked.do == "revoke":
            if not await hub.store.db.read(has_key, merchant, asked.name):
                raise HubError(f"{merchant} has no key of the name {asked.name!r}")
            await hub.store.delete_api_key(merchant, asked.name)
            return 0
        key = os.environ.get("CROSSDOCK_NEW_KEY") or secrets.token_urlsafe(24)
        await hub.store.save_api_key(merchant, key, name=asked.name, role="owner", now=hub.clock.now())
        show([{"merchant": merchant, "name": asked.name, "key": key}], as_json=asked.json)
        return 0

    return in_hub(work)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.exit(main())
