"""The port that the hub answers on: of IPv4, of IPv6 or of both; and what is said where it cannot be had."""

import socket
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from core.errors import ConfigError
from tests.installed import free_port, installed
from tests.test_server import notify, ready, serve_here, serving
from web.door.limits import Limits
from web.door.listening import listen

pytestmark = pytest.mark.case("F5")


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine does not speak IPv6")


def reached(listening: socket.socket, *hosts: str) -> Iterator[str]:
    """Yield each of some addresses at which a socket answers."""
    port = listening.getsockname()[1]
    for host in hosts:
        try:
            socket.create_connection((host, port), timeout=5).close()
        except OSError:
            continue
        yield host


@pytest.mark.parametrize(
    ("host", "at"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("0.0.0.0", ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"]),
        pytest.param("::1", ["::1"], marks=ipv6),
        pytest.param("::", ["127.0.0.1", "::1"], marks=ipv6),
        pytest.param("0::0", ["127.0.0.1", "::1"], marks=ipv6),
    ],
)
def test_the_hub_listens_on_the_address_that_is_named_and_on_no_other(host: str, at: list[str]) -> None:
    with listen(host, 0) as listening:
        assert list(reached(listening, "127.0.0.1", "::1")) == at


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.1",
        "2001:db8::1",
        "no such host",
        "nowhere.invalid",
        "[::1]",
        "300.1.1.1",
        "x" * 300,
        "\udcff",
    ],
)
def test_an_address_that_is_none_of_this_machine_is_said_to_be_that(host: str) -> None:
    with pytest.raises(ConfigError) as raised:
        listen(host, 0)

    told = str(raised.value)
    assert told.startswith(f"CROSSDOCK_HOST: {host!r} is no address of this machine (")
    assert told.endswith("); write one that it has, 127.0.0.1 for itself alone, or 0.0.0.0 or :: for all")
    assert "--port" not in told


@pytest.mark.parametrize(
    "host", ["127.0.0.1", pytest.param("::1", marks=ipv6), pytest.param("::", marks=ipv6)]
)
def test_a_port_that_is_taken_is_said_to_be_that_and_stays_with_who_has_it(host: str) -> None:
    with listen(host, 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError) as raised:
            listen(host, port)
        assert list(reached(first, "127.0.0.1" if host != "::1" else "::1"))

    assert str(raised.value) == (
        f"port {port} of {host} cannot be used (Address already in use); name another: --port N"
    )


@pytest.mark.parametrize("port", [-1, 65536, 10**30])
def test_what_is_no_port_is_said_to_be_that(port: int) -> None:
    with pytest.raises(ConfigError) as raised:
        listen("127.0.0.1", port)

    assert str(raised.value) == f"there is no port {port}; name one of 1 to 65535: --port N"


@ipv6
def test_on_a_socket_of_both_kinds_this_machine_is_a_proxy_and_others_are_counted() -> None:
    limits = Limits()

    assert [limits.is_proxy(peer) for peer in ("::1", "::ffff:127.0.0.1", "::ffff:192.0.2.7")] == [
        True,
        True,
        False,
    ]


@ipv6
async def test_a_process_serves_both_kinds_of_addresses(tmp_path: Path) -> None:
    port = free_port()
    async with serving(installed(tmp_path) | {"CROSSDOCK_HOST": "::"}, "--port", str(port)):
        await ready(f"http://[::1]:{port}")
        assert await notify(f"http://[::1]:{port}", "no-such-order") == 200
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{port}/healthz") as answer,
        ):
            assert answer.status == 200


def test_a_start_on_an_address_of_another_machine_ends_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = installed(tmp_path) | {"CROSSDOCK_HOST": "192.0.2.1"}
    assert serve_here(environ, monkeypatch, "--port", str(free_port())) == 1

    text = capsys.readouterr().err
    assert (
        "CROSSDOCK_HOST: '192.0.2.1' is no address of this machine (Cannot assign requested address)" in text
    )
    assert len(text.splitlines()) == 1
