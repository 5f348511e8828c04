"""EasyPost's API through its own SDK, which blocks: each call runs in a thread of a pool of its own.

One method per endpoint, under the vendor's name.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import easypost
import easypost.errors
import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from connectors.easypost.errors import error_of
from core.errors import ConnectorError, OutcomeUnknownError, UnavailableError
from core.http import CALL_LIMIT_S, open_client, send

Answer = dict[str, Any]

API = "https://api.easypost.com/v2"
CONNECT_LIMIT_S = 3.0
READ_LIMIT_S = 9.0
PAGE = 100
"""The most that a list gives at once (docs.easypost.com/docs/pagination, read 2026-11)."""

_FIELD = re.compile(r"[A-Za-z_.\[\]0-9]{1,60}")


class EasyPostApi:
    """The endpoints that the hub uses, with one key; nothing is retried here, each call is made once."""

    def __init__(self, connection: str, key: SecretStr, *, threads: int, base: str | None = None) -> None:
        self._connection = connection
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"easypost-{connection}")
        self._last = threading.local()
        self._files = open_client()
        self._easypost = easypost.EasyPostClient(
            key.get_secret_value(), api_base=base or API, timeout=(CONNECT_LIMIT_S, READ_LIMIT_S)
        )
        self._easypost.subscribe_to_response_hook(self._remember)
        _tame(self._easypost, threads)

    async def close(self) -> None:
        """Close the connections; a call that is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._easypost._requests_session.close()  # noqa: SLF001  the SDK offers no way to close
        await self._files.aclose()

    async def create_shipment(self, shipment: Mapping[str, Any], *, budget_s: float = CALL_LIMIT_S) -> Answer:
        """POST /shipments: rates the parcel; buys nothing and reserves nothing."""
        return await self._call(
            "shipments.create",
            lambda: self._easypost.shipment.create(**shipment),
            may_act=False,
            limit_s=budget_s,
        )

    async def retrieve_shipment(self, shipment: str) -> Answer:
        """GET /shipments/{id}."""
        return await self._call(
            "shipments.retrieve", lambda: self._easypost.shipment.retrieve(shipment), may_act=False
        )

    async def list_shipments(self, page_size: int) -> Answer:
        """GET /shipments: the newest first."""
        return await self._call(
            "shipments.all", lambda: self._easypost.shipment.all(page_size=page_size), may_act=False
        )

    async def sold_shipments(self, since: datetime, before: str | None) -> Answer:
        """GET /shipments: a page of those that were made since and bought, the newest first, made before ``before``."""
        asked: dict[str, Any] = {"purchased": "true", "start_datetime": since.isoformat(), "page_size": PAGE}
        if before is not None:
            asked["before_id"] = before
        return await self._call("shipments.all", lambda: self._easypost.shipment.all(**asked), may_act=False)

    async def buy_shipment(self, shipment: str, rate: str) -> Answer:
        """POST /shipments/{id}/buy."""
        return await self._call(
            "shipments.buy", lambda: self._easypost.shipment.buy(shipment, rate={"id": rate}), may_act=True
        )

    async def label_shipment(self, shipment: str, file_format: str) -> Answer:
        """GET /shipments/{id}/label: the same label in another format; may be repeated."""
        return await self._call(
            "shipments.label",
            lambda: self._easypost.shipment.label(shipment, file_format=file_format),
            may_act=False,
        )

    async def refund_shipment(self, shipment: str) -> Answer:
        """POST /shipments/{id}/refund."""
        return await self._call(
            "shipments.refund", lambda: self._easypost.shipment.refund(shipment), may_act=True
        )

    async def retrieve_tracker(self, tracker: str) -> Answer:
        """GET /trackers/{id}."""
        return await self._call(
            "trackers.retrieve", lambda: self._easypost.tracker.retrieve(tracker), may_act=False
        )

    async def download(self, url: str) -> bytes:
        """Return a label's file: an address that needs no key, and gets none."""
        response = await send(
            self._files, "GET", url, connection=self._connection, may_act=False, what="label file"
        )
        return response.content

    async def _call(
        self, what: str, ask: Callable[[], Any], *, may_act: bool, limit_s: float = CALL_LIMIT_S
    ) -> Answer:
        """Ask in a thread, within ``limit_s`` machine seconds; what waits too long for a thread is never sent."""
        begun = threading.Event()
        deadline = time.monotonic() + limit_s

        def run() -> Answer:
            if time.monotonic() >= deadline:
                raise UnavailableError(f"{what}: waited too long for its turn", connection=self._connection)
            begun.set()
            return self._asked(what, ask, may_act=may_act)

        job = self._threads.submit(run)
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.wrap_future(job)
        except TimeoutError as error:
            lost = OutcomeUnknownError if may_act and begun.is_set() else UnavailableError
            raise lost(f"{what}: no answer in {limit_s:g} s", connection=self._connection) from error

    def _asked(self, what: str, ask: Callable[[], Any], *, may_act: bool) -> Answer:
        self._last.status, self._last.headers = None, {}
        try:
            answer = ask().to_dict()
        except easypost.errors.EasyPostError as error:
            raise self._failure(error, what, may_act=may_act) from error
        except AttributeError as error:  # the SDK gives lists and bare values as they come
            raise self._lost(what, may_act=may_act) from error
        return dict(answer)

    def _failure(self, error: easypost.errors.EasyPostError, what: str, *, may_act: bool) -> ConnectorError:
        status, headers = self._last.status, self._last.headers
        if status is None:
            return self._lost(what, may_act=may_act and not _unsent(error.__context__))
        if status < HTTPStatus.BAD_REQUEST:
            return self._lost(what, may_act=may_act)
        return error_of(
            connection=self._connection,
            what=what,
            may_act=may_act,
            status=status,
            code=getattr(error, "code", None),
            fields=_fields(getattr(error, "errors", None)),
            retry_after=headers.get("Retry-After"),
            answered_at=headers.get("Date"),
            request_id=headers.get("X-Ep-Request-Uuid"),
        )

    def _lost(self, what: str, *, may_act: bool) -> ConnectorError:
        kind = OutcomeUnknownError if may_act else UnavailableError
        return kind(f"{what}: no usable answer", connection=self._connection)

    def _remember(self, **answered: Any) -> None:
        """Keep what the SDK's errors do not tell; it calls back in the thread that asked."""
        self._last.status, self._last.headers = answered["http_status"], answered["headers"]


def _fields(errors: object) -> tuple[str, ...]:
    """Return the fields that EasyPost finds fault with: their names, never what it says of their content."""
    each = errors if isinstance(errors, list) else []
    names = [error.get("field") for error in each if isinstance(error, dict)]
    return tuple(name for name in names if isinstance(name, str) and _FIELD.fullmatch(name))


def _tame(client: easypost.EasyPostClient, threads: int) -> None:
    """Take away what the SDK does unasked: repeated GETs, sleeps, redirects, proxies from the environment."""
    session = client._requests_session  # noqa: SLF001  the SDK has no other seam for its transport
    parts = urlsplit(client.api_base)
    adapter = HTTPAdapter(max_retries=0, pool_maxsize=threads, pool_block=True)
    session.adapters.clear()
    session.mount(f"{parts.scheme}://{parts.netloc}", adapter)
    session.trust_env = False
    session.max_redirects = 0


def _unsent(cause: BaseException | None) -> bool:
    """Say whether it is certain that nothing left for EasyPost: the connection itself could not be made."""
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return True
    inner = cause.args[0] if isinstance(cause, requests.exceptions.ConnectionError) and cause.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)
