"""What rules ask of an address of the merchant's own."""

import json
from typing import Any

from connectors.hooks.client import Tool
from core.errors import RejectedError
from core.model.hooks import HookAnswer, HookRequest


class ToolHooks:
    """Sends each request once, under its key."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    async def call(self, request: HookRequest, *, key: str) -> HookAnswer:
        """Ask for what a rule says."""
        answer = await self._tool.ask(
            request.method,
            request.path,
            limit_s=request.time_limit_s,
            body=None if request.body is None else self._text(request.body),
            key=key,
        )
        return HookAnswer(status=answer.status, body=answer.body if answer.is_json else None)

    def _text(self, body: Any) -> str:
        try:
            return json.dumps(body, ensure_ascii=False, allow_nan=False)
        except ValueError:  # a number that JSON does not know
            connection = self._tool.connection
            raise RejectedError(
                "the body cannot be written as JSON", connection=connection, code="body_refused"
            ) from None
