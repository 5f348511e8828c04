"""The merchant's tool over loopback HTTP, and the real connector that asks it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from connectors.hooks import CONNECTOR
from core.clock import SteppedClock
from core.model.hooks import HookAnswer, HookRequest
from core.outgoing.addresses import allowed_hosts
from core.ports import Connection, Hooks, Ports
from sandbox.hooks import Tool, build
from tests.connectors.email.test_email import NOON, Nobody
from tests.sandbox.stand import a_world, served

HERE = "127.0.0.1"


def opened(given: dict[str, Any], *, allowed: str | None = HERE) -> Ports:
    nobody = Nobody()
    return CONNECTOR.build(
        Connection(
            merchant="kendra", name="crm", settings=CONNECTOR.settings.model_validate(given), app={}, endpoints={},
            tokens=nobody, quota=nobody, clock=SteppedClock(NOON), outgoing_hosts=allowed_hosts(allowed),
        )
    )  # fmt: skip


@dataclass
class Stand:
    """A tool that stands somewhere, and a connection to it."""

    url: str
    tool: Tool

    @property
    def given(self) -> dict[str, Any]:
        """What ``with`` of a connection to it says."""
        return self.tool.credentials(self.url)

    @property
    def ports(self) -> Ports:
        return opened(self.given)

    @property
    def hooks(self) -> Hooks:
        hooks = self.ports.hooks
        assert hooks is not None
        return hooks

    @property
    def done(self) -> list[dict[str, Any]]:
        """What the tool did, as it says itself."""
        done: list[dict[str, Any]] = self.tool.books()["requests"]
        return done

    async def ask(self, path: str = "/orders", *, key: str = "k/1", **more: Any) -> HookAnswer:
        return await self.hooks.call(HookRequest(path=path, **more), key=key)

    def answers(self, path: str, *answers: dict[str, Any]) -> None:
        self.tool.script({path: list(answers)})

    def fault(self, kind: str, *, times: int = 1) -> None:
        given = {"kind": kind, "connection": "hooks", "operation": "call", "times": times}
        self.faults([given])

    def faults(self, given: Sequence[dict[str, Any]]) -> None:
        self.tool.env.scripted_faults.load(list(given), self.tool.env.house)


@asynccontextmanager
async def standing() -> AsyncIterator[Stand]:
    world = a_world(start=NOON)
    async with served(build(world.tool)) as url:
        yield Stand(url, world.tool)
    await world.close()
