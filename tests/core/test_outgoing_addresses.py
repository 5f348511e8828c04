"""Where a merchant's address may not lead: every trick is refused without a connection, and what is public is not."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.errors import ConfigError, RejectedError
from core.outgoing.addresses import HOSTS, NONE, allowed_hosts, is_of_this_machine, is_public
from core.outgoing.call import call
from core.outgoing.guard import Guard
from core.outgoing.request import OutgoingRequest
from core.outgoing.target import target_of

pytestmark = pytest.mark.req("S30")


def words(text: str) -> list[str]:
    return text.split()


NUMBERS_4 = words("""
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
127.0.0.1 127.0.0.2 127.1.1.1 127.255.255.254 127.255.255.255 168.63.129.16 169.254.0.1 169.254.169.253
169.254.169.254 169.254.170.2 169.254.255.255 172.16.0.1 172.17.0.1 172.31.255.255 192.0.0.1 192.0.0.170
192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.1.1 192.168.255.255 198.18.0.1 198.19.255.255
198.51.100.1 203.0.113.1 224.0.0.1 224.0.0.251 239.255.255.250 239.255.255.255 240.0.0.1 250.1.2.3
255.255.255.254 255.255.255.255
""")

SPELLINGS_4 = words("""
2130706433 017700000001 0x7f000001 0X7F000001 0x7f.1 0x7f.0.0.1 0x7f.0x0.0x0.0x1 0177.0.0.1 0177.0.0.01 0177.0x0.0.1
00000177.0.0.1 0000000000000000000000177.0.0.1 127.1 127.0.1 127.00.00.01 127.0.0.01 127.000.000.001 0 00 0x0 0.0
0x00000000 1.1 127.0.0.1. 127.0.0.1.. 127.1. 2852039166 0xa9fea9fe 0xA9FEA9FE 0251.0376.0251.0376
0xa9.0xfe.0xa9.0xfe 169.254.43518 169.16689662 167772161 012.0.0.1 0xa.1 10.1 3232235521 0xc0.0xa8.0x0.0x1
192.168.257 4294967295 4294967296 18446744075840258049 127.0.0.256 127.0.0.0.1 256.256.256.256 0x 0x7f000001. 1e3
134744072 0x08080808 8.8.2056 08.8.8.8 example.1 example.0x7f
""")

LOOK_ALIKES = [
    "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.０.０.１", "127．0．0．1", "127｡0｡0｡1", "𝟙𝟚𝟟.𝟘.𝟘.𝟙", "127.0.0.１",  # noqa: RUF001
    "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "２１３０７０６４３３", "0ｘ7f.1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌｏｃａｌｈｏｓｔ", "ⅼocalhost", "𝓁ocalhost",  # noqa: RUF001
    "loca\u00adlhost", "loc\u200balhost", "localhost\u3002", "１２７.1", "\u202e127.0.0.1",  # noqa: RUF001
    "example\uff20127.0.0.1", "example\uff0f127.0.0.1",
    "[\uff1a\uff1a1]",
]  # fmt: skip

NUMBERS_6 = words("""
:: ::1 ::2 0:0:0:0:0:0:0:1 0000:0000:0000:0000:0000:0000:0000:0001 ::0001 ::127.0.0.1 ::7f00:1 ::ffff:127.0.0.1
::FFFF:7F00:1 ::ffff:0:127.0.0.1 0:0:0:0:0:ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:192.168.0.1 ::ffff:169.254.169.254
::ffff:a9fe:a9fe ::ffff:0.0.0.0 ::ffff:8.8.8.8 64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::6440:1
64:ff9b::169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b:: 64:ff9b:1::1 64:ff9b:1::7f00:1 2002:7f00:1:: 2002:7f00:1::1
2002:a9fe:a9fe:: 2002:a00:1:: 2002:c0a8:1::1 2002:808:808::1 2001::1 2001:0:7f00:1:: 2001:0:53aa:64c:0:fff:80ff:fffe
2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 3ffe::1 5f00::1 100::1 100:0:0:1::1 1::1 4000::1 fc00::1 fd00::1
fd00:ec2::254 fd20:ce::254 fdff:ffff::1 fe80::1 fe80::a9fe:a9fe febf::1 fec0::1 ff01::1 ff02::1 ff05::2 ff0e::1
fe80::1%25lo ::1%25lo ::1%lo ::1%251 2606:4700::1%25lo v1.x v7f.1 ::1. 127.0.0.1 localhost ::ffff:127.1 1 :::1 12345::1
::ffff:0x7f.1 1:2:3:4:5:6:7:8:9
""")

NAMES = [
    "localhost", "LOCALHOST", "LocalHost", "localhost.", "localhost..", "foo.localhost", "a.b.localhost",
    "foo.localhost.", "ip6-localhost", "hub", "postgres", "metadata", "kubernetes", ".", "..", "a..example",
    ".example.com", "example.com..", "-a.example", "a-.example", "a,b.example", "a;b.example", "a|b.example",
    "*.example.com", "ex$ample.com", "exa'mple.com", "(example.com)", "{example.com}", "<example.com>",
    f"{'a' * 64}.example", f"{'a.' * 130}example", "%6c%6f%63%61%6c%68%6f%73%74", "127.0.0.1%00.example.com",
    "127.0.0.1%2eexample.com", "%31%32%37.0.0.1", "127.0.0.1%2f.example.com", "127%2e0%2e0%2e1", "example.com%23",
]  # fmt: skip

WHOLE = [
    # before the host
    "http://user@example.com:{p}/", "http://user:pw@example.com:{p}/", "http://@127.0.0.1:{p}/", "http://:@127.0.0.1:{p}/",
    "http://example.com@127.0.0.1:{p}/", "http://example.com:80@127.0.0.1:{p}/", "http://127.0.0.1:{p}@example.com/",
    "http://example.com%40127.0.0.1:{p}/", "http://127.0.0.1:{p}\\@example.com/", "http://example.com\\@127.0.0.1:{p}/",
    "http://foo@evil.example:{p}@example.com/", "http://127.1.1.1:{p}:\\@@127.2.2.2:80/",
    "http://1.1.1.1 &@127.0.0.1:{p}# @3.3.3.3/", "http://127.0.0.1:{p}#@example.com/", "http://127.0.0.1:{p}?@example.com/",
    "http://[::1]@example.com/", "http://example.com@[::1]:{p}/", "https://user@127.0.0.1:{p}/",
    # of no host
    "", " ", "/", "x", "http:", "http://", "http:///", "http:///127.0.0.1:{p}/", "http:/127.0.0.1:{p}/", "http:127.0.0.1:{p}/",
    "http:////127.0.0.1:{p}/", "http:\\\\127.0.0.1:{p}\\", "http:/\\127.0.0.1:{p}/", "//127.0.0.1:{p}/", "127.0.0.1:{p}",
    "localhost:{p}", "http://:{p}/", "https://:443/", "http://?x", "http://#x", "http://\\127.0.0.1:{p}/",
    # of another scheme
    "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "ftp://127.0.0.1:{p}/", "gopher://127.0.0.1:{p}/_x",
    "dict://127.0.0.1:{p}/stats", "ldap://127.0.0.1:{p}/", "tftp://127.0.0.1:{p}/", "sftp://127.0.0.1:{p}/",
    "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/", "ws://127.0.0.1:{p}/", "wss://127.0.0.1:{p}/",
    "tcp://127.0.0.1:{p}/", "data:,x", "javascript:1", "jar:http://127.0.0.1:{p}/!/", "netdoc:///etc/passwd",
    "httpx://127.0.0.1:{p}/", "ttp://127.0.0.1:{p}/", "url:http://127.0.0.1:{p}/",
    # of marks that some skip
    "\thttp://127.0.0.1:{p}/", " http://127.0.0.1:{p}/", "ht\ntp://127.0.0.1:{p}/", "http://127.0.0.1\t:{p}/",
    "http://127.0.0.1:{p}\n/", "http://\x00127.0.0.1:{p}/", "http://127.0.0.1:{p}/\r\nX-A: b", "http://example.com/\r\nHost: a",
    "http://example.com/\x00", "http://example.com/\x7f", "http://ex ample.com/", "http:// 127.0.0.1:{p}/",
    "http://127.0.0.1 :{p}/", "http://example.com\u00a0:{p}/", "http://example.com\u3000/", "\ufeffhttp://127.0.0.1:{p}/",
    # of a port that is none
    "http://example.com:/", "http://example.com:0/", "http://example.com:00080/", "http://example.com:65536/",
    "http://example.com:99999/", "http://example.com:65616/", "http://example.com:-1/", "http://example.com:+80/",
    "http://example.com:80a/", "http://example.com:\u0668\u0660/", "http://example.com:8_0/", "http://example.com: 80/",
    "http://example.com:80:{p}/", "http://example.com:{p}:80/", "http://example.com:0x50/", "http://example.com:4294967376/",
    # of brackets
    "http://[::1]:{p}x/", "http://[::1]x/", "http://[::1/", "http://::1/", "http://::1:{p}/", "http://]::1[/", "http://[[::1]]/",
    "http://exa[mple.com/", "http://[]/", "http://[::1]:/", "http://[::ffff:127.0.0.1%25]:{p}/", "http://[::1].example.com/",
    # of other cases
    "https://127.0.0.1:{p}/", "HTTP://127.0.0.1:{p}/", "hTTp://LOCALHOST:{p}/", "https://[::1]:{p}/",
    "http://127.0.0.1:{p}/latest/meta-data/", "http://example.com/" + "a" * 9000, "http://example.com\ud800/",
]  # fmt: skip

PORTS = [
    1, 7, 20, 21, 22, 23, 25, 53, 69, 79, 81, 88, 110, 111, 135, 139, 143, 161, 389, 442, 444, 445, 465, 514, 587, 636, 873,
    990, 993, 995, 1023,
]  # fmt: skip

URLS = [
    *(f"http://{host}:{{p}}/" for host in (*NUMBERS_4, *SPELLINGS_4, *LOOK_ALIKES, *NAMES)),
    *(f"http://[{host}]:{{p}}/" for host in NUMBERS_6),
    *WHOLE,
    *(f"http://example.com:{port}/" for port in PORTS),
    *(f"https://93.184.216.34:{port}/" for port in PORTS[:4]),
]

PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1::1"
ANSWERS = [
    ["127.0.0.1"], ["127.0.0.2"], ["::1"], ["0.0.0.0"], ["::"], ["10.0.0.1"], ["192.168.1.1"], ["172.16.0.9"],
    ["169.254.169.254"], ["100.64.0.1"], ["100.100.100.200"], ["198.18.0.1"], ["224.0.0.1"], ["255.255.255.255"],
    ["::ffff:127.0.0.1"], ["::ffff:169.254.169.254"], ["64:ff9b::7f00:1"], ["64:ff9b::a9fe:a9fe"], ["2002:7f00:1::"],
    ["2001:0:7f00:1::"], ["fd00::1"], ["fe80::1%1"], ["fec0::1"], ["ff02::1"], ["fd00:ec2::254"],
    [PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, PUBLIC_6, "10.0.0.1"], [PUBLIC_6, "::1"], ["::1", PUBLIC_6],
    [PUBLIC, "93.184.216.35", "93.184.216.36", "169.254.169.254"],
]  # fmt: skip


@dataclass
class Network:
    """What is looked up and connected to; nothing leaves the machine."""

    port: int
    names: dict[str, list[str]] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    connects: list[str] = field(default_factory=list)
    listeners: list[socket.socket] = field(default_factory=list)

    def look_up(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.looked_up.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (number, port, 0, 0))
            if ":" in number
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))
            for number in self.names[host]
        ]

    async def connect(self, _sock: socket.socket, address: Any) -> None:
        self.connects.append(address[0])
        raise ConnectionRefusedError

    def arrived(self) -> int:
        """Return how many connections came to this port of this machine."""
        count = 0
        for listener in self.listeners:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                continue
            count += 1
        return count


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    with socket.socket() as four, socket.socket(socket.AF_INET6) as six:
        four.bind(("127.0.0.1", 0))
        port = int(four.getsockname()[1])
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        six.bind(("::1", port))
        for listener in (four, six):
            listener.listen()
            listener.settimeout(0)
        built = Network(port=port, listeners=[four, six])
        monkeypatch.setattr(socket, "getaddrinfo", built.look_up)
        yield built


async def refused(url: str, network: Network) -> RejectedError:
    request = OutgoingRequest(method="GET", url=url, limit_s=2)
    with pytest.raises(RejectedError) as raised:
        await call(request, connection="hook", may_act=True)
    return raised.value


def test_the_table_has_tricks_enough_and_none_twice() -> None:
    assert len(URLS) == len(set(URLS))
    assert len(URLS) > 300


@pytest.mark.parametrize("url", URLS, ids=[ascii(url)[:60] for url in URLS])
async def test_a_trick_is_refused_without_a_look_up_or_a_connection(
    url: str, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", network.connect)

    error = await refused(url.replace("{p}", str(network.port)), network)

    assert error.code == "address_refused"
    assert (network.looked_up, network.connects, network.arrived()) == ([], [], 0)


@pytest.mark.parametrize("numbers", ANSWERS, ids=" ".join)
async def test_a_name_is_refused_if_any_of_its_addresses_is_not_public(
    numbers: list[str], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", network.connect)
    network.names["hook.example.com."] = numbers

    error = await refused(f"http://hook.example.com:{network.port}/", network)

    assert error.code == "address_refused"
    assert "hook.example.com leads into a private network" in str(error)
    assert (network.looked_up, network.connects) == (["hook.example.com."], [])
    assert network.arrived() == 0


async def test_a_name_of_public_addresses_is_connected_to_at_one_that_was_judged(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", network.connect)
    network.names["hook.example.com."] = [PUBLIC]
    request = OutgoingRequest(method="GET", url="http://hook.example.com/", limit_s=2)

    with pytest.raises(Exception, match=r"hook\.example\.com: cannot connect"):
        await call(request, connection="hook", may_act=True)

    assert (network.looked_up, network.connects) == (["hook.example.com."], [PUBLIC])


@pytest.mark.parametrize("number", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_no_socket_is_made_for_a_private_address_whatever_was_resolved(number: str) -> None:
    target = target_of("http://hook.example.com/", connection="hook", allowed=NONE)
    guard = Guard(target, connection="hook", allowed=NONE)
    family = socket.AF_INET6 if ":" in number else socket.AF_INET

    with pytest.raises(RejectedError) as raised:
        guard.socket_for((family, socket.SOCK_STREAM, 6, "", (number, 80)))

    assert raised.value.code == "address_refused"


@pytest.mark.parametrize(
    "number",
    [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "168.63.129.15", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
        "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2003::1",
        "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808",
    ],
)  # fmt: skip
def test_what_lies_beside_the_refused_networks_is_public(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize("number", [*NUMBERS_4, "", "x", "::1", "fe80::1%lo", "2606:4700::1%lo"])
def test_what_is_not_known_to_be_public_is_not(number: str) -> None:
    assert not is_public(number)


def test_an_address_of_this_machine_is_known_as_its_own() -> None:
    assert is_of_this_machine("127.0.0.1")
    assert is_of_this_machine("::1")


@pytest.mark.parametrize(("sends_from", "is_refused"), [(PUBLIC, True), ("10.0.0.2", False)])
def test_a_public_address_of_this_machine_is_refused(
    sends_from: str, monkeypatch: pytest.MonkeyPatch, *, is_refused: bool
) -> None:
    class System(socket.socket):
        """Sends from an address of our choice, and connects nowhere."""

        def connect(self, _address: Any) -> None: ...

        def getsockname(self) -> tuple[str, int]:
            return sends_from, 40_000

    monkeypatch.setattr(socket, "socket", System)
    target = target_of(f"http://{PUBLIC}/", connection="hook", allowed=NONE)
    guard = Guard(target, connection="hook", allowed=NONE)
    where = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, 80))

    if is_refused:
        with pytest.raises(RejectedError, match="the hub's own machine"):
            guard.socket_for(where)
    else:
        guard.socket_for(where).close()


@pytest.mark.parametrize(
    ("url", "called", "host", "port"),
    [
        ("http://93.184.216.34:8080/x", "http://93.184.216.34:8080/x", "93.184.216.34", 8080),
        ("https://hook.example.com", "https://hook.example.com", "hook.example.com", 443),
        ("HTTP://Hook.Example.COM./a?b=c#d", "http://hook.example.com/a?b=c#d", "hook.example.com", 80),
        ("http://bücher.example:1024/", "http://xn--bcher-kva.example:1024/", "xn--bcher-kva.example", 1024),
        ("https://[2606:4700:0::1111]:65535/", "https://[2606:4700::1111]:65535/", "2606:4700::1111", 65535),
        ("http://a_b.example/a b?c=d e@f", "http://a_b.example/a%20b?c=d+e@f", "a_b.example", 80),
        ("http://hook.example.com/?u=http://127.0.0.1/", "http://hook.example.com/?u=http://127.0.0.1/", "hook.example.com", 80),
    ],
)  # fmt: skip
def test_an_address_that_everybody_reaches_is_read(url: str, called: str, host: str, port: int) -> None:
    target = target_of(url, connection="hook", allowed=NONE)

    assert (str(target.url), target.host, target.port) == (called, host, port)


@pytest.mark.parametrize(
    ("said", "url", "leads"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080/", True),
        ("127.0.0.1", "http://127.0.0.2:8080/", False),
        ("127.0.0.1", "http://127.0.0.1/", True),
        ("127.0.0.1", "http://127.0.0.1:25/", False),
        ("127.0.0.1:25", "http://127.0.0.1:25/", True),
        ("127.0.0.1:25", "http://127.0.0.1:26/", False),
        ("127.0.0.1:25", "http://127.0.0.1/", False),
        ("10.0.0.5:25, 10.0.0.0/8", "http://10.0.0.6:25/", False),
        ("10.0.0.5:25, 10.0.0.0/8", "http://10.0.0.6/", True),
        ("10.0.0.0/8:8080", "http://10.9.9.9:8080/", True),
        ("10.0.0.0/8:8080", "http://10.9.9.9:8081/", False),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/", False),
        ("fd00::/8", "http://[fd00::5]:8080/", True),
        ("[fd00::5]:8080", "http://[fd00::5]:8080/", True),
        ("[fd00::5]:8080", "http://[fd00::5]:8081/", False),
        ("fd00::5", "http://[fd00::5]/", True),
        ("localhost", "http://localhost:8080/", True),
        ("localhost:8080", "http://localhost:8080/", True),
        ("localhost:8080", "http://localhost:8081/", False),
        ("127.0.0.0/8", "http://localhost:8080/", False),
        ("Tools.Example.", "http://tools.example./", True),
        ("tools", "http://tools/", True),
        ("tools", "http://other/", False),
        ("tools", "http://user@tools/", False),
        ("127.0.0.0/8", "http://2130706433/", False),
        ("127.0.0.0/8", "file://127.0.0.1/", False),
        (" , ", "http://127.0.0.1/", False),
    ],
)
def test_an_operator_allows_hosts_and_networks_by_name_number_and_port(
    said: str, url: str, *, leads: bool
) -> None:
    allowed = allowed_hosts(said)

    if leads:
        assert target_of(url, connection="hook", allowed=allowed).url.scheme == "http"
    else:
        with pytest.raises(RejectedError):
            target_of(url, connection="hook", allowed=allowed)


def test_nothing_is_allowed_where_nothing_is_said() -> None:
    assert allowed_hosts(None) == NONE


@pytest.mark.parametrize(
    "said",
    ["http://tools.example", "10.0.0", "10.0.0.1/8", "10.0.0.0/33", "tools:0", "tools:65536", "tools:x", "*.example", "a b",
     "tools/8", "[tools", "bücher.example", "0x7f.1"],
)  # fmt: skip
def test_what_is_no_host_or_network_is_a_mistake_that_names_the_variable(said: str) -> None:
    with pytest.raises(ConfigError, match=HOSTS):
        allowed_hosts(f"10.0.0.1,{said}")


async def test_a_name_that_an_operator_lists_is_called_wherever_it_leads(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", network.connect)
    network.names["tools"] = ["10.0.0.9"]
    request = OutgoingRequest(method="GET", url="http://tools:8080/", limit_s=2)

    with pytest.raises(Exception, match="tools: cannot connect"):
        await call(request, connection="hook", may_act=True, allowed=allowed_hosts("tools:8080"))

    assert network.connects == ["10.0.0.9"]
