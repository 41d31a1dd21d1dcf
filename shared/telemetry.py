"""What a service lets be seen: one structured line an event, metrics from a closed list, one trace over all services.

Only the names below exist; a line or a label never carries a person's data.
"""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanContext, TraceFlags
from prometheus_client import Counter, Gauge, Histogram

Outcome = Literal["heard", "duplicate", "postponed", "buried", "undecodable", "answered", "refused"]

HEARD = Counter("iljari_events_heard_total", "Deliveries, by what became of them", ["service", "stream", "outcome"])
SAID = Counter("iljari_events_said_total", "Events put on their stream", ["service", "stream"])
SAID_AGAIN = Counter("iljari_events_said_again_total", "Events said again after Redis lost them", ["service", "stream"])
HEAR_SECONDS = Histogram("iljari_hear_seconds", "One transaction of heard events", ["service", "stream"])
EFFECT_SECONDS = Histogram(
    "iljari_effect_seconds",
    "From a fact's own time to the commit of its effect here",
    ["service", "stream"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600),
)
UNSAID = Gauge("iljari_outbox_unsaid", "Events committed but not yet on their stream", ["service"])
UNSAID_AGE = Gauge("iljari_outbox_age_seconds", "Age of the oldest event not yet on its stream", ["service"])
BURIED = Gauge("iljari_buried", "Messages buried and neither replayed nor dropped", ["service"])
TRIMMED = Counter("iljari_entries_trimmed_total", "Entries that their writer took away unread", ["service", "stream"])
READ_AGE = Gauge("iljari_read_age_seconds", "Age of the last completed read", ["service", "stream", "consumer"])
LAG = Gauge("iljari_stream_lag", "Entries not yet delivered to the group", ["service", "stream"])
PENDING = Gauge("iljari_stream_pending", "Entries delivered and not yet acknowledged", ["service", "stream"])


EXCEPTIONS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)  # local variables may hold a person's values
)


def start(service: str, otlp_endpoint: str | None = None) -> None:
    """Set up logging and tracing for this process. Called once, by the process that serves."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            EXCEPTIONS,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    provider = TracerProvider(resource=Resource.create({"service.name": f"iljari-{service}"}))
    if otlp_endpoint:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint)))
    trace.set_tracer_provider(provider)


log = structlog.get_logger()
"""Ask for lines with fields, never with sentences built from values."""


def traceparent() -> str | None:
    """The present span as a W3C `traceparent` header, to travel with what is staged now."""
    context = trace.get_current_span().get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}" if context.is_valid else None


def parse_traceparent(header: str | None) -> SpanContext | None:
    """The span that caused an event; None if it told none, or told nonsense."""
    try:
        _, trace_id, span_id, flags = (header or "").split("-")
        context = SpanContext(
            int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
        )
    except ValueError:
        return None
    return context if context.is_valid else None


@contextmanager
def span(name: str, causes: Sequence[SpanContext] = ()) -> Iterator[Span]:
    """Work done because of `causes`: child of the first, linked to the others."""
    parent = trace.set_span_in_context(trace.NonRecordingSpan(causes[0])) if causes else None
    links = [Link(cause) for cause in causes[1:]]
    with trace.get_tracer("iljari").start_as_current_span(name, context=parent, links=links) as current:
        yield current
