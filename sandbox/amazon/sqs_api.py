"""The wire of SQS: AWS JSON 1.0.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html (read 2026-11).
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from aiohttp import web

from sandbox.amazon.fidelity import ROWS, SQS
from sandbox.amazon.sqs import Caller, Message, Queue, Queues, md5
from sandbox.amazon.state import Account
from sandbox.parameters import fields, left_out
from sandbox.values import Json

JSON_TYPE: Final = "application/x-amz-json-1.0"
MOST: Final = 10
LONGEST_WAIT: Final = 20
LONGEST_HIDE: Final = 43_200
LONGEST_DELAY: Final = 900
QUEUE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
SETTINGS: Final = {
    "DelaySeconds": LONGEST_DELAY,
    "ReceiveMessageWaitTimeSeconds": LONGEST_WAIT,
    "VisibilityTimeout": LONGEST_HIDE,
}
"""What a queue can be made with here, each with its most."""
QUEUE_ATTRIBUTES: Final = frozenset({
    "All", "Policy", "VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod",
    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "CreatedTimestamp",
    "LastModifiedTimestamp", "QueueArn", "ApproximateNumberOfMessagesDelayed", "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds", "RedrivePolicy", "FifoQueue", "ContentBasedDeduplication",
    "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "DeduplicationScope", "FifoThroughputLimit",
    "RedriveAllowPolicy", "SqsManagedSseEnabled",
})  # fmt: skip
"""Every attribute that a queue of SQS may have; those that a plain one has not are not shown."""
MESSAGE_ATTRIBUTES: Final = frozenset({
    "All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp",
    "SequenceNumber", "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
})  # fmt: skip


class SqsError(Exception):
    """SQS refuses the request."""

    def __init__(self, kind: str, query_code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.kind = kind
        self.query_code = query_code
        self.status = status


async def answer(amazon: Account, request: web.Request) -> web.Response:
    """Answer one SQS call."""
    try:
        shown = await _answered(amazon, request)
    except SqsError as refused:
        wrong = {"__type": f"com.amazonaws.sqs#{refused.kind}", "message": str(refused)}
        headers = {"x-amzn-query-error": f"{refused.query_code};Sender"}
        return _response(wrong, status=refused.status, headers=headers)
    return _response(shown)


async def _answered(amazon: Account, request: web.Request) -> Json:
    if not request.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 "):
        raise SqsError(
            "MissingAuthenticationToken",
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
            status=403,
        )
    name = request.headers.get("X-Amz-Target", "").removeprefix("AmazonSQS.")
    row = ROWS.get(f"{SQS}.{name}")
    if row is None:
        raise SqsError("UnknownOperationException", "InvalidAction", f"The action {name} is not valid.")
    given = await _given(request)
    for strange in left_out(row, fields(given)) if row.offered else (name,):
        raise _not_offered(strange)
    caller = Caller(amazon.env.urls["amazon"], lambda: _is_there(request), amazon.env.listening)
    return await OPERATIONS[name](amazon.queues, given, caller)


async def _given(request: web.Request) -> Json:
    try:
        given = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise SqsError("SerializationException", "MalformedInput", "The body is no JSON object.")
    return given


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


async def _create(queues: Queues, given: Json, caller: Caller) -> Json:
    name = _text(given, "QueueName")
    if not QUEUE_NAME.fullmatch(name):
        raise _wrong(
            name,
            "QueueName",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
    wanted = _settings(given)
    known = queues.by_name.get(name)
    if known is not None and any(known.attributes[key] != value for key, value in wanted.items()):
        words = "A queue already exists with the same name and a different value for its attributes."
        raise SqsError("QueueNameExists", "QueueAlreadyExists", words)
    queues.by_name.setdefault(name, Queue(name)).attributes.update(wanted)
    return {"QueueUrl": queues.url(caller.base, name)}


def _settings(given: Json) -> dict[str, str]:
    """The attributes that a new queue is given, as text of numbers."""
    wanted = given.get("Attributes") or {}
    if not isinstance(wanted, dict):
        raise _wrong(wanted, "Attributes", "Must be a map")
    for name, value in wanted.items():
        if not str(value).isdecimal() or int(value) > SETTINGS[name]:
            raise SqsError(
                "InvalidAttributeValue", "InvalidAttributeValue", f"Invalid value for the parameter {name}."
            )
    return {name: str(int(value)) for name, value in wanted.items()}


async def _url(queues: Queues, given: Json, caller: Caller) -> Json:
    name = _text(given, "QueueName")
    if name not in queues.by_name:
        raise _no_queue()
    return {"QueueUrl": queues.url(caller.base, name)}


async def _attributes(queues: Queues, given: Json, _caller: Caller) -> Json:
    queue = _queue(queues, given)
    ready, taken, delayed = queue.counts()
    known = {
        **queue.attributes,
        "QueueArn": queues.arn(queue.name),
        "ApproximateNumberOfMessages": str(ready),
        "ApproximateNumberOfMessagesNotVisible": str(taken),
        "ApproximateNumberOfMessagesDelayed": str(delayed),
        "CreatedTimestamp": str(queue.created),
        "LastModifiedTimestamp": str(queue.created),
    }
    asked = _names(given, "AttributeNames", QUEUE_ATTRIBUTES)
    shown = {name: value for name, value in known.items() if asked & {"All", name}}
    return {"Attributes": shown} if shown else {}


async def _send(queues: Queues, given: Json, _caller: Caller) -> Json:
    queue = _queue(queues, given)
    delay = _number(given, "DelaySeconds", int(queue.attributes["DelaySeconds"]), most=LONGEST_DELAY)
    message = queue.send(_text(given, "MessageBody"), delay=delay)
    return {"MessageId": message.message_id, "MD5OfMessageBody": md5(message.body)}


async def _receive(queues: Queues, given: Json, caller: Caller) -> Json:
    queue = _queue(queues, given)
    usual_wait = int(queue.attributes["ReceiveMessageWaitTimeSeconds"])
    usual_hide = int(queue.attributes["VisibilityTimeout"])
    most = _number(given, "MaxNumberOfMessages", 1, most=MOST, least=1)
    wait = _number(given, "WaitTimeSeconds", usual_wait, most=LONGEST_WAIT)
    hide = _number(given, "VisibilityTimeout", usual_hide, most=LONGEST_HIDE)
    asked = _names(given, "AttributeNames", MESSAGE_ATTRIBUTES)
    asked |= _names(given, "MessageSystemAttributeNames", MESSAGE_ATTRIBUTES)
    handed = await queue.receive(most, wait=wait, invisible=hide, caller=caller)
    return {"Messages": [_shown(handle, message, asked) for handle, message in handed]} if handed else {}


async def _delete(queues: Queues, given: Json, _caller: Caller) -> Json:
    if not _queue(queues, given).delete(_text(given, "ReceiptHandle")):
        raise _bad_handle()
    return {}


async def _delete_batch(queues: Queues, given: Json, _caller: Caller) -> Json:
    queue = _queue(queues, given)
    entries = given.get("Entries") or []
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise _wrong(entries, "Entries", "Must be a list")
    ids = [_text(one, "Id") for one in entries]
    if not ids or len(ids) > MOST:
        kind = "TooManyEntriesInBatchRequest" if ids else "EmptyBatchRequest"
        raise SqsError(kind, f"AWS.SimpleQueueService.{kind}", f"A batch holds 1 to {MOST} entries.")
    if len(ids) != len(set(ids)):
        code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
        raise SqsError(
            "BatchEntryIdsNotDistinct", code, "Two or more batch entries in the request have the same Id."
        )
    done: list[Json] = []
    failed: list[Json] = []
    for entry in entries:
        if queue.delete(str(entry.get("ReceiptHandle"))):
            done.append({"Id": entry["Id"]})
        else:
            failed.append({
                "Id": entry["Id"],
                "SenderFault": True,
                "Code": "ReceiptHandleIsInvalid",
                "Message": "The input receipt handle is invalid.",
            })  # fmt: skip
    return {"Successful": done, "Failed": failed}


async def _hide(queues: Queues, given: Json, _caller: Caller) -> Json:
    seconds = _number(given, "VisibilityTimeout", 0, most=LONGEST_HIDE)
    if not _queue(queues, given).hide(_text(given, "ReceiptHandle"), seconds):
        raise _bad_handle()
    return {}


async def _purge(queues: Queues, given: Json, _caller: Caller) -> Json:
    _queue(queues, given).messages.clear()
    return {}


Operation = Callable[[Queues, Json, Caller], Awaitable[Json]]
OPERATIONS: Final[dict[str, Operation]] = {
    "CreateQueue": _create,
    "GetQueueUrl": _url,
    "GetQueueAttributes": _attributes,
    "SendMessage": _send,
    "ReceiveMessage": _receive,
    "DeleteMessage": _delete,
    "DeleteMessageBatch": _delete_batch,
    "ChangeMessageVisibility": _hide,
    "PurgeQueue": _purge,
}


def _shown(handle: str, message: Message, asked: set[str]) -> Json:
    shown: Json = {
        "MessageId": message.message_id,
        "ReceiptHandle": handle,
        "MD5OfBody": md5(message.body),
        "Body": message.body,
    }
    known = {
        "SenderId": "AIDASANDBOX",
        "SentTimestamp": str(message.sent_ms),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(message.first_ms),
    }
    attributes = {name: value for name, value in known.items() if asked & {"All", name}}
    if attributes:
        shown["Attributes"] = attributes
    return shown


def _queue(queues: Queues, given: Json) -> Queue:
    queue = queues.named(_text(given, "QueueUrl"))
    if queue is None:
        raise _no_queue()
    return queue


def _text(given: Json, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        message = f"The request must contain the parameter {name}."
        raise SqsError("MissingParameter", "MissingParameter", message)
    return value


def _number(given: Json, name: str, usual: int, *, most: int, least: int = 0) -> int:
    value = usual if given.get(name) is None else given[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(value, name, f"Must be between {least} and {most}")
    return value


def _names(given: Json, name: str, allowed: Collection[str]) -> set[str]:
    """The names that a list holds; one that is none is refused."""
    value = given.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) and one in allowed for one in value):
        raise SqsError("InvalidAttributeName", "InvalidAttributeName", f"Unknown Attribute in {name}.")
    return set(value)


def _wrong(value: object, name: str, why: str) -> SqsError:
    words = f"Value {value} for parameter {name} is invalid. Reason: {why}."
    return SqsError("InvalidParameterValue", "InvalidParameterValue", words)


def _not_offered(what: str) -> SqsError:
    code = "AWS.SimpleQueueService.UnsupportedOperation"
    return SqsError("UnsupportedOperation", code, f"{what} is not offered here.")


def _no_queue() -> SqsError:
    code = "AWS.SimpleQueueService.NonExistentQueue"
    return SqsError("QueueDoesNotExist", code, "The specified queue does not exist.")


def _bad_handle() -> SqsError:
    words = "The input receipt handle is invalid."
    return SqsError("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", words)


def _response(shown: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=json.dumps(shown).encode(),
        status=status,
        headers={"Content-Type": JSON_TYPE, "x-amzn-RequestId": str(uuid.uuid4()), **(headers or {})},
    )
