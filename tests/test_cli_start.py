"""How the command starts and ends: what it loads, which secrets it asks for, and a reader who goes away."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.command import KNIFE, Said, command, rows
from tests.installed import MERCHANT, installed

ROOT = Path(__file__).resolve().parent.parent
SDKS = {"stripe", "shopify", "sp_api", "easypost", "aiosmtplib", "aiobotocore", "botocore"}
SERVING = {"web", "aiohttp", "pgqueuer", "sandbox", "simulation", "demo"}
SECRETS = (
    "STRIPE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "EASYPOST_KEY",
    "EASYPOST_WEBHOOK_SECRET",
    "SMTP_URL",
)
NEEDLESS = (
    ("keys", "new", "kim"),
    ("keys", "list"),
    ("keys", "revoke", "kim"),
    ("users",),
    ("users", "setup"),
    ("users", "invite", "Kim", "--role", "picker"),
    ("validate",),
    ("orders",),
    ("orders", "--stage", "on_hold", "--hold", "risk", "--connection", "amz", "--search", "KK-1"),
    ("orders", "show", "KK-404"),
    KNIFE,
    ("stock",),
    ("stock", "count", "CHEF-8", "reno", "3", "--yes"),
    ("stock", "receive", "CHEF-8", "reno", "3", "--yes"),
    ("stock", "link", "amz", "CHEF-8", "CHEF-8=1", "--yes"),
    ("stock", "listings"),
    ("deliveries",),
    ("stock", "adopt", "shop", "--preview"),
    ("links",),
    ("connect", "shop"),
    ("connections",),
    ("connections", "stop", "post", "labels", "--yes"),
    ("doctor",),
    ("go-live",),
    ("db", "rebuild"),
)
PLAY = """
import contextlib, io, json, sys
import cli
said = {}
for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(words)
    said[" ".join(words)] = [code, out.getvalue(), err.getvalue()]
tops = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"said": said, "tops": tops}))
"""


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


def bare(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a shell that knows no vendor's secret, for the file that newcomers copy."""
    shutil.copy(ROOT / "crossdock.example.yaml", folder / "crossdock.yaml")
    ours = {
        "CROSSDOCK_CONFIG": str(folder / "crossdock.yaml"),
        "CROSSDOCK_DATABASE_URL": f"sqlite:///{folder / 'hub.db'}",
        "CROSSDOCK_SECRET_KEYS": base64.b64encode(bytes(range(32))).decode(),
    }
    inherited = {k: v for k, v in os.environ.items() if k not in SECRETS and not k.startswith("CROSSDOCK_")}
    return inherited | ours | more


def played(environ: Mapping[str, str], *verbs: tuple[str, ...]) -> Any:
    """Run verbs one after another in one fresh process; give what each said, and what is loaded at the end."""
    ended = subprocess.run(
        [sys.executable, "-c", PLAY, json.dumps(verbs)],
        cwd=ROOT, env=dict(environ), capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return json.loads(ended.stdout)


def test_verbs_that_ask_no_vendor_need_no_secret_and_load_no_sdk(tmp_path: Path) -> None:
    found = played(bare(tmp_path), *NEEDLESS)

    codes = {words: code for words, (code, _, _) in found["said"].items()}
    assert (codes.pop("orders show KK-404"), codes.pop("doctor")) == (1, 1)
    assert codes == dict.fromkeys(codes, 0)
    assert len(codes) == len(NEEDLESS) - 2
    assert (SDKS | SERVING) & set(found["tops"]) == set()


ASK = """
import asyncio, json
from assembly import open_hub
from core.engine.opening import KINDS
from core.errors import ConfigError
found = {}
async def ask():
    async with open_hub() as (hub, _):
        ports = hub.connections("acme").ports
        for name in ports:
            told = {kind: getattr(ports[name], kind) is not None for kind in sorted(KINDS)}, ports[name].mode
            try:
                opened = ports.open(name)
            except ConfigError as error:
                found[name] = str(error)
            else:
                built = {kind: getattr(opened, kind) is not None for kind in sorted(KINDS)}, opened.mode
                found[name] = [told == built, told[1], opened is ports.open(name) is ports[name]]
asyncio.run(ask())
print(json.dumps(found))
"""


def asked(environ: Mapping[str, str]) -> Any:
    """Open every connection of the file that newcomers copy; give what each says, beside what it said unopened."""
    ended = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT, env=dict(environ), capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return json.loads(ended.stdout)


def test_what_is_asked_of_a_connection_names_the_secrets_that_are_missing_and_where_they_are_set(
    tmp_path: Path,
) -> None:
    apps = tmp_path / "installation.yaml"
    apps.write_text('apps:\n  shopify: {client_id: abc, client_secret: "${SHOPIFY_CLIENT_SECRET}"}\n')
    environ = bare(
        tmp_path, STRIPE_KEY="sk_test_x", SMTP_URL="smtp://localhost:2525", CROSSDOCK_INSTALLATION=str(apps)
    )

    found = asked(environ)

    file = tmp_path / "crossdock.yaml"
    lacking = [
        (20, 50, "STRIPE_WEBHOOK_SECRET"),
        (23, 17, "EASYPOST_KEY"),
        (23, 52, "EASYPOST_WEBHOOK_SECRET"),
    ]
    told = "\n".join(
        f"{file}:{line}:{column}: environment variable {name} is not set; set it where this runs: export {name}=..."
        for line, column, name in lacking
    )
    assert (found["pay"], found["post"]) == (told, told)
    app = "environment variable SHOPIFY_CLIENT_SECRET is not set; set it where this runs"
    assert {f"{apps}:2:44: {app}: export SHOPIFY_CLIENT_SECRET=..."} == {
        found["shop"],
        found["amz"],
        found["mail"],
    }


def test_a_connection_tells_unopened_what_it_tells_opened(tmp_path: Path) -> None:
    secrets = {
        "STRIPE_KEY": "sk_test_x", "STRIPE_WEBHOOK_SECRET": "whsec_x", "EASYPOST_KEY": "EZAKx",
        "EASYPOST_WEBHOOK_SECRET": "x", "SMTP_URL": "smtp://localhost:2525",
        "CROSSDOCK_APP_SHOPIFY_CLIENT_ID": "x", "CROSSDOCK_APP_SHOPIFY_CLIENT_SECRET": "x",
        "CROSSDOCK_APP_AMAZON_CLIENT_ID": "x", "CROSSDOCK_APP_AMAZON_CLIENT_SECRET": "x",
        "CROSSDOCK_APP_AMAZON_APPLICATION_ID": "x",
    }  # fmt: skip

    assert asked(bare(tmp_path, **secrets)) == {
        "shop": [True, None, True],
        "amz": [True, "live", True],
        "pay": [True, "test", True],
        "post": [True, "live", True],
        "mail": [True, None, True],
    }


def test_what_serves_needs_every_secret(tmp_path: Path) -> None:
    found = played(bare(tmp_path), ("serve", "--port", "0"))

    code, out, err = found["said"]["serve --port 0"]
    assert (code, out) == (1, "")
    assert [line.split("environment variable ")[1].split()[0] for line in err.splitlines()] == list(SECRETS)


# --- a reader who goes away ---

PIPED = [
    (),
    ("--help",),
    ("--version",),
    ("nonsense",),
    ("orders", "--help"),
    ("orders",),
    ("orders", "--json"),
    ("orders", "show", "KK-404"),
    ("connections",),
    ("doctor",),
    ("validate",),
    ("keys", "list"),
    ("links",),
    ("links", "export"),
    ("stock",),
    ("stock", "count", "CHEF-8"),
    ("deliveries",),
    ("go-live",),
    ("connect", "shop"),
    ("db", "upgrade"),
    ("demo", "--sabotage", "list"),
]
CLOSED = """
import json, os, sys
import assembly, cli
cli.parser()  # loads every verb, once for all
ended = {}
for words in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        reading, writing = os.pipe()
        os.close(reading)
        for stream in (1, *([2] if sys.argv[2] == "both" else [])):
            os.dup2(writing, stream)
        try:
            code = cli.main(words)
        except SystemExit as ended_by_words:
            code = ended_by_words.code
        except BaseException:
            code = 99
        try:
            sys.stdout.flush()
        except OSError:
            code = 98
        os._exit(code or 0)
    _, status = os.waitpid(child, 0)
    ended[" ".join(words)] = os.waitstatus_to_exitcode(status)
print(json.dumps(ended))
"""


@pytest.mark.parametrize(("streams", "verbs"), [("stdout", PIPED), ("both", PIPED[:8])])
def test_every_verb_ends_quietly_where_nobody_reads_it(
    tmp_path: Path, streams: str, verbs: list[tuple[str, ...]]
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CLOSED, json.dumps(verbs), streams],
        cwd=ROOT, env=installed(tmp_path), capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    codes = json.loads(ended.stdout)

    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr
    assert set(codes.values()) <= {0, 1, 2, 141}
    quiet = {
        "orders",
        "orders --json",
        "stock",
        "links",
        "connections",
        "validate",
        "db upgrade",
        "--version",
    }
    assert {codes[words] for words in quiet & set(codes)} == {141}


def test_a_broken_connection_of_another_kind_is_not_taken_for_a_reader_who_left(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise BrokenPipeError("the database went away")

    monkeypatch.setattr("commands.orders.run", broken)

    with pytest.raises(BrokenPipeError, match="the database went away"):
        said("orders")


def test_the_version_is_the_one_of_the_project(said: Said) -> None:
    assert said("--version") == (0, "crossdock 0.1.0\n", "")
    assert "--version" in said("--help")[1]


# --- keys ---


def test_keys_are_listed_without_their_secret_and_taken_back_by_name(said: Said) -> None:
    assert said("keys", "list") == (0, "no keys; make one: crossdock keys new NAME\n", "")
    [kim] = rows(said, "keys", "new", "kim")
    rows(said, "keys", "new", "--name", "kim")
    [me] = rows(said, "keys", "new")

    listed = rows(said, "keys", "list")
    assert [(k["name"], k["role"], sorted(k)) for k in listed] == [
        ("kim", "owner", ["created", "ends", "last used", "name", "role"]),
        ("kim", "owner", ["created", "ends", "last used", "name", "role"]),
        ("me", "owner", ["created", "ends", "last used", "name", "role"]),
    ]
    code, out, err = said("keys", "list")
    assert (code, err) == (0, "")
    for secret in (kim["key"], me["key"]):
        assert secret not in out
    assert rows(said, "keys", "revoke", "kim") == [
        {"merchant": MERCHANT, "name": "kim", "keys taken back": 2}
    ]
    assert [k["name"] for k in rows(said, "keys", "list")] == ["me"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("revoke",), "revoke wants the name of a key, as in: revoke kim; crossdock keys list shows them"),
        (("list", "kim"), "list wants no name"),
        (("new", "kim", "--name", "kim"), "the name is given twice"),
    ],
)
def test_a_key_is_taken_back_by_its_own_name_only(said: Said, words: tuple[str, ...], says: str) -> None:
    rows(said, "keys", "new")

    assert said("keys", *words) == (2, "", f"crossdock keys: {says}\n")
    assert [k["name"] for k in rows(said, "keys", "list")] == ["me"]


@pytest.mark.case("F14")
def test_a_key_that_could_be_guessed_is_refused_and_none_is_made(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK_NEW_KEY", "abc")
    assert said("keys", "new", "kim") == (
        1,
        "",
        "crossdock: this API key has 3 characters; it needs 22, drawn by chance, or it is guessed\n",
    )
    monkeypatch.setenv("CROSSDOCK_NEW_KEY", "q7Zk2mWx9TbLr4Vn8PsHdJ")
    [made] = rows(said, "keys", "new", "kim", "--role", "picker", "--days", "30")

    assert made["key"] == "q7Zk2mWx9TbLr4Vn8PsHdJ"
    [kept] = rows(said, "keys", "list")
    assert (kept["role"], kept["last used"], kept["ends"] is None) == ("picker", None, False)


# --- users ---


@pytest.mark.req("S39")
def test_the_first_owner_is_invited_by_command_and_nobody_else_is_named(said: Said) -> None:
    assert said("users") == (0, "nobody signs in with a password yet: crossdock users setup\n", "")

    [setup] = rows(said, "users", "setup")
    [invited] = rows(said, "users", "invite", "Kim", "--role", "picker")

    for made in (setup, invited):
        [link] = made.values()
        assert re.fullmatch(rf"http://127\.0\.0\.1:8080/join/{MERCHANT}/[\w-]{{43}}", link)
    for words in (
        ("reset", "kim"),
        ("role", "kim", "viewer", "--yes"),
        ("remove", "kim", "--yes"),
        ("rename", "kim", "Kim"),
    ):
        assert said("users", *words) == (1, "", "crossdock: nobody called 'kim' works here\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("invite",), "invite wants a name, as in: invite Kim --role operator"),
        (("role", "kim"), "role wants whom and what, as in: role kim@example.com picker"),
        (("role", "kim", "boss"), "'boss' is no role; there is viewer, picker, operator, owner"),
        (("list", "kim"), "list wants no more words"),
        (("reset", "kim", "--role", "owner"), "--role is said to invite; else: role WHOM ROLE"),
    ],
)
def test_what_is_wanted_of_users_is_said(said: Said, words: tuple[str, ...], says: str) -> None:
    assert said("users", *words) == (2, "", f"crossdock users: {says}\n")


# --- doctor ---


def all_tested(said: Said) -> None:
    for name in ("shop", "pay", "post", "mail"):
        assert said("connections", "test", name)[0] == 0


def test_doctor_without_findings_says_that_all_is_well_and_what_it_looked_at(said: Said) -> None:
    rows(said, *KNIFE)
    rows(said, "stock", "count", "CHEF-8", "reno", "3", "--yes")
    all_tested(said)

    assert said("doctor") == (
        0,
        f"all is well; looked at 1 product, 0 listings, 1 location, 1 box and 4 connections of {MERCHANT}\n",
        "",
    )
    assert said("doctor", "--json") == (0, "[]\n", "")


def test_a_stock_rule_that_names_no_product_is_told_by_doctor_and_by_validate(
    said: Said, tmp_path: Path
) -> None:
    rows(said, *KNIFE)
    rows(said, "stock", "count", "CHEF-8", "reno", "3", "--yes")
    all_tested(said)
    file = tmp_path / "crossdock.yaml"
    file.write_text(file.read_text().replace("stock:\n", "stock:\n  chef-*: {low: 9}\n"))
    line = file.read_text().splitlines().index("  chef-*: {low: 9}") + 1
    says = (
        f"{file}:{line}:3: stock: 'chef-*' names none of the 1 known products;"
        " 'CHEF-8' differs by small and capital letters"
    )

    code, out, _ = said("doctor", "--json")
    assert (code, [(f["kind"], f["where"]) for f in json.loads(out)]) == (1, [("stock_pattern", says)])
    assert said("validate")[2] == f"{says}\n"
    assert json.loads(said("validate", "--json")[1])["advice"] == [says]
