"""Queues: what SQS keeps, and how it hands messages out.

Waiting and invisibility run on real seconds, for the receiver's work is real; only the way to the queue is virtual.
"""

import asyncio
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

from sandbox import scripted_faults
from sandbox.environment import Environment
from sandbox.values import Json

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
RETRIES: Final = (1.0, 5.0, 30.0, 120.0)
SIGNED: Final = "AWS4-HMAC-SHA256 Credential=AMAZON/20261130/us-east-1/sqs/aws4_request"
"""Amazon's own sender; the stand-in asks that a request is signed and does not check with which key."""
USUAL_ATTRIBUTES: Final = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
}


@dataclass(frozen=True)
class Caller:
    """Who calls: which address they know, whether they are still there, and what is told while they only listen."""

    base: str
    there: Callable[[], bool]
    listening: Callable[[], AbstractContextManager[None]]


@dataclass
class Message:
    """One message and when it may be handed out (again)."""

    message_id: str
    body: str
    sent_ms: int
    visible_at: float
    receives: int = 0
    first_ms: int | None = None


@dataclass
class Queue:
    """A standard queue."""

    name: str
    created: int = field(default_factory=lambda: int(time.time()))
    attributes: dict[str, str] = field(default_factory=lambda: dict(USUAL_ATTRIBUTES))
    messages: dict[str, Message] = field(default_factory=dict)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, body: str, *, delay: int = 0) -> Message:
        """Keep a message."""
        message = Message(str(uuid.uuid4()), body, _ms(), time.monotonic() + delay)
        self.messages[message.message_id] = message
        self._wake()
        return message

    async def receive(
        self, most: int, *, wait: float, invisible: float, caller: Caller
    ) -> list[tuple[str, Message]]:
        """Hand out up to `most` messages with their receipt handles, waiting up to `wait` seconds for the first.

        A caller who has gone gets none: they would be hidden from the next one.
        """
        until = time.monotonic() + wait
        while True:
            ready = [one for one in self.messages.values() if one.visible_at <= time.monotonic()][:most]
            if not caller.there():
                return []
            if ready or time.monotonic() >= until:
                return [(self._handed(one, invisible), one) for one in ready]
            with caller.listening():
                await self._something(until)

    def delete(self, handle: str) -> bool:
        """Forget the message of a receipt handle; false for a handle that never was one."""
        message_id = _message_of(handle)
        if message_id is None:
            return False
        self.messages.pop(message_id, None)
        return True

    def hide(self, handle: str, seconds: int) -> bool:
        """Change how long a received message stays invisible; false for a bad handle."""
        message_id = _message_of(handle)
        if message_id is None or message_id not in self.messages:
            return False
        self.messages[message_id].visible_at = time.monotonic() + seconds
        self._wake()
        return True

    def counts(self) -> tuple[int, int, int]:
        """Messages that can be received, those that somebody has, and those that are still delayed."""
        ready = sum(one.visible_at <= time.monotonic() for one in self.messages.values())
        delayed = sum(
            one.visible_at > time.monotonic() and not one.receives for one in self.messages.values()
        )
        return ready, len(self.messages) - ready - delayed, delayed

    def _handed(self, message: Message, invisible: float) -> str:
        message.receives += 1
        message.first_ms = message.first_ms or _ms()
        message.visible_at = time.monotonic() + invisible
        return f"{message.message_id}:{secrets.token_urlsafe(24)}"

    async def _something(self, until: float) -> None:
        """Wait until a message may have become visible, or until then."""
        nexts = [one.visible_at for one in self.messages.values()]
        patience = max(0.0, min([until, *nexts]) - time.monotonic())
        try:
            await asyncio.wait_for(self._came.wait(), patience)
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._came.set()
        self._came = asyncio.Event()


class Queues:
    """The queues of one account; one is there from the start."""

    def __init__(self) -> None:
        self.first = "crossdock-order-change"
        self.by_name: dict[str, Queue] = {self.first: Queue(self.first)}

    def kept(self) -> int:
        """How many messages lie in all queues: to be received, or received and not deleted yet."""
        return sum(len(queue.messages) for queue in self.by_name.values())

    def url(self, base: str, name: str) -> str:
        """The queue's URL at that endpoint."""
        return f"{base}/{ACCOUNT}/{name}"

    def arn(self, name: str) -> str:
        """The queue's ARN."""
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def named(self, arn_or_url: str | None) -> Queue | None:
        """The queue of an ARN or a URL, or none."""
        name = (arn_or_url or "").replace(":", "/").rsplit("/", 1)[-1]
        return self.by_name.get(name)

    def deliver(self, env: Environment, queue: Queue, subject: str, message: Json) -> None:
        """Have a notification carried to the queue, as badly as the armed faults say."""
        base = env.urls["amazon"]
        wanted = {"QueueUrl": self.url(base, queue.name), "MessageBody": json.dumps(message)}
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AmazonSQS.SendMessage",
            "Authorization": SIGNED,
        }
        body = json.dumps(wanted).encode()
        about = scripted_faults.Message("amazon", "ORDER_CHANGE", subject)
        env.webhook_delivery.post(
            about, subject, lambda _attempt: (f"{base}/", headers, body), retries=RETRIES
        )


def md5(body: str) -> str:
    """The checksum that SQS answers and clients compare."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def _message_of(handle: str) -> str | None:
    message_id, colon, _rest = handle.partition(":")
    return message_id if colon and message_id else None


def _ms() -> int:
    return int(time.time() * 1000)
