"""What ``with`` of a hooks connection may say, and where the file is told to be wrong."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from assembly import connectors
from connectors.hooks import CONNECTOR
from core.config import load
from core.config.loader import read
from core.config.problems import ConfigFileError
from tests.core.config.test_loader import ENVIRON, GOOD, KNOWN

pytestmark = pytest.mark.req("S30")

ROOT = Path(__file__).resolve().parents[3]
URL = "https://crm.acme.test/api"
FILE = GOOD.replace("locations:\n", """\
  crm:
    use: hooks
    with:
      url: https://crm.acme.test/api
      headers:
        Authorization: Bearer ${CRM_TOKEN}
        X-Shop: kendra
      probe: /ping
locations:
""", 1)  # fmt: skip
KNOWN_HERE: dict[str, type[BaseModel]] = {**KNOWN, "hooks": CONNECTOR.settings}
ENVIRON_HERE = {**ENVIRON, "CRM_TOKEN": "canary"}


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(FILE.splitlines(), 1) if text in line)


def wrong(old: str, new: str, environ: dict[str, str] | None = None) -> list[str]:
    assert FILE.count(old) == 1
    with pytest.raises(ConfigFileError) as refused:
        read(FILE.replace(old, new), file="c", environ=environ or ENVIRON_HERE, known=KNOWN_HERE)
    return [str(problem) for problem in refused.value.problems]


def test_everything_is_read_and_what_the_environment_gave_is_known_as_secret() -> None:
    config = read(FILE, file="c", environ=ENVIRON_HERE, known=KNOWN_HERE)

    own: Any = config.connections["crm"].with_
    assert own.url.get_secret_value() == URL
    assert {name: value.get_secret_value() for name, value in own.headers.items()} == {
        "Authorization": "Bearer canary", "X-Shop": "kendra",
    }  # fmt: skip
    assert own.probe == "/ping"
    assert "canary" in config.secrets
    assert "canary" not in repr(config)


def test_an_address_is_enough() -> None:
    own: Any = CONNECTOR.settings.model_validate({"url": URL})

    assert (own.headers, own.probe) == ({}, None)


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Connection", "Transfer-Encoding", "Proxy-Authorization", "Accept-Encoding"],
)
def test_a_header_that_no_merchant_sets_is_told_where_it_stands(name: str) -> None:
    at = f"c:{line_of('X-Shop')}:9"

    assert wrong("X-Shop", name) == [f"{at}: the header {name} is not the merchant's to set"]


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "User-Agent"])
def test_a_header_of_ours_is_told_where_it_stands(name: str) -> None:
    at = f"c:{line_of('X-Shop')}:9"

    assert wrong("X-Shop", name) == [f"{at}: the header {name} is sent by Crossdock itself"]


def test_other_mistakes_are_told_where_they_stand_and_repeat_no_value() -> None:
    header, url, probe = line_of("X-Shop"), line_of("url:"), line_of("probe:")
    assert wrong("X-Shop: kendra", "X Shop: kendra") == [
        f"c:{header}:9: a header has a name that HTTP does not know"
    ]
    assert wrong("X-Shop: kendra", "X-Shop: kendrä") == [
        f"c:{header}:17: X-Shop: the header holds more than plain ASCII on one line"
    ]
    assert wrong("X-Shop: kendra", "authorization: x") == [
        f"c:{line_of('Authorization')}:9: headers: a header is given twice; small and capital letters are the same in their names"
    ]  # fmt: skip
    assert wrong("https://crm.acme.test/api", "https://kim:canary@crm.acme.test") == [
        f"c:{url}:12: url: no user or password stands before the host; send them in a header"
    ]
    assert wrong("probe: /ping", "probe: /../ping") == [
        f"c:{probe}:14: probe: the path has a . or .. between its slashes, which leads above the url of the connection"
    ]
    assert wrong("probe: /ping", "prob: /ping") == [
        f"c:{probe}:7: unknown key 'prob' in connections.crm.with; did you mean 'probe'?"
    ]
    assert wrong("probe: /ping", "endpoints: {api: 'https://x.test'}") == [
        f"c:{probe}:19: endpoints: hooks is asked at no 'api'"
    ]


def test_a_secret_with_a_line_s_end_is_told_and_not_shown() -> None:
    [told] = wrong("X-Shop: kendra", "X-Shop: shop", {**ENVIRON, "CRM_TOKEN": "canary\n"})

    assert "Authorization: the header holds more than plain ASCII on one line" in told
    assert "canary" not in told


@pytest.mark.parametrize(
    "url",
    ["crm.acme.test", "ftp://crm.acme.test", "https://", "https:///api", "https://crm.acme.test:0", "https://crm.acme.test:x",
     "https://crm.acme.test:99999", "https://crm acme.test", "https://crm.acme.test/a b", "https://crm.acme.test/\ta",
     "https://crm.acme.test\\api", "https://kim@crm.acme.test", "https://crm.acme.test/#room", ""],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CONNECTOR.settings.model_validate({"url": url})
    assert "acme" not in str(refused.value)


def test_the_file_that_newcomers_copy_shows_a_connection_that_can_be_read(tmp_path: Path) -> None:
    text = (ROOT / "crossdock.example.yaml").read_text()
    [begin] = [n for n, line in enumerate(text.splitlines()) if line == "  # crm:"]
    lines = [
        line.replace("  # ", "  ", 1) if begin <= number < begin + 3 else line
        for number, line in enumerate(text.splitlines())
    ]
    file = tmp_path / "crossdock.yaml"
    file.write_text("\n".join(lines) + "\n")
    known = {key: connector.settings for key, connector in connectors().items()}

    [config] = load(file, {}, known, without_secrets=True)

    assert config.connections["crm"].use == "hooks"


ASK = """
import asyncio, json, sys
from assembly import open_hub
from core.engine.opening import KINDS
found = []
async def ask():
    async with open_hub() as (hub, _):
        ports = hub.connections("acme").ports
        told = {kind: getattr(ports["crm"], kind) is not None for kind in sorted(KINDS)}
        found.append("aiohttp" in sys.modules)
        opened = ports.open("crm")
        found.append(told == {kind: getattr(opened, kind) is not None for kind in sorted(KINDS)})
        found.append([opened.hooks is not None, opened.probe is not None, opened.mode])
        try:
            await opened.probe()
        except Exception as error:
            found.append(str(error))
asyncio.run(ask())
print(json.dumps(found))
"""


@pytest.mark.parametrize(
    ("listed", "says"),
    [("", "crm: 127.0.0.1 leads into a private network"), ("127.0.0.1", "crm: 127.0.0.1: cannot connect")],
)
def test_it_tells_unopened_what_it_tells_opened_and_the_operator_says_where_it_may_lead(
    listed: str, says: str, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = (ROOT / "crossdock.example.yaml").read_text()
    ours = f"connections:\n  crm: {{use: hooks, with: {{url: 'http://127.0.0.1:{port}', probe: /ping}}}}\n"
    file = tmp_path / "crossdock.yaml"
    file.write_text(text.replace("connections:\n", ours, 1))
    environ = {
        **os.environ, "CROSSDOCK_CONFIG": str(file), "CROSSDOCK_DATABASE_URL": f"sqlite:///{tmp_path / 'hub.db'}",
        "CROSSDOCK_OUTGOING_HOSTS": listed,
    }  # fmt: skip

    ended = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip

    loaded, same, opened, told = json.loads(ended.stdout)
    assert (loaded, same, opened) == (False, True, [True, True, None])
    assert told.startswith(says)
