"""Requests of rules over real HTTP: what the merchant's tool gets, what it did, and what its answers mean."""

import logging
import socket
from typing import Any

import pytest

from connectors.hooks import CALL_LIMIT_S, CONNECTOR
from core.config.rule_keys import StepKeys
from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from core.log import Redactor, error_lines
from core.model.hooks import HookAnswer, HookRequest
from core.ports import Fence
from tests.connectors.hooks.stand import opened, standing

pytestmark = pytest.mark.req("S30")

DAY_S = 86_400.0


async def failure(stand: Any, path: str = "/orders", **more: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        await stand.ask(path, **more)
    return raised.value


async def test_a_request_arrives_as_the_rule_says_it_under_its_key_and_in_our_name() -> None:
    async with standing() as stand:
        stand.answers("/orders", {"status": 201, "json": {"id": 7, "score": 0.25}})

        answer = await stand.ask(
            "/orders?sync=1", method="PUT", body={"total": "79.00", "name": "Jürgen", "tags": []}, key="shop:1/rule:x/1"
        )  # fmt: skip

        assert (answer.status, str(answer.body)) == (201, "{'id': 7, 'score': Decimal('0.25')}")
        assert stand.done == [
            {
                "key": "shop:1/rule:x/1", "method": "PUT", "path": "/orders", "query": "sync=1", "agent": "Crossdock",
                "body": {"total": "79.00", "name": "Jürgen", "tags": []},
            }
        ]  # fmt: skip


async def test_under_one_key_something_is_done_once() -> None:
    async with standing() as stand:
        stand.answers("/orders", {"json": {"id": 1}}, {"json": {"id": 2}})

        answers = [await stand.ask(body={"n": 1}, key=key) for key in ("a", "a", "b")]

        assert [answer.body for answer in answers] == [{"id": 1}, {"id": 1}, {"id": 2}]
        assert [taken["key"] for taken in stand.done] == ["a", "b"]


async def test_a_key_that_no_header_can_carry_is_written_so_that_it_can() -> None:
    async with standing() as stand:
        await stand.ask(key="shop:ü%/1\n")

        assert [taken["key"] for taken in stand.done] == ["shop:%C3%BC%25/1%0A"]


async def test_what_is_no_json_has_no_body() -> None:
    async with standing() as stand:
        stand.answers("/orders", {"text": "thank you"})

        assert await stand.ask() == HookAnswer(status=200, body=None)


async def test_a_request_without_json_sends_none() -> None:
    async with standing() as stand:
        await stand.ask(method="DELETE")

        assert [(taken["method"], taken["body"]) for taken in stand.done] == [("DELETE", None)]


async def test_a_lost_reply_may_have_been_done_and_a_lost_reading_has_not() -> None:
    async with standing() as stand:
        stand.fault("reply_dropped", times=2)

        changing, reading = await failure(stand), await failure(stand, method="GET", key="k/2")

        assert (type(changing), type(reading)) == (OutcomeUnknownError, UnavailableError)
        assert [taken["key"] for taken in stand.done] == ["k/1"]
        assert await stand.ask() == HookAnswer(status=200, body={})
        assert [taken["key"] for taken in stand.done] == ["k/1"]


@pytest.mark.parametrize(
    ("status", "error", "reading"),
    [
        (400, RejectedError, RejectedError),
        (404, RejectedError, RejectedError),
        (422, RejectedError, RejectedError),
        (401, AuthError, AuthError),
        (403, AuthError, AuthError),
        (500, OutcomeUnknownError, UnavailableError),
        (502, OutcomeUnknownError, UnavailableError),
        (503, UnavailableError, UnavailableError),
    ],
)
async def test_an_answer_says_what_is_done_next(
    status: int, error: type[ConnectorError], reading: type[ConnectorError]
) -> None:
    async with standing() as stand:
        stand.answers("/orders", {"status": status, "json": {"error": "canary"}})

        found = [await failure(stand, method=method) for method in ("POST", "GET")]

        assert [type(one) for one in found] == [error, reading]
        assert [one.code for one in found] == [str(status)] * 2
        assert [str(one) for one in found] == [f"crm: 127.0.0.1: answered {status}"] * 2
        assert stand.done == []


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [("7", 7.0), ("86400", DAY_S), ("86401", DAY_S), ("999999999", DAY_S), ("Fri, 31 Dec 9999 23:59:59 GMT", DAY_S),
     ("soon", 2.0)],
)  # fmt: skip
async def test_a_tool_that_asks_to_wait_is_waited_for_a_day_at_most(told: str, wait_s: float) -> None:
    async with standing() as stand:
        stand.answers("/orders", {"status": 429, "headers": {"Retry-After": told}})

        error = await failure(stand)

        assert isinstance(error, RateLimitError)
        assert error.retry_after_s == wait_s
        assert stand.done == []


async def test_a_redirect_is_a_refusal_and_nothing_goes_where_it_leads() -> None:
    async with standing() as stand:
        stand.answers("/orders", {"status": 307, "headers": {"Location": stand.url + "/api/elsewhere"}})

        error = await failure(stand)

        assert (type(error), error.code) == (RejectedError, "307")
        assert "write the address that it leads to" in str(error)
        assert (stand.done, stand.tool.env.calls["hooks"]) == ([], 1)


async def test_a_slow_answer_is_waited_for_as_long_as_the_step_says() -> None:
    async with standing() as stand:
        stand.answers("/orders", {"after_s": 0.4})

        late, patient = await failure(stand, time_limit_s=0.1), await stand.ask(key="k/2", time_limit_s=5.0)

        assert type(late) is OutcomeUnknownError
        assert patient.status == 200


async def test_nobody_at_the_door_did_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hooks = opened({"url": f"http://127.0.0.1:{port}"}).hooks
    assert hooks is not None

    with pytest.raises(UnavailableError, match="cannot connect"):
        await hooks.call(HookRequest(), key="k")


@pytest.mark.parametrize(
    "path",
    ["/../admin", "/orders/../../admin", "..", "/%2e%2e/admin", "/..%2fadmin", "/%252e%252e/admin", "/a/..;x/b",
     "\\\\evil.test\\x", "//evil.test/x", "https://evil.test/x", "/https://evil.test", "/#1001", "/a\r\nHost: evil", "/.",
     "?q=#1"],
)  # fmt: skip
async def test_a_path_that_might_lead_elsewhere_is_refused_and_nothing_is_sent(path: str) -> None:
    async with standing() as stand:
        error = await failure(stand, path)

        assert (type(error), error.code) == (RejectedError, "path_refused")
        assert "evil" not in str(error)
        assert stand.tool.env.calls["hooks"] == 0


@pytest.mark.parametrize(
    ("path", "arrives"),
    [("", ""), ("/", "/"), ("orders", "/orders"), ("/@evil.test/", "/@evil.test/"), ("/:80@evil.test", "/:80@evil.test"),
     ("/sku:12 é", "/sku:12 é"), ("/a%2Fb", "/a/b"), ("/a..b/...", "/a..b/..."), ("/a//b", "/a//b")],
)  # fmt: skip
async def test_every_other_path_stands_below_the_url(path: str, arrives: str) -> None:
    async with standing() as stand:
        await stand.ask(path)

        assert [taken["path"] for taken in stand.done] == [arrives]


async def test_a_query_of_the_url_goes_with_every_request() -> None:
    async with standing() as stand:
        hooks = opened({**stand.given, "url": stand.given["url"] + "/room/?key=1"}).hooks
        assert hooks is not None

        for number, path in enumerate(("", "/messages?thread=2", "?thread=3")):
            await hooks.call(HookRequest(path=path), key=str(number))

        assert [(taken["path"], taken["query"]) for taken in stand.done] == [
            ("/room/", "key=1"), ("/room/messages", "key=1&thread=2"), ("/room/", "key=1&thread=3"),
        ]  # fmt: skip


@pytest.mark.parametrize("allowed", [None, "10.0.0.0/8", "127.0.0.1:1"])
async def test_a_tool_inside_a_network_is_asked_only_where_the_operator_lists_it(allowed: str | None) -> None:
    async with standing() as stand:
        hooks = opened(stand.given, allowed=allowed).hooks
        assert hooks is not None

        with pytest.raises(RejectedError, match="leads into a private network") as refused:
            await hooks.call(HookRequest(path="/orders"), key="k")

        assert refused.value.code == "address_refused"
        assert (stand.done, stand.tool.env.calls["hooks"]) == ([], 0)


@pytest.mark.parametrize("body", [float("nan"), {"x": [float("inf")]}, "half \ud800"])
async def test_a_body_that_no_json_can_hold_is_refused_and_nothing_is_sent(body: Any) -> None:
    async with standing() as stand:
        assert type(await failure(stand, body=body)) is RejectedError
        assert stand.tool.env.calls["hooks"] == 0


async def test_secrets_stand_in_no_error_no_log_and_no_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with standing() as stand:
        secret = {
            "url": stand.given["url"] + "/canary-url?t=canary",
            "headers": {"X-Key": "canary", **stand.given["headers"]},
        }
        settings, ports = CONNECTOR.settings.model_validate(secret), opened(secret)
        wrong = opened({**secret, "headers": {"Authorization": "Bearer canary"}})
        stand.answers("/canary-url/canary", {"status": 400, "json": {"said": "canary"}})
        told = [repr(settings), str(settings), settings.model_dump_json(), repr(ports)]
        for hooks, path in ((ports.hooks, "/canary"), (ports.hooks, "/../canary"), (wrong.hooks, "/x")):
            assert hooks is not None
            with pytest.raises(ConnectorError) as raised:
                await hooks.call(HookRequest(path=path, body={"who": "canary"}), key="k")
            told += [repr(raised.value), *error_lines(raised.value, Redactor())]

        assert stand.tool.token not in "".join([*told, caplog.text])
        assert "canary" not in "".join([*told, caplog.text])


async def test_the_answer_of_a_hook_shows_its_status_alone() -> None:
    async with standing() as stand:
        stand.answers("/orders", {"json": {"name": "canary"}})

        assert "canary" not in repr(await stand.ask(body={"name": "canary"}))


def test_a_call_may_take_longer_than_any_step_and_is_never_repeated_by_itself() -> None:
    longest = StepKeys.model_validate({"http": {"via": "crm"}, "timeout": "30s"}).timeout

    call = CONNECTOR.operations["call"]
    assert longest is not None
    assert call.call_limit_s == CALL_LIMIT_S == longest.total_seconds() + 10
    assert call.fence is Fence.NONE
