"""Long work says how far it is."""

import pytest
from structlog.testing import capture_logs

from services.matching import steps


def test_the_log_hears_how_many_pieces_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "TOLD_EVERY_SECONDS", 0.0)
    with capture_logs() as log:
        assert list(steps.told("abc", "letters_read")) == ["a", "b", "c"]
    assert [(one["event"], one["done"], one["of"]) for one in log] == [("letters_read", done, 3) for done in range(3)]


def test_short_work_is_not_told() -> None:
    with capture_logs() as log:
        list(steps.told("abc", "letters_read"))
    assert log == []
