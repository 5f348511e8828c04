"""An Amazon connection to the stand-in, or to any other URL, with tokens and quota that keep what they were told."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.amazon import build
from connectors.amazon.authorize import AmazonAuthorizer
from connectors.amazon.client import AmazonClient
from connectors.amazon.settings import AmazonSettings
from core.clock import Clock, SteppedClock
from core.errors import RateLimitError
from core.ports import Connection, Ports, Token
from tests.sandbox.amazon_stand import MONDAY, SELLER, US, Stand, served

APP = {
    "client_id": "amzn1.client",
    "client_secret": "canary-client-secret",
    "application_id": "amzn1.sp.solution.test",
    "queue_url": "http://127.0.0.1:1/123456789012/orders",
    "queue_arn": "arn:aws:sqs:us-east-1:123456789012:orders",
    "aws_access_key_id": "canary-aws-id",
    "aws_secret_access_key": "canary-aws-secret",
    "aws_region": "us-east-1",
}
API = "https://sellingpartnerapi-na.amazon.com"


@dataclass
class Kept:
    """A token store of one token, renewed when asked."""

    token: Token
    renewed: int = 0
    authorizer: AmazonAuthorizer | None = None

    async def current(self) -> Token:
        return self.token

    async def renew(self, refused: Token) -> Token:
        assert refused.access == self.token.access
        self.renewed += 1
        if self.authorizer is None:
            self.token = Token(access=f"Atza|newer-{self.renewed}", refresh="Atzr|r", account=SELLER)
        else:
            self.token = await self.authorizer.refresh(refused)
        return self.token


@dataclass
class Counted:
    """A quota that counts, and that refuses an operation after so many grants."""

    taken: Counter[str] = field(default_factory=Counter)
    learned: dict[str, tuple[float, float]] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    async def take(self, operation: str, *, cost: int = 1) -> None:
        if self.taken[operation] >= self.most.get(operation, 10_000):
            raise RateLimitError(f"{operation}: none left", connection="amz", retry_after_s=0.2)
        self.taken[operation] += cost

    async def learn(
        self, operation: str, *, rate_per_s: float, burst: float, left: float | None = None, back: float = 0.0
    ) -> None:
        self.learned[operation] = (rate_per_s, burst)


@dataclass
class Account:
    """One connection and what it is made of."""

    connection: Connection
    tokens: Kept
    quota: Counted
    settings: AmazonSettings

    def client(self) -> AmazonClient:
        return AmazonClient(self.connection, self.settings)

    def authorizer(self) -> AmazonAuthorizer:
        return AmazonAuthorizer(self.connection, self.settings)

    def ports(self) -> Ports:
        return build(self.connection)


def an_account(
    *,
    endpoints: Mapping[str, str] | None = None,
    app: Mapping[str, str] = APP,
    clock: Clock | None = None,
    access: str = "Atza|canary-access",
    **settings: Any,
) -> Account:
    """A connection of the seller in the United States."""
    with_ = AmazonSettings.model_validate({"marketplaces": [US], **settings})
    tokens, quota = Kept(Token(access=access, refresh="Atzr|canary-refresh", account=SELLER)), Counted()
    connection = Connection(
        merchant="kendra",
        name="amz",
        settings=with_,
        app=app,
        endpoints=endpoints or {},
        tokens=tokens,
        quota=quota,
        clock=clock or SteppedClock(datetime(2026, 11, 30, 16, 0, tzinfo=UTC)),
    )
    return Account(connection, tokens, quota, with_)


@dataclass
class Sold:
    """The stand-in, and the account that is connected to it."""

    stand: Stand
    account: Account
    ports: Ports


@asynccontextmanager
async def selling(*, spec: str = "none", rate: float = 1.0, **settings: Any) -> AsyncIterator[Sold]:
    """The stand-in with a connected account; each request and answer is held against Amazon's models."""
    async with served(spec=spec, rate=rate) as stand:
        given = stand.amazon.credentials(stand.url)
        app = {
            **APP,
            "client_id": given["client_id"],
            "client_secret": given["client_secret"],
            "application_id": given["application_id"],
            "queue_url": given["queue"],
            "queue_arn": given["queue_arn"],
        }
        endpoints = {"api": stand.url, "lwa": stand.url, "consent": stand.url, "sqs": stand.url}
        account = an_account(
            endpoints=endpoints, app=app, clock=SteppedClock(MONDAY), access="Atza|none", **settings
        )
        account.tokens.authorizer = account.authorizer()
        account.tokens.token = await account.authorizer().refresh(
            Token(access="", refresh=given["refresh_token"], account=SELLER)
        )
        ports = account.ports()
        assert ports.close is not None
        try:
            yield Sold(stand, account, ports)
        finally:
            closing: Any = ports.close()
            await closing
