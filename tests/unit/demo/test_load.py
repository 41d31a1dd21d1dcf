"""Loading the demo city: everything that is not faulty is taken, and a second time changes nothing."""

from datetime import date
from pathlib import Path

from fastapi.testclient import TestClient

from deploy.demo.load import load_city


def test_the_city_is_taken_in_and_a_second_time_changes_nothing(
    operator: TestClient, today: date, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    first = load_city(operator, tmp_path / "files", today, lambda done, total: steps.append((done, total)))
    assert first.made == {"agencies": 12, "cafes": 10, "accounts": 8}
    assert first.seekers == {"accepted": 320}
    assert first.postings == {"accepted": 475, "unchanged": 1, "merged": 1, "held": 1, "returned": 2}
    codes = sorted(told.rpartition(": ")[2] for told in first.returned)
    assert codes == ["CLOSED_ALREADY", "LAW_WAGE_BELOW_MINIMUM_PROBATION"]
    assert steps[-1] == (800, 800)
    held = operator.get("/api/v1/registry/digest").json()

    second = load_city(operator, tmp_path / "files", today)
    assert second.made == {}
    assert second.seekers == {"unchanged": 320}
    assert second.postings == {"unchanged": 478, "returned": 2}
    assert operator.get("/api/v1/registry/digest").json() == held

    page = operator.get("/sign-in").text
    assert {"login": "counselor", "label": "한새롬 상담사", "password": "iljari-demo"} in second.accounts
    assert all(account["login"] in page for account in second.accounts)
