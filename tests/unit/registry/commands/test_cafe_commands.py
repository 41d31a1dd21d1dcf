"""Do cafés come in from a file once, with what is wrong told by its line?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from services.registry.commands import cafes as cafe_commands
from shared.command import _raise_problem
from tests.unit.registry.conftest import OPERATOR

ROWS = """name,district,latitude,longitude,venue_type,partnership,is_anchor,weekdays,saturday,sunday
시험 하나,서울 마포구,37.55,126.92,민간시설,직영,yes,09:00-21:00,10:00-18:00,
시험 둘,서울 노원구,,,대학,대학,,,,
시험 셋,서울 노원구,1.0,2.0,,,,,,
시험 넷,서울 노원구,,,,,,21:00-09:00,,
"""


def test_a_file_of_cafes_comes_in_once(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client.headers.update(OPERATOR)
    client.event_hooks["response"] = [_raise_problem]

    @contextmanager
    def opened(_data: Path | None) -> Iterator[TestClient]:
        yield client

    monkeypatch.setattr(cafe_commands, "open_system", opened)
    file = tmp_path / "cafes.csv"
    file.write_text(ROWS, "utf-8-sig")
    first = CliRunner().invoke(cafe_commands.app, ["import", str(file)])
    assert first.exit_code == 1
    outcomes = [line.split("\t")[2] for line in first.output.splitlines()[1:]]
    assert outcomes == ["made", "made", "returned", "returned"]
    again = CliRunner().invoke(cafe_commands.app, ["import", str(file)])
    assert [line.split("\t")[2] for line in again.output.splitlines()[1:]] == ["unchanged"] * 2 + ["returned"] * 2
    (one, two) = client.get("/api/v1/registry/cafes").json()
    assert (two["name"], two["hours"][5], two["hours"][6], two["is_anchor"]) == (
        "시험 하나",
        ["10:00", "18:00"],
        None,
        True,
    )
    assert one["hours"] == []
    assert "시험 둘" in CliRunner().invoke(cafe_commands.app, ["list"]).output
