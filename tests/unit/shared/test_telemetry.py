"""Is what is let out free of values, and does one trace go on from service to service?"""

import io
import json
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared import telemetry
from shared.database import open_engine, transaction


def test_a_logged_exception_shows_no_local_variable() -> None:
    out = io.StringIO()
    log = structlog.wrap_logger(
        structlog.PrintLogger(out), processors=[telemetry.EXCEPTIONS, structlog.processors.JSONRenderer()]
    )

    def fails(name: str) -> None:
        raise KeyError("nothing of the value")

    try:
        fails("가나다라")
    except KeyError:
        log.error("failed", exc_info=True)
    told = out.getvalue()
    assert "가나다라" not in json.dumps(json.loads(told), ensure_ascii=False)
    assert "fails" in told


def test_a_fault_of_the_database_tells_no_value(tmp_path: Path) -> None:
    with (
        pytest.raises(OperationalError) as fault,
        transaction(open_engine(f"sqlite:///{tmp_path}/one.sqlite")) as session,
    ):
        session.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "가나다라"})
    assert "가나다라" not in str(fault.value)


def test_a_trace_goes_on_where_it_came_from() -> None:
    header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    cause = telemetry.parse_traceparent(header)
    assert cause is not None
    with telemetry.span("hear", [cause]):
        told = telemetry.traceparent()
    assert told is not None
    assert told.split("-")[1] == header.split("-")[1]


def test_nonsense_is_no_trace() -> None:
    for nonsense in (None, "", "00-zz-yy-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-00", "a-b", "1-2-3-4-5"):
        assert telemetry.parse_traceparent(nonsense) is None
