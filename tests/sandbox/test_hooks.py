"""The stand-in of a merchant's own tool: it does a thing once under its key, and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from day.located_yaml import DayError
from sandbox.hooks import Tool, build
from tests.sandbox.stand import a_world, served

pytestmark = pytest.mark.req("R110")


@dataclass
class Asking:
    url: str
    http: aiohttp.ClientSession
    tool: Tool

    async def ask(
        self,
        path: str = "/orders",
        *,
        method: str = "POST",
        key: str = "a",
        token: str | None = None,
        **more: Any,
    ) -> tuple[int, str, bool]:
        """Return status, text, and whether it was answered before."""
        headers = {"Authorization": f"Bearer {token or self.tool.token}", "Idempotency-Key": key}
        async with self.http.request(
            method, f"{self.url}/api{path}", headers=headers, allow_redirects=False, **more
        ) as answer:
            return answer.status, await answer.text(), "Idempotent-Replayed" in answer.headers

    @property
    def keys(self) -> list[str]:
        return [taken["key"] for taken in self.tool.books()["requests"]]


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    world = a_world()
    async with served(build(world.tool)) as url, aiohttp.ClientSession() as http:
        yield Asking(url, http, world.tool)
    await world.close()


async def test_under_one_key_it_does_one_thing_and_answers_the_same_again(asking: Asking) -> None:
    asking.tool.script({"/orders": [{"json": {"id": 1}}, {"json": {"id": 2}}]})

    answers = [await asking.ask(key=key, json={"n": 1}) for key in ("a", "a", "b")]

    assert answers == [(200, '{"id": 1}', False), (200, '{"id": 1}', True), (200, '{"id": 2}', False)]
    assert asking.keys == ["a", "b"]
    assert await asking.ask(key="a", json={"n": 2}) == (
        422,
        '{"error": "this key was used for another request"}',
        False,
    )
    assert asking.keys == ["a", "b"]


async def test_what_it_refuses_or_only_reads_it_does_not_do(asking: Asking) -> None:
    asking.tool.script({"/no": [{"status": 404, "text": "none"}]})

    assert await asking.ask("/no") == (404, "none", False)
    assert await asking.ask(method="GET") == (200, "{}", False)
    assert (await asking.ask(data=b"{"))[0] == 400
    assert (await asking.ask(token="another"))[0] == 401
    assert asking.keys == []


async def test_of_two_at_once_under_one_key_one_is_done(asking: Asking) -> None:
    asking.tool.script({"/orders": [{"after_s": 0.1, "json": {"id": 1}}, {"json": {"id": 2}}]})

    answers = await asyncio.gather(asking.ask(), asking.ask())

    assert sorted(status for status, _, _ in answers) == [200, 409]
    assert asking.keys == ["a"]


async def test_faults_hit_it_as_they_hit_a_vendor(asking: Asking) -> None:
    day = asking.tool.env.scripted_faults
    fault = {"connection": "hooks", "operation": "call"}
    day.load([{"kind": "throttle", **fault}, {"kind": "reply_dropped", **fault}], asking.tool.env.house)

    assert (await asking.ask())[0] == 429
    assert asking.keys == []
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await asking.ask()
    assert asking.keys == ["a"]
    assert await asking.ask() == (200, "{}", True)
    assert asking.tool.books()["calls"] == 3


async def test_a_token_that_was_withdrawn_opens_nothing(asking: Asking) -> None:
    dead = {"kind": "token_dead", "connection": "hooks", "at": "2026-01-01T00:00:00Z"}
    asking.tool.env.scripted_faults.load([dead], asking.tool.env.house)

    assert (await asking.ask())[0] == 401
    assert asking.keys == []


@pytest.mark.parametrize(
    "answers",
    [[], {"/x": {}}, {"/x": [{"stauts": 200}]}, {"/x": [{"status": "200"}]}, {"/x": [{"after_s": -1}]}],
)
async def test_an_answer_that_means_nothing_is_refused(asking: Asking, answers: Any) -> None:
    asking.tool.script({"/x": [{"status": 201}]})

    with pytest.raises(DayError):
        asking.tool.script(answers)

    assert (await asking.ask("/x"))[0] == 201
