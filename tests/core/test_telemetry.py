"""What a process measures: how often, how long, with what outcome; and nothing of whom it was about."""

import asyncio
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from core.errors import RateLimitError
from core.telemetry import Telemetry, spans_of

CANARY = "Zephyrine Quillfeather, 77 Xylophone Alley"


def samples(telemetry: Telemetry) -> dict[str, str]:
    """Return every figure by its name, but times."""
    told = (line.rpartition(" ") for line in telemetry.text().splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in told if "_sum" not in name}


@pytest.fixture
def spans() -> Iterator[tuple[Telemetry, InMemorySpanExporter]]:
    kept, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    yield Telemetry(provider.get_tracer("test")), kept
    provider.shutdown()


def test_what_went_well_and_what_failed_is_counted_apart() -> None:
    telemetry = Telemetry()

    for _ in range(3):
        with telemetry.vendor_call("stripe", "kendra", "pay", "fetch_payment"):
            pass
    with (
        pytest.raises(RateLimitError),
        telemetry.vendor_call("stripe", "kendra", "pay", "fetch_payment"),
    ):
        raise RateLimitError(CANARY, connection="pay", retry_after_s=1)
    with telemetry.webhook("shopify", "kendra", "shop") as timed:
        timed.outcome = "too_large"
    with telemetry.commit(7):
        pass
    telemetry.reached("shipped", 3601)

    found = samples(telemetry)
    of = 'connector="stripe",operation="fetch_payment"'
    assert found[f'crossdock_vendor_calls_total{{{of},outcome="ok"}}'] == "3.0"
    assert found[f'crossdock_vendor_calls_total{{{of},outcome="RateLimitError"}}'] == "1.0"
    assert found[f"crossdock_vendor_call_seconds_count{{{of}}}"] == "4.0"
    assert found['crossdock_webhooks_total{connector="shopify",outcome="too_large"}'] == "1.0"
    assert (found["crossdock_committed_total"], found["crossdock_commit_seconds_count"]) == ("7.0", "1.0")
    reached = [
        found[f'crossdock_stage_reached_seconds_bucket{{le="{le}",stage="shipped"}}']
        for le in ("3600.0", "14400.0")
    ]
    assert reached == ["0.0", "1.0"]
    assert float(found["process_resident_memory_bytes"]) > 10_000_000
    assert "kendra" not in telemetry.text()
    assert CANARY not in telemetry.text()


async def test_what_was_cut_off_is_told_as_that() -> None:
    telemetry = Telemetry()

    async def push() -> None:
        with telemetry.job("push", "kendra", "shop", "shop"):
            await asyncio.sleep(60)

    task = asyncio.create_task(push())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert samples(telemetry)['crossdock_jobs_total{kind="push",outcome="CancelledError"}'] == "1.0"


@pytest.mark.req("R66")
def test_a_span_holds_ids_and_the_kind_of_an_error_and_nothing_else(
    spans: tuple[Telemetry, InMemorySpanExporter],
) -> None:
    telemetry, kept = spans

    with (
        telemetry.order_run("kendra", "shop:5001"),
        telemetry.step("quote", "kendra", "shop:5001"),
        pytest.raises(ValueError, match="Quillfeather"),
        telemetry.vendor_call("easypost", "kendra", "post", "quote"),
    ):
        raise ValueError(CANARY)

    call, step, run = kept.get_finished_spans()
    assert (run.name, step.name, call.name) == ("run order", "step quote", "call easypost quote")
    assert (call.parent, step.parent, run.parent) == (step.context, run.context, None)
    assert dict(call.attributes or {}) == {
        "crossdock.merchant": "kendra",
        "crossdock.connection": "post",
        "crossdock.outcome": "ValueError",
    }
    assert dict(step.attributes or {}) == {
        "crossdock.merchant": "kendra",
        "crossdock.order": "shop:5001",
        "crossdock.outcome": "ok",
    }
    assert (call.events, call.status.description) == ((), "ValueError")
    assert CANARY not in "".join(span.to_json() for span in (call, step, run))


@pytest.mark.parametrize("environ", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}])
def test_no_span_is_made_where_no_collector_is_named(environ: dict[str, str]) -> None:
    assert spans_of(environ, "web-1", "web") is None
    assert Telemetry().tracer is None
