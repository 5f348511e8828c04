"""What our own lines of the log may say: words that stand in the code, and what is listed here, each with its reason.

Whoever logs something else adds it here, and says why it is nobody's personal data.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("commands", "connectors", "core", "web", "assembly.py", "cli.py", "scheduler.py", "server.py")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}

MERCHANT = "a merchant's short name in crossdock.yaml"
ORDER = "an order's id: the connection's name and the channel's own id"
JOB = "a kind of job, and the id of what it is about"
CONNECTION = "a connection's name in crossdock.yaml"
KIND = "the name of an error's kind"
OUR_WORDS = "words of our own errors: they hold no bodies, tokens, names or addresses"
COUNT = "a number"
FILE = "a file of the operator's"
PLACE = "what of ours failed, in our own words"

MAY_BE_SAID = {
    "', '.join(hub.merchants)": MERCHANT,
    "app": "the key of a connector",
    "before_s - ahead_s": COUNT,
    "connection": CONNECTION,
    "describe(error)": OUR_WORDS,
    "each": FILE,
    "each.name": FILE,
    "error": OUR_WORDS,
    "file": FILE,
    "folder": FILE,
    "gone": COUNT,
    "job.connection": CONNECTION,
    "job.kind": JOB,
    "job.merchant": MERCHANT,
    "job.subject": JOB,
    "kind.action": "a kind of work",
    "kind.connection": CONNECTION,
    "len(ids)": COUNT,
    "limits.connections": COUNT,
    "merchant": MERCHANT,
    "mode": COUNT,
    "name_of(error)": KIND,
    "off": COUNT,
    "order_id": ORDER,
    "public_url": "where the hub is reached",
    "request.method": "a word of HTTP",
    "request.path": "ids and words of the API; what is searched for stands in the query",
    "result": "words that stand in the code",
    "role": "what a process does",
    "run.merchant": MERCHANT,
    "run.order_id": ORDER,
    "said": OUR_WORDS,
    "ended": COUNT,
    "sealed": COUNT,
    "self.held": COUNT,
    "self.name": "the name of a tick",
    "tested.words": "what came of a probe, in our own words",
    "tick": "the name of a tick",
    "total": COUNT,
    "type(error).__name__": KIND,
    "what": PLACE,
    "why": PLACE,
    "why.value": "why somebody is forgotten: a closed list",
}


def lines() -> Iterator[tuple[str, ast.Call]]:
    """Yield (place, call) of whatever is logged."""
    for place in PRODUCT:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if is_a_line(node):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def is_a_line(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and ast.unparse(node.func.value) in {"LOG", "logging"}
    )


def unlisted(call: ast.Call) -> list[str]:
    """Return what a line says that is not listed."""
    message, *filled = call.args
    constant = isinstance(message, ast.Constant) and isinstance(message.value, str)
    more = [keyword.arg or "**" for keyword in call.keywords if keyword.arg != "exc_info"]
    return [
        *([] if constant else [ast.unparse(message)]),
        *(text for each in filled if (text := ast.unparse(each)) not in MAY_BE_SAID),
        *more,
    ]


@pytest.mark.req("R66")
def test_every_line_says_words_of_the_code_and_what_is_listed() -> None:
    assert [(place, words) for place, call in lines() if (words := unlisted(call))] == []


def test_everything_that_is_listed_is_said_somewhere() -> None:
    said = {ast.unparse(each) for _, call in lines() for each in call.args[1:]}

    assert MAY_BE_SAID.keys() - said == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('LOG.info("order %s: %s", order_id, order.ship_to)', ["order.ship_to"]),
        ('LOG.warning(f"{name} called")', ["f'{name} called'"]),
        ('LOG.info("order", extra={"name": name})', ["extra"]),
        ('LOG.error("a tick failed", exc_info=error)', []),
        ('LOG.warning("order %s of %s", run.order_id, run.merchant)', []),
    ],
)
def test_what_is_not_listed_is_found(line: str, found: list[str]) -> None:
    statement = ast.parse(line).body[0]
    assert isinstance(statement, ast.Expr)
    assert is_a_line(statement.value)
    assert unlisted(statement.value) == found


def test_every_logger_of_ours_is_known_by_our_name() -> None:
    """Another name would be taken for a library's, and nothing that is filled in would be shown."""
    named = {
        ast.unparse(node.args[0])
        for place in PRODUCT
        for file in ([ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")))
        for statement in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "LOG"
        for node in [statement.value]
        if isinstance(node, ast.Call)
    }

    assert {name for name in named if not name.startswith("'crossdock.")} == set()
    assert len(named) > 10
