"""The queue that notifications come through, with aiobotocore as shipped and beside moto's server."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from tests.sandbox.amazon_stand import browser, served, sqs


@asynccontextmanager
async def ours() -> AsyncIterator[str]:
    async with served() as stand:
        yield stand.url


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def shape(value: Any) -> Any:
    """The keys and types of an answer, without what differs from run to run."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items()) if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


async def scenario(url: str) -> dict[str, Any]:
    """A little of everything the hub asks of a queue, and the shape of each answer."""
    async with sqs(url) as client:
        made = await client.create_queue(QueueName="hub")
        queue = made["QueueUrl"]
        return {
            "create": shape(made),
            "url": shape(await client.get_queue_url(QueueName="hub")),
            **await sending(client, queue),
            **await receiving(client, queue),
            "purge": shape(await client.purge_queue(QueueUrl=queue)),
            "missing": await refusal(client.get_queue_url(QueueName="nowhere")),
            "bad handle": await refusal(client.delete_message(QueueUrl=queue, ReceiptHandle="nonsense")),
        }


async def sending(client: Any, queue: str) -> dict[str, Any]:
    sent = await client.send_message(QueueUrl=queue, MessageBody="one")
    await client.send_message(QueueUrl=queue, MessageBody="two")
    names = ["ApproximateNumberOfMessages", "QueueArn"]
    counted = await client.get_queue_attributes(QueueUrl=queue, AttributeNames=names)
    return {
        "send": shape(sent),
        "attributes": shape(counted),
        "name in the arn": counted["Attributes"]["QueueArn"].rsplit(":", 1)[-1],
        "count": counted["Attributes"]["ApproximateNumberOfMessages"],
    }


async def receiving(client: Any, queue: str) -> dict[str, Any]:
    names = ["ApproximateReceiveCount"]
    got = await client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=names)
    empty = await client.receive_message(QueueUrl=queue, WaitTimeSeconds=0)
    first, second = (message["ReceiptHandle"] for message in got["Messages"])
    hidden = await client.change_message_visibility(QueueUrl=queue, ReceiptHandle=first, VisibilityTimeout=0)
    again = (await client.receive_message(QueueUrl=queue, AttributeNames=names))["Messages"][0]
    deleted = await client.delete_message(QueueUrl=queue, ReceiptHandle=again["ReceiptHandle"])
    entries = [{"Id": "a", "ReceiptHandle": second}]
    batch = await client.delete_message_batch(QueueUrl=queue, Entries=entries)
    return {
        "receive": shape(got),
        "bodies": sorted(message["Body"] for message in got["Messages"]),
        "empty": shape(empty),
        "hide": shape(hidden),
        "receives": again["Attributes"],
        "delete": shape(deleted),
        "batch": shape(batch),
    }


async def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as refused:
        await call
    return str(refused.value.response["Error"]["Code"])


async def test_the_queue_answers_as_motos_server_does(moto_url: str) -> None:
    async with ours() as url:
        mine = await scenario(url)
    theirs = await scenario(moto_url)

    assert mine == theirs


async def test_a_long_poll_ends_when_a_message_comes() -> None:
    async with ours() as url, sqs(url) as client, sqs(url) as sender:
        queue = (await client.create_queue(QueueName="hub"))["QueueUrl"]
        begun = time.monotonic()
        waiting = asyncio.create_task(client.receive_message(QueueUrl=queue, WaitTimeSeconds=20))
        await asyncio.sleep(0.3)
        await sender.send_message(QueueUrl=queue, MessageBody="now")
        got = await waiting

    assert [message["Body"] for message in got["Messages"]] == ["now"]
    assert time.monotonic() - begun < 5


async def test_a_long_poll_of_an_empty_queue_waits_as_long_as_asked() -> None:
    async with ours() as url, sqs(url) as client:
        queue = (await client.create_queue(QueueName="hub"))["QueueUrl"]
        begun = time.monotonic()
        got = await client.receive_message(QueueUrl=queue, WaitTimeSeconds=1)

    assert "Messages" not in got
    assert 0.9 <= time.monotonic() - begun < 3


async def test_a_message_that_is_not_deleted_comes_again() -> None:
    async with ours() as url, sqs(url) as client:
        queue = (await client.create_queue(QueueName="hub"))["QueueUrl"]
        await client.send_message(QueueUrl=queue, MessageBody="one")
        first = await client.receive_message(QueueUrl=queue, VisibilityTimeout=1)
        hidden = await client.receive_message(QueueUrl=queue)
        again = await client.receive_message(QueueUrl=queue, WaitTimeSeconds=3)

    assert "Messages" not in hidden
    assert again["Messages"][0]["MessageId"] == first["Messages"][0]["MessageId"]
    assert again["Messages"][0]["ReceiptHandle"] != first["Messages"][0]["ReceiptHandle"]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"MaxNumberOfMessages": 11}, "InvalidParameterValue"),
        ({"WaitTimeSeconds": 21}, "InvalidParameterValue"),
    ],
)
async def test_what_sqs_does_not_allow_is_refused(wanted: dict[str, int], code: str) -> None:
    async with ours() as url, sqs(url) as client:
        queue = (await client.create_queue(QueueName="hub"))["QueueUrl"]
        with pytest.raises(ClientError) as refused:
            await client.receive_message(QueueUrl=queue, **wanted)

    assert refused.value.response["Error"]["Code"] == code


async def test_an_unsigned_call_is_refused() -> None:
    async with ours() as url, browser() as http:
        headers = {"X-Amz-Target": "AmazonSQS.ReceiveMessage"}
        async with http.post(f"{url}/", data=b"{}", headers=headers) as answer:
            assert answer.status == 403
