"""Whose request is begun next, while strangers send more than can be begun at once."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from web.door.turns import Turns

pytestmark = pytest.mark.case("F5")


async def passes(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_few_requests_begin_at_once() -> None:
    turns = Turns(at_once=4)

    for _ in range(4):
        waiting = turns.wait("192.0.2.1")
        with pytest.raises(StopIteration):  # it did not wait
            waiting.send(None)


async def test_of_many_so_many_are_begun_in_each_pass_of_the_loop() -> None:
    turns, begun = Turns(at_once=4), list[int]()

    async def one(number: int) -> None:
        await turns.wait("192.0.2.1")
        begun.append(number)

    tasks = [asyncio.create_task(one(number)) for number in range(100)]
    seen = []
    while len(begun) < 100:
        await passes(1)
        seen.append(len(begun))

    assert max(after - before for before, after in pairwise(seen)) == 4
    assert begun == list(range(100))
    await asyncio.gather(*tasks)


async def test_an_address_that_asks_once_is_next_whatever_others_wait_for() -> None:
    turns, begun = Turns(at_once=1), list[str]()

    async def one(address: str) -> None:
        await turns.wait(address)
        begun.append(address)

    flood = [asyncio.create_task(one(f"192.0.2.{number % 3}")) for number in range(300)]
    await passes(2)
    before = len(begun)
    honest = asyncio.create_task(one("198.51.100.1"))
    await honest

    assert begun.index("198.51.100.1") - before <= 6
    assert begun.count("198.51.100.1") == 1
    await asyncio.gather(*flood)
    assert (len(begun), turns.waiting) == (301, 0)


async def test_who_gave_up_takes_nobody_s_turn() -> None:
    turns = Turns(at_once=1)
    await turns.wait("192.0.2.1")
    gone = [asyncio.create_task(turns.wait("192.0.2.1")) for _ in range(50)]
    await passes(1)
    for task in gone:
        task.cancel()
    last = asyncio.create_task(turns.wait("192.0.2.2"))
    await passes(3)

    assert last.done()
    assert turns.waiting == 0


async def test_where_nobody_asks_the_loop_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, loop = Turns(at_once=2), asyncio.get_running_loop()
    await asyncio.gather(*(turns.wait("192.0.2.1") for _ in range(20)))
    await passes(5)
    called, call_soon = list[object](), loop.call_soon

    def soon(what: Callable[..., object], *args: Any, **options: Any) -> asyncio.Handle:
        called.append(what)
        return call_soon(what, *args, **options)

    monkeypatch.setattr(loop, "call_soon", soon)
    await passes(5)

    assert turns._pass not in called
