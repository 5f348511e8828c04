"""Image and compose file: what is copied, who runs, what may be written, and that the how-to explains each line."""

import json
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from server import LONGEST_DRAIN_S, STOP_WITHIN_S, drain_s_of

ROOT = Path(__file__).resolve().parent.parent
HOW_TO = ROOT / "docs" / "how-to" / "run-on-several-machines.md"
DATA = {"mappings", "migrations"}
"""Folders that are no packages, and are read where the hub runs."""
OF_POSTGRES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE"}
HUB = ("upgrade", "web", "worker", "scheduler")
ANOTHER_SECOND_S = 5.0
"""For the door and the database to close after what was under way."""


def instructions() -> list[tuple[str, str]]:
    """Return (instruction, words) of the Dockerfile, lines that go on joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, " ".join(words.split())) for name, _, words in (line.partition(" ") for line in lines)]


def words_of(name: str) -> list[str]:
    return [words for instruction, words in instructions() if instruction == name]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def seconds(text: str) -> float:
    """Return a length of time of the compose file that is given in seconds."""
    assert text.endswith("s"), text
    return float(text[:-1])


# --- the image ---


def test_the_image_holds_every_module_and_folder_that_the_hub_reads_and_the_packages_pinned() -> None:
    tools = project()["tool"]["setuptools"]
    folders = {name.rstrip("*") for name in tools["packages"]["find"]["include"]} | DATA
    wanted = {f"{name}/" for name in folders} | {f"{name}.py" for name in tools["py-modules"]}

    copied = {word for words in words_of("COPY") if "--from" not in words for word in words.split()[:-1]}

    assert copied == wanted | {
        "Makefile",
        "pyproject.toml",
        "constraints.txt",
        "LICENSE",
        "crossdock.example.yaml",
    }
    assert words_of("RUN")[:2] == ["make packages", "make setup && .venv/bin/python -m compileall -q ."]


def test_a_build_is_sent_what_it_copies_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    copied = {word for words in words_of("COPY") if "--from" not in words for word in words.split()[:-1]}

    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
    kept_out = [rule for rule in rules[1:] if not rule.startswith("!")]
    for secret in ("web/hub.db", "core/hub.db-wal", "demo/crossdock.keys", "web/.env"):
        assert any(fnmatch(secret, rule) for rule in kept_out), secret


def test_the_image_runs_as_nobody_in_particular_and_writes_to_its_data_only() -> None:
    names = [name for name, _ in instructions()]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert (words_of("USER"), words_of("VOLUME"), words_of("WORKDIR")[-1]) == (
        ["10001:10001"],
        ["/data"],
        "/data",
    )
    for shell_free in ("ENTRYPOINT", "CMD"):
        assert [isinstance(json.loads(words), list) for words in words_of(shell_free)] == [True]
    assert '["crossdock", "ready"]' in words_of("HEALTHCHECK")[0]


def test_the_image_stands_on_a_python_that_the_hub_runs_on_and_names_no_registry() -> None:
    [version] = words_of("ARG")
    assert version == "PYTHON=3.13"
    assert project()["project"]["requires-python"] == ">=3.11,<3.15"
    assert words_of("FROM") == ["python:${PYTHON}-trixie AS build", "python:${PYTHON}-slim-trixie"]
    named = {service["image"] for service in services().values()}
    assert named == {"crossdock:local", "postgres:17-trixie"}


# --- the compose file ---


@pytest.mark.parametrize("name", ["database", *HUB])
def test_no_service_may_more_than_it_needs(name: str) -> None:
    service = services()[name]
    user, group = service["user"].split(":")

    assert (int(user) > 0, int(group) > 0) == (True, True)
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.keys() & {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} == set()
    assert (service["pids_limit"] > 0, bool(service["mem_limit"])) == (True, True)


@pytest.mark.parametrize("name", HUB)
def test_the_hub_s_services_mount_nothing_that_they_could_write(name: str) -> None:
    service = services()[name]

    assert service["volumes"] == ["./merchants:/etc/crossdock/merchants:ro"]
    assert [place.split(":")[0] for place in service["tmpfs"]] == ["/data", "/tmp"]
    assert service["user"] == "10001:10001"


def test_nobody_starts_before_the_database_is_up_to_date_and_each_role_runs() -> None:
    found = services()
    roles = {name: found[name]["command"] for name in HUB}

    assert found["upgrade"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert (roles["upgrade"], found["upgrade"]["restart"]) == (["db", "upgrade"], "no")
    for role in ("web", "worker", "scheduler"):
        assert found[role]["depends_on"] == {"upgrade": {"condition": "service_completed_successfully"}}
        assert roles[role][:3] == ["serve", "--role", role]
        assert found[role]["restart"] == "unless-stopped"
    assert found["worker"]["deploy"] == {"replicas": 2}


def test_each_process_that_stays_is_asked_whether_it_is_ready() -> None:
    found = services()

    for role in ("web", "worker", "scheduler"):
        assert found[role]["healthcheck"]["test"] == ["CMD", "crossdock", "ready"]
        assert role == "web" or found[role]["command"][3:] == ["--monitor-port", "8080"]
    # The server of the database's first start listens on its socket alone: only over TCP is it the one that stays.
    assert found["database"]["healthcheck"]["test"][:4] == ["CMD", "pg_isready", "--host", "127.0.0.1"]


def test_what_is_under_way_has_the_time_that_it_takes_to_stop() -> None:
    for name in ("web", "worker", "scheduler"):
        service = services()[name]
        drain_s = drain_s_of(service["environment"])
        assert seconds(service["stop_grace_period"]) >= drain_s + STOP_WITHIN_S + ANOTHER_SECOND_S, name
    assert drain_s_of(services()["web"]["environment"]) == 5
    assert LONGEST_DRAIN_S == 60


def test_only_the_web_process_is_reached_from_outside_and_the_database_reaches_nobody() -> None:
    found = services()

    assert {name: service["ports"] for name, service in found.items() if "ports" in service} == {
        "web": ["127.0.0.1:8080:8080"]
    }
    assert (found["database"]["networks"], compose()["networks"]["inside"]) == (
        ["inside"],
        {"internal": True},
    )


def test_every_variable_is_one_that_is_known_and_no_secret_stands_in_the_file() -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    known = set(re.findall(r"`(CROSSDOCK_[A-Z_]+)`", page))
    named = {name for service in services().values() for name in service["environment"]}

    assert {name for name in named - OF_POSTGRES if name.removesuffix("_FILE") not in known} == set()
    secrets = compose()["secrets"]
    for service in services().values():
        files = {v for k, v in service["environment"].items() if k.endswith("_FILE")}
        assert files == {f"/run/secrets/{name}" for name in service["secrets"]}
    assert {name: secret["file"] for name, secret in secrets.items()} == {
        name: f"./secrets/{name}"
        for name in ("database_password", "database_url", "secret_keys", "metrics_token")
    }


# --- the how-to ---


def test_the_how_to_explains_every_line_of_the_dockerfile() -> None:
    page = HOW_TO.read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))

    lines = {f"{name} {words}" for name, words in instructions()}

    assert lines - explained == set()


def keys_of(value: Any) -> Iterator[str]:
    """Yield every key of the compose file but the names that are ours: of services, variables, secrets, networks."""
    match value:
        case dict():
            for key, inner in value.items():
                yield key
                if key not in {"environment", "secrets", "services", "networks", "volumes"}:
                    yield from keys_of(inner)
        case list():
            for inner in value:
                yield from keys_of(inner)


def test_the_how_to_explains_every_key_of_the_compose_file() -> None:
    page = HOW_TO.read_text(encoding="utf-8").split("## compose.yaml", 1)[1]
    explained = {word for quoted in re.findall(r"`([^`]+)`", page) for word in re.split(r"[^\w-]+", quoted)}
    named = set(keys_of(compose())) - {"x-hub", "services"}
    for service in services().values():
        named |= set(keys_of(service)) | set(service["environment"])
    named |= set(services()) | set(compose()["secrets"]) | set(compose()["networks"])

    assert named - explained == set()
