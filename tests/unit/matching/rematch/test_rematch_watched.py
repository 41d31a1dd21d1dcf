"""Who watches a rematch goes on watching when the service is killed and started again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from services.matching.commands import rematch as rematch_command
from tests.small_http import Answering, served

SHARE = {"state": "scoring", "total": 10, "made": 5, "changes": []}
RUNS = {"rematch_id": "7", "shards": 1, "shares": [SHARE], "finished_at": None}
DONE = RUNS | {"shares": [SHARE | {"state": "done", "made": 10}], "finished_at": "2026-11-30T00:00:00Z"}


@contextmanager
def answering(*answers: tuple[int, object]) -> Iterator[str]:
    """A service that gives these answers, one a request, the last for ever."""
    left = list(answers)

    class Service(Answering):
        def do_GET(self) -> None:
            status, told = left.pop(0) if len(left) > 1 else left[0]
            self.answer(status, json.dumps(told).encode())

    with served(Service) as url:
        yield url


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rematch_command, "LOOK_SECONDS", 0.0)
    monkeypatch.setenv("ILJARI_OPERATOR_TOKEN", "for this test only")


def test_a_service_that_starts_again_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    away = {"code": "UNAVAILABLE", "message": "Not there."}
    with answering((200, [RUNS]), (200, RUNS), (503, away), (502, away), (200, DONE)) as url:
        monkeypatch.setenv("ILJARI_URL", url)
        told = CliRunner().invoke(rematch_command.app, ["--watch", "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["finished_at"]


@pytest.mark.parametrize(("status", "patience"), [(503, -1.0), (404, 300.0)])
def test_not_for_ever_and_not_where_the_answer_is_no(
    monkeypatch: pytest.MonkeyPatch, status: int, patience: float
) -> None:
    monkeypatch.setattr(rematch_command, "AWAY_SECONDS", patience)
    with answering((200, [RUNS]), (status, {"code": "SO_IT_IS", "message": "No."})) as url:
        monkeypatch.setenv("ILJARI_URL", url)
        told = CliRunner().invoke(rematch_command.app, ["--watch", "--json"])
    assert told.exit_code != 0
    assert getattr(told.exception, "code", "") == "SO_IT_IS"
