"""Each vendor over HTTP says whether it takes us: right credentials, wrong ones, nobody there (R114).

What is asked goes through the job that asks, so that what people read is what is proved.
"""

import inspect
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from connectors.amazon import CONNECTOR as AMAZON
from connectors.easypost import CONNECTOR as EASYPOST
from connectors.email import CONNECTOR as EMAIL
from connectors.hooks import CONNECTOR as HOOKS
from connectors.shopify import CONNECTOR as SHOPIFY
from connectors.stripe import CONNECTOR as STRIPE
from core.clock import SteppedClock
from core.engine.hub import Connections, Hub
from core.errors import RateLimitError
from core.jobs.probe import ProbeResult, Said, ask
from core.ports import Connection, Connector, Ports
from sandbox.easypost import build as build_easypost
from sandbox.stripe import build as build_stripe
from tests.builders import MERCHANT, config
from tests.connectors.amazon.account import an_account, selling
from tests.connectors.easypost import stand as easypost
from tests.connectors.email.test_email import Nobody, Postbox, listening
from tests.connectors.hooks import stand as hooks
from tests.connectors.shopify.shop import a_shop
from tests.connectors.shopify.shop import connected as shop_connected
from tests.connectors.stripe import stand as stripe
from tests.core.store.conftest import open_store
from tests.sandbox.stand import a_world, served

PASSWORD = "planted/pass@word"
IN_URL = "planted%2Fpass%40word"


@dataclass(frozen=True)
class Known:
    """A connection of the hub, and what it is called there."""

    connector: Connector
    ports: Ports


async def what_is_said(folder: Path, known: Known) -> ProbeResult:
    """Ask as the job does."""
    async with open_store("sqlite", Path(tempfile.mkdtemp(dir=folder)), batched=True) as store:
        clock = SteppedClock(stripe.NOON)
        one = Connections(config=config(), ports={"it": known.ports}, connectors={"it": known.connector})
        hub = Hub(store=store, clock=clock, owner="w1", merchants={MERCHANT: one})
        found = await ask(hub, MERCHANT, "it")
    assert found is not None
    assert found.at == stripe.NOON
    return found


@asynccontextmanager
async def using(connector: Connector, ports: Ports) -> AsyncIterator[Known]:
    """Give a connection, and end it."""
    yield Known(connector, ports)
    ended = ports.close() if ports.close is not None else None
    if inspect.isawaitable(ended):
        await ended


def mail(url: str) -> Ports:
    nobody = Nobody()
    return EMAIL.build(
        Connection(
            merchant=MERCHANT, name="it", settings=EMAIL.settings.model_validate({"smtp": url, "sender": "o@kendra.test"}),
            app={}, endpoints={}, tokens=nobody, quota=nobody, clock=SteppedClock(stripe.NOON),
        )
    )  # fmt: skip


def nobodys_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# --- right ---


@asynccontextmanager
async def right_stripe() -> AsyncIterator[Known]:
    async with stripe.standing() as stand:
        yield Known(STRIPE, stand.ports)


@asynccontextmanager
async def right_easypost() -> AsyncIterator[Known]:
    async with easypost_at() as (url, key), using(EASYPOST, easypost.opened(url, key=key)) as known:
        yield known


@asynccontextmanager
async def easypost_at(*, live: bool = False) -> AsyncIterator[tuple[str, str]]:
    world = a_world(start=easypost.NOON)
    async with served(build_easypost(world.easypost)) as url:
        yield url, world.easypost.keys[live]
    await world.close()


@asynccontextmanager
async def right_shopify() -> AsyncIterator[Known]:
    async with shop_connected() as (_stand, shop):
        yield Known(SHOPIFY, shop.ports)


@asynccontextmanager
async def right_amazon() -> AsyncIterator[Known]:
    async with selling() as sold:
        yield Known(AMAZON, sold.ports)


@asynccontextmanager
async def right_mail() -> AsyncIterator[Known]:
    async with listening(Postbox(closed_to_strangers=True), password=PASSWORD) as host:
        yield Known(EMAIL, mail(f"smtp://shop:{IN_URL}@{host}"))


@asynccontextmanager
async def right_tool() -> AsyncIterator[Known]:
    async with hooks.standing() as stand:
        yield Known(HOOKS, stand.ports)


class Opens(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[Known]: ...


RIGHT: Mapping[str, tuple[Opens, str]] = {
    "stripe": (right_stripe, "Stripe takes us for a live account"),
    "easypost": (right_easypost, "EasyPost takes us for an account, by its test key"),
    "shopify": (right_shopify, "Shopify takes us for the app of kendra-kookware.myshopify.com"),
    "amazon": (right_amazon, "Amazon takes us for seller A1KENDRA"),
    "email": (right_mail, "Email takes us for a sender at 127.0.0.1:"),
    "hooks": (right_tool, "Hooks takes us for a caller of 127.0.0.1"),
}


@pytest.mark.req("R114")
@pytest.mark.parametrize("vendor", RIGHT)
async def test_a_vendor_that_takes_the_credentials_is_said_to_work_and_whom_it_takes_us_for(
    vendor: str, tmp_path: Path
) -> None:
    opens, words = RIGHT[vendor]

    async with opens() as known:
        found = await what_is_said(tmp_path, known)

    assert found.said is Said.WORKS
    assert found.words.startswith(words)


# --- wrong ---


@asynccontextmanager
async def wrong_stripe() -> AsyncIterator[Known]:
    async with (
        stripe.standing() as stand,
        using(STRIPE, stripe.opened(stand.url, key="sk_test_planted_wrong")[1]) as known,
    ):
        yield known


@asynccontextmanager
async def wrong_easypost() -> AsyncIterator[Known]:
    async with (
        easypost_at() as (url, _key),
        using(EASYPOST, easypost.opened(url, key="EZTKplanted_wrong")) as known,
    ):
        yield known


@asynccontextmanager
async def wrong_shopify() -> AsyncIterator[Known]:
    async with (
        shop_connected() as (stand, _shop),
        using(SHOPIFY, a_shop(stand.url, "shpat_planted_wrong").ports) as known,
    ):
        yield known


@asynccontextmanager
async def wrong_amazon() -> AsyncIterator[Known]:
    async with selling() as sold:
        sold.stand.amazon.login.revoke()
        sold.account.tokens.authorizer = sold.account.authorizer()
        yield Known(AMAZON, sold.ports)


@asynccontextmanager
async def wrong_mail() -> AsyncIterator[Known]:
    async with listening(Postbox(closed_to_strangers=True), password=PASSWORD) as host:
        yield Known(EMAIL, mail(f"smtp://shop:planted_wrong@{host}"))


@asynccontextmanager
async def wrong_tool() -> AsyncIterator[Known]:
    async with hooks.standing() as stand:
        wrong = {**stand.given, "headers": {"Authorization": "Bearer planted_wrong"}}
        yield Known(HOOKS, hooks.opened(wrong))


WRONG: Mapping[str, tuple[Opens, str]] = {
    "stripe": (
        wrong_stripe,
        "Stripe does not accept the credentials (payment_intents.list: answered 401)",
    ),
    "easypost": (
        wrong_easypost,
        "EasyPost does not accept the credentials (shipments.all: answered 403 APIKEY.INACTIVE)",
    ),
    "shopify": (wrong_shopify, "Shopify does not accept the credentials (shop: answered 401)"),
    "amazon": (wrong_amazon, "Amazon does not accept the credentials ("),
    "email": (wrong_mail, "Email does not accept the credentials (sign-in: answered 535)"),
    "hooks": (wrong_tool, "Hooks does not accept the credentials (127.0.0.1: answered 401)"),
}


@pytest.mark.req("R114")
@pytest.mark.parametrize("vendor", WRONG)
async def test_wrong_credentials_are_said_to_be_refused_and_never_quoted(vendor: str, tmp_path: Path) -> None:
    opens, words = WRONG[vendor]

    async with opens() as known:
        found = await what_is_said(tmp_path, known)

    assert found.said is Said.REFUSED
    assert found.words.startswith(words)
    assert "planted" not in found.words


# --- nobody there ---


def silent(vendor: str) -> Known:
    url = f"http://127.0.0.1:{nobodys_port()}"
    match vendor:
        case "stripe":
            return Known(STRIPE, stripe.opened(url, key="sk_test_x")[1])
        case "easypost":
            return Known(EASYPOST, easypost.opened(url))
        case "shopify":
            return Known(SHOPIFY, a_shop(url).ports)
        case "amazon":
            return Known(AMAZON, an_account(endpoints={"api": url, "lwa": url}).ports())
        case "hooks":
            return Known(HOOKS, hooks.opened({"url": url, "probe": "/ping"}))
        case _:
            return Known(EMAIL, mail(f"smtp://shop:{IN_URL}@127.0.0.1:{nobodys_port()}"))


@pytest.mark.req("R114")
@pytest.mark.parametrize("vendor", RIGHT)
async def test_where_nobody_answers_the_connection_is_said_to_be_silent(vendor: str, tmp_path: Path) -> None:
    made = silent(vendor)

    async with using(made.connector, made.ports) as known:
        found = await what_is_said(tmp_path, known)

    assert found.said is Said.SILENT
    assert found.words.startswith(f"{made.connector.title} does not answer (")


# --- in between ---


@pytest.mark.req("R114")
async def test_a_key_that_opens_the_live_side_is_said_to(tmp_path: Path) -> None:
    async with easypost_at(live=True) as (url, key), using(EASYPOST, easypost.opened(url, key=key)) as known:
        found = await what_is_said(tmp_path, known)

    assert found.words == "EasyPost takes us for an account, by its production key"


@pytest.mark.req("R114")
async def test_a_key_that_was_switched_off_since_is_refused(tmp_path: Path) -> None:
    async with stripe.standing() as stand:
        assert (await what_is_said(tmp_path, Known(STRIPE, stand.ports))).said is Said.WORKS
        stand.state.cut = True

        found = await what_is_said(tmp_path, Known(STRIPE, stand.ports))

    assert (found.said, found.words) == (
        Said.REFUSED,
        "Stripe does not accept the credentials (payment_intents.list: answered 401 api_key_expired)",
    )


@pytest.mark.req("R114")
async def test_a_mail_server_that_wants_no_password_is_greeted_and_gets_no_mail(tmp_path: Path) -> None:
    postbox = Postbox()
    async with listening(postbox) as host:
        found = await what_is_said(tmp_path, Known(EMAIL, mail(f"smtp://{host}")))

    assert (found.said, postbox.got) == (Said.WORKS, [])


@pytest.mark.req("R114")
async def test_what_is_no_mail_server_is_silent(tmp_path: Path) -> None:
    world = a_world(start=stripe.NOON)
    async with served(build_stripe(world.stripe)) as url:
        found = await what_is_said(tmp_path, Known(EMAIL, mail(url.replace("http", "smtp"))))
    await world.close()

    assert found.said is Said.SILENT


@pytest.mark.req("R114")
async def test_a_tool_that_answers_another_thing_is_said_to_refuse_and_is_asked_for_nothing_but_a_reading(
    tmp_path: Path,
) -> None:
    async with hooks.standing() as stand:
        stand.answers("/ping", {"status": 404})
        found = await what_is_said(tmp_path, Known(HOOKS, stand.ports))

    assert (found.said, found.words) == (Said.REFUSED, "Hooks refuses (127.0.0.1: answered 404)")
    assert stand.done == []


@pytest.mark.req("R114")
async def test_a_vendor_that_asks_to_wait_has_said_nothing_of_the_credentials(tmp_path: Path) -> None:
    async with selling() as sold:
        sold.account.quota.most["searchListingsItems"] = 0

        with pytest.raises(RateLimitError):
            await what_is_said(tmp_path, Known(AMAZON, sold.ports))


@pytest.mark.req("R114")
async def test_asking_changes_nothing_at_a_vendor_and_takes_one_call(tmp_path: Path) -> None:
    async with stripe.standing() as stand:
        before = stand.state.books()

        await what_is_said(tmp_path, Known(STRIPE, stand.ports))

        assert stand.wire.operations == ["GET /v1/payment_intents"]
        assert stand.state.books() == {**before, "calls": 1}
