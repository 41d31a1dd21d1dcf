"""Every refusal says what, where and how on, in both languages, and never repeats what was sent."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

PRIVATE = "010-1234-5678"


def test_all_wrong_fields_are_told_at_once_with_their_places(program: TestClient) -> None:
    answer = program.post(
        "/api/seekers", json={"skills": ["x" * 200], "experience_months": -1, "wishes": {"weekly_hours": "many"}}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["where"] for error in answer.json()["errors"]} == {
        "body.skills.0",
        "body.experience_months",
        "body.wishes.weekly_hours",
    }
    assert all(error["message"] and error["message_ko"] for error in answer.json()["errors"])


def test_a_refusal_never_repeats_a_value(program: TestClient) -> None:
    sent = [
        program.post("/api/seekers", json={"experience_months": PRIVATE, PRIVATE: 1, "home": PRIVATE}),
        program.post("/api/seekers", content=f'{{"skills": {PRIVATE}', headers={"content-type": "application/json"}),
        program.get(f"/api/{PRIVATE}"),
    ]
    assert [answer.status_code for answer in sent] == [422, 422, 404]
    assert not any(PRIVATE in answer.text for answer in sent)


def test_a_document_checked_inside_a_route_is_told_in_the_same_way(app: FastAPI) -> None:
    with TestClient(app) as strict:  # raises what leaves the application as an error
        answer = strict.post("/api/checked-inside", json={"experience_months": PRIVATE})
    assert (answer.status_code, answer.json()["where"]) == (422, "experience_months")
    assert PRIVATE not in answer.text


def test_what_nobody_foresaw_tells_nothing_of_itself(program: TestClient) -> None:
    answer = program.get("/api/broken")
    assert answer.status_code == 500
    assert "김민지" not in answer.text
    assert answer.json()["code"] == "INTERNAL_SERVER_ERROR"


def test_a_problem_has_the_members_of_the_standard(program: TestClient) -> None:
    body = program.get("/api/nowhere").json()
    assert body["type"] == "urn:iljari:problem:not_found"
    assert (body["title"], body["status"]) == ("Not Found", 404)
    assert {"code", "where", "message", "message_ko", "hint"} <= body.keys()


def test_a_browser_gets_a_page_in_its_language(browser: TestClient) -> None:
    assert "찾으시는 것이 없습니다" in browser.get("/nowhere").text
    assert "There is nothing here" in browser.get("/nowhere?lang=en").text


def test_a_program_s_paths_answer_documents_even_to_a_browser(browser: TestClient) -> None:
    assert browser.get("/api/nowhere").json()["code"] == "NOT_FOUND"
