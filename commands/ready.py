"""``crossdock ready``: whether a process of the hub on this machine can do its work."""

import argparse
import http.client
import json
import os
from http import HTTPStatus

from core.errors import HubError

_WITHIN_S = 5.0
_EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - read, never listened on


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("--port", type=int, default=8080, help="where the process answers (8080)")


def run(arguments: argparse.Namespace) -> int:
    """Ask the process itself; 1 where it does not answer, or is not ready, with every reason."""
    host = os.environ.get("CROSSDOCK_HOST", "")
    host = "127.0.0.1" if host in _EVERY_ADDRESS else host
    asking = http.client.HTTPConnection(host, arguments.port, timeout=_WITHIN_S)
    try:
        asking.request("GET", "/readyz")
        answer = asking.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise HubError(f"nobody answers at port {arguments.port} ({type(error).__name__})") from error
    finally:
        asking.close()
    if answer.status != HTTPStatus.OK:
        raise HubError(f"not ready: {_reasons(body) or answer.status}")
    print("ready")
    return 0


def _reasons(body: bytes) -> str:
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    return "; ".join(told.get("reasons", ())) if isinstance(told, dict) else ""
