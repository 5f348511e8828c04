"""Authorization round trips: only the browser that began one can end it, and nothing secret is shown on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from core.errors import AuthError, RejectedError, SignatureError, UnavailableError
from core.ports import Token
from tests.builders import MERCHANT
from tests.web.site import OTHER_KEY, SECRET, Answer, Site, another_connector
from web.signing import sign

CODE = "code-that-nobody-may-see-42"


@dataclass(slots=True)
class Vendor:
    """Consents, and exchanges codes, unless told to fail."""

    fails: Exception | None = None
    exchanged: int = 0

    def consent_url(self, *, state: str, redirect_uri: str) -> str:
        return f"https://vendor.test/consent?state={state}&redirect_uri={redirect_uri}"

    async def complete(self, query: Mapping[str, str], *, redirect_uri: str) -> Token:
        self.exchanged += 1
        if self.fails is not None:
            raise self.fails
        return Token(access=f"access for {query['code']}", account="kendra.test")

    async def refresh(self, token: Token) -> Token:
        raise AuthError("not here", connection="shop")


@pytest.fixture
def vendor(site: Site) -> Vendor:
    made = Vendor()
    site.change(MERCHANT, "shop", authorizer=made)
    return made


async def begin(site: Site) -> tuple[str, str]:
    """Press Connect; return the state that the vendor was given, and the browser's cookie."""
    answer = await site.ask("GET", f"/connect/{MERCHANT}/shop", cookie=await site.log_in())
    assert answer.status == 303
    given = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert given["redirect_uri"] == ["https://hub.kendra.test/connect/callback/bogus"]
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/connect"))
    return given["state"][0], cookie.partition(";")[0]


async def come_back(site: Site, state: str, cookie: str, *, connector: str = "bogus") -> Answer:
    return await site.ask("GET", f"/connect/callback/{connector}", cookie=cookie, params={"code": CODE, "state": state})  # fmt: skip


async def test_the_browser_that_pressed_connect_ends_with_a_token(site: Site, vendor: Vendor) -> None:
    answer = await come_back(site, *await begin(site))

    assert (answer.status, answer.headers["Location"]) == (303, "/connections#shop")
    [(merchant, connection, token)] = site.connected
    assert (merchant, connection, token.access) == (MERCHANT, "shop", f"access for {CODE}")


async def test_a_state_of_another_browser_is_refused(site: Site, vendor: Vendor) -> None:
    state, _ = await begin(site)
    _, cookie_of_another = await begin(site)

    answers = [await come_back(site, state, cookie) for cookie in (cookie_of_another, "a=b")]

    assert [a.status for a in answers] == [403, 403]
    assert (site.connected, vendor.exchanged) == ([], 0)
    assert "press Connect again" in answers[0].text


async def test_a_state_that_is_too_old_or_of_our_sessions_or_no_state_is_refused(
    site: Site, vendor: Vendor
) -> None:
    state, cookie = await begin(site)
    nonce = cookie.partition("=")[2]
    value = {"merchant": MERCHANT, "connection": "shop", "nonce": nonce}
    of_session = sign(SECRET, "session", value, site.b.clock.now() + timedelta(minutes=5))
    site.b.clock.move_to(site.b.clock.now() + timedelta(minutes=10, seconds=1))

    answers = [await come_back(site, s, cookie) for s in (state, of_session, "", "\u00fc.\u00fc", state[:-1])]

    assert [a.status for a in answers] == [403] * 5
    assert (site.connected, vendor.exchanged) == ([], 0)


async def test_an_answer_of_another_vendor_is_refused(site: Site, vendor: Vendor) -> None:
    state, cookie = await begin(site)
    kept = site.b.hub.merchants[MERCHANT]
    site.b.hub.merchants[MERCHANT] = replace(
        kept, connectors={**kept.connectors, "amz": another_connector("amazon")}
    )

    answer = await come_back(site, state, cookie, connector="amazon")

    assert answer.status == 403
    assert (site.connected, vendor.exchanged) == ([], 0)


async def test_a_connection_that_left_the_file_meanwhile_is_404(site: Site, vendor: Vendor) -> None:
    state, cookie = await begin(site)
    kept = site.b.hub.merchants[MERCHANT]
    site.b.hub.merchants[MERCHANT] = replace(kept, connectors={}, ports={})

    assert (await come_back(site, state, cookie)).status == 404
    assert site.connected == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SignatureError("the redirect is not signed", connection="shop"), 403),
        (RejectedError("the code is refused", connection="shop", code="invalid_grant"), 502),
        (UnavailableError("no answer", connection="shop"), 502),
    ],
)
async def test_a_failed_exchange_is_shown_without_the_code(
    site: Site, vendor: Vendor, error: Exception, status: int
) -> None:
    vendor.fails = error

    answer = await come_back(site, *await begin(site))

    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert str(error) in answer.text
    for shown in (answer.text, site.log.getvalue()):
        assert CODE not in shown
    assert site.connected == []


async def test_nobody_begins_for_another_merchant_and_nothing_begins_where_no_browser_is_needed(
    site: Site, vendor: Vendor
) -> None:
    without = await site.ask("GET", f"/connect/{MERCHANT}/shop")
    foreign = await site.ask("GET", f"/connect/{MERCHANT}/shop", key=OTHER_KEY)
    keyed = await site.ask("GET", f"/connect/{MERCHANT}/pay", cookie=await site.log_in())
    unknown = await site.ask("GET", f"/connect/{MERCHANT}/nothing", cookie=await site.log_in())

    assert [a.status for a in (without, foreign, keyed, unknown)] == [303, 404, 404, 404]
    assert without.headers["Location"].startswith("/login")
