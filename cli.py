"""The ``crossdock`` command.

Exit codes: 0 done; 1 the answer is no (books differ, a file is wrong, nothing of that name); 2 wrong words, or of
``replay`` and ``plan``: two files differ;
130 interrupted; 141 whoever read the output stopped reading.
"""

import argparse
import os
import sys
import tomllib
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path

from commands.arguments import UsageError, with_tags_as_words
from commands.closed_pipe import nobody_reads, print_nowhere
from core.errors import HubError

VERBS = {
    "demo": "Play a day on stand-ins of the four vendors and compare everybody's books.",
    "simulate": "Core and bogus vendors in memory: orderings, crashes, time.",
    "sandbox": "Serve the stand-ins of the four vendors on loopback.",
    "serve": "Run the hub.",
    "ready": "Say whether a process of the hub on this machine can do its work.",
    "validate": "Check crossdock.yaml; every mistake with file, line and column.",
    "config": "Which crossdock.yaml was in force since when, and what it said.",
    "schema": "Print the JSON Schema of crossdock.yaml, for editors.",
    "rules": "Rules that are ready to be used: list, show, take one into crossdock.yaml.",
    "runs": "What rules did: list every run, show one step by step.",
    "db": "Care for the database.",
    "orders": "List orders, show one, or act on one.",
    "explain": "Say why an order stands as it stands, why a rate lost, or why a SKU's listings show what they show.",
    "replay": "Replay an order's stored facts under the rules in force, or under another file.",
    "capture": "Write an order as a day that plays elsewhere, without anything personal.",
    "plan": "Say what another file would do to the last stored orders.",
    "apply": "Put a file, or an earlier version, in force in every process, without a start.",
    "shadow": "Say what the draft that is tried would have done to the orders since.",
    "promote": "Put the draft that is tried in force.",
    "stock": "List stock, or say what was counted or received.",
    "links": "What listings are made of: list, CSV, undo.",
    "go-live": "Show what would change, accept it, or take it back.",
    "doctor": "Say what is not ready for going live.",
    "parked": "List what needs attention, or try it again, single or in bulk.",
    "deliveries": "List what the vendors told us, or replay one.",
    "connections": "List connections and test them; accept or stop what they do.",
    "connect": "Say where a merchant authorizes a connection.",
    "privacy": "List privacy requests, answer one, or list whom forgetting a shop would forget.",
    "keys": "Make, list or take back API keys.",
    "shoppers": "Forget a person, export what is known of one, or prove that nothing is.",
    "users": "Who works here: the first owner, invitations, roles, new passwords.",
}
"""Each verb has a module of its name in ``commands``."""


CLOSED_PIPE = 141
"""What a shell says of a command that wrote to nobody (128 + SIGPIPE)."""


def main(words: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; one that nobody reads any more ends without a word."""
    try:
        try:
            return _run(sys.argv[1:] if words is None else words)
        finally:
            if sys.stdout is not None:  # closed before the command began
                sys.stdout.flush()
    except BrokenPipeError:
        if not nobody_reads():
            raise
        print_nowhere()
        return CLOSED_PIPE


def _run(words: Sequence[str]) -> int:
    arguments = parser(words[:1]).parse_args(with_tags_as_words(list(words)))
    if getattr(arguments, "config", None):
        os.environ["CROSSDOCK_CONFIG"] = arguments.config
    try:
        code: int = arguments.run(arguments)
    except UsageError as error:
        print(f"crossdock {arguments.verb}: {error}", file=sys.stderr)
        return 2
    except HubError as error:
        print(f"crossdock: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


class _Version(argparse.Action):
    """Print the version; it is read only where it is asked for."""

    def __call__(self, *_: object) -> None:
        file = Path(__file__).resolve().parent / "pyproject.toml"
        print(f"crossdock {tomllib.loads(file.read_text(encoding='utf-8'))['project']['version']}")
        raise SystemExit(0)


def parser(loaded: Collection[str] = VERBS.keys()) -> argparse.ArgumentParser:
    """Return the parser of the command; only verbs that are loaded know their arguments, since loading takes seconds."""
    top = argparse.ArgumentParser(prog="crossdock", description="An integration hub for merchants.")
    top.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    verbs = top.add_subparsers(dest="verb", required=True)
    for verb, text in VERBS.items():
        made = verbs.add_parser(verb, help=text, description=text)
        if verb in loaded:
            module = import_module(f"commands.{verb.replace('-', '')}")
            module.add_arguments(made)
            made.set_defaults(run=module.run)
    return top


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.exit(main())
