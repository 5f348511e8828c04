"""A day of shoppers with names, streets, mails and phones of their own: none of it is logged, measured, traced or told in an error."""

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from day.day import Day
from demo.children import run_cli
from demo.environment import Environment, open_environment
from demo.generated import generated_day
from demo.player import Play, _hours, _playing
from tests.web.test_canary import dump

NAME, FAMILY = "Zephyrine", "Quillfeather"
STREET, FLAT = "Xylophone Alley", "Flat Wombat"
MAIL, PHONE = "quokka", "+1503555778"
PLANTED = (NAME, FAMILY, "Xylophone", "Wombat", MAIL, PHONE, PHONE[2:])
TOKEN = "a monitor's token of this day"
ORDERS = 6


def day_of_canaries() -> Day:
    """Return a day whose every shopper has words of his own; one lives where no carrier goes."""
    data = copy.deepcopy(generated_day(ORDERS, seed=6).data)
    placed = [event["place"] for event in data["when"] if "place" in event]
    for number, order in enumerate(placed):
        if order["customer"]["name"]:
            order["customer"]["name"] = f"{NAME} {FAMILY}"
        if order["customer"]["email"]:
            order["customer"]["email"] = f"{MAIL}.{number}@example.test"
        if order["ship_to"]:
            order["ship_to"] |= {
                "street1": f"{77 + number} {STREET}",
                "street2": FLAT,
                "phone": f"{PHONE}{number}",
            }
    return Day(data)


@asynccontextmanager
async def a_collector() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Give where spans are sent to, and what came."""
    came: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        came.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", came
    finally:
        await runner.cleanup()


def spans_in(came: list[bytes]) -> dict[bytes, Span]:
    """Return every span that came, by its id."""
    return {
        span.span_id: span
        for body in came
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }


async def metrics_of(environment: Environment) -> str:
    async with aiohttp.ClientSession() as http:
        asked = http.get(f"{environment.served.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        async with asked as answer:
            assert answer.status == 200
            return await answer.text()


@pytest.mark.timeout(300)
@pytest.mark.req("R66")
async def test_no_log_line_metric_span_or_error_of_a_day_holds_a_word_of_any_shopper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    play, day = Play(faults="all", seed=6, json=True), day_of_canaries()
    monkeypatch.setenv("CROSSDOCK_METRICS_TOKEN", TOKEN)
    async with a_collector() as (endpoint, came):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        async with open_environment(day, play.seed) as environment:
            await _hours(_playing(play, day, day.act_named(None), environment))
            environ, client = dict(environment.served.environ), environment.client
            numbers = [order["number"] for order in (await client.api("GET", "/orders"))["orders"]]
            metrics = await metrics_of(environment)
            at_shop = next(number for number in numbers if number.startswith("KK-"))
            known = await run_cli(environ, "shoppers", "export", "--order", at_shop)
            work = json.dumps(
                [await client.api("GET", path) for path in ("/work", "/connections", "/parked")]
            )
            await environment.served.stop()
            log = environment.served.log.read_text(encoding="utf-8")
            rows = dump(Path(environ["CROSSDOCK_DATABASE_URL"].removeprefix("sqlite:///")))

    assert len(numbers) >= ORDERS - 1
    assert all(word in known for word in (NAME, FAMILY, STREET))
    assert '"level": "warning"' in log
    told = {
        "log": log,
        "metrics": metrics,
        "spans": b"".join(came).decode("latin-1"),
        "errors": work,
        "rows": rows,
    }
    found = [(where, word) for where, text in told.items() for word in PLANTED if word in text]
    assert found == []
    for name in (
        "vendor_calls_total",
        "jobs_total",
        "steps_total",
        "order_runs_total",
        "commits_total",
        "webhooks_total",
    ):
        assert f"crossdock_{name}{{" in metrics
    follows_a_change_from_the_webhook_to_the_level(spans_in(came))


def follows_a_change_from_the_webhook_to_the_level(spans: dict[bytes, Span]) -> None:
    """Each part of an order's way is a span; what is asked of a vendor is a child of the step or job that asked."""
    names = {span.name for span in spans.values()}
    way = {"webhook shopify", "job fetch", "run order", "step buy", "commit", "job push"}
    assert way - names == set()
    parents = {
        (span.name, spans[span.parent_span_id].name)
        for span in spans.values()
        if span.parent_span_id in spans
    }
    asked = {
        ("call shopify fetch_order", "job fetch"),
        ("step buy", "run order"),
        ("call easypost buy", "step buy"),
        ("call shopify set_levels", "job push"),
    }
    assert asked - parents == set()
