"""What a process measures of itself: how often, how long and with what outcome, as figures for Prometheus and as spans.

Nothing here can carry a person or a secret: labels are closed lists of ours, attributes of spans are ids, and of an
error its kind alone is told, never its words.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import NamedTuple, Self

from opentelemetry.trace import Span, Status, StatusCode, Tracer
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Where spans go, by the standard's own variables; none are made where neither is set."""
OK = "ok"
_CALLS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90)
_WRITES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_AGES_S = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400)


class _Measure:
    """A histogram of seconds, and a counter by outcome."""

    def __init__(
        self, registry: CollectorRegistry, name: str, what: str, *labels: str, buckets: tuple[float, ...]
    ) -> None:
        self._seconds = Histogram(
            f"crossdock_{name}_seconds", f"How long {what} took.", labels, registry=registry, buckets=buckets
        )
        self._count = Counter(
            f"crossdock_{name}s", f"{what}, by outcome.", (*labels, "outcome"), registry=registry
        )
        self._seconds_of: dict[tuple[str, ...], Histogram] = {}
        self._count_of: dict[tuple[str, ...], Counter] = {}

    def note(self, labels: tuple[str, ...], outcome: str, seconds: float) -> None:
        """Count one."""
        taken = self._seconds_of.get(labels)
        if taken is None:
            taken = self._seconds_of[labels] = self._seconds.labels(*labels) if labels else self._seconds
        taken.observe(seconds)
        ended = (*labels, outcome)
        count = self._count_of.get(ended)
        if count is None:
            count = self._count_of[ended] = self._count.labels(*ended)
        count.inc()


class Timed:
    """Measures what runs inside: ``with``. ``outcome`` may be set; an exception's is the name of its kind."""

    __slots__ = ("_began", "_labels", "_measure", "_span", "_spanned", "outcome")

    def __init__(
        self,
        measure: _Measure,
        labels: tuple[str, ...],
        spanned: AbstractContextManager[Span] | None,
    ) -> None:
        self._measure, self._labels, self._spanned = measure, labels, spanned
        self.outcome = OK

    def __enter__(self) -> Self:
        self._span = None if self._spanned is None else self._spanned.__enter__()
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        seconds = time.perf_counter() - self._began
        if kind is not None:
            self.outcome = kind.__name__
        self._measure.note(self._labels, self.outcome, seconds)
        if self._span is not None and self._spanned is not None:
            self._span.set_attribute("crossdock.outcome", self.outcome)
            if kind is not None:
                self._span.set_status(Status(StatusCode.ERROR, self.outcome))
            self._spanned.__exit__(None, None, None)


class Telemetry:
    """The figures and the tracer of one process."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self.tracer = tracer
        """What makes spans; None where they are sent nowhere."""
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._calls = _Measure(
            registry, "vendor_call", "calls of vendors", "connector", "operation", buckets=_CALLS_S
        )
        self._webhooks = _Measure(registry, "webhook", "webhooks taken", "connector", buckets=_WRITES_S)
        self._jobs = _Measure(registry, "job", "background jobs", "kind", buckets=_CALLS_S)
        self._steps = _Measure(registry, "step", "steps of orders", "step", buckets=_CALLS_S)
        self._runs = _Measure(registry, "order_run", "runs over an order", buckets=_CALLS_S)
        self._commits = _Measure(registry, "commit", "transactions that commit orders", buckets=_WRITES_S)
        self._committed = Counter(
            "crossdock_committed", "Commits of orders, several to a transaction.", registry=registry
        )
        self._reached = Histogram(
            "crossdock_stage_reached_seconds",
            "How long after it was placed a run brought an order to a stage.",
            ("stage",),
            registry=registry,
            buckets=_AGES_S,
        )

    def vendor_call(self, connector: str, merchant: str, connection: str, operation: str) -> Timed:
        """Measure a call of a vendor."""
        return Timed(
            self._calls,
            (connector, operation),
            self._span(f"call {connector} {operation}", merchant=merchant, connection=connection),
        )

    def webhook(self, connector: str, merchant: str, connection: str) -> Timed:
        """Measure the intake of a webhook, up to its answer."""
        return Timed(
            self._webhooks,
            (connector,),
            self._span(f"webhook {connector}", merchant=merchant, connection=connection),
        )

    def job(self, kind: str, merchant: str, connection: str, subject: str) -> Timed:
        """Measure a background job."""
        return Timed(
            self._jobs,
            (kind,),
            self._span(f"job {kind}", merchant=merchant, connection=connection, subject=subject),
        )

    def step(self, step: str, merchant: str, order_id: str) -> Timed:
        """Measure a step of an order."""
        return Timed(
            self._steps,
            (step,),
            self._span(f"step {step}", merchant=merchant, order=order_id),
        )

    def order_run(self, merchant: str, order_id: str) -> Timed:
        """Measure a run over an order: the steps that were due."""
        return Timed(self._runs, (), self._span("run order", merchant=merchant, order=order_id))

    def commit(self, count: int) -> Timed:
        """Measure a transaction that commits so many orders."""
        self._committed.inc(count)
        return Timed(self._commits, (), self._span("commit", orders=count))

    def _span(self, name: str, **attributes: str | int) -> AbstractContextManager[Span] | None:
        if self.tracer is None:
            return None
        return self.tracer.start_as_current_span(
            name,
            attributes={f"crossdock.{key}": value for key, value in attributes.items()},
            # An exception's message and the lines of code that it passed may quote what was being worked on.
            record_exception=False,
            set_status_on_exception=False,
        )

    def reached(self, stage: str, seconds: float) -> None:
        """Note that an order came to a stage so long after it was placed."""
        self._reached.labels(stage).observe(seconds)

    def text(self) -> str:
        """Return every figure, and those of the process itself, as Prometheus reads them."""
        return generate_latest(self._registry).decode()


class Spans(NamedTuple):
    """What makes spans, and what sends the last of them."""

    tracer: Tracer
    end: Callable[[], None]


def spans_of(environ: Mapping[str, str], owner: str, role: str) -> Spans | None:
    """Return what sends spans to the collector that the environment names; None where it names none."""
    if not any(environ.get(name) for name in ENDPOINTS):
        return None
    # Only who traces pays for it: two megabytes, and a tenth of a second of the start.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    named = {"service.name": "crossdock", "service.instance.id": owner, "crossdock.role": role}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider.get_tracer("crossdock"), provider.shutdown)
